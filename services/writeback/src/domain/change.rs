//! A change: what is to happen to one field or one new record, and everything said about it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::mapping::Overwrite;
use super::meeting::Evidence;
use super::prediction::RuleFinding;
use super::risk::Risk;
use super::value::{FieldValue, Fields};

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Sets one field of one record.
    UpdateField,
    /// Creates a Task.
    CreateTask,
    /// Creates an Event.
    CreateEvent,
    /// Creates a ContentNote and its links.
    CreateNote,
    /// Creates a Contact.
    CreateContact,
    /// Creates an OpportunityContactRole.
    CreateRole,
    /// Relates a further contact to a Task or Event we created.
    CreateRelation,
    /// Creates an Opportunity.
    CreateOpportunity,
    /// Deletes a record we created, to take the creation back.
    DeleteRecord,
}

impl Action {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UpdateField => "update_field",
            Self::CreateTask => "create_task",
            Self::CreateEvent => "create_event",
            Self::CreateNote => "create_note",
            Self::CreateContact => "create_contact",
            Self::CreateRole => "create_role",
            Self::CreateRelation => "create_relation",
            Self::CreateOpportunity => "create_opportunity",
            Self::DeleteRecord => "delete_record",
        }
    }

    /// From its stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "update_field" => Self::UpdateField,
            "create_task" => Self::CreateTask,
            "create_event" => Self::CreateEvent,
            "create_note" => Self::CreateNote,
            "create_contact" => Self::CreateContact,
            "create_role" => Self::CreateRole,
            "create_relation" => Self::CreateRelation,
            "create_opportunity" => Self::CreateOpportunity,
            "delete_record" => Self::DeleteRecord,
            _ => return None,
        })
    }

    /// Whether a record comes into being.
    #[must_use]
    pub fn creates(self) -> bool {
        match self {
            Self::UpdateField | Self::DeleteRecord => false,
            Self::CreateTask
            | Self::CreateEvent
            | Self::CreateNote
            | Self::CreateContact
            | Self::CreateRole
            | Self::CreateRelation
            | Self::CreateOpportunity => true,
        }
    }
}

impl Action {
    /// Whether it is about a whole record rather than one field.
    #[must_use]
    pub fn is_of_a_record(self) -> bool {
        self.creates() || self == Self::DeleteRecord
    }
}

/// Where a change stands (design section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Not gated, or waiting for something that ends by itself.
    Proposed,
    /// Waits for the executor.
    Approved,
    /// Waits for a person.
    Held,
    /// Ended before Salesforce.
    Blocked,
    /// An intent is recorded.
    Executing,
    /// In Salesforce.
    Applied,
    /// Salesforce refused.
    Refused,
    /// Tries are used up.
    Failed,
    /// The answer was lost.
    Uncertain,
    /// A person said no.
    Dismissed,
    /// Nobody decided in time.
    Expired,
    /// A newer revision or decision took its place.
    Superseded,
    /// Taken back.
    Undone,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 13] = [
        Self::Proposed,
        Self::Approved,
        Self::Held,
        Self::Blocked,
        Self::Executing,
        Self::Applied,
        Self::Refused,
        Self::Failed,
        Self::Uncertain,
        Self::Dismissed,
        Self::Expired,
        Self::Superseded,
        Self::Undone,
    ];

    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Held => "held",
            Self::Blocked => "blocked",
            Self::Executing => "executing",
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Dismissed => "dismissed",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Undone => "undone",
        }
    }

    /// From its stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// How strict a reason is; the worst of a change's reasons decides.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Information.
    Pass,
    /// Goes on later by itself.
    Wait,
    /// A person decides.
    Hold,
    /// Ends here.
    Block,
}

/// What one gate, or Salesforce, says of one change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Reason {
    /// The gate; `salesforce` for its answers.
    pub gate: String,
    /// How strict.
    pub verdict: Verdict,
    /// Stable, for machines.
    pub code: String,
    /// For a person.
    pub message: String,
    /// Fields it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Why a validation rule fires, with the values it reads: for those who may see the change, not for events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Box<RuleFinding>>,
}

