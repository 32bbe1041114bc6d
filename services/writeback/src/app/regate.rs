//! Gates again what waits for something other than a person: a connection, a schema, a mapping, a verification, calls.
//! One workspace at a time under a lease, in bounded pages, with the cursor in Postgres: a crash goes on where it was.

use std::borrow::Cow;
use std::time::Duration;

use chassis::{CancellationToken, Cause, Db, Failure};
use chrono::Utc;
use events::matching::v1::MatchDecided;
use prost::Message;
use uuid::Uuid;

use super::announce;
use super::gating::{Gating, Item, Judged};
use super::mended;
use super::on_match_decided::read;
use super::wake::Wake;
use crate::domain::change::{Gated, Reason, State, Verdict};
use crate::domain::plan::Proposal;
use crate::domain::recheck::{self, Approved};
use crate::domain::risk::Risk;
use crate::domain::tally::Tally;
use crate::domain::{gate, lane, missed, repaired};
use crate::store::changes::{self, New, Regated};
use crate::store::parked::{self, Going};
use crate::store::regate::{self, Due, Waiting};
use crate::store::{self, intake, usage};
use crate::telemetry::Telemetry;

/// Sets judged in one page.
const SETS_PER_PAGE_MAX: i64 = 64;
/// Parked changes looked at in one page.
const PARKED_PER_PAGE_MAX: i64 = 500;
/// Hold on a workspace without a sign of life, in seconds: several times what one page takes.
const LEASE_S: f64 = 30.0;
/// Longest silence between two looks, in milliseconds.
const POLL_MS: u64 = 1_000;
/// What the org moved under is judged again after this, in seconds: about what a read of its schema takes.
const SCHEMA_AGAIN_S: f64 = 1.0;
/// What could not be read, or found no free calls, is tried again after this, in seconds.
const AGAIN_S: f64 = 15.0;
/// Time between two looks for changes that wait for a read and that no pass is to come for, in milliseconds.
const REARM_MS: u64 = 10_000;

/// Gates again.
pub struct Regate {
    db: Db,
    gating: Gating,
    wake: Wake,
    telemetry: Telemetry,
}

impl Regate {
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

