//! A meeting as far as matching needs it, already checked and in normal form.

use super::address::Address;
use chrono::{DateTime, Utc};
use events::WorkspaceId;

/// Participants weighed; more are left out and said so (matching guide, section 2).
pub const PARTICIPANTS_MAX: usize = 500;

/// Mentions weighed; more are left out (matching guide, section 2).
pub const MENTIONS_MAX: usize = 64;

/// One meeting revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Upstream's id.
    pub id: String,
    /// Upstream's revision, from 1.
    pub revision: u64,
    /// The title, empty when there is none.
    pub title: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The organiser's address, when upstream knows it.
    pub organizer: Option<Address>,
    /// Everybody, at most [`PARTICIPANTS_MAX`].
    pub participants: Vec<Participant>,
    /// How many participants were left out over the limit.
    pub participants_dropped: usize,
    /// Companies named in the conversation, at most [`MENTIONS_MAX`].
    pub mentions: Vec<String>,
    /// Records upstream knows.
    pub hints: Vec<Hint>,
    /// Shared by the meetings of one recurring series; empty for a single one.
    pub series_id: String,
}

/// One participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// As shown, at most 256 characters.
    pub name: String,
    /// The address, when there is a usable one.
    pub address: Option<Address>,
    /// Why the address was not usable; empty when it was or there was none.
    pub address_problem: String,
    /// Keys of the number they dialled in from (see [`super::phone`]).
    pub phones: Vec<String>,
    /// What the calendar says they are.
    pub kind: Kind,
    /// Declined the invitation and was not seen.
    pub declined: bool,
}

/// What a participant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not known, taken for a person.
    Unknown,
    /// A person.
    Person,
    /// A room or equipment.
    Resource,
    /// A distribution list.
    Group,
    /// A recorder or another robot.
    Bot,
}

/// A record upstream knows the meeting belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// What kind of record.
    pub object: HintObject,
    /// 18-character id.
    pub record_id: String,
    /// Where upstream has it from.
    pub source: String,
}

/// Objects a hint may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HintObject {
    /// An account.
    Account,
    /// A contact.
    Contact,
    /// A lead.
    Lead,
    /// An opportunity.
    Opportunity,
    /// A calendar event in the CRM.
    Event,
}

impl HintObject {
    /// The sObject's API name.
    #[must_use]
    pub fn api_name(self) -> &'static str {
        match self {
            Self::Account => "Account",
            Self::Contact => "Contact",
            Self::Lead => "Lead",
            Self::Opportunity => "Opportunity",
            Self::Event => "Event",
        }
    }
}
