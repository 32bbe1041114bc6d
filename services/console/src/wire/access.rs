//! What the connected user can reach, and what was missed while nobody was connected.

use chrono::{DateTime, Utc};
use events::crm::v1 as crm;
use events::crm::v1::{AccessKind, ConnectionState};
use events::metadata::v1 as metadata;
use events::writeback::v1 as writeback;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::word::{self, as_word};

/// The newest review and those before it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Access {
    /// Absent before the first.
    pub(crate) review: Option<Review>,
    pub(crate) history: Vec<Step>,
}

/// One review.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Review {
    pub(crate) revision: u64,
    /// Nothing is missing.
    pub(crate) complete: bool,
    pub(crate) reviewed_at: Option<DateTime<Utc>>,
    pub(crate) confirmed_at: Option<DateTime<Utc>>,
    pub(crate) requested_by: String,
    pub(crate) user_id: String,
    pub(crate) mapping_version: u64,
    pub(crate) api_enabled: bool,
    pub(crate) missing_count: u32,
    pub(crate) missing: Vec<Gap>,
    pub(crate) objects: Vec<ObjectAccess>,
    pub(crate) record_types: Vec<RecordType>,
    pub(crate) owners: Owners,
    pub(crate) pipeline: Pipeline,
    pub(crate) notes: Vec<String>,
}

/// One thing out of reach.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Gap {
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<AccessKind>)]
    pub(crate) kind: AccessKind,
    pub(crate) object: String,
    pub(crate) field: String,
    pub(crate) subject_id: String,
    pub(crate) message: String,
    /// Where an admin sets it in Salesforce.
    pub(crate) fix: String,
    pub(crate) entry_ids: Vec<String>,
}

impl From<crm::AccessGap> for Gap {
    fn from(gap: crm::AccessGap) -> Self {
        Self {
            kind: gap.kind(),
            object: gap.object,
            field: gap.field,
            subject_id: gap.subject_id,
            message: gap.message,
            fix: gap.fix,
            entry_ids: gap.entry_ids,
        }
    }
}

/// What the user may do with an object.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObjectAccess {
    pub(crate) object: String,
    pub(crate) read: bool,
    pub(crate) create: bool,
    pub(crate) edit: bool,
    pub(crate) fields_readable: u32,
    pub(crate) fields_editable: u32,
    /// Those the mapping writes.
    pub(crate) fields: Vec<FieldAccess>,
}

/// What the user may do with a mapped field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldAccess {
    pub(crate) field: String,
    pub(crate) read: bool,
    pub(crate) edit: bool,
}

/// Whether the user may choose a record type.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordType {
    pub(crate) object: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) available: bool,
}

/// Owners of records.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Owners {
    pub(crate) known: bool,
    pub(crate) owners: u32,
    pub(crate) hidden: u32,
}

/// The pipeline as the user sees it.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Pipeline {
    pub(crate) known: bool,
    pub(crate) open_opportunities: u64,
    pub(crate) stages: u32,
}

/// An earlier review.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Step {
    pub(crate) revision: u64,
    pub(crate) reviewed_at: Option<DateTime<Utc>>,
    pub(crate) requested_by: String,
    pub(crate) missing_count: u32,
}

impl From<metadata::GetAccessReviewResponse> for Access {
    fn from(answer: metadata::GetAccessReviewResponse) -> Self {
        let step = |step: metadata::AccessReviewStep| Step {
            revision: step.revision,
            reviewed_at: super::time(step.reviewed_at),
            requested_by: step.requested_by,
            missing_count: step.missing_count,
        };
        Self {
            review: answer.review.map(Into::into),
            history: answer.history.into_iter().map(step).collect(),
        }
    }
}

impl From<crm::AccessReview> for Review {
    fn from(review: crm::AccessReview) -> Self {
        let owners = review.owners.unwrap_or_default();
        let pipeline = review.pipeline.unwrap_or_default();
        Self {
            revision: review.revision,
            complete: review.missing_count == 0,
            reviewed_at: super::time(review.reviewed_at),
            confirmed_at: super::time(review.confirmed_at),
            requested_by: review.requested_by,
            user_id: review.user_id,
            mapping_version: review.mapping_version,
            api_enabled: review.api_enabled,
            missing_count: review.missing_count,
            missing: review.missing.into_iter().map(Into::into).collect(),
            objects: review.objects.into_iter().map(Into::into).collect(),
            record_types: review
                .record_types
                .into_iter()
                .map(|known| RecordType {
                    object: known.object,
                    id: known.record_type_id,
                    name: known.name,
                    available: known.available,
                })
                .collect(),
            owners: Owners {
                known: owners.known,
                owners: owners.owners,
                hidden: owners.hidden,
            },
            pipeline: Pipeline {
                known: pipeline.known,
                open_opportunities: pipeline.open_opportunities,
                stages: pipeline.stages,
            },
            notes: review.notes,
        }
    }
}

impl From<crm::ObjectAccess> for ObjectAccess {
    fn from(known: crm::ObjectAccess) -> Self {
        Self {
            object: known.object,
            read: known.read,
            create: known.create,
            edit: known.edit,
            fields_readable: known.fields_readable,
            fields_editable: known.fields_editable,
            fields: known
                .fields
                .into_iter()
                .map(|field| FieldAccess {
                    field: field.field,
                    read: field.read,
                    edit: field.edit,
                })
                .collect(),
        }
    }
}

/// Times without a connection and what was missed in them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Missed {
    /// Changes that wait for a person because they were missed.
    pub(crate) changes_waiting: u64,
    /// Newest first.
    pub(crate) gaps: Vec<ConnectionGap>,
}

/// One time without a usable connection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionGap {
    pub(crate) id: String,
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) until: Option<DateTime<Utc>>,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<ConnectionState>)]
    pub(crate) state: ConnectionState,
    pub(crate) detail: String,
    pub(crate) other_user: bool,
    pub(crate) meetings_arrived: u64,
    pub(crate) changes_resumed: u64,
    pub(crate) changes_missed: u64,
    pub(crate) changes_waiting: u64,
    pub(crate) meetings: Vec<MissedMeeting>,
}

/// A meeting with changes that were missed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MissedMeeting {
    pub(crate) meeting_id: String,
    pub(crate) change_set_id: String,
    pub(crate) title: String,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) changes_waiting: u32,
}

impl From<writeback::ListMissedResponse> for Missed {
    fn from(answer: writeback::ListMissedResponse) -> Self {
        Self {
            changes_waiting: answer.changes_waiting,
            gaps: answer.gaps.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<writeback::ConnectionGap> for ConnectionGap {
    fn from(gap: writeback::ConnectionGap) -> Self {
        Self {
            state: gap.state(),
            since: super::time(gap.since),
            until: super::time(gap.until),
            id: gap.id,
            detail: gap.detail,
            other_user: gap.other_user,
            meetings_arrived: gap.meetings_arrived,
            changes_resumed: gap.changes_resumed,
            changes_missed: gap.changes_missed,
            changes_waiting: gap.changes_waiting,
            meetings: gap
                .meetings
                .into_iter()
                .map(|meeting| MissedMeeting {
                    meeting_id: meeting.meeting_id,
                    change_set_id: meeting.change_set_id,
                    title: meeting.title,
                    started_at: super::time(meeting.started_at),
                    changes_waiting: meeting.changes_waiting,
                })
                .collect(),
        }
    }
}

/// What is released.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    pub(crate) gap_id: String,
    /// All of the gap when none is named.
    #[serde(default)]
    pub(crate) meeting_ids: Vec<String>,
}

/// What was released.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Released {
    pub(crate) changes_released: u64,
}
