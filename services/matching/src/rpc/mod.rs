//! Answers what console and operators ask.

mod moves;
mod preview;
mod thresholds;

use crate::app::{Decided, Names, Received, Reconsidered, facts_of};
use crate::domain::affected::domain_key;
use crate::domain::facts::{Choice, DomainClass};
use crate::domain::meeting::{Hint, HintObject};
use crate::store::{affected, decisions, facts, reconsider, settings};
use crate::wire;
use chassis::{Cause, Db, Failure};
use chrono::{DateTime, Utc};
use events::matching::v1 as proto;
use events::meeting::v1::MeetingProcessed;
use events::rpc::{CallContext, Code, Role, RpcError};
use events::{RecordId, WorkspaceId};
use prost::Message;
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

/// Rows on a page when none are asked for.
const PAGE_SIZE_DEFAULT: u32 = 50;
/// Rows on a page at most.
const PAGE_SIZE_MAX: u32 = 200;

/// Implements `ergo.rpc.matching.*`.
#[derive(Debug)]
pub struct MatchingRpc {
    db: Db,
    names: Arc<Names>,
    changed: Arc<Notify>,
    reconsidered: Reconsidered,
}

impl MatchingRpc {
    /// On this database, with the names held in memory; `changed` is notified when a rule concerns decided meetings.
    #[must_use]
    pub fn new(
        db: Db,
        names: Arc<Names>,
        changed: Arc<Notify>,
        reconsidered: Reconsidered,
    ) -> Self {
        Self {
            db,
            names,
            changed,
            reconsidered,
        }
    }
}

fn workspace(text: &str) -> Result<WorkspaceId, RpcError> {
    text.parse().map_err(|_| {
        RpcError::invalid(
            "workspace",
            "is not 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'",
        )
    })
}

fn store(error: sqlx::Error) -> RpcError {
    failed(Failure::from(error))
}

fn failed(failure: Failure) -> RpcError {
    tracing::warn!(error = failure.chain(), "request could not be answered");
    RpcError::new(Code::Unavailable, "the store does not answer; try again")
}

fn decoded<M: Message + Default>(body: &[u8]) -> Result<M, RpcError> {
    M::decode(body).map_err(|error| {
        tracing::error!(%error, "a stored message cannot be read");
        RpcError::new(
            Code::Internal,
            "a stored message cannot be read; see the log",
        )
    })
}

/// A page token is where the last page ended: the decision's time in microseconds and its id.
fn page_token(after: &str) -> Result<Option<decisions::After>, RpcError> {
    if after.is_empty() {
        return Ok(None);
    }
    let parsed = after.split_once('.').and_then(|(at, id)| {
        Some((
            DateTime::from_timestamp_micros(at.parse().ok()?)?,
            Uuid::parse_str(id).ok()?,
        ))
    });
    parsed.map(Some).ok_or_else(|| {
        RpcError::invalid(
            "page_token",
            "is not one this service gave; begin without it",
        )
    })
}

fn record_id(field: &str, text: &str) -> Result<Option<String>, RpcError> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = RecordId::parse(text)
        .map_err(|error| RpcError::invalid(field, format!("is no record id: {error}")))?;
    Ok(Some(id.as_str().to_owned()))
}

impl proto::Matching for MatchingRpc {
    async fn list_decisions(
        &self,
        context: &CallContext,
        request: proto::ListDecisionsRequest,
    ) -> Result<proto::ListDecisionsResponse, RpcError> {
        context.require(Role::Viewer)?;
        let workspace = workspace(&request.workspace)?;
        let size = match request.page_size {
            0 => PAGE_SIZE_DEFAULT,
            n => n.min(PAGE_SIZE_MAX),
        };
        let outcomes: Vec<String> = request
            .outcomes()
            .map(|outcome| wire::outcome_word(outcome).to_owned())
            .collect();
        let after = page_token(&request.page_token)?;
        let rows = decisions::list(
            &self.db.workspace(&workspace),
            workspace.as_str(),
            &outcomes,
            after,
            i64::from(size) + 1,
        )
        .await
        .map_err(store)?;
        let more = rows.len() > size as usize;
        let page = &rows[..rows.len().min(size as usize)];
        let next = page.last().filter(|_| more);
        let next_page_token = next
            .map(|last| format!("{}.{}", last.decided_at.timestamp_micros(), last.id))
            .unwrap_or_default();
        let mut summaries = Vec::with_capacity(page.len());
        for row in page {
            let mut decision: proto::Decision = decoded(&row.body)?;
            decision.candidates.clear();
            summaries.push(proto::DecisionSummary {
                decision: Some(decision),
                title: row.title.clone(),
                started_at: Some(wire::timestamp(row.started_at)),
                trace_id: row.trace_id.clone(),
            });
        }
        Ok(proto::ListDecisionsResponse {
            decisions: summaries,
            next_page_token,
        })
    }

