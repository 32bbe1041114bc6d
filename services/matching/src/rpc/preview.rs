//! What a rule or a phrase would change, before it is saved: the decisions of the last 30 days and the labelled examples that
//! would come out differently.

use super::rules::of_class;
use super::{MatchingRpc, decoded, phrases, record_id, store, workspace};
use crate::app::{Received, facts_of};
use crate::domain::affected::domain_key;
use crate::domain::decide::decide;
use crate::domain::facts::{DomainRule, Facts, Phrase};
use crate::domain::meeting::{Hint, HintObject, Meeting};
use crate::domain::phrase::PhraseBook;
use crate::domain::reconsider::Settled;
use crate::store::concerned::{self, Concerned};
use crate::store::phrases as store_phrases;
use crate::wire;
use chassis::Cause;
use chrono::{DateTime, TimeDelta, Utc};
use events::WorkspaceId;
use events::matching::v1 as proto;
use events::meeting::v1::MeetingProcessed;
use events::rpc::RpcError;
use uuid::Uuid;

/// How far back decisions are looked at.
const DAYS: i64 = 30;
/// Meetings decided again.
const MEETINGS_MAX: usize = 500;
/// Meetings loaded with one query.
const BATCH_MEETINGS: usize = 64;
/// Meetings whose texts are read for a phrase, and at a time.
const READ_MEETINGS_MAX: usize = 5_000;
const READ_MEETINGS: usize = 250;

/// What flips, and how many meetings were looked at.
struct Previewed {
    flips: Vec<proto::Flip>,
    looked_at: u32,
}

impl MatchingRpc {
    pub(super) async fn preview_rule(
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
        let limit = i64::try_from(MEETINGS_MAX + 1).unwrap_or(i64::MAX);
        let mut concerned = concerned::under_key(
            &self.db.workspace(&workspace),
            workspace.as_str(),
            &domain_key(&domain),
            since(),
            limit,
        )
        .await
        .map_err(store)?;
        let truncated = concerned.len() > MEETINGS_MAX;
        concerned.truncate(MEETINGS_MAX);
        let named: Vec<_> = account_id
            .iter()
            .map(|id| (HintObject::Account, id.clone()))
            .collect();
        let previewed = self
            .previewed(&workspace, &concerned, &named, |_, facts| {
                let rules = facts.domain_rules.entry(domain.clone()).or_default();
                rules.retain(|rule| rule.account_id != account_id);
                rules.extend(class.map(|class| DomainRule {
                    class,
                    account_id: account_id.clone(),
                }));
            })
            .await?;
        Ok(proto::PreviewDomainRuleResponse {
            flips: previewed.flips,
            looked_at: previewed.looked_at,
            truncated,
        })
    }

