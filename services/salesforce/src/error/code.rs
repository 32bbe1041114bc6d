//! Every error code we know, each with its class. The table of the reference, made exhaustive.
//!
//! One macro holds code text and class side by side, so that adding a code without deciding its
//! class does not compile, and no second list can drift from this one.

use super::class::Class;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal => $class:ident,)+) => {
        /// An error code of the REST API.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
            /// A transaction security policy blocked the call; the code as sent, all begin `TXN_SECURITY`.
            TxnSecurity(String),
            /// A code we do not know, kept as sent.
            Unknown(String),
        }

        impl Code {
            /// Every code with a fixed text.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code for Salesforce's text; never fails, unknown text is kept.
            pub fn parse(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    // The second spelling exists in the wild beside the first.
                    "MAX_TASK_DESCRIPTION_EXCEEDED" => Self::MaxTaskDescriptionExceeded,
                    _ if text.starts_with("TXN_SECURITY") => Self::TxnSecurity(text.to_owned()),
                    _ => Self::Unknown(text.to_owned()),
                }
            }

            /// Salesforce's text.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::TxnSecurity(text) | Self::Unknown(text) => text,
                }
            }

            /// The class this code alone implies for an answer with `http_status`.
            pub(super) fn class(&self, http_status: u16) -> Class {
                match self {
                    $(Self::$variant => Class::$class,)+
                    Self::TxnSecurity(_) => Class::Admin,
                    // Unknown refusals are held for a person; unknown breakdowns heal more often than not.
                    Self::Unknown(_) if http_status >= 500 => Class::Retry,
                    Self::Unknown(_) => Class::Admin,
                }
            }
        }
    };
}

