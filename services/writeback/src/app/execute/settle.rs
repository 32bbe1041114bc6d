//! What came of a round, gathered while it runs and written in one unit: standings, journal, provenance, calls,
//! outcomes, and the lanes let go.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chassis::{Cause, Db, Failure};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::pause_ms;
use crate::app::announce;
use crate::domain::change::{Queued, Reason, State, Verdict, Write};
use crate::domain::merged::Retargeted;
use crate::domain::outcome::{self, CallFailure, Next};
use crate::domain::prediction::score::{Score, Source};
use crate::domain::refusal;
use crate::domain::settings::Settings;
use crate::domain::tally::Tally;
use crate::domain::value::{FieldValue, Fields};
use crate::store::predictions;
use crate::store::provenance::{self, Written};
use crate::store::queue::{self, Claim};
use crate::store::regate;
use crate::store::results::{self, Standing};
use crate::store::retarget;
use crate::store::undo;
use crate::store::usage::{self, Spent};
use crate::telemetry::Telemetry;

/// What Salesforce refused against the schema we know is judged again after this at the latest, in seconds, though the org
/// turned out to be as it was known.
const DOUBTED_AGAIN_S: f64 = 5.0;

/// Everything a round found out.
pub(super) struct Round {
    pub(super) now: DateTime<Utc>,
    /// What the org is known to look like, to say what a refusal was about.
    settings: Arc<Settings>,
    standings: Vec<(String, Standing)>,
    position: HashMap<Uuid, usize>,
    written: Vec<Written>,
    /// Fields that hold again what was there before us, with the change that put it back.
    restored: Vec<(Uuid, String, String)>,
    traces: HashMap<Uuid, Option<String>>,
    /// Changes that are about other records now, with the lane they were claimed on.
    retargets: Vec<(String, retarget::Row)>,
    /// How predictions of validation rules fared.
    pub(super) score: Score,
    /// Calls made.
    pub(super) spent: Spent,
    trouble: Option<(CallFailure, String)>,
    answered: bool,
}

impl Round {
    pub(super) fn new(now: DateTime<Utc>, settings: Arc<Settings>) -> Self {
        Self {
            now,
            settings,
            standings: Vec::new(),
            position: HashMap::new(),
            written: Vec::new(),
            restored: Vec::new(),
            traces: HashMap::new(),
            retargets: Vec::new(),
            score: Score::default(),
            spent: Spent::default(),
            trouble: None,
            answered: false,
        }
    }

    /// A standing that keeps everything; `steps` is how often the row's version moved since it was loaded.
    fn standing(
        &self,
        change: &Queued,
        steps: i64,
        state: State,
        result: &'static str,
    ) -> Standing {
        Standing {
            id: change.id,
            version: change.version + steps,
            state,
            record_id: change.record_id.clone(),
            reasons: change.reasons.clone(),
            observed: None,
            baseline: None,
            not_before: self.now,
            isolation: change.isolation,
            attempts: change.attempts,
            regate: false,
            result,
            cause: String::new(),
            cause_print: String::new(),
        }
    }

    fn push(&mut self, change: &Queued, mut standing: Standing) {
        if matches!(standing.state, State::Refused | State::Failed)
            && let Some(cause) = refusal::cause(&change.object, &change.field, &standing.reasons)
        {
            standing.cause_print = refusal::print(&cause, change.action, &self.settings.schema);
            standing.cause = cause.key();
        }
        self.traces.insert(change.id, change.traceparent.clone());
        self.position.insert(change.id, self.standings.len());
        self.standings.push((change.lane.clone(), standing));
    }

    /// The org answered a write.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// The org is to be left alone for a while.
    pub(super) fn trouble(&mut self, failure: &CallFailure, what: &str) {
        self.trouble = Some((failure.clone(), what.to_owned()));
    }

    pub(super) fn is_troubled(&self) -> bool {
        self.trouble.is_some()
    }

    /// An older revision created the record meanwhile: the same thing is not created twice.
    pub(super) fn already_created(&mut self, change: &Queued, record_id: &str) {
        let mut standing = self.standing(change, 0, State::Applied, results::ALREADY_CREATED);
        record_id.clone_into(&mut standing.record_id);
        standing.reasons.push(Reason::new(
            "executor",
            Verdict::Pass,
            "already_created",
            format!(
                "an earlier change created this {} for the meeting",
                change.object
            ),
        ));
        self.push(change, standing);
    }

