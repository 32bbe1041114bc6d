//! Backfills: drafted, sampled, approved month by month.

use chrono::{DateTime, Utc};
use events::writeback::v1 as proto;
use events::writeback::v1::BackfillState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::{Count, Refusal};
use super::review::timestamp;
use super::time;
use super::word::{self, as_word};

/// One backfill.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Backfill {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<BackfillState>)]
    pub(crate) state: BackfillState,
    pub(crate) window_from: Option<DateTime<Utc>>,
    pub(crate) window_until: Option<DateTime<Utc>>,
    /// Objects written; empty for all that are mapped.
    pub(crate) objects: Vec<String>,
    pub(crate) sample_meetings_max: u32,
    pub(crate) meetings_expected: u64,
    pub(crate) created_by: String,
    pub(crate) created_at: Option<DateTime<Utc>>,
    pub(crate) changed_at: Option<DateTime<Utc>>,
    pub(crate) sample: Option<Sample>,
    pub(crate) progress: Progress,
}

/// What a sample showed, and what it means for the whole window.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sample {
    pub(crate) meetings: u64,
    pub(crate) changes: u64,
    /// Changes by how sure the analysis is, by tenths from 0.
    pub(crate) certainty: Vec<u64>,
    pub(crate) overwrites: u64,
    pub(crate) predicted_refusals: u64,
    pub(crate) ambiguous: u64,
    pub(crate) blocked: u64,
    /// Activities dated more than 365 days ago.
    pub(crate) archived_activities: u64,
    pub(crate) changes_expected: u64,
    pub(crate) calls_expected: u64,
    /// Salesforce calls a day history may use; 0 while not known.
    pub(crate) calls_per_day: u64,
    /// At that budget; 0 while not known.
    pub(crate) days_expected: u32,
    pub(crate) warnings: Vec<String>,
    pub(crate) at: Option<DateTime<Utc>>,
}

/// How far a backfill is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Progress {
    pub(crate) counts: Vec<Count>,
    /// Changes that are neither written nor ended.
    pub(crate) open: u64,
    /// Of those, approved and not written yet.
    pub(crate) approved: u64,
    pub(crate) ended: u64,
    /// When the approved ones are expected to be written.
    pub(crate) finish_at: Option<DateTime<Utc>>,
    pub(crate) sentence: String,
}

/// One month of a backfill.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Slice {
    /// As `2025-03`.
    pub(crate) slice: String,
    pub(crate) meetings: u64,
    pub(crate) counts: Vec<Count>,
    /// Held changes that carry little risk: an approval of the slice means them.
    pub(crate) held_low_risk: u64,
    pub(crate) approved_by: String,
    pub(crate) approved_at: Option<DateTime<Utc>>,
}

/// One backfill with its months.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sliced {
    #[serde(flatten)]
    pub(crate) backfill: Backfill,
    pub(crate) slices: Vec<Slice>,
    /// Send it back to approve a month as it was seen.
    pub(crate) seen_at: Option<DateTime<Utc>>,
}

fn counts(counts: Vec<proto::BackfillCount>) -> Vec<Count> {
    let count = |count: proto::BackfillCount| Count {
        state: count.state(),
        count: count.changes,
    };
    counts.into_iter().map(count).collect()
}

impl Backfill {
    pub(crate) fn new(backfill: proto::Backfill) -> Self {
        let progress = backfill.progress.clone().unwrap_or_default();
        Self {
            state: backfill.state(),
            window_from: time(backfill.window_from),
            window_until: time(backfill.window_until),
            created_at: time(backfill.created_at),
            changed_at: time(backfill.changed_at),
            sample: backfill.sample.map(Sample::new),
            progress: Progress {
                counts: counts(progress.counts),
                open: progress.open,
                approved: progress.approved,
                ended: progress.ended,
                finish_at: time(progress.finish_at),
                sentence: progress.sentence,
            },
            id: backfill.id,
            name: backfill.name,
            objects: backfill.objects,
            sample_meetings_max: backfill.sample_meetings_max,
            meetings_expected: backfill.meetings_expected,
            created_by: backfill.created_by,
        }
    }

