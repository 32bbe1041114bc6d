//! One month of a backfill: approved as it was seen, or taken back.

use events::rpc::{CallContext, Code, RpcError};
use events::writeback::v1 as proto;

use super::backfill::id;
use super::conclude::Conclusion;
use super::{Api, failed, invalid, workspace};
use crate::domain::backfill::course::State;
use crate::domain::risk::Risk;
use crate::domain::text;
use crate::store::audit::Entry;
use crate::store::filtered::{self, Filter};
use crate::store::slices;
use crate::wire;

/// Changes taken back by one call.
const CHANGES_MAX: u32 = 500;
/// Longest reason kept, in UTF-16 code units.
const REASON_UNITS_MAX: usize = 1_000;
/// Refusals told of one call.
const TOLD_MAX: usize = 50;

impl Api {
    pub(super) async fn slice(
        &self,
        context: &CallContext,
        request: proto::ApproveSliceRequest,
    ) -> Result<proto::ApproveSliceResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let id = id(&request.backfill_id)?;
        let (from, until) = wire::review::month(&request.slice, "slice").map_err(invalid)?;
        let found = self.known(workspace, id).await?;
        match found.state {
            State::ReadyForReview | State::Running | State::Paused => {}
            State::Draft | State::Sampling | State::Done | State::Cancelled => {
                return Err(RpcError::new(
                    Code::FailedPrecondition,
                    format!(
                        "a backfill that is {} has no slices to approve",
                        found.state.as_str()
                    ),
                ));
            }
        }
        let scope = self.scope(workspace)?;
        let seen_at = match &request.seen_at {
            Some(at) => wire::moment(Some(at), "seen_at").map_err(invalid)?,
            None => filtered::now(&scope).await.map_err(failed)?,
        };
        let all = Filter {
            backfill_id: Some(id),
            meeting_from: Some(from),
            meeting_until: Some(until),
            seen_at: Some(seen_at),
            ..Filter::all()
        };
        let low = Filter {
            risk_max: Risk::LOW_MAX,
            ..all.clone()
        };
        let held = filtered::count_held(&scope, workspace, &all)
            .await
            .map_err(failed)?;
        let meant = filtered::count_held(&scope, workspace, &low)
            .await
            .map_err(failed)?;
        if request.seen_at.is_some() {
            let mut unit = scope.begin().await.map_err(failed)?;
            let actor = &context.caller.actor;
            slices::approve(unit.connection(), workspace, id, from, actor, seen_at)
                .await
                .map_err(failed)?;
            let entry = Entry {
                workspace,
                action: "backfill.slice_approved",
                subject: id.to_string(),
                before: None,
                after: Some(format!(
                    r#"{{"slice":"{}","changes":{meant}}}"#,
                    from.format("%Y-%m")
                )),
            };
            let conclusion = Conclusion {
                entries: vec![entry],
                ..Conclusion::default()
            };
            self.conclude(unit, context, workspace, conclusion).await?;
        }
        Ok(proto::ApproveSliceResponse {
            changes: meant,
            left_for_review: held.saturating_sub(meant),
            seen_at: Some(wire::timestamp(seen_at)),
        })
    }

    pub(super) async fn take_back(
        &self,
        context: &CallContext,
        request: proto::UndoBackfillRequest,
    ) -> Result<proto::UndoBackfillResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let id = id(&request.backfill_id)?;
        let reason = text::cut(&text::clean(&request.reason), REASON_UNITS_MAX);
        if reason.is_empty() {
            return Err(RpcError::invalid("reason", "is missing; say why"));
        }
        let changes_max = match request.changes_max {
            0 => CHANGES_MAX,
            1..=CHANGES_MAX => request.changes_max,
            _ => {
                return Err(RpcError::invalid(
                    "changes_max",
                    format!("is above {CHANGES_MAX}"),
                ));
            }
        };
        let month = if request.slice.is_empty() {
            None
        } else {
            Some(wire::review::month(&request.slice, "slice").map_err(invalid)?)
        };
        self.known(workspace, id).await?;
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        // One more than is taken tells whether anything is left.
        let rows_max = i64::from(changes_max) + 1;
        let mut ids = slices::applied(unit.connection(), workspace, id, month, rows_max)
            .await
            .map_err(failed)?;
        let more = ids.len() > usize::try_from(changes_max).unwrap_or(usize::MAX);
        ids.truncate(usize::try_from(changes_max).unwrap_or(usize::MAX));
        let (made, refusals) = self
            .undo_all(unit, context, workspace, &ids, &reason)
            .await?;
        Ok(proto::UndoBackfillResponse {
            undone: u64::try_from(made.len()).unwrap_or(0),
            untaken: refusals
                .into_iter()
                .take(TOLD_MAX)
                .map(|refusal| proto::Untaken {
                    change_id: refusal.change_id,
                    message: refusal.message,
                })
                .collect(),
            more,
        })
    }
}
