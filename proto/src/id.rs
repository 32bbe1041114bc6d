//! Ids that cross services. Made only by parsing, so that a value of the type is valid wherever it is met.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct IdError {
    what: &'static str,
    problem: String,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                $check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                $check(&text)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id! {
    /// A customer's workspace: one NATS subject token, `[A-Za-z0-9_-]{1,64}`.
    WorkspaceId, check_workspace
}

text_id! {
    /// Identifies one event for ever: 1 to 128 printable ASCII characters without spaces. Ours are UUIDv7; upstream's are its own.
    EventId, check_event
}

impl EventId {
    /// An id of ours.
    #[must_use]
    pub fn from_uuid(id: uuid::Uuid) -> Self {
        Self(id.to_string())
    }
}

/// Longest workspace id, in characters.
pub const WORKSPACE_CHARACTERS_MAX: usize = 64;
/// Longest event id, in characters.
pub const EVENT_ID_CHARACTERS_MAX: usize = 128;

fn check_workspace(text: &str) -> Result<(), IdError> {
    let what = "workspace";
    if text.is_empty() {
        return Err(IdError {
            what,
            problem: "is missing; name the workspace".into(),
        });
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if text.len() > WORKSPACE_CHARACTERS_MAX || !text.chars().all(allowed) {
        return Err(IdError {
            what,
            problem: "is not 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'".into(),
        });
    }
    Ok(())
}

fn check_event(text: &str) -> Result<(), IdError> {
    let what = "event id";
    if text.is_empty() {
        return Err(IdError {
            what,
            problem: "is missing; set the header Nats-Msg-Id or ce-id".into(),
        });
    }
    if text.len() > EVENT_ID_CHARACTERS_MAX || !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(IdError {
            what,
            problem: "is not 1 to 128 printable ASCII characters without spaces".into(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_workspace_is_one_subject_token() {
        for good in ["acme", "A-1_b", &"x".repeat(64)] {
            assert!(good.parse::<WorkspaceId>().is_ok(), "{good}");
        }
        for bad in ["", "a.b", "a b", "*", ">", "é", &"x".repeat(65)] {
            assert!(bad.parse::<WorkspaceId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_missing_event_id_says_which_header_to_set() {
        let error = "".parse::<EventId>().unwrap_err();
        insta::assert_snapshot!(error, @"event id is missing; set the header Nats-Msg-Id or ce-id");
    }

    proptest! {
        #[test]
        fn an_accepted_workspace_never_holds_a_subject_separator(text in ".{0,70}") {
            if let Ok(id) = text.parse::<WorkspaceId>() {
                prop_assert!(!id.as_str().contains(['.', '*', '>', ' ']));
            }
        }
    }
}