impl Reason {
    /// A reason without fields.
    pub fn new(gate: &str, verdict: Verdict, code: &str, message: impl Into<String>) -> Self {
        Self {
            gate: gate.to_owned(),
            verdict,
            code: code.to_owned(),
            message: message.into(),
            fields: Vec::new(),
            rule: None,
        }
    }

    /// The same, with why a rule fires.
    #[must_use]
    pub fn because(mut self, rule: RuleFinding) -> Self {
        self.rule = Some(Box::new(rule));
        self
    }

    /// The same, about these fields.
    #[must_use]
    pub fn about(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.fields = fields.into_iter().map(Into::into).collect();
        self
    }
}

/// How far a change is kept from its neighbours in a request, after they were refused together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isolation {
    /// Shares a row with other fields of its record.
    Shared,
    /// Has a row of its own: the row's refusal named no field.
    OwnRow,
    /// Has a request of its own: the whole request was refused.
    OwnCall,
}

impl Isolation {
    /// As stored.
    #[must_use]
    pub fn number(self) -> i16 {
        match self {
            Self::Shared => 0,
            Self::OwnRow => 1,
            Self::OwnCall => 2,
        }
    }

    /// From its stored form.
    #[must_use]
    pub fn from_number(number: i16) -> Self {
        match number {
            0 => Self::Shared,
            1 => Self::OwnRow,
            _ => Self::OwnCall,
        }
    }
}

/// What is written: a value into a field, or a new record.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// The field's new value.
    Value(FieldValue),
    /// The new record's fields.
    Record(Fields),
}

/// A change in the executor's hands.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// UUIDv7: the order of changes.
    pub id: Uuid,
    /// Its set.
    pub change_set_id: Uuid,
    /// The workspace.
    pub workspace: String,
    /// What it does.
    pub action: Action,
    /// Object of the record written or created.
    pub object: String,
    /// The record; empty before a creation.
    pub record_id: String,
    /// The field; empty for creations.
    pub field: String,
    /// The mapping entry it comes from; empty for creations.
    pub entry_id: String,
    /// Approved, executing or uncertain.
    pub state: State,
    /// Grows with each change of state.
    pub version: i64,
    /// Its lane.
    pub lane: String,
    /// When the meeting began.
    pub meeting_at: DateTime<Utc>,
    /// When it ended.
    pub meeting_ended_at: DateTime<Utc>,
    /// When a value already there may be replaced.
    pub overwrite: Overwrite,
    /// What was in the field when it was gated or approved.
    pub baseline: FieldValue,
    /// Our value alone, before it was joined with what was there; a new record's fields otherwise.
    pub piece: Write,
    /// What is to be written.
    pub proposed: Write,
    /// Identifies a creation for ever; empty for updates.
    pub creation_key: String,
    /// Tries so far.
    pub attempts: u32,
    /// Not before this.
    pub not_before: DateTime<Utc>,
    /// When its newest intent was recorded.
    pub intent_at: Option<DateTime<Utc>>,
    /// How far it is kept from its neighbours.
    pub isolation: Isolation,
    /// Whether a person approved exactly what they saw.
    pub decided: bool,
    /// Records a note is linked to.
    pub related: Vec<String>,
    /// Reasons so far.
    pub reasons: Vec<Reason>,
    /// W3C traceparent of the meeting's trace.
    pub traceparent: Option<String>,
    /// What it writes was there before us.
    pub restores: bool,
}

/// A change as gated, ready to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Gated {
    /// Where it stands now.
    pub state: State,
    /// Everything said.
    pub reasons: Vec<Reason>,
    /// Worth gating again when the connection, mapping, schema, verification or budget changes.
    pub regate: bool,
    /// What was in the field; `None` when it was not read.
    pub baseline: Option<FieldValue>,
    /// Our value alone; `None` when it does not fit.
    pub piece: Option<Write>,
    /// What is to be written; `None` when it does not fit.
    pub proposed: Option<Write>,
    /// How risky it is.
    pub risk: Risk,
    /// Owner of the record; empty when not read.
    pub owner_id: String,
}

/// Evidence as it is stored.
#[must_use]
pub fn evidence_json(evidence: &[Evidence]) -> String {
    serde_json::to_string(evidence).expect("evidence always serialises")
}
