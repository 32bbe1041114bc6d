//! A person's choice: sticks until taken back, and becomes a labelled example.

use super::moves::overtaken;
use super::{MatchingRpc, decoded, failed, record_id, store, workspace};
use crate::app::{Decided, Received, facts_of};
use crate::domain::affected::series_key;
use crate::domain::facts::{Choice, Facts};
use crate::domain::meeting::{Hint, HintObject};
use crate::store::proposals::{self, Proposed};
use crate::store::{affected, decisions, kept as kept_keys, labels, settings};
use crate::wire;
use chassis::Cause;
use chrono::Utc;
use events::matching::v1 as proto;
use events::meeting::v1::MeetingProcessed;
use events::rpc::{CallContext, Code, RpcError};
use uuid::Uuid;

impl MatchingRpc {
    pub(super) async fn correct(
        &self,
        context: &CallContext,
        request: proto::CorrectDecisionRequest,
    ) -> Result<proto::CorrectDecisionResponse, RpcError> {
        self.choose(context, request, None).await
    }

    /// Makes a choice, and settles the meeting's open move proposal with it: as accepted when it is the one accepted, else as
    /// declined, for the person who chose has answered its question.
    pub(super) async fn choose(
        &self,
        context: &CallContext,
        request: proto::CorrectDecisionRequest,
        accepts: Option<&Proposed>,
    ) -> Result<proto::CorrectDecisionResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let kept = decisions::meeting(
            &self.db.workspace(&workspace),
            workspace.as_str(),
            &request.meeting_id,
        )
        .await
        .map_err(store)?
        .ok_or_else(|| RpcError::not_found("this meeting"))?;
        // A proposal speaks of one revision of the meeting.
        if accepts.is_some_and(|proposal| proposal.revision != kept.revision) {
            return Err(overtaken());
        }
        let body = kept.body.ok_or_else(|| {
            RpcError::new(
                Code::FailedPrecondition,
                "the meeting's content was purged after its retention; it cannot be decided again",
            )
        })?;
        let event: MeetingProcessed = decoded(&body)?;
        let mut meeting = wire::meeting(&workspace, &event).map_err(|error| {
            RpcError::new(
                Code::FailedPrecondition,
                format!("the meeting cannot be decided: {error}"),
            )
        })?;
        let choice = if request.revert {
            None
        } else {
            Some(Choice {
                account_id: record_id("account_id", &request.account_id)?,
                opportunity_id: record_id("opportunity_id", &request.opportunity_id)?,
                chosen_by: context.caller.actor.clone(),
            })
        };
        // The chosen records are asked for like records upstream names, so that the decision knows their names.
        let upstream = meeting.hints.clone();
        let named = choice.iter().flat_map(|choice| {
            [
                (HintObject::Account, &choice.account_id),
                (HintObject::Opportunity, &choice.opportunity_id),
            ]
        });
        meeting.hints.extend(named.filter_map(|(object, id)| {
            Some(Hint {
                object,
                record_id: id.clone()?,
                source: "a person".to_owned(),
            })
        }));
        let cause = Cause::restored(kept.traceparent, None);
        let mut received = Received {
            event: &event,
            meeting,
            cause: &cause,
        };
        let mut known = facts_of(
            &self.db.workspace(&workspace),
            &self.names,
            std::slice::from_ref(&received),
        )
        .await
        .map_err(store)?;
        let mut facts = known
            .remove(&workspace)
            .ok_or_else(|| RpcError::not_found("this workspace"))?;
        check_choice(choice.as_ref(), &facts)?;
        received.meeting.hints = upstream;
        match &choice {
            Some(choice) => facts
                .choices
                .insert(request.meeting_id.clone(), choice.clone()),
            None => facts.choices.remove(&request.meeting_id),
        };

