//! What an operator may set, beside what every service shares.

use clap::Args;

/// Options of metadata-sync.
#[derive(Debug, Clone, Args)]
#[group(id = "metadata_sync")]
pub struct Options {
    /// How to reach Salesforce.
    #[command(flatten)]
    pub salesforce: salesforce::Options,

    /// When and how much is read.
    #[command(flatten)]
    pub sync: SyncOptions,
}

/// When and how much is read.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Sync")]
pub struct SyncOptions {
    /// Seconds between two scheduled reads of the schema of a workspace
    #[arg(long, env = "SYNC_SCHEMA_INTERVAL_S", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..))]
    pub sync_schema_interval_s: u64,

    /// Seconds between two scheduled reads of changed records of a workspace
    #[arg(long, env = "SYNC_RECORDS_INTERVAL_S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    pub sync_records_interval_s: u64,

    /// Seconds after which every describe is read without "only if modified": a permission set assigned to the connected user may not count as a modification
    #[arg(long, env = "SYNC_SCHEMA_WHOLE_INTERVAL_S", default_value_t = 86_400, value_parser = clap::value_parser!(u64).range(1..))]
    pub sync_schema_whole_interval_s: u64,

    /// Runs this process works on at the same time
    #[arg(long, env = "SYNC_RUNS_MAX", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    pub sync_runs_max: u64,

    /// Seconds of silence after which another process takes over a run
    #[arg(long, env = "SYNC_LEASE_S", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..))]
    pub sync_lease_s: u64,

    /// Milliseconds between two looks for due runs; a run asked for here starts at once
    #[arg(long, env = "SYNC_POLL_MS", default_value_t = 500, value_parser = clap::value_parser!(u64).range(10..))]
    pub sync_poll_ms: u64,

    /// Percent of the org's daily API calls, used by all integrations together, at which background reading stops
    #[arg(long, env = "SYNC_API_USAGE_PERCENT_MAX", default_value_t = 80, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub sync_api_usage_percent_max: u64,

    /// Events waiting to be published at which reading records pauses
    #[arg(long, env = "SYNC_OUTBOX_ROWS_MAX", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    pub sync_outbox_rows_max: u64,

    /// Rows asked for in one page of records, 1 to 2000
    #[arg(long, env = "SYNC_PAGE_ROWS", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub sync_page_rows: u32,

    /// Rows of an object, by the org's own statistics, from which a first load uses a bulk query instead of pages
    #[arg(long, env = "SYNC_BULK_ROWS_MIN", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub sync_bulk_rows_min: u64,

    /// Rows asked for in one page of a bulk query's results: what is committed at once and held in memory
    #[arg(long, env = "SYNC_BULK_PAGE_ROWS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub sync_bulk_page_rows: u32,

    /// Seconds to wait for a bulk query before the rows are read page by page instead
    #[arg(long, env = "SYNC_BULK_WAIT_S_MAX", default_value_t = 7_200, value_parser = clap::value_parser!(u64).range(1..))]
    pub sync_bulk_wait_s_max: u64,

    /// Percent of the org's daily API calls that reading one workspace may use in 24 hours
    #[arg(long, env = "SYNC_API_SHARE_PERCENT_MAX", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub sync_api_share_percent_max: u64,

    /// Days a finished run is kept
    #[arg(long, env = "SYNC_RUN_RETENTION_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_650))]
    pub sync_run_retention_days: u64,
}

impl Default for SyncOptions {
    /// The defaults of the command line, for callers that have none.
    fn default() -> Self {
        Self {
            sync_schema_interval_s: 900,
            sync_records_interval_s: 60,
            sync_schema_whole_interval_s: 86_400,
            sync_runs_max: 4,
            sync_lease_s: 15,
            sync_poll_ms: 500,
            sync_api_usage_percent_max: 80,
            sync_outbox_rows_max: 200,
            sync_page_rows: 2_000,
            sync_bulk_rows_min: 20_000,
            sync_bulk_page_rows: 10_000,
            sync_bulk_wait_s_max: 7_200,
            sync_api_share_percent_max: 10,
            sync_run_retention_days: 30,
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
    fn the_defaults_are_those_of_the_command_line() {
        let parsed = Program::try_parse_from(["program"]).expect("nothing is required");
        assert_eq!(parsed.options.sync, SyncOptions::default());
    }
}
