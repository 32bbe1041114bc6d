//! One NATS, one database and one org per test, the service between them, and an auth service of four lines.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream;
use chassis::{Config, ConsumerSpec, Options, Rig, Running, Service, Store};
use events::auth::v1::{
    Auth, AuthServer, BeginConnectRequest, BeginConnectResponse, ConnectJwtRequest,
    ConnectJwtResponse, DisconnectRequest, DisconnectResponse, GetAccessTokenRequest,
    GetAccessTokenResponse, GetConnectionRequest, GetConnectionResponse,
    ListConnectionHistoryRequest, ListConnectionHistoryResponse, ListConnectionsRequest,
    ListConnectionsResponse, ReportAccessProblemRequest, ReportAccessProblemResponse,
};
use events::crm::v1::{Connection, ConnectionChanged, ConnectionState, RecordsChanged};
use events::metadata::v1::{
    ListSyncRunsRequest, MetadataSyncClient, StartSyncRequest, SyncKind, SyncRun, SyncState,
};
use events::rpc::{CallContext, Caller, Code, Role, RpcError, Transport};
use events::{Event, header};
use metadata_sync::MetadataSync;
use metadata_sync::config::SyncOptions;
use prost::Message;
use salesforce_sim::config::INTEGRATION_USERNAME;
use salesforce_sim::{Sim, SimConfig};
use testkit::{eventually, nats::Nats, postgres::Database};

/// Longest a test waits for something that should happen soon, on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
pub(crate) const WORKSPACE: &str = "acme";
const ORGANIZATION: &str = "00D000000000001EAA";
pub(crate) const USER: &str = "005000000000002AAA";

pub(crate) struct World {
    pub(crate) nats: Nats,
    pub(crate) database: Database,
    pub(crate) sim: Sim,
    pub(crate) jetstream: jetstream::Context,
    /// Error codes auth was told of.
    pub(crate) reports: Arc<Mutex<Vec<String>>>,
    _auth: Running,
}

#[derive(Debug, Clone, clap::Args)]
struct TokenOptions {
    #[arg(skip)]
    token: String,
    #[arg(skip)]
    instance_url: String,
    #[arg(skip)]
    reports: Arc<Mutex<Vec<String>>>,
}

/// Answers tokens; nothing else of auth is asked here.
struct Tokens(TokenOptions);

struct FakeAuth;

impl Service for FakeAuth {
    const NAME: &'static str = "auth";
    const STORE: Option<Store> = None;
    type Options = TokenOptions;
    fn consumers() -> Vec<ConsumerSpec> {
        vec![]
    }
    async fn build(options: TokenOptions, rig: &mut Rig) -> anyhow::Result<()> {
        rig.serve_rpc(AuthServer(Tokens(options)));
        Ok(())
    }
}

fn not_here<T>() -> Result<T, RpcError> {
    Err(RpcError::new(Code::NotFound, "not part of this test"))
}

impl Auth for Tokens {
    async fn get_access_token(
        &self,
        _: &CallContext,
        _: GetAccessTokenRequest,
    ) -> Result<GetAccessTokenResponse, RpcError> {
        Ok(GetAccessTokenResponse {
            access_token: self.0.token.clone(),
            generation: 1,
            instance_url: self.0.instance_url.clone(),
            organization_id: ORGANIZATION.into(),
            user_id: USER.into(),
            epoch: 1,
        })
    }
    async fn begin_connect(
        &self,
        _: &CallContext,
        _: BeginConnectRequest,
    ) -> Result<BeginConnectResponse, RpcError> {
        not_here()
    }
    async fn connect_jwt(
        &self,
        _: &CallContext,
        _: ConnectJwtRequest,
    ) -> Result<ConnectJwtResponse, RpcError> {
        not_here()
    }
    async fn get_connection(
        &self,
        _: &CallContext,
        _: GetConnectionRequest,
    ) -> Result<GetConnectionResponse, RpcError> {
        not_here()
    }
    async fn list_connections(
        &self,
        _: &CallContext,
        _: ListConnectionsRequest,
    ) -> Result<ListConnectionsResponse, RpcError> {
        not_here()
    }
    async fn list_connection_history(
        &self,
        _: &CallContext,
        _: ListConnectionHistoryRequest,
    ) -> Result<ListConnectionHistoryResponse, RpcError> {
        not_here()
    }
    async fn disconnect(
        &self,
        _: &CallContext,
        _: DisconnectRequest,
    ) -> Result<DisconnectResponse, RpcError> {
        not_here()
    }
    async fn report_access_problem(
        &self,
        _: &CallContext,
        request: ReportAccessProblemRequest,
    ) -> Result<ReportAccessProblemResponse, RpcError> {
        let mut reports = self.0.reports.lock().expect("no test panics meanwhile");
        reports.push(request.error_code);
        Ok(ReportAccessProblemResponse::default())
    }
}