    /// A record like the one to be created is there, whoever made it; it is not ours.
    pub(super) fn record_there(&mut self, change: &Queued, record_id: &str) {
        let mut standing = self.standing(change, 0, State::Applied, "already_there");
        record_id.clone_into(&mut standing.record_id);
        standing.reasons.push(Reason::new(
            "executor",
            Verdict::Pass,
            "already_there",
            format!(
                "this {} was there before it was to be created",
                change.object
            ),
        ));
        self.push(change, standing);
    }

    /// Leaves a change as it is, for a while.
    pub(super) fn wait(&mut self, change: &Queued, delay_ms: i64) {
        let mut standing = self.standing(change, 0, change.state, "waited");
        standing.not_before = self.now + TimeDelta::milliseconds(delay_ms);
        self.push(change, standing);
    }

    /// The record moved: a person decides, seeing both values.
    pub(super) fn back_to_review(
        &mut self,
        change: &Queued,
        reason: Reason,
        present: Option<FieldValue>,
    ) {
        let mut standing = self.standing(change, 0, State::Held, "moved");
        standing.reasons.retain(|known| known.code != reason.code);
        standing.reasons.push(reason);
        standing.baseline = present;
        self.push(change, standing);
    }

    /// The same of a change whose intent was recorded when `steps` is 1.
    pub(super) fn back_to_review_after(&mut self, change: &Queued, reason: Reason, steps: i64) {
        let mut standing = self.standing(change, steps, State::Held, "moved");
        standing.reasons.retain(|known| known.code != reason.code);
        standing.reasons.push(reason);
        self.push(change, standing);
    }

    /// Its record was merged into another: it goes on with that one, in that one's turn.
    pub(super) fn retarget(&mut self, change: &Queued, to: Retargeted, steps: i64) {
        let mut reasons = change.reasons.clone();
        reasons.retain(|known| known.code != to.reason.code);
        reasons.push(to.reason.clone());
        let row = retarget::Row {
            id: change.id,
            version: change.version + steps,
            reasons,
            to,
        };
        self.retargets.push((change.lane.clone(), row));
    }

    /// The connected user can no longer reach it: held until they can, and gated again by itself when they do.
    pub(super) fn out_of_reach(&mut self, change: &Queued, reasons: Vec<Reason>) {
        let mut standing = self.standing(change, 0, State::Held, "out_of_reach");
        standing
            .reasons
            .retain(|known| !reasons.iter().any(|new| new.code == known.code));
        standing
            .reasons
            .extend(reasons.into_iter().map(|mut reason| {
                if reason.gate.is_empty() {
                    "connection".clone_into(&mut reason.gate);
                }
                reason
            }));
        standing.regate = true;
        self.push(change, standing);
    }

    /// Whether Salesforce refused anything that the schema we know lets through: then the org is worth another read.
    pub(super) fn doubts_the_schema(&self) -> bool {
        self.standings.iter().any(|(_, standing)| {
            outcome::lacks_access(&standing.reasons) || outcome::doubts_schema(&standing.reasons)
        })
    }

    /// The value is in the field already; it is not ours, so no provenance is kept.
    pub(super) fn already_there(&mut self, change: &Queued, value: FieldValue) {
        let mut standing = self.standing(change, 0, State::Applied, "already_there");
        standing.reasons.push(Reason::new(
            "executor",
            Verdict::Pass,
            "already_there",
            "the field held this value before it was written",
        ));
        standing.observed = Some(Write::Value(value));
        self.push(change, standing);
    }

    /// An intent whose call was never made.
    pub(super) fn not_sent(&mut self, change: &Queued) {
        self.next(change, Next::Later, 1);
    }

