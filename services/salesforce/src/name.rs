//! API names of objects, fields and relationships.
//!
//! Names cannot be quoted in SOQL or a URL path, so only text that needs no quoting becomes a name.
//! Callers should take them from the cached describe; this is the second lock.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name accepted: namespace, 40 characters and suffix stay far below it.
const NAME_BYTES_MAX: usize = 255;

/// Deepest relationship path SOQL allows from child to parent, plus the field.
const PATH_PARTS_MAX: usize = 6;

/// Why text is not an API name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, too long, or with a character other than letters, digits and underscore.
    #[error("{0:?} is not an API name: a letter, then letters, digits and underscores")]
    Characters(String),
    /// More relationship steps than SOQL follows.
    #[error("{0:?} follows more than five relationships")]
    Depth(String),
}

const fn is_name(bytes: &[u8]) -> bool {
    if bytes.is_empty() || bytes.len() > NAME_BYTES_MAX || !bytes[0].is_ascii_alphabetic() {
        return false;
    }
    let mut at = 1;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() && bytes[at] != b'_' {
            return false;
        }
        at += 1;
    }
    true
}

/// Enough of a refused name to recognise it, not enough to flood a log.
fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Cow<'static, str>);

        impl $name {
            /// Parses a name.
            ///
            /// # Errors
            /// When the text is not an API name.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                Self::try_from(text.to_owned())
            }

            /// A name known when the program is written; in a `const` a bad one does not compile.
            pub const fn fixed(text: &'static str) -> Self {
                assert!(is_name(text.as_bytes()), "not an API name");
                Self(Cow::Borrowed(text))
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                if is_name(text.as_bytes()) {
                    Ok(Self(Cow::Owned(text)))
                } else {
                    Err(NameError::Characters(excerpt(&text)))
                }
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// The API name of an object, such as `Opportunity` or `ns__Deal__c`.
    ObjectName
}

name! {
    /// The API name of a field or relationship of one object, such as `StageName` or `Amount__c`.
    FieldName
}

impl ObjectName {
    /// `Account`
    pub const ACCOUNT: Self = Self::fixed("Account");
    /// `Contact`
    pub const CONTACT: Self = Self::fixed("Contact");
    /// `Lead`
    pub const LEAD: Self = Self::fixed("Lead");
    /// `Opportunity`
    pub const OPPORTUNITY: Self = Self::fixed("Opportunity");
    /// `OpportunityContactRole`
    pub const OPPORTUNITY_CONTACT_ROLE: Self = Self::fixed("OpportunityContactRole");
    /// `Task`
    pub const TASK: Self = Self::fixed("Task");
    /// `Event`
    pub const EVENT: Self = Self::fixed("Event");
    /// `User`
    pub const USER: Self = Self::fixed("User");
}

/// A field reached over zero or more parent relationships, such as `Account.Owner.Email`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldPath(Cow<'static, str>);

impl FieldPath {
    /// Parses a dotted path.
    ///
    /// # Errors
    /// When a part is not an API name, or there are too many.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Self::try_from(text.to_owned())
    }

    /// A path known when the program is written; in a `const` a bad one does not compile.
    pub const fn fixed(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut previous_is_dot = true;
        while at < bytes.len() {
            let byte = bytes[at];
            let ok = if previous_is_dot {
                byte.is_ascii_alphabetic()
            } else {
                byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.'
            };
            assert!(ok, "not a field path");
            previous_is_dot = byte == b'.';
            at += 1;
        }
        assert!(!previous_is_dot, "not a field path");
        Self(Cow::Borrowed(text))
    }

    /// The dotted path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts, outermost relationship first.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

impl TryFrom<String> for FieldPath {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        if !text.split('.').all(|part| is_name(part.as_bytes())) {
            return Err(NameError::Characters(excerpt(&text)));
        }
        if text.split('.').count() > PATH_PARTS_MAX {
            return Err(NameError::Depth(excerpt(&text)));
        }
        Ok(Self(Cow::Owned(text)))
    }
}

impl From<FieldPath> for String {
    fn from(path: FieldPath) -> Self {
        path.0.into_owned()
    }
}

impl From<FieldName> for FieldPath {
    fn from(name: FieldName) -> Self {
        Self(name.0)
    }
}

impl From<&FieldName> for FieldPath {
    fn from(name: &FieldName) -> Self {
        Self(name.0.clone())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_need_no_quoting() {
        for good in ["Account", "ns__Deal__c", "a", "X9_"] {
            assert_eq!(
                ObjectName::parse(good).map(String::from),
                Ok(good.to_owned())
            );
        }
        for bad in [
            "", "9a", "_a", "Na me", "Name'", "A.B", "Näme", "a/b", "a%20", "a\0",
        ] {
            assert!(FieldName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ObjectName::parse(&"a".repeat(256)).is_err());
    }

    #[test]
    fn paths_are_dotted_names() {
        let path = FieldPath::parse("Account.Owner.Email").expect("a path");
        assert_eq!(
            path.parts().collect::<Vec<_>>(),
            ["Account", "Owner", "Email"]
        );
        for bad in ["", ".", "A.", ".A", "A..B", "A.B'", "A.B.C.D.E.F.G"] {
            assert!(FieldPath::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(FieldPath::fixed("Account.Name").as_str(), "Account.Name");
    }
}