/// The least a typed client needs: requests over NATS with the chassis' headers.
#[derive(Clone)]
pub(crate) struct Wire(async_nats::Client);

impl Transport for Wire {
    async fn call(
        &self,
        subject: &'static str,
        context: &CallContext,
        payload: Vec<u8>,
    ) -> Result<bytes::Bytes, RpcError> {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Ergo-Caller", context.caller.actor.as_str());
        headers.insert("Ergo-Role", context.caller.role.as_str());
        headers.insert("Ergo-Timeout-Ms", context.timeout.as_millis().to_string());
        headers.insert("Ergo-Request-Id", "test");
        let answer = self
            .0
            .request_with_headers(subject, headers, payload.into())
            .await
            .map_err(|error| RpcError::new(Code::Unavailable, error.to_string()))?;
        let header = |name: &str| {
            let headers = answer.headers.as_ref()?;
            headers.get(name).map(|value| value.as_str().to_owned())
        };
        match header("Nats-Service-Error-Code").and_then(|code| code.parse().ok()) {
            None => Ok(answer.payload),
            Some(code) => Err(RpcError {
                code: Code::from_number(code),
                message: header("Nats-Service-Error").unwrap_or_default(),
                field: None,
            }),
        }
    }
}

pub(crate) fn caller(role: Role) -> CallContext {
    CallContext {
        caller: Caller {
            actor: "user:ann@acme.example".into(),
            role,
            request_id: String::new(),
        },
        timeout: Duration::from_secs(10),
    }
}

