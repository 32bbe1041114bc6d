//! One NATS, one database and one org per test, and replicas of auth on them.

use std::time::Duration;

use auth::Auth;
use chassis::{Config, RpcTransport, Running};
use events::auth::v1::{
    AuthClient, BeginConnectRequest, Environment, GetAccessTokenRequest, GetAccessTokenResponse,
    GetConnectionRequest, ListConnectionHistoryRequest,
};
use events::crm::v1::{Connection, ConnectionCause, ConnectionState};
use events::rpc::{CallContext, Role, RpcError};
use salesforce_sim::config::{
    DEFAULT_CALLBACK_URL, DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET, INTEGRATION_USERNAME,
};
use salesforce_sim::{Control, Seed, Sim, SimConfig};
use sqlx::PgPool;
use testkit::nats::Nats;
use testkit::postgres::Database;

use crate::browser::{Browser, Seen};

/// Longest a test waits for something that should happen at once, on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
pub(crate) const WORKSPACE: &str = "acme";
/// How long callers wait for one token answer in tests.
const CALL_MS: u64 = 400;
/// How long a late answer is awaited in tests.
const ANSWER_MS_MAX: u64 = 2_000;
/// Slower than callers wait, in time to be stored.
pub(crate) const LATE_MS: u64 = 1_200;
/// Too late for everyone.
pub(crate) const TOO_LATE_MS: u64 = 4_000;

pub(crate) struct World {
    pub(crate) nats: Nats,
    pub(crate) database: Database,
    pub(crate) admin: PgPool,
    pub(crate) sim: Sim,
    pub(crate) control: Control,
    pub(crate) seal_keys: String,
}

impl World {
    /// Everything there, migrated; refresh tokens rotate.
    pub(crate) async fn new() -> Self {
        Self::of(SimConfig::default()).await
    }

    /// The same with another kind of org.
    pub(crate) async fn of(org: SimConfig) -> Self {
        let sim = Sim::start(SimConfig {
            seed: Seed::Empty,
            rotate_refresh_tokens: true,
            ..org
        })
        .expect("the org starts");
        let nats = Nats::start().await;
        let database = Database::create().await;
        let world = Self {
            admin: database.pool().await,
            nats,
            control: sim.control(),
            sim,
            seal_keys: auth::seal::generate_line("test-1").to_string(),
            database,
        };
        chassis::migrate::<Auth>(&world.config().chassis)
            .await
            .expect("migrates");
        world
    }

    /// Quick limits, and the simulator as the only Salesforce.
    pub(crate) fn config(&self) -> Config<auth::Options> {
        let chassis = chassis::Options::new(Some(&self.database.url()), &self.nats.url());
        let salesforce = salesforce::Options {
            salesforce_login_url: self.sim.base_url().to_owned(),
            salesforce_sandbox_login_url: self.sim.base_url().to_owned(),
            ..salesforce::Options::default()
        };
        let callback = DEFAULT_CALLBACK_URL;
        Config {
            chassis,
            service: auth::Options {
                auth_public_url: callback.trim_end_matches("/oauth/callback").to_owned(),
                console_public_url: Some("http://console.example".to_owned()),
                salesforce_consumer_key: DEFAULT_CONSUMER_KEY.to_owned(),
                salesforce_consumer_secret: DEFAULT_CONSUMER_SECRET.to_owned().into(),
                auth_token_call_timeout_ms: CALL_MS,
                auth_token_answer_max_ms: ANSWER_MS_MAX,
                auth_refresh_settle_ms: 200,
                auth_retry_pause_ms: 20,
                auth_probe_poll_ms: 50,
                auth_keep_alive_days: 7,
                salesforce,
                seal: auth::seal::Options {
                    seal_keys_file: None,
                    seal_keys: Some(self.seal_keys.clone().into()),
                },
            },
        }
    }

    pub(crate) async fn start(&self) -> Replica {
        self.start_with(self.config()).await
    }

    pub(crate) async fn start_with(&self, config: Config<auth::Options>) -> Replica {
        let running = chassis::start::<Auth>(config).await.expect("starts");
        Replica {
            client: AuthClient::new(running.rpc()),
            running,
        }
    }

