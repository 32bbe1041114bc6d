//! One error as Salesforce words it, whatever shape the resource wrapped it in.
//!
//! Single resources answer an array with `errorCode`, collections rows with `statusCode`, OAuth an
//! object, gateways HTML or nothing at all. All of them become [`ApiError`] here.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::class::{Class, RetryAdvice};
use super::code::Code;
use crate::id::Id;

/// Longest excerpt of a body kept, in bytes: enough for a duplicate report, too little to hurt.
pub const RAW_BYTES_MAX: usize = 4 * 1024;

/// Most errors kept of one answer or row.
const ERRORS_MAX: usize = 50;

/// One error element.
///
/// Messages may quote record values ("data value too large: ..."), so neither `Display` nor `Debug`
/// shows them: error chains end up in logs. Show [`ApiError::message`] to the workspace's own people.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("salesforce answered {} ({http_status})", code.as_str())]
pub struct ApiError {
    /// Status of the answer, or of the subrequest the error belongs to.
    pub http_status: u16,
    /// What went wrong.
    pub code: Code,
    /// Salesforce's words, in the API user's language. Show it, never branch on it.
    pub message: String,
    /// Fields concerned; often empty.
    pub fields: Vec<String>,
    /// For [`Code::DuplicatesDetected`]: what it collided with.
    pub duplicates: Option<Duplicates>,
    /// The element as sent, at most [`RAW_BYTES_MAX`].
    pub raw: String,
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("http_status", &self.http_status)
            .field("code", &self.code)
            .field("fields", &self.fields)
            .field("duplicates", &self.duplicates)
            .finish_non_exhaustive()
    }
}

/// What a duplicate rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicates {
    /// Whether the rule only alerts, so that a person may decide to save anyway.
    pub allow_save: bool,
    /// The rule's API name.
    pub rule: String,
    /// Records it matched, those visible to us.
    pub records: Vec<DuplicateRecord>,
}

/// One existing record a save collided with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateRecord {
    /// Its object; may differ from the one being saved.
    pub object: String,
    /// Its id.
    pub id: Id,
}

/// Which limit a [`Class::Quota`] error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// The rolling 24-hour allowance of API calls is spent: probe every 15 to 30 minutes.
    Daily,
    /// Too many calls at once: halve our concurrency, retry in 5 to 60 s.
    Concurrent,
    /// Storage, licences or another allowance.
    Other,
}

impl ApiError {
    /// Who or what resolves it. The message is consulted only where the code alone cannot tell, and
    /// only for English fragments Salesforce does not translate (they are codes themselves).
    pub fn class(&self) -> Class {
        match self.code {
            Code::CannotInsertUpdateActivateEntity
                if self.message.contains("UNABLE_TO_LOCK_ROW") =>
            {
                Class::Retry
            }
            Code::CannotInsertUpdateActivateEntity
                if self.message.contains("FIELD_CUSTOM_VALIDATION") =>
            {
                Class::User
            }
            _ => self.code.class(self.http_status),
        }
    }

    /// How to repeat it, when that may help.
    pub fn retry_advice(&self) -> Option<RetryAdvice> {
        if self.quota() == Some(Quota::Concurrent) {
            return Some(RetryAdvice {
                attempts_max: 10,
                delay_min_ms: 5_000,
                delay_max_ms: 60_000,
            });
        }
        self.class().retry_advice(&self.code)
    }

    /// Which limit was hit, for errors of class quota.
    pub fn quota(&self) -> Option<Quota> {
        if self.class() != Class::Quota {
            return None;
        }
        if self.code != Code::RequestLimitExceeded {
            return Some(Quota::Other);
        }
        let concurrent = self.message.contains("ConcurrentRequests")
            || self.message.contains("ConcurrentPerOrg");
        Some(if concurrent {
            Quota::Concurrent
        } else {
            // An unknown wording of the limit is treated as the worse one.
            Quota::Daily
        })
    }

