//! Enum values as words: `CHANGE_STATE_HELD` is `held` in the API, on pages and in queries.

use std::fmt::Debug;

use events::auth::v1::Environment;
use events::crm::v1::{
    AccessKind, ConnectionCause, ConnectionState, DriftKind, DriftSeverity, DriftStatus,
    OverwritePolicy, destination, mapping_entry, property,
};
use events::matching::v1::{DecidedBy, DomainClass, Outcome};
use events::metadata::v1::{SyncKind, SyncState};
use events::rpc::RpcError;
use events::writeback::v1::{
    Action, BackfillMove, BackfillState, ChangeSetState, ChangeState, Decision, PermissionMode,
    RefusalScope, RiskFacet, Verdict,
};
use serde::Serializer;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

/// Greatest number of a value in the contract's enums; gaps are allowed.
const NUMBER_MAX: i32 = 255;

/// An enum of the contract.
pub(crate) trait Word: Copy + Debug + TryFrom<i32> {
    /// What each name begins with, `_` included.
    const PREFIX: &'static str;
    /// The contract's name of a value.
    fn name(self) -> &'static str;
    /// The value of a name.
    fn named(name: &str) -> Option<Self>;

    /// As people and programs see it.
    fn word(self) -> String {
        let name = self.name();
        name.strip_prefix(Self::PREFIX)
            .unwrap_or(name)
            .to_lowercase()
    }
}

macro_rules! words {
    ($($name:ty, $prefix:literal;)*) => {
        $(impl Word for $name {
            const PREFIX: &'static str = $prefix;
            fn name(self) -> &'static str {
                self.as_str_name()
            }
            fn named(name: &str) -> Option<Self> {
                Self::from_str_name(name)
            }
        })*
    };
}

words! {
    AccessKind, "ACCESS_KIND_";
    Action, "ACTION_";
    BackfillMove, "BACKFILL_MOVE_";
    BackfillState, "BACKFILL_STATE_";
    ChangeSetState, "CHANGE_SET_STATE_";
    ChangeState, "CHANGE_STATE_";
    ConnectionCause, "CONNECTION_CAUSE_";
    ConnectionState, "CONNECTION_STATE_";
    DecidedBy, "DECIDED_BY_";
    Decision, "DECISION_";
    DomainClass, "DOMAIN_CLASS_";
    DriftKind, "DRIFT_KIND_";
    DriftSeverity, "DRIFT_SEVERITY_";
    mapping_entry::Direction, "DIRECTION_";
    property::Type, "TYPE_";
    DriftStatus, "DRIFT_STATUS_";
    Environment, "ENVIRONMENT_";
    Outcome, "OUTCOME_";
    OverwritePolicy, "OVERWRITE_POLICY_";
    PermissionMode, "PERMISSION_MODE_";
    RefusalScope, "REFUSAL_SCOPE_";
    RiskFacet, "RISK_FACET_";
    SyncKind, "SYNC_KIND_";
    SyncState, "SYNC_STATE_";
    Verdict, "VERDICT_";
    destination::Content, "CONTENT_";
    destination::Kind, "KIND_";
}

/// For `#[serde(serialize_with = "as_word")]`; the unset value is `null`.
pub(crate) fn as_word<T: Word, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    match value.word().as_str() {
        "unspecified" => serializer.serialize_none(),
        word => serializer.serialize_str(word),
    }
}

/// The value of a word; the unset value cannot be said.
pub(crate) fn parse<T: Word>(field: &str, word: &str) -> Result<T, RpcError> {
    let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let value = T::named(&format!("{}{}", T::PREFIX, word.to_uppercase()));
    value
        .filter(|_| plain && word != "unspecified")
        .ok_or_else(|| RpcError::invalid(field, format!("is not one of {}", choices::<T>())))
}

/// Like [`parse`], with the empty word for the unset value.
pub(crate) fn parse_optional<T: Word + Default>(field: &str, word: &str) -> Result<T, RpcError> {
    if word.is_empty() {
        return Ok(T::default());
    }
    parse(field, word)
}

fn choices<T: Word>() -> String {
    words::<T>().collect::<Vec<_>>().join(", ")
}

/// All words but that of the unset value.
pub(crate) fn words<T: Word>() -> impl Iterator<Item = String> {
    (1..=NUMBER_MAX)
        .filter_map(|number| T::try_from(number).ok())
        .map(Word::word)
}

/// The schema of a field written by [`as_word`], for `#[schema(schema_with = word::schema::<T>)]`.
pub(crate) fn schema<T: Word>() -> Object {
    let values = words::<T>().map(Some).chain([None]);
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(values))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_back_and_a_wrong_one_is_told_the_right_ones() {
        assert_eq!(ChangeState::Held.word(), "held");
        assert_eq!(
            parse::<ChangeState>("state", "held").ok(),
            Some(ChangeState::Held)
        );
        for wrong in ["HELD", "unspecified", "", "x y"] {
            assert!(parse::<ChangeState>("state", wrong).is_err(), "{wrong}");
        }
        let error = parse::<Decision>("decision", "maybe").expect_err("is refused");
        insta::assert_snapshot!(error, @"decision is not one of approve, dismiss");
    }
}
