//! A person decides about many held changes at once. They see first how many there are and of what kinds; only one kind,
//! held for the same reasons, is approved together, and only what carries little risk. What moved since they looked is
//! left alone.

use chrono::{DateTime, Utc};
use events::rpc::{CallContext, RpcError};
use events::writeback::v1 as proto;
use uuid::Uuid;

use super::decide::{Verdicts, refusal};
use super::{Api, failed, invalid, workspace};
use crate::domain::risk::Risk;
use crate::store::filtered::{self, Filter, Kind};
use crate::store::review;
use crate::wire;

/// Changes decided by one call.
const CHANGES_MAX: u32 = 500;

impl Api {
    pub(super) async fn alike(
        &self,
        context: &CallContext,
        request: proto::DecideAlikeRequest,
    ) -> Result<proto::DecideAlikeResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
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
        let decision = request.decision();
        let mut filter = wire::review::filter(request.filter.clone()).map_err(invalid)?;
        let scope = self.scope(workspace)?;
        let seen_at = match &request.seen_at {
            Some(at) => wire::moment(Some(at), "seen_at").map_err(invalid)?,
            None => filtered::now(&scope).await.map_err(failed)?,
        };
        filter.seen_at = Some(seen_at);
        let kinds = filtered::kinds(&scope, workspace, &filter, Risk::LOW_MAX)
            .await
            .map_err(failed)?;
        let low_only = decision != proto::Decision::Dismiss;
        let answer = told(&kinds, low_only, seen_at);
        if request.seen_at.is_none() {
            return Ok(answer);
        }
        one_kind(&kinds, low_only)?;
        if low_only {
            filter.risk_max = filter.risk_max.min(Risk::LOW_MAX);
        }
        let done = self
            .take(context, workspace, &filter, &request, changes_max)
            .await?;
        let decided = u64::try_from(done.decided).unwrap_or(0);
        Ok(proto::DecideAlikeResponse {
            decided,
            remaining: answer.decidable.saturating_sub(decided),
            refusals: done.refusals,
            ..answer
        })
    }

    /// Decides what the filter means, oldest of a risk first, at most so many.
    async fn take(
        &self,
        context: &CallContext,
        workspace: &str,
        filter: &Filter,
        request: &proto::DecideAlikeRequest,
        changes_max: u32,
    ) -> Result<Done, RpcError> {
        let settings = self.settings.one(workspace).await.map_err(failed)?;
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        let ids = filtered::take(unit.connection(), workspace, filter, i64::from(changes_max))
            .await
            .map_err(failed)?;
        let locked = review::lock(unit.connection(), workspace, &ids)
            .await
            .map_err(failed)?;
        let mut verdicts = Verdicts::default();
        let mut refusals = Vec::new();
        for shown in &locked {
            let decision = proto::ChangeDecision {
                version: u64::try_from(shown.version).unwrap_or(0),
                decision: request.decision,
                reason: request.reason.clone(),
                ..proto::ChangeDecision::default()
            };
            let judged = verdicts.judge(workspace, shown, &decision, &settings, context);
            if let Err(problem) = judged {
                refusals.push(refusal(shown.id, &problem));
            }
        }
        let decided: Vec<Uuid> = verdicts.decided();
        self.decide_all(unit, context, workspace, verdicts).await?;
        Ok(Done {
            decided: decided.len(),
            refusals,
        })
    }
}

struct Done {
    decided: usize,
    refusals: Vec<proto::Refusal>,
}

/// Approving together is for one kind of change only: what differs deserves a look of its own.
fn one_kind(kinds: &[Kind], low_only: bool) -> Result<(), RpcError> {
    let of_them = kinds.iter().filter(|kind| kind.low > 0).count();
    if low_only && of_them > 1 {
        return Err(RpcError::invalid(
            "filter",
            format!("means {of_them} kinds of changes; narrow it to one with filter.alike"),
        ));
    }
    Ok(())
}

fn told(kinds: &[Kind], low_only: bool, seen_at: DateTime<Utc>) -> proto::DecideAlikeResponse {
    let matching = kinds.iter().map(|kind| kind.changes).sum();
    let low: u64 = kinds.iter().map(|kind| kind.low).sum();
    proto::DecideAlikeResponse {
        kinds: kinds
            .iter()
            .map(|kind| proto::AlikeChanges {
                alike: kind.alike.clone(),
                action: wire::action(kind.action).into(),
                object: kind.object.clone(),
                field: kind.field.clone(),
                reasons: kind.reasons.clone(),
                changes: kind.changes,
                low_risk: kind.low,
            })
            .collect(),
        matching,
        decidable: if low_only { low } else { matching },
        seen_at: Some(wire::timestamp(seen_at)),
        ..proto::DecideAlikeResponse::default()
    }
}