    /// What an answer, or a look, decided; `steps` as in [`Round::standing`].
    pub(super) fn next(&mut self, change: &Queued, next: Next, steps: i64) {
        let used = change.attempts + u32::from(steps > 0);
        let after = |now: DateTime<Utc>, ms: u64| {
            now + TimeDelta::milliseconds(i64::try_from(ms).unwrap_or(i64::MAX))
        };
        let ours = |reasons: &[Reason]| -> Vec<Reason> {
            reasons
                .iter()
                .filter(|reason| reason.gate != "salesforce" && reason.gate != "advice")
                .cloned()
                .collect()
        };
        let standing = match next {
            Next::Applied { record_id } => {
                let mut standing = self.standing(change, steps, State::Applied, "applied");
                standing.attempts = used;
                standing.reasons = ours(&change.reasons);
                if change.action.creates() {
                    standing.record_id = record_id;
                }
                self.remember(change);
                standing
            }
            // Once only: what the org refuses after it was read again, it refuses.
            Next::Refused(reasons) if change.attempts == 0 && outcome::doubts_schema(&reasons) => {
                let mut standing = self.standing(change, steps, State::Held, "doubted");
                standing.attempts = used.max(1);
                standing.reasons =
                    [ours(&change.reasons), vec![outcome::doubted()], reasons].concat();
                standing.regate = true;
                standing
            }
            Next::Refused(reasons) => {
                let mut standing = self.standing(change, steps, State::Refused, "refused");
                standing.attempts = used;
                standing.reasons = [ours(&change.reasons), reasons].concat();
                standing
            }
            Next::Failed(reasons) => {
                let mut standing = self.standing(change, steps, State::Failed, "failed");
                standing.attempts = used;
                standing.reasons = [ours(&change.reasons), reasons].concat();
                standing
            }
            Next::Retry { delay_ms, reasons } => {
                let mut standing = self.standing(change, steps, State::Approved, "retry");
                standing.attempts = used;
                standing.not_before = after(self.now, delay_ms);
                standing.reasons = [ours(&change.reasons), reasons].concat();
                standing
            }
            Next::Again(isolation) => {
                let mut standing = self.standing(change, steps, State::Approved, "taken_apart");
                standing.isolation = isolation.max(change.isolation);
                standing
            }
            Next::Later => self.standing(change, steps, State::Approved, "not_sent"),
            Next::Uncertain { look_after_ms } => {
                let mut standing = self.standing(change, steps, State::Uncertain, "uncertain");
                standing.attempts = used;
                standing.not_before = after(self.now, look_after_ms);
                standing
            }
        };
        self.push(change, standing);
    }

    /// A lost write that did not happen: it may be repeated.
    pub(super) fn again(&mut self, change: &Queued) {
        if change.attempts >= outcome::LOST_ATTEMPTS_MAX {
            self.next(change, Next::Failed(outcome::lost_too_often()), 0);
            return;
        }
        let standing = self.standing(change, 0, State::Approved, "not_found");
        self.push(change, standing);
    }

    fn remember(&mut self, change: &Queued) {
        if change.restores {
            self.restored
                .push((change.id, change.record_id.clone(), change.field.clone()));
            return;
        }
        if let Write::Value(value) = &change.proposed {
            self.written.push(Written {
                object: change.object.clone(),
                record_id: change.record_id.clone(),
                field: change.field.clone(),
                value: value.clone(),
                change_id: change.id,
                meeting_at: change.meeting_at,
            });
        }
    }

    /// What was read back: it is what counts as ours from now on.
    pub(super) fn observed(&mut self, change: &Queued, fields: &Fields) {
        let Some(at) = self.position.get(&change.id) else {
            return;
        };
        let observed = match &change.proposed {
            Write::Value(_) => {
                let value = fields
                    .get(&change.field)
                    .cloned()
                    .unwrap_or(FieldValue::Null);
                if let Some(written) = self
                    .written
                    .iter_mut()
                    .find(|written| written.change_id == change.id)
                {
                    written.value = value.clone();
                }
                Write::Value(value)
            }
            Write::Record(record) => Write::Record(
                record
                    .keys()
                    .filter_map(|name| Some((name.clone(), fields.get(name)?.clone())))
                    .collect(),
            ),
        };
        self.standings[*at].1.observed = Some(observed);
    }
}

