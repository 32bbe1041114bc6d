//! An admin takes changes back: each gets an undo, approved by who asked and applied like any change. What somebody
//! touched meanwhile comes back for review.

use std::collections::HashMap;

use chassis::Unit;
use events::rpc::{CallContext, RpcError};
use events::writeback::v1::{Refusal, UndoChangesRequest, UndoChangesResponse};
use uuid::Uuid;

use super::conclude::Conclusion;
use super::{Api, failed, show, workspace};
use crate::domain::change::Action;
use crate::domain::lane;
use crate::domain::text;
use crate::domain::undo::{self, Applied, Inverse};
use crate::store::audit::Entry;
use crate::store::review::{self, Shown};
use crate::store::undo::{self as rows, New, Standing};

/// Changes of one request.
const CHANGES_MAX: usize = 500;
/// Longest reason kept, in UTF-16 code units.
const REASON_UNITS_MAX: usize = 1_000;

impl Api {
    pub(super) async fn undo(
        &self,
        context: &CallContext,
        request: UndoChangesRequest,
    ) -> Result<UndoChangesResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let reason = text::cut(&text::clean(&request.reason), REASON_UNITS_MAX);
        if reason.is_empty() {
            return Err(RpcError::invalid("reason", "is missing; say why"));
        }
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        let ids = match request.change_set_id.as_str() {
            "" => named(&request.change_ids)?,
            text if request.change_ids.is_empty() => {
                let set: Uuid = text
                    .parse()
                    .map_err(|_| RpcError::invalid("change_set_id", "is not a change set's id"))?;
                rows::applied_of_set(unit.connection(), workspace, set)
                    .await
                    .map_err(failed)?
            }
            _ => {
                return Err(RpcError::invalid(
                    "change_set_id",
                    "and change_ids are both given; name one of them",
                ));
            }
        };
        let (made, refusals) = self
            .undo_all(unit, context, workspace, &ids, &reason)
            .await?;
        let after = review::by_ids(&self.scope(workspace)?, workspace, &made)
            .await
            .map_err(failed)?;
        Ok(UndoChangesResponse {
            changes: after.into_iter().map(show::change).collect(),
            refusals,
        })
    }

    /// Makes an undo of each change; answers the undos, and why others have none.
    pub(super) async fn undo_all(
        &self,
        mut unit: Unit,
        context: &CallContext,
        workspace: &str,
        ids: &[Uuid],
        reason: &str,
    ) -> Result<(Vec<Uuid>, Vec<Refusal>), RpcError> {
        let locked = review::lock(unit.connection(), workspace, ids)
            .await
            .map_err(failed)?;
        let standings: HashMap<Uuid, Standing> = rows::standing(unit.connection(), workspace, ids)
            .await
            .map_err(failed)?
            .into_iter()
            .map(|standing| (standing.id, standing))
            .collect();
        let mut refusals = Vec::new();
        let mut undos = Vec::new();
        let mut entries = Vec::new();
        let mut lanes = Vec::new();
        let mut sets = Vec::new();
        let late = lane::priority(false, true);
        for id in ids {
            let shown = locked.iter().find(|shown| shown.id == *id);
            let made = match (shown, standings.get(id)) {
                (Some(shown), Some(standing)) => judge(shown, standing).map(|undo| (shown, undo)),
                _ => Err("is not known in this workspace".to_owned()),
            };
            match made {
                Ok((shown, undo)) => {
                    lanes.push((workspace.to_owned(), shown.lane.clone(), late));
                    sets.push(shown.change_set_id);
                    entries.push(entry(workspace, &undo, reason));
                    undos.push(undo);
                }
                Err(message) => refusals.push(Refusal {
                    change_id: id.to_string(),
                    message,
                }),
            }
        }
        rows::insert(
            unit.connection(),
            workspace,
            &undos,
            &context.caller.actor,
            reason,
            late,
        )
        .await
        .map_err(failed)?;
        let conclusion = Conclusion {
            lanes,
            sets,
            entries,
        };
        self.conclude(unit, context, workspace, conclusion).await?;
        Ok((undos.iter().map(|undo| undo.id).collect(), refusals))
    }
}

fn named(sent: &[String]) -> Result<Vec<Uuid>, RpcError> {
    if sent.is_empty() || sent.len() > CHANGES_MAX {
        return Err(RpcError::invalid(
            "change_ids",
            format!("has not 1 to {CHANGES_MAX} entries; name changes or a change set"),
        ));
    }
    let mut ids = Vec::with_capacity(sent.len());
    for id in sent {
        let id: Uuid = id.parse().map_err(|_| {
            RpcError::invalid("change_ids", "has an entry that is not a change's id")
        })?;
        if ids.contains(&id) {
            return Err(RpcError::invalid("change_ids", "names a change twice"));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// The undo of one change, or why there is none.
fn judge(shown: &Shown, standing: &Standing) -> Result<New, String> {
    if standing.being_undone {
        return Err("it is being undone already; look at the undo".to_owned());
    }
    let inverse = undo::inverse(Applied {
        action: shown.action,
        state: shown.state,
        record_id: &shown.record_id,
        baseline: shown.baseline.as_deref(),
        proposed: shown.proposed.as_deref(),
        observed: shown.observed.as_deref(),
        restores: standing.restores,
        reasons: &shown.reasons,
    })?;
    let new = |like, action| New {
        id: Uuid::now_v7(),
        undoes: shown.id,
        like,
        action,
        baseline: None,
        proposed: None,
        restores: false,
    };
    Ok(match inverse {
        Inverse::Restore {
            baseline,
            proposed,
            restores,
        } => New {
            baseline: Some(baseline),
            proposed: Some(proposed),
            restores,
            ..new(shown.id, Some(Action::UpdateField))
        },
        Inverse::Delete { expected } => New {
            proposed: Some(expected),
            ..new(shown.id, Some(Action::DeleteRecord))
        },
        Inverse::CreateAgain => {
            let original = standing
                .undoes
                .ok_or_else(|| "the change that created the record is not kept".to_owned())?;
            new(original, None)
        }
    })
}

fn entry<'a>(workspace: &'a str, undo: &New, reason: &str) -> Entry<'a> {
    let reason = serde_json::Value::String(reason.to_owned());
    Entry {
        workspace,
        action: "change.undone",
        subject: undo.undoes.to_string(),
        before: None,
        after: Some(format!(r#"{{"undo":"{}","reason":{reason}}}"#, undo.id)),
    }
}
