//! Owners and who of ours they are.

use events::metadata::v1;

use crate::domain::owner::{Match, Override, Owner};

/// An owner as it travels.
#[must_use]
pub fn message(owner: &Owner) -> v1::Owner {
    v1::Owner {
        id: owner.id.clone(),
        name: owner.name.clone(),
        email: owner.email.clone(),
        active: owner.active,
        user_type: owner.user_type.clone(),
    }
}

/// An override as it travels.
#[must_use]
pub fn said(said: &Override) -> v1::OwnerOverride {
    v1::OwnerOverride {
        email: said.email.clone(),
        user_id: said.user_id.clone(),
    }
}

/// A match as it travels.
#[must_use]
pub fn matched(email: &str, found: &Match<'_>) -> v1::OwnerMatch {
    let (owner, by_override, reason) = match found {
        Match::Override(owner) => (Some(message(owner)), true, String::new()),
        Match::Email(owner) => (Some(message(owner)), false, String::new()),
        Match::Nobody(reason) => (None, false, reason.clone()),
    };
    v1::OwnerMatch {
        email: email.to_owned(),
        owner,
        by_override,
        reason,
    }
}

/// The owner a row of users says.
#[must_use]
pub fn of_row(row: &events::crm::v1::User) -> Owner {
    Owner {
        id: row.id.clone(),
        name: row.name.clone(),
        email: row.email.clone(),
        active: row.is_active,
        user_type: row.user_type.clone(),
    }
}
