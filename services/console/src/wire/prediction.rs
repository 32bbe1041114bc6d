//! How predictions of validation rules fared against Salesforce's answers.

use chrono::{DateTime, Utc};
use events::writeback::v1 as proto;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Page;

/// Scores by rule, and the wrong predictions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Predictions {
    pub(crate) scores: Vec<Score>,
    #[serde(flatten)]
    pub(crate) wrong: Page<Wrong>,
}

/// How the predictions of one rule fared.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Score {
    pub(crate) object: String,
    /// Empty for all rules rightly predicted to let a save through.
    pub(crate) rule: String,
    pub(crate) agreed: u64,
    pub(crate) false_alarms: u64,
    pub(crate) missed: u64,
    pub(crate) unknown_refused: u64,
    pub(crate) unknown_accepted: u64,
}

/// One wrong prediction with what it was made from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Wrong {
    pub(crate) id: u64,
    pub(crate) object: String,
    pub(crate) record_id: String,
    pub(crate) rule: String,
    pub(crate) formula: String,
    pub(crate) predicted: String,
    pub(crate) answered: String,
    pub(crate) source: String,
    pub(crate) change_ids: Vec<String>,
    #[schema(value_type = serde_json::Value)]
    pub(crate) before: Option<Box<RawValue>>,
    #[schema(value_type = serde_json::Value)]
    pub(crate) changed: Option<Box<RawValue>>,
    pub(crate) at: Option<DateTime<Utc>>,
}

impl From<proto::ListPredictionsResponse> for Predictions {
    fn from(answer: proto::ListPredictionsResponse) -> Self {
        let score = |score: proto::RuleScore| Score {
            object: score.object,
            rule: score.rule,
            agreed: score.agreed,
            false_alarms: score.false_alarms,
            missed: score.missed,
            unknown_refused: score.unknown_refused,
            unknown_accepted: score.unknown_accepted,
        };
        let wrong = answer.wrong.into_iter().map(Wrong::new).collect();
        Self {
            scores: answer.scores.into_iter().map(score).collect(),
            wrong: Page::new(wrong, answer.next_page_token),
        }
    }
}

impl Wrong {
    fn new(wrong: proto::WrongPrediction) -> Self {
        let record = wrong.record.unwrap_or_default();
        Self {
            id: wrong.id,
            object: record.object,
            record_id: record.id,
            rule: wrong.rule,
            formula: wrong.formula,
            predicted: wrong.predicted,
            answered: wrong.answered,
            source: wrong.source,
            change_ids: wrong.change_ids,
            before: super::json(wrong.before_json),
            changed: super::json(wrong.changed_json),
            at: super::time(wrong.at),
        }
    }
}
