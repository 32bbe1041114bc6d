//! What a formula may name: fields, parents' fields and globals, with their types.
//!
//! Names are compared without letter case. `$RecordType.X` and `RecordType.X` of the record are one
//! thing (section 9), so both have one key.

use rustc_hash::FxHashMap;

use crate::kind::{Blanks, Kind};

/// What is known of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its type.
    pub kind: Kind,
    /// For a formula field, its source and how it reads blanks. It is evaluated in place, so that it
    /// sees the proposed values; leave it out to use a stored value instead.
    pub formula: Option<(String, Blanks)>,
}

impl Field {
    /// A field that holds a value.
    #[must_use]
    pub fn stored(kind: Kind) -> Self {
        Self {
            kind,
            formula: None,
        }
    }
}

/// Looks up what a formula names.
pub trait Schema {
    /// The field behind `key`, a lower-case path as [`key`] makes it; `None` when there is none.
    fn field(&self, key: &str) -> Option<&Field>;
}

/// A schema in a map.
#[derive(Clone, Debug, Default)]
pub struct Fields(FxHashMap<String, Field>);

impl Fields {
    /// Declares a field, path or global.
    pub fn declare(&mut self, path: &str, field: Field) {
        self.0.insert(key(path), field);
    }

    /// Whether nothing is declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<P: AsRef<str>> FromIterator<(P, Kind)> for Fields {
    fn from_iter<I: IntoIterator<Item = (P, Kind)>>(fields: I) -> Self {
        let mut out = Self::default();
        for (path, kind) in fields {
            out.declare(path.as_ref(), Field::stored(kind));
        }
        out
    }
}

impl Schema for Fields {
    fn field(&self, key: &str) -> Option<&Field> {
        self.0.get(key)
    }
}

/// The form of a name under which schemas and records keep it.
#[must_use]
pub fn key(path: &str) -> String {
    let mut key = path.to_ascii_lowercase();
    if key.starts_with("$recordtype.") {
        key.remove(0);
    }
    key
}

/// Types the platform fixes, for names a schema does not declare: globals with one shape in every
/// org, and the record type behind any relation.
pub(crate) fn standard(key: &str) -> Option<Kind> {
    let (relation, field) = key.rsplit_once('.')?;
    Some(match relation {
        "$permission" => Kind::Boolean,
        "$label" | "$profile" | "$userrole" | "$organization" | "$api" if field == "id" => Kind::Id,
        "$label" | "$profile" | "$userrole" | "$organization" | "$api" => Kind::Text,
        "$user" => match field {
            "id" | "profileid" | "userroleid" | "managerid" | "contactid" | "accountid" => Kind::Id,
            "isactive" => Kind::Boolean,
            "username"
            | "email"
            | "alias"
            | "firstname"
            | "lastname"
            | "name"
            | "department"
            | "division"
            | "title"
            | "companyname"
            | "phone"
            | "employeenumber"
            | "federationidentifier"
            | "communitynickname"
            | "country"
            | "city"
            | "state"
            | "street"
            | "postalcode" => Kind::Text,
            "usertype" | "languagelocalekey" | "timezonesidkey" | "localesidkey" => Kind::Picklist,
            _ => return None,
        },
        "$system" if field == "origindatetime" => Kind::DateTime,
        _ if relation == "recordtype" || relation.ends_with(".recordtype") => match field {
            "id" => Kind::Id,
            "developername" | "name" | "description" | "namespaceprefix" => Kind::Text,
            "isactive" => Kind::Boolean,
            _ => return None,
        },
        _ if relation.ends_with(".profile") && field == "name" => Kind::Text,
        _ => return None,
    })
}
