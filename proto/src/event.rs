//! Which messages are events, on which subject and stream. One table, so that a subject is spelled once.

use crate::id::WorkspaceId;
use crate::{crm, matching, meeting, writeback};

/// A message that travels on the bus.
pub trait Event: prost::Message + Default + Clone + Send + Sync + 'static {
    /// CloudEvents type and subject prefix, for example `ergo.meeting.processed.v1`.
    const TYPE: &'static str;
    /// JetStream stream that stores it.
    const STREAM: &'static str;

    /// The workspace the payload names; equal to the subject's last token, or the message is refused.
    fn workspace(&self) -> &str;
}

/// The subject of `E` in one workspace: `<TYPE>.<workspace>`.
#[must_use]
pub fn subject<E: Event>(workspace: &WorkspaceId) -> String {
    format!("{}.{workspace}", E::TYPE)
}

/// The subject filter of `E` in all workspaces: `<TYPE>.*`.
#[must_use]
pub fn filter_subject<E: Event>() -> String {
    format!("{}.*", E::TYPE)
}

macro_rules! events {
    ($($message:ty, $type:literal, $stream:literal, $workspace:expr;)*) => {
        $(impl Event for $message {
            const TYPE: &'static str = $type;
            const STREAM: &'static str = $stream;
            fn workspace(&self) -> &str {
                let get: fn(&Self) -> &str = $workspace;
                get(self)
            }
        })*

        /// Every event as (type, stream, full protobuf name), for documents and checks.
        pub const EVENTS: &[(&str, &str, &str)] = &[$(($type, $stream, stringify!($message)),)*];
    };
}

events! {
    meeting::v1::MeetingProcessed, "ergo.meeting.processed.v1", "MEETINGS", |e| &e.workspace;
    crm::v1::ConnectionChanged, "ergo.crm.connection.changed.v1", "CRM",
        |e| e.connection.as_ref().map_or("", |connection| connection.workspace.as_str());
    crm::v1::SchemaChanged, "ergo.crm.schema.changed.v1", "CRM", |e| &e.workspace;
    crm::v1::MappingChanged, "ergo.crm.mapping.changed.v1", "CRM",
        |e| e.mapping.as_ref().map_or("", |mapping| mapping.workspace.as_str());
    crm::v1::AccessReviewed, "ergo.crm.access.reviewed.v1", "CRM",
        |e| e.review.as_ref().map_or("", |review| review.workspace.as_str());
    crm::v1::DriftDetected, "ergo.crm.drift.detected.v1", "CRM", |e| &e.workspace;
    crm::v1::RecordsChanged, "ergo.crm.records.changed.v1", "CRM", |e| &e.workspace;
    matching::v1::MatchDecided, "ergo.match.decided.v1", "MATCHES",
        |e| e.decision.as_ref().map_or("", |decision| decision.workspace.as_str());
    writeback::v1::ChangesApproved, "ergo.writeback.approved.v1", "WRITEBACK", |e| &e.workspace;
    writeback::v1::ChangeSetOutcome, "ergo.writeback.outcome.v1", "WRITEBACK", |e| &e.workspace;
}