/// Runs only when asked to, so that a test says what happens when.
pub(crate) fn by_hand() -> SyncOptions {
    SyncOptions {
        sync_schema_interval_s: 86_400,
        sync_records_interval_s: 86_400,
        sync_poll_ms: 20,
        sync_lease_s: 2,
        ..SyncOptions::default()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(SimConfig::default()).await
    }

    pub(crate) async fn with(sim: SimConfig) -> Self {
        let nats = Nats::start().await;
        let database = Database::create().await;
        let sim = Sim::start(sim).expect("the org starts");
        let options = Options::new(Some(&database.url()), &nats.url());
        chassis::migrate::<MetadataSync>(&options)
            .await
            .expect("migrates");
        let reports = Arc::<Mutex<Vec<String>>>::default();
        let auth = chassis::start::<FakeAuth>(Config {
            chassis: Options::new(None, &nats.url()),
            service: TokenOptions {
                token: sim.access_token(INTEGRATION_USERNAME),
                instance_url: sim.base_url().to_owned(),
                reports: Arc::clone(&reports),
            },
        })
        .await
        .expect("auth starts");
        Self {
            jetstream: jetstream::new(nats.client().await),
            nats,
            database,
            sim,
            reports,
            _auth: auth,
        }
    }

    pub(crate) async fn start(&self, sync: SyncOptions) -> Running {
        let mut chassis = Options::new(Some(&self.database.url()), &self.nats.url());
        chassis.database_connections_max = 8;
        let salesforce = salesforce::Options {
            salesforce_login_url: self.sim.base_url().to_owned(),
            salesforce_sandbox_login_url: self.sim.base_url().to_owned(),
            salesforce_read_retries_max: 1,
            salesforce_read_retry_delay_ms: 10,
            ..salesforce::Options::default()
        };
        let service = metadata_sync::config::Options { salesforce, sync };
        chassis::start::<MetadataSync>(Config { chassis, service })
            .await
            .expect("metadata-sync starts")
    }

    /// Tells the service that the workspace is connected.
    pub(crate) async fn connect(&self, generation: u64) {
        self.connect_as(generation, ConnectionState::Connected, 1)
            .await;
    }

    /// The same, in another state or as another user.
    pub(crate) async fn connect_as(&self, generation: u64, state: ConnectionState, epoch: u64) {
        let event = ConnectionChanged {
            connection: Some(Connection {
                workspace: WORKSPACE.into(),
                generation,
                state: state.into(),
                organization_id: ORGANIZATION.into(),
                user_id: USER.into(),
                epoch,
                ..Connection::default()
            }),
            previous_state: ConnectionState::Authorizing.into(),
        };
        let mut headers = async_nats::HeaderMap::new();
        headers.insert(header::CE_ID, format!("connection-{generation}"));
        let subject = format!("{}.{WORKSPACE}", ConnectionChanged::TYPE);
        self.jetstream
            .publish_with_headers(subject, headers, event.encode_to_vec().into())
            .await
            .expect("is sent")
            .await
            .expect("is stored");
    }

    pub(crate) async fn client(&self) -> MetadataSyncClient<Wire> {
        MetadataSyncClient::new(Wire(self.nats.client().await))
    }

    /// Every event of a type so far, in order.
    pub(crate) async fn events<E: Event>(&self) -> Vec<E> {
        let subject = format!("{}.{WORKSPACE}", E::TYPE);
        let mut stream = self
            .jetstream
            .get_stream(E::STREAM)
            .await
            .expect("the stream");
        let last = stream.info().await.expect("its state").state.last_sequence;
        let mut found = Vec::new();
        for sequence in 1..=last {
            let message = stream.get_raw_message(sequence).await.expect("a message");
            if message.subject.as_str() == subject {
                found.push(E::decode(message.payload).expect("the event"));
            }
        }
        found
    }

    pub(crate) async fn runs(&self) -> Vec<SyncRun> {
        let client = self.client().await;
        // As every caller does: a service that began again this moment may not be heard of yet.
        let listed = eventually(LIMIT, async || {
            let request = ListSyncRunsRequest {
                workspace: WORKSPACE.into(),
                limit: 200,
            };
            match client.list_sync_runs(&caller(Role::Viewer), request).await {
                Err(error) if error.code == Code::Unavailable => None,
                listed => Some(listed),
            }
        });
        listed.await.expect("runs").runs
    }

    /// Waits until nothing is queued or running and at least `count` runs have ended.
    pub(crate) async fn until_ended(&self, count: usize) -> Vec<SyncRun> {
        eventually(LIMIT, async || {
            let runs = self.runs().await;
            let ended = |run: &SyncRun| matches!(run.state(), SyncState::Done | SyncState::Failed);
            let outbox: i64 = sqlx::query_scalar("select count(*) from metadata_sync.outbox")
                .fetch_one(&self.database.pool().await)
                .await
                .expect("the outbox");
            (runs.len() >= count && runs.iter().all(ended) && outbox == 0).then_some(runs)
        })
        .await
    }

    /// Asks for a run and waits for its end.
    pub(crate) async fn sync(&self, kind: SyncKind) -> SyncRun {
        let request = StartSyncRequest {
            workspace: WORKSPACE.into(),
            kind: kind.into(),
        };
        let started = self
            .client()
            .await
            .start_sync(&caller(Role::Admin), request)
            .await
            .expect("a run");
        let id = started.run.expect("the run").id;
        let runs = self.until_ended(1).await;
        runs.into_iter()
            .find(|run| run.id == id)
            .expect("is listed")
    }

    /// Started, connected, schema and records read.
    pub(crate) async fn connected(&self) -> Running {
        let running = self.start(by_hand()).await;
        self.connect(1).await;
        for run in self.until_ended(2).await {
            assert_eq!(run.state(), SyncState::Done, "{}", run.error);
        }
        running
    }

    pub(crate) async fn records(&self) -> Vec<RecordsChanged> {
        self.events().await
    }
}
