//! The options every service shares; their doc comments are the help text.
//!
//! Everything that can be set is set here or in the service's own options, by flag or environment variable;
//! nothing else in the process reads the environment.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::SecretString;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object per line, for a log pipeline.
    Json,
    /// For a person at a terminal.
    Pretty,
}

/// The whole configuration of one process: what every service shares, and its own.
#[derive(Debug, Clone, clap::Args)]
pub struct Config<O: clap::Args> {
    /// Shared by all services.
    #[command(flatten)]
    pub chassis: Options,
    /// The service's own.
    #[command(flatten)]
    pub service: O,
}

/// What every service needs to know.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Platform")]
#[group(id = "platform")]
pub struct Options {
    /// Postgres, as postgres://user:password@host:port/database; the user is, or is a member of, ergo_SCHEMA
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<SecretString>,

    /// Connections in the pool of this process
    #[arg(long, env = "DATABASE_CONNECTIONS_MAX", default_value_t = defaults::DATABASE_CONNECTIONS_MAX)]
    pub database_connections_max: u32,

    /// Longest time one statement may take in Postgres, in milliseconds
    #[arg(long, env = "DATABASE_STATEMENT_TIMEOUT_MS", default_value_t = defaults::DATABASE_STATEMENT_TIMEOUT_MS)]
    pub database_statement_timeout_ms: u64,

    /// NATS servers, comma separated, as nats://host:port or tls://host:port
    #[arg(long, env = "NATS_URL", default_value = defaults::NATS_URL)]
    pub nats_url: String,

    /// A .creds file with the JWT and nkey of this service's NATS user
    #[arg(long, env = "NATS_CREDENTIALS_FILE")]
    pub nats_credentials_file: Option<PathBuf>,

    /// NATS user, where servers use passwords; needs NATS_PASSWORD
    #[arg(long, env = "NATS_USER", requires = "nats_password")]
    pub nats_user: Option<String>,

    /// The password of NATS_USER
    #[arg(long, env = "NATS_PASSWORD", hide_env_values = true)]
    pub nats_password: Option<SecretString>,

    /// Refuse to talk to NATS without TLS
    #[arg(long, env = "NATS_TLS_REQUIRED", default_value_t = false, action = clap::ArgAction::Set)]
    pub nats_tls_required: bool,

    /// PEM file of the authority that signed the servers' certificates; otherwise the system's
    #[arg(long, env = "NATS_TLS_CA_FILE")]
    pub nats_tls_ca_file: Option<PathBuf>,

    /// PEM file of this service's client certificate; needs NATS_TLS_KEY_FILE
    #[arg(long, env = "NATS_TLS_CERT_FILE", requires = "nats_tls_key_file")]
    pub nats_tls_cert_file: Option<PathBuf>,

    /// PEM file of the client certificate's key
    #[arg(long, env = "NATS_TLS_KEY_FILE")]
    pub nats_tls_key_file: Option<PathBuf>,

    /// Prefix of the private inboxes of this service's NATS user, when its grants name one
    #[arg(long, env = "NATS_INBOX_PREFIX")]
    pub nats_inbox_prefix: Option<String>,

    /// Copies JetStream keeps of streams and consumers (1 on one machine, 3 in production); used by migrate
    #[arg(long, env = "NATS_STREAM_REPLICAS", default_value_t = defaults::NATS_STREAM_REPLICAS)]
    pub nats_stream_replicas: usize,

    /// Most bytes any one stream may hold, where the built-in limits exceed the disk; used by migrate
    #[arg(long, env = "NATS_STREAM_BYTES_MAX")]
    pub nats_stream_bytes_max: Option<i64>,

    /// Silence after which a message is delivered again, in seconds, replacing each consumer's own; migrate and serve must agree
    #[arg(long, env = "NATS_ACK_WAIT_S", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub nats_ack_wait_s: Option<u64>,

    /// Where /livez, /readyz and /metrics are served; port 0 lets the system choose
    #[arg(long, env = "ADMIN_ADDR", default_value = defaults::ANY_LOOPBACK)]
    pub admin_addr: SocketAddr,

    /// Where the public routes are served, by services that have any; port 0 lets the system choose
    #[arg(long, env = "HTTP_ADDR", default_value = defaults::ANY_LOOPBACK)]
    pub http_addr: SocketAddr,

    /// OTLP gRPC endpoint for traces, as http://collector:4317; without it no trace leaves the process
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,

    /// Share of new traces that are recorded, 0 to 1; a caller's decision always wins
    #[arg(long, env = "TRACE_SAMPLE_RATIO", default_value_t = defaults::TRACE_SAMPLE_RATIO)]
    pub trace_sample_ratio: f64,

    /// How log lines are written
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,

    /// Which log lines are written, as tracing directives
    #[arg(long, env = "RUST_LOG", default_value = defaults::RUST_LOG)]
    pub log_filter: String,