    pub(crate) async fn scalar(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&self.admin)
            .await
            .expect(sql)
    }

    pub(crate) async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.admin).await.expect(sql);
    }

    /// Requests the org has served so far, its control port not counted.
    pub(crate) async fn requests(&self) -> u64 {
        self.control.stats().await.expect("stats").requests
    }

    /// Connects as a person would: the link, Salesforce's page, the way back.
    pub(crate) async fn connect(&self, replica: &Replica) -> Connection {
        let (mut browser, authorize_url) = replica.open_link(replica.wish()).await;
        let seen = self
            .allow(&mut browser, &authorize_url, INTEGRATION_USERNAME)
            .await;
        assert_eq!(
            seen.location.as_deref(),
            Some("http://console.example/settings?connected=1"),
            "{seen:?}"
        );
        let connection = replica.connection().await;
        assert_eq!(connection.state(), ConnectionState::Connected);
        connection
    }

    /// Presses Allow and lets the browser follow the redirect.
    pub(crate) async fn allow(
        &self,
        browser: &mut Browser,
        authorize_url: &str,
        username: &str,
    ) -> Seen {
        let callback = self
            .control
            .approve(authorize_url, username, true)
            .await
            .expect("approves");
        browser.get(&callback).await
    }

    /// Whether the org accepts a bearer.
    pub(crate) async fn accepts(&self, access_token: &str) -> bool {
        let url = format!("{}/services/oauth2/userinfo", self.sim.base_url());
        let answer = crate::browser::http()
            .get(url)
            .bearer_auth(access_token)
            .send()
            .await
            .expect("answers");
        answer.status().is_success()
    }
}

/// One running auth.
pub(crate) struct Replica {
    pub(crate) running: Running,
    pub(crate) client: AuthClient<RpcTransport>,
}

impl Replica {
    pub(crate) fn wish(&self) -> BeginConnectRequest {
        BeginConnectRequest {
            workspace: WORKSPACE.to_owned(),
            environment: Environment::Production.into(),
            return_path: "/settings".to_owned(),
            ..BeginConnectRequest::default()
        }
    }

    /// A browser that has opened a new link, and where it was sent.
    pub(crate) async fn open_link(&self, wish: BeginConnectRequest) -> (Browser, String) {
        let begun = self
            .client
            .begin_connect(&admin(), wish)
            .await
            .expect("begins");
        let mut browser = self.browser();
        let seen = browser.get(&begun.connect_url).await;
        let location = seen
            .location
            .clone()
            .unwrap_or_else(|| panic!("no redirect: {seen:?}"));
        (browser, location)
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.running.http_addr().expect("auth has routes"))
    }

    pub(crate) async fn token(
        &self,
        rejected_generation: u64,
    ) -> Result<GetAccessTokenResponse, RpcError> {
        let request = GetAccessTokenRequest {
            workspace: WORKSPACE.to_owned(),
            rejected_generation,
        };
        self.client.get_access_token(&service(), request).await
    }

    pub(crate) async fn connection(&self) -> Connection {
        let request = GetConnectionRequest {
            workspace: WORKSPACE.to_owned(),
        };
        let answer = self
            .client
            .get_connection(&viewer(), request)
            .await
            .expect("answers");
        answer.connection.expect("always there")
    }

    /// States of the history with their causes, oldest first.
    pub(crate) async fn history(&self) -> Vec<(ConnectionState, ConnectionCause)> {
        let request = ListConnectionHistoryRequest {
            workspace: WORKSPACE.to_owned(),
            limit: 0,
        };
        let answer = self
            .client
            .list_connection_history(&viewer(), request)
            .await
            .expect("answers");
        let connections = answer
            .changes
            .into_iter()
            .rev()
            .filter_map(|change| change.connection);
        connections
            .map(|connection| (connection.state(), connection.cause()))
            .collect()
    }

    pub(crate) async fn stop(self) {
        self.running.shutdown().await.expect("stops");
    }
}

pub(crate) fn admin() -> CallContext {
    testkit::rpc::as_role("user:ann@acme.example", Role::Admin)
}

pub(crate) fn service() -> CallContext {
    testkit::rpc::as_service()
}

pub(crate) fn viewer() -> CallContext {
    testkit::rpc::as_role("user:vic@acme.example", Role::Viewer)
}
