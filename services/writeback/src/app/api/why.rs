//! Why a value is in Salesforce: from a record and a field to the meeting, the words, the gates, the reviewer and the
//! requests.

use events::rpc::RpcError;
use events::writeback::v1::{ValueStory, WhyValueRequest, WhyValueResponse, WriteAttempt};
use salesforce::Id;
use uuid::Uuid;

use super::{Api, failed, show, workspace};
use crate::domain::why::{self, Told};
use crate::store::{review, why as rows};
use crate::wire;

/// Writes told, newest first.
const WRITES_MAX: i64 = 50;

impl Api {
    pub(super) async fn why(&self, request: WhyValueRequest) -> Result<WhyValueResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let record = request.record.unwrap_or_default();
        let id = Id::parse(&record.id)
            .map_err(|error| RpcError::invalid("record.id", error.to_string()))?;
        let scope = self.scope(workspace)?;
        let writes = rows::writes(&scope, workspace, id.as_str(), &request.field, WRITES_MAX)
            .await
            .map_err(failed)?;
        let ids: Vec<Uuid> = writes.iter().map(|write| write.id).collect();
        let shown = review::by_ids(&scope, workspace, &ids)
            .await
            .map_err(failed)?;
        let attempts = rows::attempts(&scope, workspace, &ids)
            .await
            .map_err(failed)?;
        let mut stories = Vec::with_capacity(writes.len());
        for write in writes {
            let Some(shown) = shown.iter().find(|shown| shown.id == write.id) else {
                continue;
            };
            stories.push(ValueStory {
                sentence: why::sentence(Told {
                    action: shown.action,
                    state: shown.state,
                    object: &shown.object,
                    field: &shown.field,
                    title: &write.title,
                    meeting_id: &shown.meeting_id,
                    mapping_version: shown.mapping_version,
                    decided_by: &shown.decided_by,
                    undo: shown.undoes.is_some(),
                    at: shown.changed_at,
                }),
                change: Some(show::change(shown.clone())),
                decision_id: write.decision_id,
                meeting_title: write.title,
                meeting_revision: u64::try_from(write.meeting_revision).unwrap_or(0),
                current: write.current,
                attempts: attempts
                    .iter()
                    .filter(|attempt| attempt.change_id == write.id)
                    .map(|attempt| WriteAttempt {
                        number: u32::try_from(attempt.number).unwrap_or(0),
                        request_id: attempt.request_id.to_string(),
                        result: attempt.result.clone().unwrap_or_default(),
                        intent_at: Some(wire::timestamp(attempt.intent_at)),
                        result_at: attempt.result_at.map(wire::timestamp),
                    })
                    .collect(),
            });
        }
        Ok(WhyValueResponse { stories })
    }
}