    /// What can be asked of it now, as words.
    pub(crate) fn moves(&self) -> &'static [&'static str] {
        match self.state {
            BackfillState::Draft => &["sample", "cancel"],
            BackfillState::Sampling => &["cancel"],
            BackfillState::ReadyForReview => &["start", "sample", "cancel"],
            BackfillState::Running => &["pause", "cancel"],
            BackfillState::Paused => &["resume", "cancel"],
            BackfillState::Unspecified | BackfillState::Done | BackfillState::Cancelled => &[],
        }
    }
}

impl Sample {
    fn new(sample: proto::BackfillSample) -> Self {
        Self {
            meetings: sample.meetings,
            changes: sample.changes,
            certainty: sample.certainty,
            overwrites: sample.overwrites,
            predicted_refusals: sample.predicted_refusals,
            ambiguous: sample.ambiguous,
            blocked: sample.blocked,
            archived_activities: sample.archived_activities,
            changes_expected: sample.changes_expected,
            calls_expected: sample.calls_expected,
            calls_per_day: sample.calls_per_day,
            days_expected: sample.days_expected,
            warnings: sample.warnings,
            at: time(sample.at),
        }
    }
}

impl Slice {
    pub(crate) fn new(slice: proto::BackfillSlice) -> Self {
        Self {
            slice: slice.slice,
            meetings: slice.meetings,
            counts: counts(slice.counts),
            held_low_risk: slice.held_low_risk,
            approved_by: slice.approved_by,
            approved_at: time(slice.approved_at),
        }
    }
}

/// A backfill to be drafted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    pub(crate) name: String,
    /// Meetings that began at this time or later,
    pub(crate) window_from: DateTime<Utc>,
    /// and before this one.
    pub(crate) window_until: DateTime<Utc>,
    #[serde(default)]
    pub(crate) objects: Vec<String>,
    /// 1 to 1,000; 0 for 100.
    #[serde(default)]
    pub(crate) sample_meetings_max: u32,
    #[serde(default)]
    pub(crate) meetings_expected: u64,
}

impl Draft {
    pub(crate) fn into_proto(self, workspace: String) -> proto::CreateBackfillRequest {
        proto::CreateBackfillRequest {
            workspace,
            name: self.name,
            window_from: Some(timestamp(self.window_from)),
            window_until: Some(timestamp(self.window_until)),
            objects: self.objects,
            sample_meetings_max: self.sample_meetings_max,
            meetings_expected: self.meetings_expected,
        }
    }
}

/// What is asked of a backfill.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    /// `sample`, `start`, `pause`, `resume` or `cancel`.
    pub(crate) r#move: String,
    /// Needed to cancel.
    #[serde(default)]
    pub(crate) reason: String,
}

/// The approval of a month; without `seen_at` a preview.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveSlice {
    #[serde(default)]
    pub(crate) seen_at: Option<DateTime<Utc>>,
}

/// What the approval of a month means.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SliceApproval {
    pub(crate) changes: u64,
    /// Left for a look of their own, because they carry risk.
    pub(crate) left_for_review: u64,
    pub(crate) seen_at: Option<DateTime<Utc>>,
}

impl From<proto::ApproveSliceResponse> for SliceApproval {
    fn from(answer: proto::ApproveSliceResponse) -> Self {
        Self {
            changes: answer.changes,
            left_for_review: answer.left_for_review,
            seen_at: time(answer.seen_at),
        }
    }
}

/// A backfill, or one month of it, to be taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoBackfill {
    /// As `2025-03`; empty for all.
    #[serde(default)]
    pub(crate) slice: String,
    pub(crate) reason: String,
    /// Most changes taken back by this request, at most 500; 0 for 500.
    #[serde(default)]
    pub(crate) changes_max: u32,
}

/// What is on its way back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Undone {
    pub(crate) undone: u64,
    pub(crate) refusals: Vec<Refusal>,
    /// Ask again for the rest.
    pub(crate) more: bool,
}

impl From<proto::UndoBackfillResponse> for Undone {
    fn from(answer: proto::UndoBackfillResponse) -> Self {
        let refusal = |untaken: proto::Untaken| Refusal {
            change_id: untaken.change_id,
            message: untaken.message,
        };
        Self {
            undone: answer.undone,
            refusals: answer.untaken.into_iter().map(refusal).collect(),
            more: answer.more,
        }
    }
}
