//! What a domain rule would change, before it is saved.

use super::{MatchingRpc, decoded, of_class, record_id, store, workspace};
use crate::app::{Received, facts_of};
use crate::domain::affected::domain_key;
use crate::domain::decide::decide;
use crate::domain::facts::{DomainClass, DomainRule, Facts};
use crate::domain::meeting::{Hint, HintObject};
use crate::domain::reconsider::Settled;
use crate::store::reconsider::{self, Concerned};
use crate::wire;
use chassis::Cause;
use chrono::{TimeDelta, Utc};
use events::matching::v1 as proto;
use events::meeting::v1::MeetingProcessed;
use events::rpc::RpcError;
use uuid::Uuid;

/// How far back decisions are looked at.
const DAYS: i64 = 30;
/// Meetings looked at.
const MEETINGS_MAX: usize = 500;
/// Meetings loaded with one query.
const BATCH_MEETINGS: usize = 64;

impl MatchingRpc {
    pub(super) async fn preview(
        &self,
        request: proto::PreviewDomainRuleRequest,
    ) -> Result<proto::PreviewDomainRuleResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let rule = request
            .rule
            .ok_or_else(|| RpcError::invalid("rule", "is missing; name the domain"))?;
        let domain = crate::domain::address::domain_key(&rule.domain).ok_or_else(|| {
            RpcError::invalid("rule.domain", "is no registrable domain, such as acme.com")
        })?;
        let account_id = record_id("rule.account_id", &rule.account_id)?;
        let class = if request.remove {
            None
        } else {
            Some(of_class(rule.class())?)
        };
        let since = Utc::now() - TimeDelta::days(DAYS);
        let limit = i64::try_from(MEETINGS_MAX + 1).unwrap_or(i64::MAX);
        let mut concerned = reconsider::concerned(
            &self.db.workspace(&workspace),
            workspace.as_str(),
            &domain_key(&domain),
            since,
            limit,
        )
        .await
        .map_err(store)?;
        let truncated = concerned.len() > MEETINGS_MAX;
        concerned.truncate(MEETINGS_MAX);
        let mut response = proto::PreviewDomainRuleResponse {
            looked_at: u32::try_from(concerned.len()).unwrap_or(u32::MAX),
            truncated,
            flips: Vec::new(),
        };
        for batch in concerned.chunks(BATCH_MEETINGS) {
            let events: Vec<MeetingProcessed> = batch
                .iter()
                .map(|row| decoded(&row.body))
                .collect::<Result<_, _>>()?;
            let cause = Cause::restored(None, None);
            let mut received = Vec::with_capacity(events.len());
            for (row, event) in batch.iter().zip(&events) {
                let Ok(mut meeting) = wire::meeting(&workspace, event) else {
                    continue;
                };
                let upstream = meeting.hints.clone();
                // The rule's account is asked for with the rest, and is no hint in the decision.
                meeting.hints.extend(account_id.iter().map(|id| Hint {
                    object: HintObject::Account,
                    record_id: id.clone(),
                    source: "a rule".to_owned(),
                }));
                received.push((
                    row,
                    upstream,
                    Received {
                        event,
                        meeting,
                        cause: &cause,
                    },
                ));
            }
            let only: Vec<Received<'_>> = received
                .iter()
                .map(|(_, _, received)| received.clone())
                .collect();
            let mut known = facts_of(&self.db.workspace(&workspace), &self.names, &only)
                .await
                .map_err(store)?;
            let Some(mut facts) = known.remove(&workspace) else {
                break;
            };
            ruled(&mut facts, &domain, class, account_id.as_deref());
            for (row, upstream, mut received) in received {
                received.meeting.hints = upstream;
                let before: proto::Decision = decoded(&row.decision)?;
                let after = wire::decided(
                    &received.meeting,
                    &decide(&received.meeting, &facts),
                    Uuid::nil(),
                    0,
                    Utc::now(),
                );
                response.flips.extend(flip(row, before, after));
            }
        }
        Ok(response)
    }
}

/// The facts as they would be with the rule, or without it.
fn ruled(facts: &mut Facts, domain: &str, class: Option<DomainClass>, account_id: Option<&str>) {
    let rules = facts.domain_rules.entry(domain.to_owned()).or_default();
    rules.retain(|rule| rule.account_id.as_deref() != account_id);
    rules.extend(class.map(|class| DomainRule {
        class,
        account_id: account_id.map(str::to_owned),
    }));
}

fn flip(row: &Concerned, before: proto::Decision, after: proto::Decision) -> Option<proto::Flip> {
    let result = |settled: Settled| {
        (
            settled.outcome,
            settled.record_id,
            settled.opportunity_outcome,
            settled.opportunity_id,
        )
    };
    // A person's choice does not flip; but the example it made tells whether the rule would have agreed.
    let chosen = before.decided_by() == proto::DecidedBy::Person;
    if !chosen && result(wire::settled(&before)) == result(wire::settled(&after)) {
        return None;
    }
    let labelled = match &row.labelled_account {
        None => "",
        Some(account) if *account == after.account_id => "right",
        Some(_) => "wrong",
    };
    if chosen && labelled != "wrong" {
        return None;
    }
    Some(proto::Flip {
        meeting_id: row.meeting_id.clone(),
        title: row.title.clone(),
        before: Some(before),
        after: Some(after),
        labelled: labelled.to_owned(),
    })
}