    /// For [`Code::DuplicateValue`]: the record that already has the value. Treat it as "exists".
    pub fn existing_record(&self) -> Option<Id> {
        if self.code != Code::DuplicateValue {
            return None;
        }
        self.message
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| matches!(word.len(), 15 | 18))
            .find_map(|word| Id::parse(word).ok())
    }

    /// For [`Code::StringTooLong`]: the length the field takes, when the message says it.
    pub fn length_max(&self) -> Option<u32> {
        if self.code != Code::StringTooLong {
            return None;
        }
        let (_, rest) = self.message.split_once("max length=")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }

    /// Whether the request certainly had no effect although the status is 5xx.
    pub(super) fn not_executed(&self) -> bool {
        matches!(
            self.code,
            Code::TooManyApexRequests
                | Code::ApiCurrentlyDisabled
                | Code::InsertUpdateDeleteNotAllowedDuringMaintenance
                | Code::InvalidReadOnlyUserDml
                | Code::UnableToLockRow
        )
    }

    /// An error for an answer whose body says nothing usable.
    pub(crate) fn from_status(http_status: u16, raw: &str) -> Self {
        let code = match http_status {
            404 => Code::NotFound,
            405 => Code::MethodNotAllowed,
            410 => Code::UnsupportedApiVersion,
            412 => Code::PreconditionFailed,
            415 => Code::UnsupportedMediaType,
            500 => Code::UnknownException,
            // Edges throttle and give up with these, without a body of Salesforce's.
            408 | 429 | 502..=504 => Code::ServerUnavailable,
            other => Code::Unknown(format!("HTTP_{other}")),
        };
        Self {
            http_status,
            code,
            message: "the answer has no error body".to_owned(),
            fields: Vec::new(),
            duplicates: None,
            raw: bounded(raw),
        }
    }
}

/// The first [`RAW_BYTES_MAX`] bytes, cut at a character.
pub(crate) fn bounded(text: &str) -> String {
    text[..text.floor_char_boundary(RAW_BYTES_MAX)].to_owned()
}

/// Everything an error body says; never empty.
pub fn parse_errors(http_status: u16, body: &[u8]) -> Vec<ApiError> {
    let text = String::from_utf8_lossy(body);
    let trimmed = text.trim();
    let elements: Vec<&RawValue> = match trimmed.as_bytes().first() {
        Some(b'[') => serde_json::from_str(trimmed).unwrap_or_default(),
        Some(b'{') => serde_json::from_str(trimmed)
            .map(|element| vec![element])
            .unwrap_or_default(),
        _ => Vec::new(),
    };
    let mut errors: Vec<ApiError> = elements
        .iter()
        .take(ERRORS_MAX)
        .filter_map(|element| parse_element(http_status, element))
        .collect();
    if errors.is_empty() {
        errors.push(ApiError::from_status(http_status, trimmed));
    }
    errors
}

/// Any of the wrappings; which keys are present tells them apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element {
    error_code: Option<String>,
    status_code: Option<String>,
    message: Option<String>,
    #[serde(default)]
    fields: Option<Vec<String>>,
    error: Option<String>,
    #[serde(rename = "error_description")]
    error_description: Option<String>,
    // Salesforce's misspelling; the correct key is accepted for the day it is mended.
    #[serde(alias = "duplicateResult")]
    duplicate_resut: Option<DuplicateSent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct DuplicateSent {
    allow_save: bool,
    duplicate_rule: Option<String>,
    match_results: Vec<MatchSent>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct MatchSent {
    match_records: Vec<MatchRecordSent>,
}

#[derive(Deserialize)]
struct MatchRecordSent {
    record: Option<MatchedSent>,
}

#[derive(Deserialize)]
struct MatchedSent {
    #[serde(default)]
    attributes: AttributesSent,
    #[serde(rename = "Id")]
    id: Option<String>,
}

#[derive(Deserialize, Default)]
struct AttributesSent {
    #[serde(rename = "type", default)]
    object: String,
}

fn parse_element(http_status: u16, raw: &RawValue) -> Option<ApiError> {
    let element: Element = serde_json::from_str(raw.get()).ok()?;
    let code = element
        .error_code
        .or(element.status_code)
        .or(element.error)
        .filter(|code| !code.is_empty())?;
    Some(ApiError {
        http_status,
        code: Code::parse(&code),
        message: bounded(
            &element
                .message
                .or(element.error_description)
                .unwrap_or_default(),
        ),
        fields: element.fields.unwrap_or_default(),
        duplicates: element.duplicate_resut.map(Duplicates::from),
        raw: bounded(raw.get()),
    })
}

impl From<DuplicateSent> for Duplicates {
    fn from(sent: DuplicateSent) -> Self {
        let records = sent
            .match_results
            .into_iter()
            .flat_map(|result| result.match_records)
            .filter_map(|matched| matched.record)
            .filter_map(|record| {
                // Ids of records the user cannot see may be withheld.
                let id = Id::parse(record.id.as_deref()?).ok()?;
                Some(DuplicateRecord {
                    object: record.attributes.object,
                    id,
                })
            })
            .collect();
        Self {
            allow_save: sent.allow_save,
            rule: sent.duplicate_rule.unwrap_or_default(),
            records,
        }
    }
}
