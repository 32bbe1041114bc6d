//! A match was decided: its meeting becomes a change set, every change through the gates, what may go on the queue.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Cause, Db, Delivery, Failure, Handler, Unit};
use chrono::{DateTime, Utc};
use events::matching::v1::MatchDecided;
use prost::Message;
use uuid::Uuid;

use super::announce;
use super::gating::{Batch, Gating, Item, Judged};
use super::regate::judged_again_in_s;
use super::wake::Wake;
use crate::domain::change::State;
use crate::domain::set_state::{self, SetState};
use crate::domain::tally::Tally;
use crate::domain::{lane, meeting};
use crate::store::changes::{self, New};
use crate::store::intake::{self, MeetingKey, NewSet, Standing};
use crate::store::outcomes::{Line, Outcome};
use crate::store::regate;
use crate::store::settings;
use crate::store::usage;
use crate::telemetry::Telemetry;
use crate::wire;

/// The durable consumer.
pub const DURABLE: &str = "writeback__match_decided";

/// How often a batch is judged when settings move meanwhile; a full read of an org bumps them some dozen times in all.
const JUDGED_AGAIN_MAX: usize = 20;

/// Handles decided matches.
pub struct OnMatchDecided {
    db: Db,
    gating: Gating,
    wake: Wake,
    telemetry: Telemetry,
}

/// One decided match, read.
struct Arrival<'a> {
    delivery: &'a Delivery<MatchDecided>,
    key: MeetingKey,
    standing: Standing,
}

impl OnMatchDecided {
    /// Over the service's parts.
    #[must_use]
    pub fn new(db: Db, gating: Gating, wake: Wake, telemetry: Telemetry) -> Self {
        Self {
            db,
            gating,
            wake,
            telemetry,
        }
    }

    async fn take(&self, batch: &[Delivery<MatchDecided>]) -> Result<(), Failure> {
        let mut items = Vec::with_capacity(batch.len());
        let mut arrivals = Vec::with_capacity(batch.len());
        for delivery in batch {
            let (item, standing) = read(
                &delivery.event,
                delivery.workspace.as_str(),
                self.gating.history_after_days(),
            )?;
            arrivals.push(Arrival {
                delivery,
                key: (item.workspace.clone(), item.meeting.id.clone()),
                standing,
            });
            items.push(item);
        }
        for _ in 0..JUDGED_AGAIN_MAX {
            let judged = self.gating.judge(&items).await?;
            let (mut unit, fresh) = self
                .db
                .begin_batch(DURABLE, batch.iter().map(Delivery::claim))
                .await?;
            let fresh: Vec<Option<&Arrival<'_>>> = arrivals
                .iter()
                .enumerate()
                .map(|(index, arrival)| fresh.contains(index).then_some(arrival))
                .collect();
            if let Some((approved, tally)) = store(&mut unit, &items, &fresh, &judged).await? {
                unit.commit().await?;
                self.telemetry.judged(&tally);
                if approved > 0 {
                    self.wake.executor();
                }
                return Ok(());
            }
            unit.rollback().await?;
        }
        Err(Failure::transient(
            "the workspace's settings keep moving while its changes are judged",
        ))
    }
}

impl Handler for OnMatchDecided {
    type Event = MatchDecided;

    async fn handle(&self, batch: &[Delivery<MatchDecided>]) -> Result<(), Failure> {
        self.take(batch).await
    }
}

