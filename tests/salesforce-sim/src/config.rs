//! What a simulated org is started with.

use serde::{Deserialize, Serialize};

/// Which records exist at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Seed {
    /// Users, profiles, stages and record types only.
    Empty,
    /// The demo company: accounts, contacts, leads, opportunities and validation rules.
    #[default]
    Demo,
}

/// A connected app.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AppConfig {
    /// Label on the consent page.
    pub name: String,
    /// `client_id`.
    pub consumer_key: String,
    /// `client_secret`.
    pub consumer_secret: String,
    /// Registered callbacks; `redirect_uri` must equal one of them exactly.
    pub callback_urls: Vec<String>,
    /// Whether authorisation without a PKCE challenge is refused.
    pub require_pkce: bool,
    /// Certificate (PEM) its signed assertions are checked with; none: assertions are refused.
    pub certificate: Option<String>,
}

impl Default for AppConfig {
    fn default() -> Self {
        Self {
            name: "Ergo for Salesforce".into(),
            consumer_key: DEFAULT_CONSUMER_KEY.into(),
            consumer_secret: DEFAULT_CONSUMER_SECRET.into(),
            callback_urls: vec![DEFAULT_CALLBACK_URL.into()],
            require_pkce: true,
            certificate: Some(DEFAULT_CERTIFICATE.into()),
        }
    }
}

/// Consumer key of the default connected app.
pub const DEFAULT_CONSUMER_KEY: &str = "3MVG9simulator.consumer.key";
/// Consumer secret of the default connected app.
pub const DEFAULT_CONSUMER_SECRET: &str = "simulator-consumer-secret";
/// Callback of the default connected app.
pub const DEFAULT_CALLBACK_URL: &str = "http://127.0.0.1:8081/oauth/callback";
/// Certificate of the default connected app.
pub const DEFAULT_CERTIFICATE: &str = include_str!("keys/app.certificate.pem");
/// Private key that belongs to [`DEFAULT_CERTIFICATE`]. Signs for this stand-in org only.
pub const DEFAULT_PRIVATE_KEY: &str = include_str!("keys/app.key.pem");
/// A private key no app has a certificate of.
pub const OTHER_PRIVATE_KEY: &str = include_str!("keys/other.key.pem");
/// Username of the system administrator every org has.
pub const ADMIN_USERNAME: &str = "admin@northwind.example";
/// Username of the user an integration would connect as.
pub const INTEGRATION_USERNAME: &str = "integration@northwind.example";
/// Password of every seeded user.
pub const PASSWORD: &str = "simulator";

/// Settings of a simulated org. `SimConfig::default()` is the demo org on free ports.
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// Port of the org; 0 lets the system choose.
    pub port: u16,
    /// Port of the control API; 0 lets the system choose.
    pub control_port: u16,
    /// Records at the start.
    pub seed: Seed,
    /// Seeds the deterministic parts of the demo data.
    pub random_seed: u64,
    /// Connected apps.
    pub apps: Vec<AppConfig>,
    /// Whether each refresh returns a new refresh token and a replayed one kills the grant.
    pub rotate_refresh_tokens: bool,
    /// Idle lifetime of an access token, in seconds; extended by use.
    pub session_ttl_s: u64,
    /// Daily API requests the org is entitled to.
    pub api_requests_max: u64,
    /// Whether the org says that it is a sandbox.
    pub is_sandbox: bool,
    /// Shared Activities: TaskRelation exists.
    pub shared_activities: bool,
    /// `Ergo_Key__c` exists on Task, Event, Contact, Opportunity and OpportunityContactRole.
    pub external_id_fields: bool,
    /// Whether the consent page asks for the user's password.
    pub login_needs_password: bool,
    /// Entries kept in the write log and in the attempts log; the oldest go first.
    pub write_log_entries_max: usize,
    /// Lifetime of a query cursor, in seconds.
    pub cursor_ttl_s: u64,
    /// Answers at least this long are compressed when the caller accepts gzip, in bytes.
    pub gzip_min_bytes: usize,
    /// Address printed in `instance_url` when callers reach the org by another name.
    pub public_url: Option<String>,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            port: 0,
            control_port: 0,
            seed: Seed::Demo,
            random_seed: 1,
            apps: vec![AppConfig::default()],
            rotate_refresh_tokens: false,
            session_ttl_s: 7_200,
            api_requests_max: 5_000_000,
            is_sandbox: true,
            shared_activities: false,
            external_id_fields: true,
            login_needs_password: true,
            write_log_entries_max: 200_000,
            cursor_ttl_s: 900,
            gzip_min_bytes: 16_384,
            public_url: None,
        }
    }
}
