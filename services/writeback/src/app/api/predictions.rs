//! How predictions fared in this org, and the wrong ones with their inputs.

use events::crm::v1::RecordRef;
use events::rpc::RpcError;
use events::writeback::v1::{
    ListPredictionsRequest, ListPredictionsResponse, RuleScore, WrongPrediction,
};

use super::{Api, failed, rows, workspace};
use crate::store::predictions;
use crate::wire;

/// Rules answered at most.
const SCORES_MAX: i64 = 1_000;

impl Api {
    pub(super) async fn predictions(
        &self,
        request: ListPredictionsRequest,
    ) -> Result<ListPredictionsResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let rows_max = rows(request.page_size)?;
        let before = match request.page_token.as_str() {
            "" => i64::MAX,
            text => text
                .parse()
                .map_err(|_| RpcError::invalid("page_token", "is not one of ours"))?,
        };
        let scope = self.scope(workspace)?;
        let scores = predictions::scores(&scope, workspace, SCORES_MAX)
            .await
            .map_err(failed)?;
        let wrong = predictions::wrong(&scope, workspace, before, rows_max)
            .await
            .map_err(failed)?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let full = i64::try_from(wrong.len()).unwrap_or(0) == rows_max;
        Ok(ListPredictionsResponse {
            next_page_token: match wrong.last() {
                Some(last) if full => last.id.to_string(),
                Some(_) | None => String::new(),
            },
            scores: scores
                .into_iter()
                .map(|score| RuleScore {
                    object: score.object,
                    rule: score.rule,
                    agreed: count(score.agreed),
                    false_alarms: count(score.false_alarms),
                    missed: count(score.missed),
                    unknown_refused: count(score.unknown_refused),
                    unknown_accepted: count(score.unknown_accepted),
                })
                .collect(),
            wrong: wrong
                .into_iter()
                .map(|kept| WrongPrediction {
                    id: count(kept.id),
                    record: Some(RecordRef {
                        object: kept.object,
                        id: kept.record_id,
                    }),
                    rule: kept.rule,
                    formula: kept.formula,
                    predicted: kept.predicted,
                    answered: kept.answered,
                    source: kept.source,
                    change_ids: kept.change_ids.iter().map(ToString::to_string).collect(),
                    before_json: kept.before,
                    changed_json: kept.changed,
                    at: Some(wire::timestamp(kept.at)),
                })
                .collect(),
        })
    }
}
