//! The fault drill: the same meetings written twice, once in peace and once while services, NATS, Postgres and the org are
//! killed, cut, slowed, reset after they committed, and refuse, at random from a printed seed. The org's write log must show
//! each effect exactly once, and both runs must leave the same.

mod effects;
mod finale;
mod meetings;
mod run;
mod trouble;

use anyhow::ensure;
use chrono::{DurationRound, TimeDelta, Utc};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use effects::Effect;
use run::{Ended, Kind};

/// How hard the drill is.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Changes written; a meeting has one of each kind
    #[arg(long, env = "DRILL_CHANGES", default_value_t = 10_000)]
    pub(crate) changes: usize,

    /// Meetings upstream publishes per second
    #[arg(long, env = "DRILL_FAULTS_MEETINGS_PER_SECOND", default_value_t = 12)]
    pub(crate) meetings_per_second: u32,

    /// Longest each trouble lasts, in milliseconds
    #[arg(long, env = "DRILL_TROUBLE_MS_MAX", default_value_t = 3_000)]
    pub(crate) trouble_ms_max: u64,

    /// Troubles at least
    #[arg(long, env = "DRILL_TROUBLES_MIN", default_value_t = 40)]
    pub(crate) troubles_min: usize,

    /// Leaves crashes of Postgres out, so that the server of other tests can be used
    #[arg(long)]
    pub(crate) shared_database: bool,

    /// Repeats the troubles of a drill; printed by every one
    #[arg(long, env = "DRILL_SEED")]
    pub(crate) seed: Option<u64>,
}

impl Options {
    /// Meetings that make up the changes.
    fn meetings(&self) -> usize {
        let kinds = Effect::ALL.iter().filter(|kind| kind.is_change()).count();
        self.changes.div_ceil(kinds)
    }
}

/// Holds the drill and prints its counts.
pub(crate) async fn hold(options: &Options) -> anyhow::Result<()> {
    let seed = options.seed.unwrap_or_else(rand::random);
    // Both runs publish the same, so neither may look at the clock again.
    let first_at = (Utc::now() - TimeDelta::days(3)).duration_trunc(TimeDelta::minutes(1))?;
    println!("Seed {seed}; {} meetings in peace", options.meetings());
    let calm = run::run(options, first_at, Kind::Calm).await?;
    println!("The same with faults");
    let rough = run::run(options, first_at, Kind::Rough { seed }).await?;
    println!("\n{}", table(&rough));
    let difference = finale::difference(&calm.finale, &rough.finale);
    println!(
        "seed {seed}: {} meetings, {} changes, {} troubles, {} effects missing, {} doubled, {} of no meeting, \
         {} parked and released by a person; the final state {} that of the run without faults ({} lines)",
        options.meetings(),
        changes(&rough),
        rough.troubles.len(),
        rough.counts.missing.len(),
        rough.counts.doubled.len(),
        rough.counts.strays.len(),
        rough.released,
        if difference.is_empty() {
            "equals"
        } else {
            "differs from"
        },
        rough.finale.len(),
    );
    for ended in [&calm, &rough] {
        ensure!(
            ended.counts.missing.is_empty()
                && ended.counts.doubled.is_empty()
                && ended.counts.strays.is_empty(),
            "missing: {}; doubled: {}; of no meeting: {}",
            ended.counts.missing.join(", "),
            ended.counts.doubled.join(", "),
            ended.counts.strays.join(", ")
        );
    }
    ensure!(difference.is_empty(), "{}", difference.join("\n"));
    Ok(())
}

fn changes(ended: &Ended) -> usize {
    let of_kind = |kind: &Effect| ended.counts.once.get(kind).copied().unwrap_or_default();
    Effect::ALL
        .iter()
        .filter(|kind| kind.is_change())
        .map(of_kind)
        .sum()
}

fn table(rough: &Ended) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["kind", "exactly once", "missing", "doubled"]);
    for kind in Effect::ALL {
        let of_kind = |list: &[String]| {
            let prefix = format!("{kind} of");
            list.iter().filter(|line| line.starts_with(&prefix)).count()
        };
        table.add_row([
            kind.to_string(),
            rough
                .counts
                .once
                .get(&kind)
                .copied()
                .unwrap_or_default()
                .to_string(),
            of_kind(&rough.counts.missing).to_string(),
            of_kind(&rough.counts.doubled).to_string(),
        ]);
    }
    table
}