        let before = decisions::latest(
            &self.db.workspace(&workspace),
            workspace.as_str(),
            &request.meeting_id,
        )
        .await
        .map_err(store)?
        .map(|latest| decoded::<proto::Decision>(&latest.body))
        .transpose()?;
        let mut unit = self.db.begin(&workspace).await.map_err(failed)?;
        let sequence = decisions::next_sequence(
            unit.connection(),
            workspace.as_str(),
            &request.meeting_id,
            kept.revision,
        )
        .await
        .map_err(store)?
        .ok_or_else(|| {
            RpcError::new(
                Code::AlreadyExists,
                "a newer revision of the meeting has arrived; look at it first",
            )
        })?;
        settings::set_choice(
            unit.connection(),
            workspace.as_str(),
            &request.meeting_id,
            choice.as_ref(),
        )
        .await
        .map_err(store)?;
        let settled = proposals::settle(
            unit.connection(),
            workspace.as_str(),
            &request.meeting_id,
            accepts.is_some(),
            &context.caller.actor,
        )
        .await
        .map_err(store)?;
        if accepts.is_some_and(|proposal| settled != Some(proposal.id)) {
            return Err(overtaken());
        }
        let example = choice
            .as_ref()
            .map(|choice| labelled(&request.meeting_id, kept.revision, choice, before.as_ref()));
        labels::label(
            unit.connection(),
            workspace.as_str(),
            &request.meeting_id,
            example.as_ref(),
            &context.caller.actor,
        )
        .await
        .map_err(store)?;
        let decided = Decided::new(
            &received,
            &facts,
            sequence,
            Uuid::now_v7(),
            Utc::now(),
            self.reconsidered,
        );
        decisions::insert(unit.connection(), std::slice::from_ref(&decided.row))
            .await
            .map_err(store)?;
        kept_keys::keep(unit.connection(), std::slice::from_ref(&decided.kept))
            .await
            .map_err(store)?;
        // Later meetings of the series hear what a person said about this one.
        let heard = decided.kept.series.iter().map(|key| {
            (
                series_key(key),
                "an earlier meeting of the series was corrected".to_owned(),
            )
        });
        affected::again(unit.connection(), workspace.as_str(), heard.collect())
            .await
            .map_err(store)?;
        unit.emit(&workspace, &decided.event, &cause);
        unit.commit().await.map_err(failed)?;
        self.changed.notify_one();
        Ok(proto::CorrectDecisionResponse {
            decision: decided.event.decision,
        })
    }
}

/// What a person's choice says about the decision it replaces.
fn labelled(
    meeting_id: &str,
    revision: i64,
    choice: &Choice,
    before: Option<&proto::Decision>,
) -> labels::Label {
    let account = choice.account_id.clone().unwrap_or_default();
    let best = before.and_then(|decision| {
        decision
            .candidates
            .iter()
            .find(|candidate| candidate.object == "Account")
    });
    let was_right = best.is_some_and(|best| best.record_id == account)
        || (best.is_none() && account.is_empty());
    labels::Label {
        meeting_id: meeting_id.to_owned(),
        revision,
        opportunity_id: choice.opportunity_id.clone().unwrap_or_default(),
        decided_total: best.map_or(0, |best| best.millibits),
        was_right,
        account_id: account,
    }
}

/// A choice must name records the projection has, and an opportunity of the account chosen.
fn check_choice(choice: Option<&Choice>, facts: &Facts) -> Result<(), RpcError> {
    let Some(choice) = choice else { return Ok(()) };
    if let Some(account) = &choice.account_id
        && !facts.accounts.contains_key(account)
    {
        return Err(RpcError::invalid(
            "account_id",
            "names no account the connected user sees",
        ));
    }
    let Some(opportunity) = &choice.opportunity_id else {
        return Ok(());
    };
    match facts.opportunities_by_id.get(opportunity) {
        None => Err(RpcError::invalid(
            "opportunity_id",
            "names no opportunity the connected user sees",
        )),
        Some(found) if Some(&found.account_id) != choice.account_id.as_ref() => {
            Err(RpcError::invalid(
                "opportunity_id",
                "names an opportunity of another account; choose that account too",
            ))
        }
        Some(_) => Ok(()),
    }
}