    /// Works until told to stop.
    ///
    /// # Errors
    /// Never; a failure is logged and the work tried again.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let again = Duration::from_millis(REARM_MS);
        let mut looked_at = tokio::time::Instant::now();
        loop {
            if looked_at.elapsed() >= again {
                looked_at = tokio::time::Instant::now();
                if let Err(failure) = regate::rearm(&self.db.all_workspaces()).await {
                    tracing::warn!(
                        error = failure.chain(),
                        "changes that wait for a read could not be looked for"
                    );
                }
            }
            let worked = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                worked = self.step() => worked,
            };
            match worked {
                Ok(true) => continue,
                Ok(false) => {}
                Err(failure) => {
                    tracing::warn!(
                        error = failure.chain(),
                        "waiting changes could not be gated again"
                    );
                }
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.wake.gates_woken() => {}
                () = tokio::time::sleep(Duration::from_millis(POLL_MS)) => {}
            }
        }
    }

    /// One page of one workspace; false when nothing was due.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn step(&self) -> Result<bool, Failure> {
        // Whose changes are due is not known before; the pass is then one workspace's.
        let Some(due) = regate::take(&self.db.all_workspaces(), LEASE_S).await? else {
            return Ok(false);
        };
        if due.after.is_nil() {
            self.resume(&due.workspace).await?;
            let settings = self.gating.settings().one(&due.workspace).await?;
            mended::release(&self.db, &self.wake, &settings).await?;
        }
        let scope = store::scope(&self.db, [due.workspace.as_str()])?;
        let page = regate::page(&scope, &due.workspace, due.after, SETS_PER_PAGE_MAX).await?;
        let last = page.last().map(|set| set.id);
        let full = page.len() == usize::try_from(SETS_PER_PAGE_MAX).unwrap_or(usize::MAX);
        let again_in_s = if page.is_empty() {
            None
        } else {
            self.page(&due, page).await?
        };
        let after = last.filter(|_| full);
        regate::done_until(&scope, &due, after, again_in_s).await?;
        Ok(true)
    }

    /// Puts approved changes whose target was out of reach back on the queue, once the schema says that it no longer is.
    async fn resume(&self, workspace: &str) -> Result<(), Failure> {
        let settings = self.gating.settings().one(workspace).await?;
        let scope = store::scope(&self.db, [workspace])?;
        let mut after = Uuid::nil();
        loop {
            let page = parked::page(&scope, workspace, after, PARKED_PER_PAGE_MAX).await?;
            let Some(last) = page.last().map(|change| change.id) else {
                return Ok(());
            };
            after = last;
            let going: Vec<_> = page
                .iter()
                .filter_map(|change| {
                    let mapping = settings.mapping.as_ref();
                    // A repair may have moved the entry to another field: then the change goes there.
                    let field = recheck::followed(mapping, change.approved());
                    let field = field.unwrap_or(&change.field).to_owned();
                    let approved = Approved {
                        field: &field,
                        ..change.approved()
                    };
                    let reasons =
                        recheck::going_on(&settings.schema, mapping, approved, &change.reasons)?;
                    Some(Going {
                        change,
                        field,
                        reasons,
                    })
                })
                .collect();
            if going.is_empty() {
                continue;
            }
            let lanes: Vec<(String, String, i16)> = going
                .iter()
                .map(|going| {
                    (
                        workspace.to_owned(),
                        going.change.lane.clone(),
                        going.change.priority,
                    )
                })
                .collect();
            let mut unit = scope.begin().await?;
            let sets = parked::resume(unit.connection(), &going).await?;
            let resumed = sets.len();
            changes::push_lanes(unit.connection(), lanes).await?;
            announce::sets(&mut unit, sets, Utc::now()).await?;
            announce::approved(&mut unit, workspace, resumed, &Cause::current())?;
            unit.commit().await?;
            self.wake.executor();
            tracing::info!(
                workspace.id = workspace,
                changes = resumed,
                "changes go on: nothing of the org stands against them any more"
            );
        }
    }

    /// Judges one page; answers in how many seconds it is worth judging again though nothing is heard meanwhile.
    async fn page(&self, due: &Due, page: Vec<Waiting>) -> Result<Option<f64>, Failure> {
        let mut items = Vec::with_capacity(page.len());
        let mut sets = Vec::with_capacity(page.len());
        for set in page {
            let event = MatchDecided::decode(set.payload.as_slice()).map_err(|_| {
                Failure::transient("a stored decision is not readable by this version")
            })?;
            let days = self.gating.history_after_days();
            let (item, _) = read(&event, &due.workspace, days)?;
            items.push(item);
            sets.push(set);
        }
        let batch = self.gating.judge(&items).await?;
        let again_in_s = judged_again_in_s(batch.judged.iter().flat_map(|judged| &judged.gated));
        let mut unit = store::scope(&self.db, [due.workspace.as_str()])?
            .begin()
            .await?;
        let now = Utc::now();
        let mut touched: Vec<Uuid> = Vec::new();
        let mut lanes = Vec::new();
        let mut new = Vec::new();
        let mut regated = Vec::new();
        let gone = entry_gone();
        for ((set, item), judged) in sets.iter().zip(&items).zip(&batch.judged) {
            if !judged.planned {
                continue;
            }
            if set.planned {
                for slot in &set.changes {
                    let proposed = || judged.plan.proposals.iter().zip(&judged.gated);
                    let taken = |proposal: &Proposal| {
                        set.changes
                            .iter()
                            .any(|other| other.slot == proposal.slot())
                    };
                    let found = proposed()
                        .find(|(proposal, _)| proposal.slot() == slot.slot)
                        // A repair may have moved the entry to another field: then the change goes there.
                        .or_else(|| {
                            proposed().find(|(proposal, _)| {
                                proposal.has_moved_from(&slot.slot) && !taken(proposal)
                            })
                        });
                    let gated = found.map_or(&gone, |(_, gated)| gated);
                    let gated = if slot.missed {
                        Cow::Owned(missed::hold(gated))
                    } else if let Some(waiting) = repaired::awaiting_permission(
                        gated,
                        slot.mapping_version,
                        judged.mapping_version,
                    ) {
                        Cow::Owned(waiting)
                    } else {
                        Cow::Borrowed(gated)
                    };
                    if let Some((proposal, _)) = found
                        && gated.state == State::Approved
                    {
                        lanes.push(lane_of(item, proposal));
                    }
                    regated.push(Regated {
                        id: slot.id,
                        version: slot.version,
                        field: found.map_or(&slot.slot.3, |(proposal, _)| &proposal.field),
                        gated,
                    });
                }
            } else {
                touched.push(set.id);
                plan(set, item, judged, &mut new, &mut lanes);
            }
        }
        let planned: Vec<Uuid> = touched.clone();
        let reasons: Vec<String> = sets
            .iter()
            .zip(&batch.judged)
            .filter(|(set, judged)| !set.planned && judged.planned)
            .map(|(_, judged)| judged.plan.empty_reason.clone())
            .collect();
        intake::planned(unit.connection(), &planned, &reasons).await?;
        changes::insert(unit.connection(), &new).await?;
        let tally = tally(&new, &regated);
        touched.extend(changes::regate(unit.connection(), &regated).await?);
        let approved = lanes.len();
        changes::push_lanes(unit.connection(), lanes).await?;
        announce::sets(&mut unit, touched, now).await?;
        announce::approved(&mut unit, &due.workspace, approved, &Cause::current())?;
        if let Some(spent) = batch.spent.get(&due.workspace) {
            usage::spend(unit.connection(), &due.workspace, *spent).await?;
        }
        unit.commit().await?;
        self.telemetry.judged(&tally);
        if approved > 0 {
            self.wake.executor();
        }
        Ok(again_in_s)
    }
}