/// Reads a decided match.
///
/// # Errors
/// Permanent, naming the field.
pub(super) fn read(
    event: &MatchDecided,
    workspace: &str,
    history_after_days: i32,
) -> Result<(Item, Standing), Failure> {
    let missing = |field| Failure::permanent("invalid", format!("{field} is missing"));
    let decision = event.decision.as_ref().ok_or_else(|| missing("decision"))?;
    let meeting = event.meeting.as_ref().ok_or_else(|| missing("meeting"))?;
    let invalid = |error: wire::Invalid| Failure::permanent("invalid", error.to_string());
    let processed_at = wire::moment(meeting.processed_at.as_ref(), "processed_at").ok();
    let mut meeting = wire::meeting(meeting).map_err(invalid)?;
    meeting.backfill |= meeting::is_late(meeting.ended_at, processed_at, history_after_days);
    if meeting.id != decision.meeting_id || meeting.revision != decision.meeting_revision {
        return Err(Failure::permanent(
            "invalid",
            "decision.meeting_id and decision.meeting_revision are not those of the meeting it carries",
        ));
    }
    let matched = wire::decision(decision).map_err(invalid)?;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let standing = (number(meeting.revision), number(matched.sequence));
    Ok((
        Item {
            workspace: workspace.to_owned(),
            meeting,
            matched,
        },
        standing,
    ))
}

