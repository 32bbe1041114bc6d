//! Backfills: drafted, moved and shown.

use chrono::Utc;
use events::rpc::{CallContext, Code, RpcError};
use events::writeback::v1 as proto;
use uuid::Uuid;

use super::conclude::Conclusion;
use super::{Api, failed, invalid, workspace};
use crate::app::backfill::{history_max, is_open};
use crate::domain::backfill::course::{self, Move, State};
use crate::domain::backfill::forecast::{self, Pace};
use crate::domain::change;
use crate::domain::risk::Risk;
use crate::domain::text;
use crate::store::audit::Entry;
use crate::store::backfill::{self, Backfill};
use crate::store::{filtered, slices, usage};
use crate::wire;

/// Backfills when nobody says how many.
const BACKFILLS_DEFAULT: u32 = 10;
/// Most backfills listed.
const BACKFILLS_MAX: u32 = 50;
/// Longest reason kept, in UTF-16 code units.
const REASON_UNITS_MAX: usize = 1_000;

/// A backfill's id.
pub(super) fn id(text: &str) -> Result<Uuid, RpcError> {
    text.parse()
        .map_err(|_| RpcError::invalid("backfill_id", "is not a backfill's id"))
}

impl Api {
    pub(super) async fn draft_backfill(
        &self,
        context: &CallContext,
        request: proto::CreateBackfillRequest,
    ) -> Result<proto::CreateBackfillResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let actor = &context.caller.actor;
        let draft =
            wire::backfill::draft(&request, Uuid::now_v7(), actor, Utc::now()).map_err(invalid)?;
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        if !backfill::insert(unit.connection(), &draft)
            .await
            .map_err(failed)?
        {
            return Err(RpcError::new(
                Code::AlreadyExists,
                "another backfill of this workspace is open: finish or cancel it first",
            ));
        }
        let entry = Entry {
            workspace,
            action: "backfill.drafted",
            subject: draft.id.to_string(),
            before: None,
            after: Some(format!(
                r#"{{"from":"{}","until":"{}"}}"#,
                draft.from.to_rfc3339(),
                draft.until.to_rfc3339()
            )),
        };
        let conclusion = Conclusion {
            entries: vec![entry],
            ..Conclusion::default()
        };
        self.conclude(unit, context, workspace, conclusion).await?;
        Ok(proto::CreateBackfillResponse {
            backfill: Some(self.shown(draft).await?),
        })
    }

    pub(super) async fn backfills(
        &self,
        request: proto::ListBackfillsRequest,
    ) -> Result<proto::ListBackfillsResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let limit = match request.limit {
            0 => BACKFILLS_DEFAULT,
            1..=BACKFILLS_MAX => request.limit,
            _ => {
                return Err(RpcError::invalid(
                    "limit",
                    format!("is above {BACKFILLS_MAX}"),
                ));
            }
        };
        let found = backfill::list(&self.scope(workspace)?, workspace, None, i64::from(limit))
            .await
            .map_err(failed)?;
        let mut backfills = Vec::with_capacity(found.len());
        for one in found {
            backfills.push(self.shown(one).await?);
        }
        Ok(proto::ListBackfillsResponse { backfills })
    }

    pub(super) async fn backfill(
        &self,
        request: proto::GetBackfillRequest,
    ) -> Result<proto::GetBackfillResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let id = id(&request.backfill_id)?;
        let found = self.known(workspace, id).await?;
        let scope = self.scope(workspace)?;
        // Asked first: what is counted later than this was not there yet.
        let seen_at = filtered::now(&scope).await.map_err(failed)?;
        let counts = slices::counts(&scope, workspace, id, Risk::LOW_MAX)
            .await
            .map_err(failed)?;
        let approvals = slices::approvals(&scope, workspace, id)
            .await
            .map_err(failed)?;
        Ok(proto::GetBackfillResponse {
            backfill: Some(self.shown(found).await?),
            slices: wire::backfill::slices(&counts, &approvals),
            seen_at: Some(wire::timestamp(seen_at)),
        })
    }

    pub(super) async fn shift_backfill(
        &self,
        context: &CallContext,
        request: proto::MoveBackfillRequest,
    ) -> Result<proto::MoveBackfillResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let id = id(&request.backfill_id)?;
        let asked = wire::backfill::asked(request.r#move())
            .ok_or_else(|| RpcError::invalid("move", "is missing"))?;
        let reason = text::cut(&text::clean(&request.reason), REASON_UNITS_MAX);
        if asked == Move::Cancel && reason.is_empty() {
            return Err(RpcError::invalid("reason", "is required to cancel"));
        }
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        let found = backfill::lock(unit.connection(), workspace, id)
            .await
            .map_err(failed)?
            .ok_or_else(|| RpcError::not_found("this backfill"))?;
        let state = course::after(found.state, asked)
            .map_err(|problem| RpcError::new(Code::FailedPrecondition, problem))?;
        let cancelled_for = if state == State::Cancelled {
            &reason
        } else {
            ""
        };
        backfill::set_state(unit.connection(), &found, state, cancelled_for)
            .await
            .map_err(failed)?;
        let entry = Entry {
            workspace,
            action: "backfill.moved",
            subject: id.to_string(),
            before: Some(format!(r#"{{"state":"{}"}}"#, found.state.as_str())),
            after: Some(format!(
                r#"{{"state":"{}","reason":{}}}"#,
                state.as_str(),
                serde_json::Value::String(reason)
            )),
        };
        let conclusion = Conclusion {
            entries: vec![entry],
            ..Conclusion::default()
        };
        self.conclude(unit, context, workspace, conclusion).await?;
        let moved = self.known(workspace, id).await?;
        Ok(proto::MoveBackfillResponse {
            backfill: Some(self.shown(moved).await?),
        })
    }

    /// One backfill by its id.
    pub(super) async fn known(&self, workspace: &str, id: Uuid) -> Result<Backfill, RpcError> {
        backfill::list(&self.scope(workspace)?, workspace, Some(id), 1)
            .await
            .map_err(failed)?
            .pop()
            .ok_or_else(|| RpcError::not_found("this backfill"))
    }

    /// A backfill with how far it is.
    async fn shown(&self, found: Backfill) -> Result<proto::Backfill, RpcError> {
        let workspace = found.workspace.as_str();
        let scope = self.scope(workspace)?;
        let counts = backfill::counts(&scope, workspace, found.id)
            .await
            .map_err(failed)?;
        let waiting = slices::waiting(&scope, workspace, found.id, Risk::LOW_MAX)
            .await
            .map_err(failed)?;
        let written_last_hour = backfill::written_last_hour(&scope, workspace, found.id)
            .await
            .map_err(failed)?;
        let budget = usage::budget(&scope, workspace).await.map_err(failed)?;
        let sum = |wanted: &dyn Fn(change::State) -> bool| -> u64 {
            counts
                .iter()
                .filter(|(state, _)| wanted(*state))
                .map(|(_, changes)| changes)
                .sum()
        };
        let on_the_way = sum(&|state| {
            matches!(
                state,
                change::State::Approved | change::State::Executing | change::State::Uncertain
            )
        });
        let approved = waiting + on_the_way;
        let open = sum(&is_open);
        let ended = sum(&|state| !is_open(state));
        let finish_at = match found.state {
            State::Running => forecast::finish(Pace {
                left: approved,
                written_last_hour,
                used: budget.used,
                history_max: history_max(&budget, self.budget_share),
                now: Utc::now(),
            }),
            State::Draft
            | State::Sampling
            | State::ReadyForReview
            | State::Paused
            | State::Done
            | State::Cancelled => None,
        };
        let progress = proto::BackfillProgress {
            counts: counts
                .iter()
                .map(|(state, changes)| wire::backfill::count(*state, *changes))
                .collect(),
            open,
            approved,
            ended,
            finish_at: finish_at.map(wire::timestamp),
            sentence: sentence(open + ended, ended, approved, open - approved.min(open)),
        };
        Ok(wire::backfill::backfill(found, progress))
    }
}

fn sentence(all: u64, ended: u64, approved: u64, waiting: u64) -> String {
    if all == 0 {
        return "no meeting of the window has arrived yet".to_owned();
    }
    format!(
        "{ended} of {all} changes ended, {approved} are approved and on their way, {waiting} wait for a person"
    )
}