fn lane_of(item: &Item, proposal: &Proposal) -> (String, String, i16) {
    (
        item.workspace.clone(),
        proposal.lane.clone(),
        lane::priority(item.meeting.backfill, false),
    )
}

fn plan<'a>(
    set: &'a Waiting,
    item: &'a Item,
    judged: &'a Judged,
    new: &mut Vec<New<'a>>,
    lanes: &mut Vec<(String, String, i16)>,
) {
    for (proposal, gated) in judged.plan.proposals.iter().zip(&judged.gated) {
        if gated.state == State::Approved {
            lanes.push(lane_of(item, proposal));
        }
        new.push(New {
            id: Uuid::now_v7(),
            change_set_id: set.id,
            workspace: &item.workspace,
            meeting_id: &item.meeting.id,
            meeting_at: item.meeting.started_at,
            meeting_ended_at: item.meeting.ended_at,
            backfill: item.meeting.backfill,
            proposal,
            gated,
            mapping_version: judged.mapping_version,
            traceparent: set.traceparent.as_deref(),
        });
    }
}

/// What is planned now, and what may go on at last. What still waits was counted when it began to.
fn tally(new: &[New<'_>], regated: &[Regated<'_>]) -> Tally {
    let mut tally = Tally::default();
    for change in new {
        tally.add(change.gated.state, &change.gated.reasons);
    }
    for change in regated {
        if change.gated.state == State::Approved {
            tally.add(change.gated.state, &change.gated.reasons);
        }
    }
    tally
}

/// In how many seconds changes are worth judging again though nothing is heard meanwhile; `None` when each waits for
/// something that will be told.
pub(super) fn judged_again_in_s<'a>(gated: impl Iterator<Item = &'a Gated>) -> Option<f64> {
    gated
        .filter(|gated| gated.regate)
        .flat_map(|gated| &gated.reasons)
        .filter_map(|reason| match reason.code.as_str() {
            gate::SCHEMA_MOVED => Some(SCHEMA_AGAIN_S),
            "baseline_unknown" | "share_spent" | gate::OWNER_NOT_TOLD => Some(AGAIN_S),
            _ => None,
        })
        .min_by(f64::total_cmp)
}

/// The mapping in use no longer proposes this change.
fn entry_gone() -> Gated {
    Gated {
        state: State::Held,
        reasons: vec![Reason::new(
            "setup",
            Verdict::Hold,
            "entry_gone",
            "the published mapping no longer proposes this change",
        )],
        regate: true,
        baseline: None,
        piece: None,
        proposed: None,
        risk: Risk::default(),
        owner_id: String::new(),
    }
}