    pub(super) async fn preview_phrase(
        &self,
        request: proto::PreviewTitlePhraseRequest,
    ) -> Result<proto::PreviewTitlePhraseResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let phrase = phrases::read(request.phrase, request.remove)?;
        let mut said = store_phrases::all(&self.db.workspace(&workspace), workspace.as_str())
            .await
            .map_err(store)?;
        said.retain(|known| known.words != phrase.words);
        if !request.remove {
            said.push(phrase.clone());
        }
        let book = PhraseBook::new(said);
        let (concerned, truncated) = self.with_phrase(&workspace, &phrase).await?;
        let named = [
            (HintObject::Account, phrase.account_id.clone()),
            (HintObject::Opportunity, phrase.opportunity_id.clone()),
        ];
        let named: Vec<_> = named.into_iter().filter(|(_, id)| !id.is_empty()).collect();
        let previewed = self
            .previewed(&workspace, &concerned, &named, |meeting, facts| {
                facts
                    .phrases
                    .insert(meeting.id.clone(), book.found(meeting));
            })
            .await?;
        Ok(proto::PreviewTitlePhraseResponse {
            flips: previewed.flips,
            looked_at: previewed.looked_at,
            truncated,
        })
    }

    /// The decided meetings in whose texts the phrase stands. Texts have no key: the newest meetings are read, page by page.
    async fn with_phrase(
        &self,
        workspace: &WorkspaceId,
        phrase: &Phrase,
    ) -> Result<(Vec<Concerned>, bool), RpcError> {
        let alone = PhraseBook::new([phrase.clone()]);
        let (mut before, mut read) = (Utc::now(), 0);
        let mut found = Vec::new();
        loop {
            let page = concerned::recent(
                &self.db.workspace(workspace),
                workspace.as_str(),
                since(),
                before,
                i64::try_from(READ_MEETINGS).unwrap_or(i64::MAX),
            )
            .await
            .map_err(store)?;
            read += page.len();
            let last = page.last().map(|row| row.decided_at);
            let whole = page.len() < READ_MEETINGS;
            for row in page {
                let event: MeetingProcessed = decoded(&row.body)?;
                let stands = wire::meeting(workspace, &event)
                    .is_ok_and(|meeting| !alone.found(&meeting).is_empty());
                if stands {
                    found.push(row);
                }
            }
            let Some(last) = last.filter(|_| !whole) else {
                return Ok((found, false));
            };
            if found.len() > MEETINGS_MAX || read >= READ_MEETINGS_MAX {
                found.truncate(MEETINGS_MAX);
                return Ok((found, true));
            }
            before = last;
        }
    }

    /// Decides meetings again with changed facts; `named` are the records of the change, asked for with the rest.
    async fn previewed(
        &self,
        workspace: &WorkspaceId,
        concerned: &[Concerned],
        named: &[(HintObject, String)],
        change: impl Fn(&Meeting, &mut Facts),
    ) -> Result<Previewed, RpcError> {
        let mut flips = Vec::new();
        for batch in concerned.chunks(BATCH_MEETINGS) {
            let events: Vec<MeetingProcessed> = batch
                .iter()
                .map(|row| decoded(&row.body))
                .collect::<Result<_, _>>()?;
            let cause = Cause::restored(None, None);
            let mut received = Vec::with_capacity(events.len());
            for (row, event) in batch.iter().zip(&events) {
                let Ok(mut meeting) = wire::meeting(workspace, event) else {
                    continue;
                };
                let upstream = meeting.hints.clone();
                // The records of the change are asked for with the rest, and are no hints in the decision.
                meeting.hints.extend(named.iter().map(|(object, id)| Hint {
                    object: *object,
                    record_id: id.clone(),
                    source: "a change".to_owned(),
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
            let mut known = facts_of(&self.db.workspace(workspace), &self.names, &only)
                .await
                .map_err(store)?;
            let Some(mut facts) = known.remove(workspace) else {
                break;
            };
            for (row, upstream, mut received) in received {
                received.meeting.hints = upstream;
                change(&received.meeting, &mut facts);
                let before: proto::Decision = decoded(&row.decision)?;
                flips.extend(flip(row, before, &received.meeting, &mut facts));
            }
        }
        Ok(Previewed {
            flips,
            looked_at: u32::try_from(concerned.len()).unwrap_or(u32::MAX),
        })
    }
}

fn since() -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(DAYS)
}

/// What would come out differently. A person's choice does not flip: there the rules decide beside it, and tell whether they
/// would agree with what the person said.
fn flip(
    row: &Concerned,
    before: proto::Decision,
    meeting: &Meeting,
    facts: &mut Facts,
) -> Option<proto::Flip> {
    let choice = facts.choices.remove(&meeting.id);
    let after = wire::decided(meeting, &decide(meeting, facts), Uuid::nil(), 0, Utc::now());
    if let Some(choice) = choice {
        facts.choices.insert(meeting.id.clone(), choice);
    }
    let result = |settled: Settled| {
        (
            settled.outcome,
            settled.record_id,
            settled.opportunity_outcome,
            settled.opportunity_id,
        )
    };
    let chosen = before.decided_by() == proto::DecidedBy::Person;
    if !chosen && result(wire::settled(&before)) == result(wire::settled(&after)) {
        return None;
    }
    let labelled = match (&row.labelled_account, &row.labelled_opportunity) {
        (Some(account), _) if *account != after.account_id => "wrong",
        // A person who named a deal meant it; one who named none may not have looked.
        (Some(_), Some(deal)) if !deal.is_empty() && *deal != after.opportunity_id => "wrong",
        (Some(_), _) => "right",
        (None, _) => "",
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
