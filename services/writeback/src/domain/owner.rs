//! Owners: a field that points to a user is filled with the user an address of the meeting stands for. Who that is,
//! metadata-sync says, which knows the org's users and the admins' overrides.

use std::collections::{BTreeMap, BTreeSet};

use super::fit::{Fitted, Unfit};
use super::meeting::Typed;
use super::plan::{Proposal, Source};
use super::schema::{Field, Kind, Schema};
use super::value::FieldValue;

/// Addresses looked up for one batch of meetings and workspace (metadata-sync answers as many at once).
pub const ADDRESSES_MAX: usize = 200;
/// Key prefix of users.
const USER: &str = "005";

/// Who one address stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// A user who may own records.
    User {
        /// 18-character id.
        id: String,
        /// For a person.
        name: String,
    },
    /// Nobody, and why.
    Nobody(String),
}

/// What was said of addresses, as [`address`] writes them. One that is missing was not answered.
pub type Owners = BTreeMap<String, Known>;

/// An address as it is compared.
#[must_use]
pub fn address(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Whether a mapped field takes a user.
#[must_use]
pub fn takes_users(field: &Field) -> bool {
    field.kind == Kind::Reference && field.reference_to.iter().any(|object| object == "User")
}

/// Whether a value is a user's id, as a field that points to users stores it.
#[must_use]
pub fn is_user(value: &FieldValue) -> bool {
    value.text().is_some_and(|id| {
        id.starts_with(USER)
            && matches!(id.len(), 15 | 18)
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The addresses somebody has to be asked about, at most [`ADDRESSES_MAX`]; what is beyond is asked another time.
#[must_use]
pub fn wanted<'a>(
    proposals: impl Iterator<Item = &'a Proposal>,
    schema: &Schema,
) -> BTreeSet<String> {
    proposals
        .filter(|proposal| !proposal.entry_id.is_empty())
        .filter(|proposal| {
            schema
                .get(&proposal.object)
                .and_then(|object| object.fields.get(&proposal.field))
                .is_some_and(takes_users)
        })
        .filter_map(|proposal| match &proposal.source {
            Source::Value(Typed::Text(text)) => Some(address(text)),
            Source::Value(_) | Source::Record { .. } => None,
        })
        .filter(|address| address.contains('@'))
        .take(ADDRESSES_MAX)
        .collect()
}

/// The user a value stands for; `None` while nobody said who that is.
///
/// # Errors
/// Why nobody can be named, for a person.
#[must_use]
pub fn fit(value: &Typed, owners: &Owners) -> Option<Result<Fitted, Unfit>> {
    let nobody = |code, message: String| Some(Err(Unfit { code, message }));
    let Typed::Text(text) = value else {
        return nobody(
            "not_an_address",
            "the field takes a user, and the value is no e-mail address".to_owned(),
        );
    };
    let address = address(text);
    if !address.contains('@') {
        return nobody(
            "not_an_address",
            "the field takes a user, named by an e-mail address; edit the change to name one"
                .to_owned(),
        );
    }
    match owners.get(&address)? {
        Known::User { id, .. } => Some(Ok(Fitted {
            value: FieldValue::Text(id.clone()),
            truncated: false,
        })),
        Known::Nobody(why) => nobody(
            "no_such_owner",
            format!(
                "who {} is in Salesforce is not known: {why}",
                super::fit::excerpt(text)
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_the_user_it_stands_for_or_the_reason_why_not() {
        let owners = Owners::from([
            (
                "rosa@acme.example".to_owned(),
                Known::User {
                    id: "005000000000001AAA".into(),
                    name: "Rosa Meier".into(),
                },
            ),
            (
                "gone@acme.example".to_owned(),
                Known::Nobody("the Salesforce user with this address is inactive".into()),
            ),
        ]);
        let text = |text: &str| Typed::Text(text.into());
        for (value, expected) in [
            (text(" Rosa@Acme.example"), "005000000000001AAA"),
            (
                text("gone@acme.example"),
                "no_such_owner: who gone@acme.example is in Salesforce is not known: the Salesforce user with this \
                 address is inactive",
            ),
            (
                text("Rosa"),
                "not_an_address: the field takes a user, named by an e-mail address; edit the change to name one",
            ),
            (
                Typed::Bool(true),
                "not_an_address: the field takes a user, and the value is no e-mail address",
            ),
            (text("new@acme.example"), "not told"),
        ] {
            let told = match fit(&value, &owners) {
                Some(Ok(fitted)) => fitted.value.text().unwrap_or_default().to_owned(),
                Some(Err(unfit)) => format!("{}: {}", unfit.code, unfit.message),
                None => "not told".to_owned(),
            };
            assert_eq!(told, expected, "{value:?}");
        }
    }

    #[test]
    fn only_a_users_id_is_one() {
        for (id, expected) in [
            ("005000000000001", true),
            ("005000000000001AAA", true),
            ("003000000000001AAA", false),
            ("005 or 1=1", false),
            ("rosa@acme.example", false),
        ] {
            assert_eq!(is_user(&FieldValue::Text(id.into())), expected, "{id}");
        }
        assert!(!is_user(&FieldValue::Null));
    }
}
