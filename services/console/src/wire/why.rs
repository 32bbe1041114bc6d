//! Why a value is in Salesforce.

use chrono::{DateTime, Utc};
use events::writeback::v1 as proto;
use serde::Serialize;
use utoipa::ToSchema;

use super::change::Change;

/// The writes of one field, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Why {
    pub(crate) stories: Vec<ValueStory>,
}

/// One write: the meeting, what was said, what the gates said, who decided, and the requests to Salesforce.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueStory {
    pub(crate) sentence: String,
    /// What counts as ours in the field now is of this change.
    pub(crate) current: bool,
    pub(crate) meeting_title: String,
    pub(crate) meeting_revision: u64,
    pub(crate) decision_id: String,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) change: Option<Change>,
}

/// One try.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Attempt {
    pub(crate) number: u32,
    pub(crate) request_id: String,
    /// Empty while nobody knows.
    pub(crate) result: String,
    pub(crate) intent_at: Option<DateTime<Utc>>,
    pub(crate) result_at: Option<DateTime<Utc>>,
}

impl From<proto::WhyValueResponse> for Why {
    fn from(answer: proto::WhyValueResponse) -> Self {
        let attempt = |attempt: proto::WriteAttempt| Attempt {
            number: attempt.number,
            request_id: attempt.request_id,
            result: attempt.result,
            intent_at: super::time(attempt.intent_at),
            result_at: super::time(attempt.result_at),
        };
        let story = |story: proto::ValueStory| ValueStory {
            sentence: story.sentence,
            current: story.current,
            meeting_title: story.meeting_title,
            meeting_revision: story.meeting_revision,
            decision_id: story.decision_id,
            attempts: story.attempts.into_iter().map(attempt).collect(),
            change: story.change.map(Change::new),
        };
        Self {
            stories: answer.stories.into_iter().map(story).collect(),
        }
    }
}
