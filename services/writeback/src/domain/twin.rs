//! A record about to be created that may be there already: what to do with it, whoever made it.

use super::change::{Action, Queued, Reason, Verdict, Write};
use super::value::{FieldValue, Fields};

/// The two fields by which a tie between records is known.
#[must_use]
pub fn tie(object: &str) -> Option<(&'static str, &'static str)> {
    match object {
        "OpportunityContactRole" => Some(("OpportunityId", "ContactId")),
        "TaskRelation" => Some(("TaskId", "RelationId")),
        "EventRelation" => Some(("EventId", "RelationId")),
        _ => None,
    }
}

/// A text field of a change that creates a record.
#[must_use]
pub fn text<'a>(change: &'a Queued, field: &str) -> Option<&'a str> {
    fields(change)?.get(field).and_then(FieldValue::text)
}

/// The fields of a change that creates a record.
#[must_use]
pub fn fields(change: &Queued) -> Option<&Fields> {
    match &change.proposed {
        Write::Record(fields) => Some(fields),
        Write::Value(_) => None,
    }
}

/// Whether a twin is looked for before the record is created.
#[must_use]
pub fn is_looked_for(action: Action) -> bool {
    match action {
        Action::CreateContact | Action::CreateRole | Action::CreateRelation => true,
        Action::UpdateField
        | Action::CreateTask
        | Action::CreateEvent
        | Action::CreateNote
        | Action::CreateOpportunity
        | Action::DeleteRecord => false,
    }
}

/// What becomes of a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Nothing like it is there.
    Create,
    /// It is there.
    There(String),
    /// A person decides.
    Review(Reason),
}

/// The fate of a contact whose address another one has. Somebody who moved on has the same address at another account: a
/// second contact is created only when a person says so.
#[must_use]
pub fn of_contact(change: &Queued, twin: Option<(&str, &str)>) -> Fate {
    let Some((id, account_id)) = twin else {
        return Fate::Create;
    };
    if text(change, "AccountId") == Some(account_id) {
        return Fate::There(id.to_owned());
    }
    if change.decided {
        return Fate::Create;
    }
    Fate::Review(
        Reason::new(
            "duplicates",
            Verdict::Hold,
            "contact_elsewhere",
            format!("contact {id} has this address and belongs to another account; approve to create a second one"),
        )
        .about(["Email"]),
    )
}

/// Where the change stands that creates a record another one refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In Salesforce.
    There,
    /// Still to come.
    Coming,
    /// It will not come by itself.
    NotComing,
}

/// What a person is told whose change refers to a record that will not come.
#[must_use]
pub fn not_coming() -> Reason {
    Reason::new(
        "executor",
        Verdict::Hold,
        "reference_missing",
        "the record it refers to was not created; approve it once that one is there, or dismiss it",
    )
}