    /// Longest wait for Postgres and NATS at start, in seconds
    #[arg(long, env = "STARTUP_TIMEOUT_S", default_value_t = defaults::STARTUP_TIMEOUT_S)]
    pub startup_timeout_s: u64,

    /// Longest wait for work in flight when stopping, in seconds
    #[arg(long, env = "SHUTDOWN_TIMEOUT_S", default_value_t = defaults::SHUTDOWN_TIMEOUT_S)]
    pub shutdown_timeout_s: u64,

    /// Days an inbox row is kept: longer than any message can be replayed
    #[arg(long, env = "INBOX_RETENTION_DAYS", default_value_t = defaults::INBOX_RETENTION_DAYS)]
    pub inbox_retention_days: u32,
}

/// The default of each option, for the command line and for tests alike.
pub mod defaults {
    /// Five services with two replicas stay below 70 % of Postgres' default hundred connections.
    pub const DATABASE_CONNECTIONS_MAX: u32 = 6;
    /// Long enough for a batch of 64 on a busy database, far below the broker's redelivery.
    pub const DATABASE_STATEMENT_TIMEOUT_MS: u64 = 15_000;
    /// A local server.
    pub const NATS_URL: &str = "nats://127.0.0.1:4222";
    /// One machine, one copy.
    pub const NATS_STREAM_REPLICAS: usize = 1;
    /// Loopback only unless told otherwise, on a port the system chooses.
    pub const ANY_LOOPBACK: &str = "127.0.0.1:0";
    /// Tests and embedders share one disk: five streams of this size fit everywhere.
    pub const EMBEDDED_STREAM_BYTES_MAX: i64 = 256 * 1024 * 1024;
    /// Everything; the collector samples by tail.
    pub const TRACE_SAMPLE_RATIO: f64 = 1.0;
    /// Decisions of ours, warnings of everyone.
    pub const RUST_LOG: &str =
        "info,async_nats=warn,sqlx=warn,h2=warn,hyper=warn,tonic=warn,opentelemetry=warn";
    /// A database that restarts needs less than this.
    pub const STARTUP_TIMEOUT_S: u64 = 60;
    /// Below Kubernetes' default grace period of 30 s.
    pub const SHUTDOWN_TIMEOUT_S: u64 = 20;
    /// Twice the longest age of a stream.
    pub const INBOX_RETENTION_DAYS: u32 = 60;
}

impl Options {
    /// The defaults, for one database and one broker: what tests and embedders start from.
    #[must_use]
    pub fn new(database_url: Option<&str>, nats_url: &str) -> Self {
        let any_loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            database_url: database_url.map(|url| SecretString::from(url.to_owned())),
            database_connections_max: defaults::DATABASE_CONNECTIONS_MAX,
            database_statement_timeout_ms: defaults::DATABASE_STATEMENT_TIMEOUT_MS,
            nats_url: nats_url.to_owned(),
            nats_credentials_file: None,
            nats_user: None,
            nats_password: None,
            nats_tls_required: false,
            nats_tls_ca_file: None,
            nats_tls_cert_file: None,
            nats_tls_key_file: None,
            nats_inbox_prefix: None,
            nats_stream_replicas: defaults::NATS_STREAM_REPLICAS,
            nats_stream_bytes_max: Some(defaults::EMBEDDED_STREAM_BYTES_MAX),
            nats_ack_wait_s: None,
            admin_addr: any_loopback,
            http_addr: any_loopback,
            otlp_endpoint: None,
            trace_sample_ratio: defaults::TRACE_SAMPLE_RATIO,
            log_format: LogFormat::Pretty,
            log_filter: defaults::RUST_LOG.to_owned(),
            startup_timeout_s: defaults::STARTUP_TIMEOUT_S,
            shutdown_timeout_s: defaults::SHUTDOWN_TIMEOUT_S,
            inbox_retention_days: defaults::INBOX_RETENTION_DAYS,
        }
    }

    pub(crate) fn startup_timeout(&self) -> Duration {
        Duration::from_secs(self.startup_timeout_s)
    }

    pub(crate) fn shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.shutdown_timeout_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn the_command_line_and_tests_start_from_the_same_defaults() {
        // Two deliberate differences: a person reads test output, and test disks are small.
        let parsed =
            Cli::parse_from(["x", "--log-format", "pretty", "--nats-url", "nats://n:1"]).options;
        let built = Options {
            nats_stream_bytes_max: None,
            ..Options::new(None, "nats://n:1")
        };
        assert_eq!(format!("{parsed:?}"), format!("{built:?}"));
    }

    #[test]
    fn a_database_password_never_shows() {
        let options = Options::new(Some("postgres://u:hunter2@h/d"), "nats://n:1");
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