/// Writes a round's results and lets its lanes go. Lanes that were lost meanwhile keep what their new holder knows.
pub(super) async fn settle(
    db: &Db,
    claim: &Claim,
    round: Round,
    jitter: f64,
    telemetry: &Telemetry,
) -> Result<(), Failure> {
    let Round {
        now,
        standings,
        written,
        restored,
        traces,
        retargets,
        score,
        spent,
        trouble,
        answered,
        ..
    } = round;
    let scope = claim.scope(db)?;
    let failures = match &trouble {
        Some(_) => usage::failures_in_a_row(&scope, &claim.workspace).await?,
        None => 0,
    };
    let mut unit = scope.begin().await?;
    let held: HashSet<String> = queue::still_held(unit.connection(), claim)
        .await?
        .into_iter()
        .collect();
    let standings: Vec<Standing> = standings
        .into_iter()
        .filter(|(lane, _)| held.contains(lane))
        .map(|(_, standing)| standing)
        .collect();
    let touched = results::write(unit.connection(), &standings).await?;
    let retargets: Vec<retarget::Row> = retargets
        .into_iter()
        .filter(|(lane, _)| held.contains(lane))
        .map(|(_, row)| row)
        .collect();
    retarget::write(unit.connection(), &claim.workspace, &retargets).await?;
    let took: HashSet<Uuid> = touched.iter().map(|(change, _)| *change).collect();
    let applied = standings
        .iter()
        .any(|standing| standing.state == State::Applied && took.contains(&standing.id));
    let written: Vec<Written> = written
        .into_iter()
        .filter(|row| took.contains(&row.change_id))
        .collect();
    let applied_now: Vec<Uuid> = standings
        .iter()
        .filter(|standing| standing.state == State::Applied && took.contains(&standing.id))
        .map(|standing| standing.id)
        .collect();
    undo::done(unit.connection(), &claim.workspace, &applied_now).await?;
    let restored: Vec<(String, String)> = restored
        .into_iter()
        .filter(|(change, ..)| took.contains(change))
        .map(|(_, record, field)| (record, field))
        .collect();
    provenance::forget(unit.connection(), &claim.workspace, &restored).await?;
    provenance::remember(unit.connection(), &claim.workspace, written, Utc::now()).await?;
    let told: HashSet<Uuid> = standings
        .iter()
        .filter(|standing| is_news(standing))
        .map(|standing| standing.id)
        .collect();
    let sets = touched
        .into_iter()
        .filter(|(change, _)| told.contains(change))
        .map(|(_, set)| set)
        .collect();
    announce::sets(&mut unit, sets, Utc::now()).await?;
    usage::spend(unit.connection(), &claim.workspace, spent).await?;
    if standings.iter().any(doubted) {
        regate::due_in(unit.connection(), &claim.workspace, DOUBTED_AGAIN_S).await?;
    }
    predictions::add(unit.connection(), &claim.workspace, &score, Source::Write).await?;
    match &trouble {
        Some((failure, what)) => {
            let until = now + TimeDelta::milliseconds(pause_ms(failure, failures, jitter));
            tracing::warn!(
                workspace.id = claim.workspace,
                error = what,
                error.class = failure.class.as_str(),
                "the org is left alone for a while"
            );
            usage::pause(unit.connection(), &claim.workspace, until, what).await?;
        }
        None if answered => usage::answered(unit.connection(), &claim.workspace, applied).await?,
        None => {}
    }
    queue::release(unit.connection(), claim).await?;
    unit.commit().await?;
    telemetry.predicted(&claim.workspace, Source::Write, &score);
    let mut tally = Tally::default();
    for standing in standings
        .iter()
        .filter(|standing| took.contains(&standing.id))
    {
        if is_news(standing) {
            tally.add(standing.state, &standing.reasons);
        }
        report(standing, traces.get(&standing.id).cloned().flatten());
    }
    telemetry.settled(&tally);
    Ok(())
}

fn doubted(standing: &Standing) -> bool {
    standing.regate
        && standing
            .reasons
            .iter()
            .any(|reason| reason.code == outcome::SCHEMA_DOUBTED)
}

/// Transitions that matter outside: a change that merely waits is not one.
fn is_news(standing: &Standing) -> bool {
    match standing.state {
        State::Approved | State::Proposed | State::Executing => false,
        State::Held
        | State::Blocked
        | State::Applied
        | State::Refused
        | State::Failed
        | State::Uncertain
        | State::Dismissed
        | State::Expired
        | State::Superseded
        | State::Undone => true,
    }
}

/// One line per result, in the trace of the change's own meeting.
fn report(standing: &Standing, traceparent: Option<String>) {
    let span = tracing::info_span!(
        "settle_change",
        change.id = %standing.id,
        change.state = standing.state.as_str(),
        attempt = standing.attempts,
    );
    Cause::restored(traceparent, None).adopt(&span);
    let _entered = span.enter();
    match standing.state {
        State::Refused | State::Failed => {
            let codes: Vec<&str> = standing
                .reasons
                .iter()
                .filter(|reason| reason.gate == "salesforce")
                .map(|reason| reason.code.as_str())
                .collect();
            tracing::warn!(change.id = %standing.id, change.codes = codes.join(" "), "salesforce refused a change");
        }
        State::Uncertain => {
            tracing::warn!(change.id = %standing.id, "the answer to a change was lost; it is looked up")
        }
        State::Held => tracing::info!(change.id = %standing.id, "a change went back to review"),
        State::Applied => tracing::debug!(change.id = %standing.id, "a change is in salesforce"),
        State::Proposed
        | State::Approved
        | State::Blocked
        | State::Executing
        | State::Dismissed
        | State::Expired
        | State::Superseded
        | State::Undone => {
            tracing::debug!(change.id = %standing.id, result = standing.result, "a change moved")
        }
    }
}