    async fn get_decision(
        &self,
        context: &CallContext,
        request: proto::GetDecisionRequest,
    ) -> Result<proto::GetDecisionResponse, RpcError> {
        context.require(Role::Viewer)?;
        let workspace = workspace(&request.workspace)?;
        let latest = decisions::latest(
            &self.db.workspace(&workspace),
            workspace.as_str(),
            &request.meeting_id,
        )
        .await
        .map_err(store)?
        .ok_or_else(|| RpcError::not_found("a decision for this meeting"))?;
        Ok(proto::GetDecisionResponse {
            decision: Some(decoded(&latest.body)?),
            meeting: latest.meeting.as_deref().map(decoded).transpose()?,
            trace_id: latest.trace_id,
        })
    }

    async fn correct_decision(
        &self,
        context: &CallContext,
        request: proto::CorrectDecisionRequest,
    ) -> Result<proto::CorrectDecisionResponse, RpcError> {
        context.require(Role::Admin)?;
        let workspace = workspace(&request.workspace)?;
        let kept = decisions::meeting(
            &self.db.workspace(&workspace),
            workspace.as_str(),
            &request.meeting_id,
        )
        .await
        .map_err(store)?
        .ok_or_else(|| RpcError::not_found("this meeting"))?;
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
        let example = choice
            .as_ref()
            .map(|choice| labelled(&request.meeting_id, kept.revision, choice, before.as_ref()));
        reconsider::label(
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
        reconsider::keep(unit.connection(), std::slice::from_ref(&decided.kept))
            .await
            .map_err(store)?;
        unit.emit(&workspace, &decided.event, &cause);
        unit.commit().await.map_err(failed)?;
        Ok(proto::CorrectDecisionResponse {
            decision: decided.event.decision,
        })
    }

    async fn get_projection(
        &self,
        context: &CallContext,
        request: proto::GetProjectionRequest,
    ) -> Result<proto::GetProjectionResponse, RpcError> {
        context.require(Role::Viewer)?;
        let workspace = workspace(&request.workspace)?;
        let size = settings::size(&self.db.workspace(&workspace), workspace.as_str())
            .await
            .map_err(store)?;
        let Some(size) = size else {
            return Ok(proto::GetProjectionResponse::default());
        };
        let count = |n: i64| u64::try_from(n).unwrap_or_default();
        Ok(proto::GetProjectionResponse {
            accounts: count(size.accounts),
            contacts: count(size.contacts),
            leads: count(size.leads),
            opportunities: count(size.opportunities),
            users: count(size.users),
            loaded_at: size.loaded_at.map(wire::timestamp),
        })
    }

    async fn list_domain_rules(
        &self,
        context: &CallContext,
        request: proto::ListDomainRulesRequest,
    ) -> Result<proto::ListDomainRulesResponse, RpcError> {
        context.require(Role::Viewer)?;
        let workspace = workspace(&request.workspace)?;
        let rows = settings::domain_rules(&self.db.workspace(&workspace), workspace.as_str())
            .await
            .map_err(store)?;
        let rules = rows.into_iter().map(|row| proto::DomainRule {
            class: facts::class(&row.class)
                .map_or(proto::DomainClass::Unspecified, class)
                .into(),
            domain: row.domain,
            account_id: row.account_id,
        });
        Ok(proto::ListDomainRulesResponse {
            rules: rules.collect(),
        })
    }

    async fn set_domain_rule(
        &self,
        context: &CallContext,
        request: proto::SetDomainRuleRequest,
    ) -> Result<proto::SetDomainRuleResponse, RpcError> {
        context.require(Role::Admin)?;
        let workspace = workspace(&request.workspace)?;
        let rule = request
            .rule
            .ok_or_else(|| RpcError::invalid("rule", "is missing; name the domain"))?;
        let domain = crate::domain::address::domain_key(&rule.domain).ok_or_else(|| {
            RpcError::invalid("rule.domain", "is no registrable domain, such as acme.com")
        })?;
        let account_id = record_id("rule.account_id", &rule.account_id)?.unwrap_or_default();
        let reason = vec![(domain_key(&domain), "a domain rule changed".to_owned())];
        if request.remove {
            let mut unit = self.db.begin(&workspace).await.map_err(failed)?;
            settings::remove_domain_rule(
                unit.connection(),
                workspace.as_str(),
                &domain,
                &account_id,
            )
            .await
            .map_err(store)?;
            affected::again(unit.connection(), workspace.as_str(), reason)
                .await
                .map_err(store)?;
            unit.commit().await.map_err(failed)?;
            self.changed.notify_one();
            return Ok(proto::SetDomainRuleResponse {});
        }
        let class = of_class(rule.class())?;
        if class == DomainClass::Alternate && account_id.is_empty() {
            return Err(RpcError::invalid(
                "rule.account_id",
                "is missing; name the account the domain also belongs to",
            ));
        }
        let row = settings::RuleRow {
            domain,
            account_id,
            class: facts::class_text(class).to_owned(),
        };
        let mut unit = self.db.begin(&workspace).await.map_err(failed)?;
        settings::set_domain_rule(
            unit.connection(),
            workspace.as_str(),
            &row,
            &context.caller.actor,
        )
        .await
        .map_err(store)?;
        affected::again(unit.connection(), workspace.as_str(), reason)
            .await
            .map_err(store)?;
        unit.commit().await.map_err(failed)?;
        self.changed.notify_one();
        Ok(proto::SetDomainRuleResponse {})
    }

    async fn preview_domain_rule(
        &self,
        context: &CallContext,
        request: proto::PreviewDomainRuleRequest,
    ) -> Result<proto::PreviewDomainRuleResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.preview(request).await
    }

