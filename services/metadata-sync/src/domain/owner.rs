//! Which Salesforce user one of ours is: by e-mail address, unless an admin said otherwise.

use serde::{Deserialize, Serialize};

/// A Salesforce user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// 18-character id.
    pub id: String,
    /// Name.
    pub name: String,
    /// E-mail address, as Salesforce has it.
    pub email: String,
    /// May own records.
    pub active: bool,
    /// `Standard` for people who work in the org.
    pub user_type: String,
}

/// An admin's word on who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Our user's address, in lower case.
    pub email: String,
    /// The Salesforce user's 18-character id.
    pub user_id: String,
}

/// Who one of our users is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match<'a> {
    /// An admin said so.
    Override(&'a Owner),
    /// The only active user with the address.
    Email(&'a Owner),
    /// Nobody, and why.
    Nobody(String),
}

/// Our users a Salesforce user stood for, and how, for a person: those an admin said so of, and whoever has their address.
#[must_use]
pub fn stood_for(owner: &Owner, overrides: &[Override]) -> Vec<String> {
    let address = normal(&owner.email);
    let said = overrides
        .iter()
        .filter(|said| said.user_id == owner.id)
        .map(|said| format!("{} by override", said.email));
    // An override for the address itself wins over it.
    let own = !address.is_empty() && !overrides.iter().any(|said| said.email == address);
    said.chain(own.then(|| format!("{address} by e-mail address")))
        .collect()
}

/// An address as it is compared.
#[must_use]
pub fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Who the user of `email` is among `owners`, which holds at least everybody with that address and everybody an override
/// names. Rather nobody than the wrong one: two active users of one address are nobody.
#[must_use]
pub fn resolve<'a>(email: &str, owners: &'a [Owner], overrides: &[Override]) -> Match<'a> {
    let email = normal(email);
    if let Some(said) = overrides.iter().find(|said| said.email == email) {
        return match owners.iter().find(|owner| owner.id == said.user_id) {
            Some(owner) if owner.active => Match::Override(owner),
            Some(owner) => Match::Nobody(format!(
                "{} is named by an override and no longer active; name somebody else",
                owner.name
            )),
            None => Match::Nobody(
                "the user an override names is not in the org; name somebody else".into(),
            ),
        };
    }
    let of_address: Vec<&Owner> = owners
        .iter()
        .filter(|owner| normal(&owner.email) == email)
        .collect();
    let active: Vec<&&Owner> = of_address.iter().filter(|owner| owner.active).collect();
    let people: Vec<&&&Owner> = active
        .iter()
        .filter(|owner| owner.user_type == "Standard")
        .collect();
    match (people.as_slice(), active.as_slice(), of_address.as_slice()) {
        ([only], _, _) => Match::Email(only),
        ([], [only], _) => Match::Email(only),
        ([], [], []) => Match::Nobody("no Salesforce user has this address".into()),
        ([], [], _) => Match::Nobody("the Salesforce user with this address is inactive".into()),
        _ => Match::Nobody("several active Salesforce users have this address; name one".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(id: &str, email: &str, active: bool, user_type: &str) -> Owner {
        Owner {
            id: id.into(),
            name: id.into(),
            email: email.into(),
            active,
            user_type: user_type.into(),
        }
    }

    #[test]
    fn whom_a_deactivated_user_stood_for_is_told_by_override_and_address() {
        let owner = Owner {
            id: "005A".into(),
            name: "Rosa".into(),
            email: "Rosa@Acme.example".into(),
            active: false,
            user_type: "Standard".into(),
        };
        let said = |email: &str, user_id: &str| Override {
            email: email.into(),
            user_id: user_id.into(),
        };
        let ann = said("ann@acme.example", "005A");
        assert_eq!(
            stood_for(&owner, &[ann.clone(), said("bob@acme.example", "005B")]),
            [
                "ann@acme.example by override",
                "rosa@acme.example by e-mail address"
            ]
        );
        let elsewhere = said("rosa@acme.example", "005B");
        assert_eq!(
            stood_for(&owner, &[ann, elsewhere]),
            ["ann@acme.example by override"]
        );
    }

    #[test]
    fn an_address_names_one_active_user_or_nobody() {
        let owners = [
            owner("ann", "Ann@acme.example", true, "Standard"),
            owner("ann-portal", "ann@acme.example", true, "CsnOnly"),
            owner("bob", "bob@acme.example", false, "Standard"),
            owner("eve1", "eve@acme.example", true, "Standard"),
            owner("eve2", "eve@acme.example", true, "Standard"),
            owner("dan", "other@acme.example", true, "Standard"),
        ];
        let overrides = [
            Override {
                email: "dan@acme.example".into(),
                user_id: "dan".into(),
            },
            Override {
                email: "old@acme.example".into(),
                user_id: "bob".into(),
            },
        ];
        let told = |email: &str| match resolve(email, &owners, &overrides) {
            Match::Override(owner) => format!("override {}", owner.id),
            Match::Email(owner) => format!("email {}", owner.id),
            Match::Nobody(why) => why,
        };
        for (email, expected) in [
            (" ANN@acme.example ", "email ann"),
            ("dan@acme.example", "override dan"),
            (
                "bob@acme.example",
                "the Salesforce user with this address is inactive",
            ),
            (
                "old@acme.example",
                "bob is named by an override and no longer active; name somebody else",
            ),
            (
                "eve@acme.example",
                "several active Salesforce users have this address; name one",
            ),
            ("who@acme.example", "no Salesforce user has this address"),
        ] {
            assert_eq!(told(email), expected, "{email}");
        }
    }
}
