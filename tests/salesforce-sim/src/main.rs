//! Runs a simulated org as a process until it is told to stop.

use std::io::Write;

use anyhow::Context;
use clap::Parser;
use salesforce_sim::config::{
    AppConfig, DEFAULT_CALLBACK_URL, DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET,
};
use salesforce_sim::{Seed, Sim, SimConfig};

/// A stand-in Salesforce org on loopback.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Port of the org; 0 lets the system choose.
    #[arg(long, env = "SALESFORCE_SIM_PORT", default_value_t = 0)]
    port: u16,
    /// Port of the control API; 0 lets the system choose.
    #[arg(long, env = "SALESFORCE_SIM_CONTROL_PORT", default_value_t = 0)]
    control_port: u16,
    /// Records at the start.
    #[arg(long, env = "SALESFORCE_SIM_SEED", value_enum, default_value_t = Seed::Demo)]
    seed: Seed,
    /// Seeds the generated parts of the data.
    #[arg(long, env = "SALESFORCE_SIM_RANDOM_SEED", default_value_t = 1)]
    random_seed: u64,
    /// Consumer key of the connected app.
    #[arg(long, env = "SALESFORCE_SIM_CONSUMER_KEY", default_value = DEFAULT_CONSUMER_KEY)]
    consumer_key: String,
    /// Consumer secret of the connected app.
    #[arg(long, env = "SALESFORCE_SIM_CONSUMER_SECRET", default_value = DEFAULT_CONSUMER_SECRET, hide_env_values = true)]
    consumer_secret: String,
    /// Registered callback; may be given several times.
    #[arg(long = "callback-url", env = "SALESFORCE_SIM_CALLBACK_URLS", value_delimiter = ',', default_value = DEFAULT_CALLBACK_URL)]
    callback_urls: Vec<String>,
    /// Whether authorisation without a PKCE challenge is refused.
    #[arg(long, env = "SALESFORCE_SIM_REQUIRE_PKCE", default_value_t = true, action = clap::ArgAction::Set)]
    require_pkce: bool,
    /// Each refresh returns a new refresh token; a replayed one kills the grant.
    #[arg(long, env = "SALESFORCE_SIM_ROTATE_REFRESH_TOKENS")]
    rotate_refresh_tokens: bool,
    /// Idle lifetime of an access token, in seconds.
    #[arg(long, env = "SALESFORCE_SIM_SESSION_TTL_S", default_value_t = 7_200)]
    session_ttl_s: u64,
    /// Daily API requests.
    #[arg(
        long,
        env = "SALESFORCE_SIM_API_REQUESTS_MAX",
        default_value_t = 5_000_000
    )]
    api_requests_max: u64,
    /// Switches Shared Activities on: TaskRelation exists.
    #[arg(long, env = "SALESFORCE_SIM_SHARED_ACTIVITIES")]
    shared_activities: bool,
    /// Leaves the external id field `Ergo_Key__c` out.
    #[arg(long, env = "SALESFORCE_SIM_NO_EXTERNAL_ID_FIELDS")]
    no_external_id_fields: bool,
    /// Lets the consent page accept any known user without a password.
    #[arg(long, env = "SALESFORCE_SIM_NO_PASSWORD")]
    no_password: bool,
    /// Address printed in `instance_url`, when callers reach the org by another name.
    #[arg(long, env = "SALESFORCE_SIM_PUBLIC_URL")]
    public_url: Option<String>,
    /// Entries kept in the write log.
    #[arg(
        long,
        env = "SALESFORCE_SIM_WRITE_LOG_ENTRIES_MAX",
        default_value_t = 200_000
    )]
    write_log_entries_max: usize,
    /// File to write the two addresses to as JSON, for scripts that start the process.
    #[arg(long, env = "SALESFORCE_SIM_READY_FILE")]
    ready_file: Option<std::path::PathBuf>,
}

impl Arguments {
    fn config(self) -> SimConfig {
        SimConfig {
            port: self.port,
            control_port: self.control_port,
            seed: self.seed,
            random_seed: self.random_seed,
            apps: vec![AppConfig {
                consumer_key: self.consumer_key,
                consumer_secret: self.consumer_secret,
                callback_urls: self.callback_urls,
                require_pkce: self.require_pkce,
                ..AppConfig::default()
            }],
            rotate_refresh_tokens: self.rotate_refresh_tokens,
            session_ttl_s: self.session_ttl_s,
            api_requests_max: self.api_requests_max,
            shared_activities: self.shared_activities,
            external_id_fields: !self.no_external_id_fields,
            login_needs_password: !self.no_password,
            public_url: self.public_url,
            write_log_entries_max: self.write_log_entries_max,
            ..SimConfig::default()
        }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let ready_file = arguments.ready_file.clone();
    let sim = Sim::start(arguments.config())?;
    let addresses =
        serde_json::json!({"base_url": sim.base_url(), "control_url": sim.control_url()});
    let mut out = std::io::stdout().lock();
    writeln!(out, "{addresses}")
        .and_then(|()| out.flush())
        .context("printing the addresses")?;
    drop(out);
    if let Some(path) = ready_file {
        // Written beside and renamed, so that a reader never sees half a file.
        let partial = path.with_extension("partial");
        std::fs::write(&partial, addresses.to_string())
            .with_context(|| format!("writing {}", partial.display()))?;
        std::fs::rename(&partial, &path).with_context(|| format!("writing {}", path.display()))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("waiting for signals")?;
    runtime.block_on(async {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    })?;
    Ok(())
}