/// Stores everything new of a batch in the unit; answers how many changes may be written now, and all of them counted, or
/// nothing when the settings moved since the batch was judged: a gate that was just closed must not let through what it judged before.
async fn store(
    unit: &mut Unit,
    items: &[Item],
    arrivals: &[Option<&Arrival<'_>>],
    batch: &Batch,
) -> Result<Option<(usize, Tally)>, Failure> {
    let now = Utc::now();
    let keys: BTreeSet<MeetingKey> = arrivals
        .iter()
        .flatten()
        .map(|arrival| arrival.key.clone())
        .collect();
    if keys.is_empty() {
        return Ok(Some((0, Tally::default())));
    }
    intake::lock_meetings(unit.connection(), &keys).await?;
    if !settings::still_current(unit.connection(), &batch.generations).await? {
        return Ok(None);
    }
    let mut highest = intake::standing(unit.connection(), &keys).await?;
    let mut taken: Vec<(usize, Uuid, bool)> = Vec::new();
    let mut newest: BTreeMap<MeetingKey, (Standing, usize)> = BTreeMap::new();
    let mut seen: BTreeSet<(MeetingKey, Standing)> = BTreeSet::new();
    for (index, arrival) in arrivals.iter().enumerate() {
        let Some(arrival) = arrival else { continue };
        let known = highest.get(&arrival.key).copied();
        // The same content under another event id changes nothing.
        if known == Some(arrival.standing) || !seen.insert((arrival.key.clone(), arrival.standing))
        {
            continue;
        }
        let stale = known.is_some_and(|known| known > arrival.standing);
        taken.push((index, Uuid::now_v7(), stale));
        if !stale {
            let best = newest
                .entry(arrival.key.clone())
                .or_insert((arrival.standing, index));
            if arrival.standing > best.0 {
                *best = (arrival.standing, index);
            }
        }
    }
    // Of two revisions in one batch only the newer one is worked on.
    for (index, _, stale) in &mut taken {
        let key = arrivals[*index].as_ref().map(|arrival| &arrival.key);
        *stale |= key
            .and_then(|key| newest.get(key))
            .is_none_or(|best| best.1 != *index);
    }
    let superseding: Vec<(MeetingKey, Standing)> = newest
        .iter()
        .filter(|(key, _)| highest.remove(*key).is_some())
        .map(|(key, best)| (key.clone(), best.0))
        .collect();
    let touched = intake::supersede(unit.connection(), &superseding).await?;
    let approved = insert(unit, items, arrivals, batch, &taken, now).await?;
    announce::sets(unit, touched, now).await?;
    for (workspace, spent) in &batch.spent {
        usage::spend(unit.connection(), workspace, *spent).await?;
    }
    let mut tally = Tally::default();
    for (index, _, _) in taken.iter().filter(|(_, _, stale)| !stale) {
        for gated in &batch.judged[*index].gated {
            tally.add(gated.state, &gated.reasons);
        }
    }
    Ok(Some((approved, tally)))
}

async fn insert(
    unit: &mut Unit,
    items: &[Item],
    arrivals: &[Option<&Arrival<'_>>],
    batch: &Batch,
    taken: &[(usize, Uuid, bool)],
    now: DateTime<Utc>,
) -> Result<usize, Failure> {
    let mut sets = Vec::with_capacity(taken.len());
    let mut rows = Vec::new();
    let mut lanes = Vec::new();
    let mut counts: BTreeMap<&str, (usize, &Cause)> = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(taken.len());
    // What waits for nothing that is told: a read of a record, or of the org.
    let mut again: BTreeMap<&str, f64> = BTreeMap::new();
    for (index, id, stale) in taken {
        let Some(arrival) = &arrivals[*index] else {
            continue;
        };
        let item = &items[*index];
        let judged = &batch.judged[*index];
        let traceparent = arrival.delivery.cause.traceparent.as_deref();
        let state = if *stale {
            SetState::Superseded
        } else {
            set_state::of(judged.planned, judged.gated.iter().map(|gated| gated.state))
        };
        sets.push(NewSet {
            id: *id,
            workspace: &item.workspace,
            meeting_id: &item.meeting.id,
            standing: arrival.standing,
            decision_id: &item.matched.id,
            state,
            planned: judged.planned || *stale,
            backfill: item.meeting.backfill,
            title: &item.meeting.title,
            empty_reason: if *stale {
                "a newer revision was there first".to_owned()
            } else {
                judged.plan.empty_reason.clone()
            },
            traceparent,
            source: if needs_source(judged) && !*stale {
                arrival.delivery.event.encode_to_vec()
            } else {
                Vec::new()
            },
        });
        let mut lines = Vec::new();
        if !*stale {
            if let Some(seconds) = judged_again_in_s(judged.gated.iter()) {
                let sooner = again.entry(&item.workspace).or_insert(seconds);
                *sooner = sooner.min(seconds);
            }
            for (proposal, gated) in judged.plan.proposals.iter().zip(&judged.gated) {
                let change = New {
                    id: Uuid::now_v7(),
                    change_set_id: *id,
                    workspace: &item.workspace,
                    meeting_id: &item.meeting.id,
                    meeting_at: item.meeting.started_at,
                    meeting_ended_at: item.meeting.ended_at,
                    backfill: item.meeting.backfill,
                    proposal,
                    gated,
                    mapping_version: judged.mapping_version,
                    traceparent,
                };
                if gated.state == State::Approved {
                    lanes.push((
                        item.workspace.clone(),
                        proposal.lane.clone(),
                        lane::priority(item.meeting.backfill, false),
                    ));
                    counts
                        .entry(&item.workspace)
                        .or_insert((0, &arrival.delivery.cause))
                        .0 += 1;
                }
                lines.push(Line {
                    id: change.id,
                    action: proposal.action,
                    object: proposal.object.clone(),
                    record_id: proposal.record_id.clone(),
                    field: proposal.field.clone(),
                    state: gated.state,
                    reasons: gated.reasons.clone(),
                });
                rows.push(change);
            }
        }
        outcomes.push(Outcome {
            id: *id,
            workspace: item.workspace.clone(),
            meeting_id: item.meeting.id.clone(),
            meeting_revision: arrival.standing.0,
            sequence: 1,
            state,
            traceparent: traceparent.map(str::to_owned),
            changes: lines,
        });
    }
    for (workspace, seconds) in again {
        regate::due_in(unit.connection(), workspace, seconds).await?;
    }
    intake::insert_sets(unit.connection(), &sets).await?;
    changes::insert(unit.connection(), &rows).await?;
    changes::push_lanes(unit.connection(), lanes).await?;
    for outcome in outcomes {
        announce::emit(unit, outcome, now)?;
    }
    let mut approved = 0;
    for (workspace, (count, cause)) in counts {
        approved += count;
        announce::approved(unit, workspace, count, cause)?;
    }
    Ok(approved)
}

/// Whether the meeting will be needed again: to plan it, or to gate what waits.
fn needs_source(judged: &Judged) -> bool {
    !judged.planned || judged.gated.iter().any(|gated| gated.regate)
}
