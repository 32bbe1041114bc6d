//! Metrics of the service, beside those every service has. Names, numbers and words of ours only: no customer content.

use chassis::BoundedLabel;
use chrono::{DateTime, Utc};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};

use crate::domain::change::Verdict;
use crate::domain::prediction::score::{Score, Source};
use crate::domain::tally::Tally;
use crate::store::usage::Budget;

/// Codes of gates told apart: there are some sixty; more would be a mistake that must not cost a metrics store.
const CODES_MAX: usize = 100;

/// The instruments. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    judged: Counter<u64>,
    reasons: Counter<u64>,
    settled: Counter<u64>,
    refusals: Counter<u64>,
    predictions: Counter<u64>,
    depth: Gauge<i64>,
    age: Gauge<f64>,
    budget: Gauge<f64>,
    last_effect: Gauge<i64>,
    workspaces: BoundedLabel,
    codes: BoundedLabel,
}

impl Telemetry {
    /// Makes the instruments.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        let counter = |name, description| {
            meter
                .u64_counter(name)
                .with_description(description)
                .build()
        };
        Self {
            judged: counter(
                "ergo.writeback.judged.changes",
                "Changes that went through the gates, by state",
            ),
            reasons: counter(
                "ergo.writeback.reasons",
                "Reasons of gates that made changes wait, held or blocked them",
            ),
            settled: counter(
                "ergo.writeback.settled.changes",
                "Changes the executor worked on, by state",
            ),
            refusals: counter(
                "ergo.writeback.refusals",
                "Changes Salesforce refused for good, by who or what resolves it",
            ),
            predictions: counter(
                "ergo.predictions",
                "Predictions of validation rules held against Salesforce's answers",
            ),
            depth: meter
                .i64_gauge("ergo.writeback.queue.depth")
                .with_description("Changes approved and not concluded")
                .build(),
            age: meter
                .f64_gauge("ergo.writeback.queue.oldest.age")
                .with_unit("s")
                .with_description("Age of the oldest change approved and not concluded")
                .build(),
            budget: meter
                .f64_gauge("ergo.writeback.api_budget.usage")
                .with_unit("1")
                .with_description("Part of its share of the org's daily calls a workspace has used")
                .build(),
            last_effect: meter
                .i64_gauge("ergo.writeback.last_effect")
                .with_unit("s")
                .with_description("When a write was last confirmed, in seconds since 1970")
                .build(),
            workspaces: BoundedLabel::workspaces(),
            codes: BoundedLabel::new("code", CODES_MAX),
        }
    }

    /// Counts changes that went through the gates.
    pub fn judged(&self, tally: &Tally) {
        for (state, count) in &tally.states {
            self.judged.add(*count, &[KeyValue::new("state", *state)]);
        }
        self.caused(tally);
    }

    /// Counts changes the executor has worked on.
    pub fn settled(&self, tally: &Tally) {
        for (state, count) in &tally.states {
            self.settled.add(*count, &[KeyValue::new("state", *state)]);
        }
        for (class, count) in &tally.refusals {
            self.refusals
                .add(*count, &[KeyValue::new("error.type", class.clone())]);
        }
        self.caused(tally);
    }

    fn caused(&self, tally: &Tally) {
        for ((gate, verdict, code), count) in &tally.causes {
            let attributes = [
                KeyValue::new("gate", gate.clone()),
                KeyValue::new("verdict", word(*verdict)),
                self.codes.of(code),
            ];
            self.reasons.add(*count, &attributes);
        }
    }

    /// Counts how a batch of predictions fared.
    pub fn predicted(&self, workspace: &str, source: Source, score: &Score) {
        for (fared, count) in score.totals() {
            if count == 0 {
                continue;
            }
            let attributes = [
                self.workspaces.of(workspace),
                KeyValue::new("source", source.as_str()),
                KeyValue::new("result", fared.as_str()),
            ];
            self.predictions.add(count, &attributes);
        }
    }

    /// What waits of one kind of work, and for how long.
    pub fn unfinished(&self, workspace: &str, backfill: bool, changes: i64, oldest_age_s: f64) {
        let work = if backfill { "backfill" } else { "live" };
        let attributes = [self.workspaces.of(workspace), KeyValue::new("work", work)];
        self.depth.record(changes, &attributes);
        self.age.record(oldest_age_s, &attributes);
    }

    /// How much of `share` of the org's allowance is used; nothing while the allowance is not known.
    #[expect(
        clippy::cast_precision_loss,
        reason = "daily allowances stay far below 2^52"
    )]
    pub fn budget(&self, workspace: &str, budget: &Budget, share: f64) {
        let calls_max = budget.share(share);
        if calls_max > 0 {
            let used = budget.used as f64 / calls_max as f64;
            self.budget.record(used, &[self.workspaces.of(workspace)]);
        }
    }

    /// When a write was last confirmed.
    pub fn last_effect(&self, workspace: &str, at: DateTime<Utc>) {
        self.last_effect
            .record(at.timestamp(), &[self.workspaces.of(workspace)]);
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Wait => "wait",
        Verdict::Hold => "hold",
        Verdict::Block => "block",
    }
}