    async fn list_move_proposals(
        &self,
        context: &CallContext,
        request: proto::ListMoveProposalsRequest,
    ) -> Result<proto::ListMoveProposalsResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.moves(&workspace(&request.workspace)?).await
    }

    async fn settle_move_proposal(
        &self,
        context: &CallContext,
        request: proto::SettleMoveProposalRequest,
    ) -> Result<proto::SettleMoveProposalResponse, RpcError> {
        context.require(Role::Admin)?;
        self.settle_move(context, request).await
    }

    async fn get_matching_settings(
        &self,
        context: &CallContext,
        request: proto::GetMatchingSettingsRequest,
    ) -> Result<proto::GetMatchingSettingsResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.thresholds(&workspace(&request.workspace)?).await
    }

    async fn set_matching_settings(
        &self,
        context: &CallContext,
        request: proto::SetMatchingSettingsRequest,
    ) -> Result<proto::SetMatchingSettingsResponse, RpcError> {
        context.require(Role::Admin)?;
        self.set_thresholds(request).await
    }
}

/// What a person's choice says about the decision it replaces.
fn labelled(
    meeting_id: &str,
    revision: i64,
    choice: &Choice,
    before: Option<&proto::Decision>,
) -> reconsider::Label {
    let account = choice.account_id.clone().unwrap_or_default();
    let best = before.and_then(|decision| {
        decision
            .candidates
            .iter()
            .find(|candidate| candidate.object == "Account")
    });
    let was_right = best.is_some_and(|best| best.record_id == account)
        || (best.is_none() && account.is_empty());
    reconsider::Label {
        meeting_id: meeting_id.to_owned(),
        revision,
        opportunity_id: choice.opportunity_id.clone().unwrap_or_default(),
        decided_total: best.map_or(0, |best| best.millibits),
        was_right,
        account_id: account,
    }
}

fn of_class(class: proto::DomainClass) -> Result<DomainClass, RpcError> {
    Ok(match class {
        proto::DomainClass::Unspecified => {
            return Err(RpcError::invalid(
                "rule.class",
                "is missing; say internal, partner, customer, free or alternate",
            ));
        }
        proto::DomainClass::Internal => DomainClass::Internal,
        proto::DomainClass::Partner => DomainClass::Partner,
        proto::DomainClass::Customer => DomainClass::Customer,
        proto::DomainClass::Free => DomainClass::Free,
        proto::DomainClass::Alternate => DomainClass::Alternate,
    })
}

fn class(class: DomainClass) -> proto::DomainClass {
    match class {
        DomainClass::Internal => proto::DomainClass::Internal,
        DomainClass::Partner => proto::DomainClass::Partner,
        DomainClass::Customer => proto::DomainClass::Customer,
        DomainClass::Free => proto::DomainClass::Free,
        DomainClass::Alternate => proto::DomainClass::Alternate,
    }
}

/// A choice must name records the projection has, and an opportunity of the account chosen.
fn check_choice(
    choice: Option<&Choice>,
    facts: &crate::domain::facts::Facts,
) -> Result<(), RpcError> {
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
