//! Why a value is in a field: each write of ours in one sentence, and whether it is what is there.

use chrono::{DateTime, Utc};

use super::change::{Action, State};

/// One write, as far as the sentence needs it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// What it did.
    pub action: Action,
    /// Where it stands.
    pub state: State,
    /// sObject.
    pub object: &'a str,
    /// The field; empty when it is about the record.
    pub field: &'a str,
    /// The meeting's title; empty when purged.
    pub title: &'a str,
    /// The meeting.
    pub meeting_id: &'a str,
    /// Version of the mapping.
    pub mapping_version: i64,
    /// Who decided; empty when nobody had to.
    pub decided_by: &'a str,
    /// It takes another change back.
    pub undo: bool,
    /// When its state last changed.
    pub at: DateTime<Utc>,
}

/// The sentence, for a person.
#[must_use]
pub fn sentence(told: Told<'_>) -> String {
    let what = match (told.undo, told.action) {
        (true, Action::UpdateField) => format!("{}.{} was put back", told.object, told.field),
        (false, Action::UpdateField) => format!("{}.{} was written", told.object, told.field),
        (
            _,
            Action::CreateTask
            | Action::CreateEvent
            | Action::CreateNote
            | Action::CreateContact
            | Action::CreateRole
            | Action::CreateRelation
            | Action::CreateOpportunity,
        ) => {
            format!("this {} was created", told.object)
        }
        (_, Action::DeleteRecord) => format!("this {} was deleted", told.object),
    };
    let meeting = if told.title.is_empty() {
        told.meeting_id.to_owned()
    } else {
        format!("\"{}\"", told.title)
    };
    let who = if told.decided_by.is_empty() {
        format!(
            "automatically, as mapping version {} allows",
            told.mapping_version
        )
    } else {
        format!(
            "decided by {}, with mapping version {}",
            told.decided_by, told.mapping_version
        )
    };
    let stands = match told.state {
        State::Applied => "",
        State::Undone => "; it was taken back since",
        State::Executing | State::Uncertain => "; whether it arrived is being looked up",
        State::Proposed
        | State::Approved
        | State::Held
        | State::Blocked
        | State::Refused
        | State::Failed
        | State::Dismissed
        | State::Expired
        | State::Superseded => "; it is not in salesforce",
    };
    format!(
        "{what} because of the meeting {meeting}, {who}, at {}{stands}",
        told.at.format("%Y-%m-%d %H:%M UTC")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_told_in_one_sentence() {
        let told = Told {
            action: Action::UpdateField,
            state: State::Applied,
            object: "Opportunity",
            field: "NextStep",
            title: "Weekly",
            meeting_id: "m-1",
            mapping_version: 3,
            decided_by: "",
            undo: false,
            at: DateTime::UNIX_EPOCH,
        };
        insta::assert_snapshot!(sentence(told), @r#"Opportunity.NextStep was written because of the meeting "Weekly", automatically, as mapping version 3 allows, at 1970-01-01 00:00 UTC"#);
        let undone = Told {
            state: State::Undone,
            title: "",
            decided_by: "user:ann@acme.example",
            ..told
        };
        insta::assert_snapshot!(sentence(undone), @"Opportunity.NextStep was written because of the meeting m-1, decided by user:ann@acme.example, with mapping version 3, at 1970-01-01 00:00 UTC; it was taken back since");
    }
}
