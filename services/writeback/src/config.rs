//! The service's own options.

use chrono_tz::Tz;

/// What an operator may set about writing back.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Writeback")]
pub struct Options {
    /// How to reach Salesforce.
    #[command(flatten)]
    pub salesforce: salesforce::Options,

    /// Time zone in which a moment becomes a day, for date fields and activity dates
    #[arg(long, env = "WRITEBACK_TIME_ZONE", default_value = "UTC")]
    pub time_zone: Tz,

    /// External-id field that carries our key on new records, used where the org's object has it
    #[arg(
        long,
        env = "WRITEBACK_EXTERNAL_ID_FIELD",
        default_value = "Ergo_Key__c"
    )]
    pub external_id_field: String,

    /// Share of an org's daily API calls one workspace may use, 0 to 1
    #[arg(long, env = "WRITEBACK_API_BUDGET_SHARE", default_value_t = 0.2)]
    pub api_budget_share: f64,

    /// Hosts (`host` or `host:port`) that texts too long for their events may be fetched from, by https; none unless named
    #[arg(long, env = "WRITEBACK_CLAIM_HOSTS", value_delimiter = ',')]
    pub claim_hosts: Vec<String>,

    /// Requests to Salesforce one process prepares and sends at the same time
    #[arg(long, env = "WRITEBACK_EXECUTOR_WORKERS", default_value_t = 4)]
    pub executor_workers: usize,

    /// Lanes (accounts) one worker takes at once; more fill a request of 200 rows better
    #[arg(long, env = "WRITEBACK_EXECUTOR_LANES_MAX", default_value_t = 200)]
    pub executor_lanes_max: usize,

    /// Seconds a worker's hold on its lanes lasts without renewal: after a crash others wait this long
    #[arg(long, env = "WRITEBACK_EXECUTOR_LEASE_S", default_value_t = 30)]
    pub executor_lease_s: u32,

    /// Longest silence between two looks at the queue, in milliseconds
    #[arg(long, env = "WRITEBACK_EXECUTOR_POLL_MS", default_value_t = 250)]
    pub executor_poll_ms: u64,

    /// Under load, at most so many milliseconds to gather lanes before the next request, so that requests are full
    #[arg(long, env = "WRITEBACK_EXECUTOR_LINGER_MS", default_value_t = 400)]
    pub executor_linger_ms: u64,

    /// Days a wrong prediction of a validation rule is kept with its inputs, for study
    #[arg(
        long,
        env = "WRITEBACK_DISAGREEMENTS_KEPT_DAYS",
        default_value_t = 30,
        value_parser = clap::value_parser!(i32).range(1..=3650)
    )]
    pub disagreements_kept_days: i32,

    /// Days what was said in a meeting is kept once nothing of it waits: titles, notes, quotes, values; decisions and audit stay
    #[arg(
        long,
        env = "WRITEBACK_CONTENT_KEPT_DAYS",
        default_value_t = 365,
        value_parser = clap::value_parser!(i32).range(1..=3650)
    )]
    pub content_kept_days: i32,

    /// Days a held change waits for a person before it expires, counted from when it was last judged; 0 for as long as it takes
    #[arg(
        long,
        env = "WRITEBACK_HELD_EXPIRES_DAYS",
        default_value_t = 90,
        value_parser = clap::value_parser!(i32).range(0..=3650)
    )]
    pub held_expires_days: i32,

    /// A meeting analysed more than so many days after it ended counts as history even when upstream says that it is live; 0 believes upstream
    #[arg(
        long,
        env = "WRITEBACK_HISTORY_AFTER_DAYS",
        default_value_t = 0,
        value_parser = clap::value_parser!(i32).range(0..=3650)
    )]
    pub history_after_days: i32,

    /// Seconds a change may wait for a lost connection and still be written by itself when it is back; what waited longer is listed and held until a person releases it
    #[arg(long, env = "WRITEBACK_MISSED_AFTER_S", default_value_t = 86_400)]
    pub missed_after_s: u32,
}

impl Default for Options {
    /// The defaults of the command line, for embedders and tests.
    fn default() -> Self {
        Self {
            salesforce: salesforce::Options::default(),
            time_zone: Tz::UTC,
            external_id_field: "Ergo_Key__c".to_owned(),
            api_budget_share: 0.2,
            claim_hosts: Vec::new(),
            executor_workers: 4,
            executor_lanes_max: 200,
            executor_lease_s: 30,
            executor_poll_ms: 250,
            executor_linger_ms: 400,
            disagreements_kept_days: 30,
            content_kept_days: 365,
            held_expires_days: 90,
            history_after_days: 0,
            missed_after_s: 86_400,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn the_command_line_and_embedders_start_from_the_same_defaults() {
        let parsed = Program::parse_from(["x"]).options;
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Options::default()));
    }
}