codes! {
    /// A validation rule or an Apex `addError`; the message is the admin's own.
    FieldCustomValidationException = "FIELD_CUSTOM_VALIDATION_EXCEPTION" => User,
    /// Required fields are missing; `fields` lists them.
    RequiredFieldMissing = "REQUIRED_FIELD_MISSING" => User,
    /// Picklist value unknown, inactive or not in the record type.
    InvalidOrNullForRestrictedPicklist = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" => User,
    /// Text longer than the field.
    StringTooLong = "STRING_TOO_LONG" => User,
    /// Precision or scale overflow, or an OFFSET above 2,000.
    NumberOutsideValidRange = "NUMBER_OUTSIDE_VALID_RANGE" => User,
    /// Salesforce's own e-mail syntax check.
    InvalidEmailAddress = "INVALID_EMAIL_ADDRESS" => User,
    /// Wrong JSON type for the field.
    InvalidTypeOnFieldInRecord = "INVALID_TYPE_ON_FIELD_IN_RECORD" => Bug,
    /// Bad JSON or a value that cannot be coerced.
    JsonParserError = "JSON_PARSER_ERROR" => Bug,
    /// Column missing, or hidden by field-level security; Salesforce does not say which.
    InvalidField = "INVALID_FIELD" => StaleThenAdmin,
    /// Field not createable or updateable for this user.
    InvalidFieldForInsertUpdate = "INVALID_FIELD_FOR_INSERT_UPDATE" => StaleThenAdmin,
    /// Object missing or hidden.
    InvalidType = "INVALID_TYPE" => StaleThenAdmin,
    /// Lookup id wrong or deleted, or record type not available to the user.
    InvalidCrossReferenceKey = "INVALID_CROSS_REFERENCE_KEY" => Stale,
    /// Id of the wrong object.
    InvalidCrossReferenceTypeForField = "INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD" => Bug,
    /// No edit access to the record.
    InsufficientAccessOrReadonly = "INSUFFICIENT_ACCESS_OR_READONLY" => Admin,
    /// No access to a related record.
    InsufficientAccessOnCrossReferenceEntity = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" => Admin,
    /// Missing permission for the operation.
    InsufficientAccess = "INSUFFICIENT_ACCESS" => Admin,
    /// An Apex trigger threw, or no object permission; the text decides further.
    CannotInsertUpdateActivateEntity = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" => Admin,
    /// A record-triggered flow failed: once more after a minute, then the admin.
    CannotExecuteFlowTrigger = "CANNOT_EXECUTE_FLOW_TRIGGER" => Admin,
    /// Unhandled Apex.
    ApexError = "APEX_ERROR" => Admin,
    /// The owner is inactive.
    InactiveOwnerOrUser = "INACTIVE_OWNER_OR_USER" => User,
    /// A rule across fields, such as stage against forecast category.
    FieldIntegrityException = "FIELD_INTEGRITY_EXCEPTION" => User,
    /// A lookup filter; the message is the admin's own.
    FieldFilterValidationException = "FIELD_FILTER_VALIDATION_EXCEPTION" => User,
    /// A duplicate rule blocked or alerted.
    DuplicatesDetected = "DUPLICATES_DETECTED" => User,
    /// A unique field already has this value on another record.
    DuplicateValue = "DUPLICATE_VALUE" => Stale,
    /// Several rows share the external id.
    DuplicateExternalId = "DUPLICATE_EXTERNAL_ID" => Admin,
    /// Deleted, or merged into another record.
    EntityIsDeleted = "ENTITY_IS_DELETED" => Stale,
    /// Unknown id, not shared with us, or a wrong URL.
    NotFound = "NOT_FOUND" => Stale,
    /// The record changed after the moment we named (HTTP 412).
    PreconditionFailed = "PRECONDITION_FAILED" => Stale,
    /// Approval lock.
    EntityIsLocked = "ENTITY_IS_LOCKED" => RetrySlowly,
    /// An archived activity.
    EntityIsArchived = "ENTITY_IS_ARCHIVED" => Final,
    /// Row contention.
    UnableToLockRow = "UNABLE_TO_LOCK_ROW" => Retry,
    /// Row contention with workflow.
    RecordInUseByWorkflow = "RECORD_IN_USE_BY_WORKFLOW" => Retry,
    /// Another row of the same all-or-none call failed.
    AllOrNoneOperationRolledBack = "ALL_OR_NONE_OPERATION_ROLLED_BACK" => Follow,
    /// Another subrequest of the same all-or-none call failed.
    ProcessingHalted = "PROCESSING_HALTED" => Follow,
    /// Bad id text or checksum.
    MalformedId = "MALFORMED_ID" => Bug,
    /// Well-formed but wrong or absent id.
    InvalidIdField = "INVALID_ID_FIELD" => Bug,
    /// Our request lacks an argument.
    MissingArgument = "MISSING_ARGUMENT" => Bug,
    /// Our request has an argument of the wrong type.
    InvalidArgumentType = "INVALID_ARGUMENT_TYPE" => Bug,
    /// Wrong HTTP method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED" => Bug,
    /// Wrong content type.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE" => Bug,
    /// Our SOQL is wrong.
    MalformedQuery = "MALFORMED_QUERY" => Bug,
    /// Our SOSL is wrong.
    MalformedSearch = "MALFORMED_SEARCH" => Bug,
    /// Operator not usable with the field.
    InvalidQueryFilterOperator = "INVALID_QUERY_FILTER_OPERATOR" => Bug,
    /// Query ran about two minutes.
    QueryTimeout = "QUERY_TIMEOUT" => RetryNarrower,
    /// Query touches too many rows.
    OperationTooLarge = "OPERATION_TOO_LARGE" => RetryNarrower,
    /// Query too complicated.
    QueryTooComplicated = "QUERY_TOO_COMPLICATED" => RetryNarrower,
    /// Too many ids in one query.
    ExceededIdLimit = "EXCEEDED_ID_LIMIT" => RetryNarrower,
    /// The cursor expired: start the query over.
    InvalidQueryLocator = "INVALID_QUERY_LOCATOR" => RestartQuery,
    /// The session is over.
    InvalidSessionId = "INVALID_SESSION_ID" => Session,
    /// The authorization header is not understood.
    InvalidAuthHeader = "INVALID_AUTH_HEADER" => Session,
    /// Edition or profile without API.
    ApiDisabledForOrg = "API_DISABLED_FOR_ORG" => Admin,
    /// Temporary switch-off of the API.
    ApiCurrentlyDisabled = "API_CURRENTLY_DISABLED" => Retry,
    /// API Access Control blocks our app for this user.
    ClientNotAccessibleForUser = "CLIENT_NOT_ACCESSIBLE_FOR_USER" => Admin,
    /// API Access Control blocks our app.
    Forbidden = "FORBIDDEN" => Admin,
    /// The feature is off in this org.
    FunctionalityNotEnabled = "FUNCTIONALITY_NOT_ENABLED" => Admin,
    /// Daily or concurrent API limit; see [`super::ApiError::quota`].
    RequestLimitExceeded = "REQUEST_LIMIT_EXCEEDED" => Quota,
    /// Some other limit.
    LimitExceeded = "LIMIT_EXCEEDED" => Quota,
    /// Storage is full: stop creating.
    StorageLimitExceeded = "STORAGE_LIMIT_EXCEEDED" => Quota,
    /// Some other quota.
    ExceededQuota = "EXCEEDED_QUOTA" => Quota,
    /// Licences used up.
    LicenseLimitExceeded = "LICENSE_LIMIT_EXCEEDED" => Quota,
    /// Transient by definition.
    TooManyApexRequests = "TOO_MANY_APEX_REQUESTS" => Retry,
    /// Overload or maintenance.
    ServerUnavailable = "SERVER_UNAVAILABLE" => Retry,
    /// The request ran too long and was cut.
    RequestRunningTooLong = "REQUEST_RUNNING_TOO_LONG" => Retry,
    /// Salesforce's own failure; the message has an error id for support.
    UnknownException = "UNKNOWN_EXCEPTION" => Retry,
    /// Read-only maintenance window.
    InsertUpdateDeleteNotAllowedDuringMaintenance = "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE" => RetrySlowly,
    /// Read-only maintenance window, as seen by a read-only user.
    InvalidReadOnlyUserDml = "INVALID_READ_ONLY_USER_DML" => RetrySlowly,
    /// The new owner lacks read on the object.
    TransferRequiresRead = "TRANSFER_REQUIRES_READ" => Admin,
    /// Converted leads are read-only: follow the converted ids.
    CannotUpdateConvertedLead = "CANNOT_UPDATE_CONVERTED_LEAD" => Stale,
    /// Person accounts do not allow this.
    InvalidPersonAccountOperation = "INVALID_PERSON_ACCOUNT_OPERATION" => Bug,
    /// Inactive or unknown currency.
    InvalidCurrencyIso = "INVALID_CURRENCY_ISO" => User,
    /// No default record type for the user.
    UnavailableRecordtypeException = "UNAVAILABLE_RECORDTYPE_EXCEPTION" => Admin,
    /// More than 100 values in a multi-select.
    TooManyEnumValue = "TOO_MANY_ENUM_VALUE" => User,
    /// Control characters in text.
    TextDataOutsideSupportedCharset = "TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET" => Bug,
    /// Task description too long; Salesforce's spelling has three E's.
    MaxTaskDescriptionExceeded = "MAX_TASK_DESCRIPTION_EXCEEEDED" => User,
    /// The org is locked.
    OrgLocked = "ORG_LOCKED" => Admin,
    /// The trial ended.
    TrialExpired = "TRIAL_EXPIRED" => Admin,
    /// The pinned API version is retired (HTTP 410).
    UnsupportedApiVersion = "UNSUPPORTED_API_VERSION" => Bug,
    /// A merge failed.
    MergeFailed = "MERGE_FAILED" => Admin,
    /// A delete failed.
    DeleteFailed = "DELETE_FAILED" => Admin,
    /// An undelete failed.
    UndeleteFailed = "UNDELETE_FAILED" => Admin,
    /// Something depends on the record.
    DependencyExists = "DEPENDENCY_EXISTS" => Admin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_its_text() {
        for code in Code::ALL {
            assert_eq!(&Code::parse(code.as_str()), code);
        }
    }

    #[test]
    fn both_spellings_of_the_task_description_limit_are_one_code() {
        assert_eq!(
            Code::parse("MAX_TASK_DESCRIPTION_EXCEEDED"),
            Code::parse("MAX_TASK_DESCRIPTION_EXCEEEDED")
        );
    }

    #[test]
    fn unknown_codes_are_kept_and_classed_by_status() {
        let code = Code::parse("SOMETHING_NEW");
        assert_eq!(code.as_str(), "SOMETHING_NEW");
        assert_eq!(code.class(400), Class::Admin);
        assert_eq!(code.class(500), Class::Retry);
        let code = Code::parse("TXN_SECURITY_METERING");
        assert_eq!(code, Code::TxnSecurity("TXN_SECURITY_METERING".to_owned()));
        assert_eq!(code.class(403), Class::Admin);
    }
}
