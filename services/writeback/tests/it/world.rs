//! One NATS, one database and one org per test, the service between them, and an auth service of four lines.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::jetstream;
use chassis::{Config, ConsumerSpec, Options as Chassis, Rig, Running, Service, Store};
use events::auth::v1::{
    Auth, AuthServer, BeginConnectRequest, BeginConnectResponse, ConnectJwtRequest,
    ConnectJwtResponse, DisconnectRequest, DisconnectResponse, GetAccessTokenRequest,
    GetAccessTokenResponse, GetConnectionRequest, GetConnectionResponse,
    ListConnectionHistoryRequest, ListConnectionHistoryResponse, ListConnectionsRequest,
    ListConnectionsResponse, ReportAccessProblemRequest, ReportAccessProblemResponse,
};
use events::crm::v1::{
    Connection, ConnectionChanged, ConnectionState, Destination, Field, Mapping, MappingChanged,
    MappingEntry, ObjectSchema, OverwritePolicy, PicklistValue, RecordRef, SchemaChanged, Stage,
    destination,
};
use events::matching::v1::{Decision, MatchDecided, Outcome};
use events::meeting::v1::{
    ExtractedValue, MeetingProcessed, Origin, Participant, SuggestedStage, Value, value,
};
use events::rpc::{CallContext, Code, RpcError};
use events::writeback::v1::{
    Change, ChangeSet, ChangeState, GetChangeSetRequest, PermissionMode, PropertyPermission,
    SetLiveRequest, SetPermissionsRequest, StartVerificationRequest, VerificationRun,
    WritebackClient,
};
use events::{Event, Timestamp, header};
use salesforce_sim::config::INTEGRATION_USERNAME;
use salesforce_sim::{Control, Operation, Sim, SimConfig, WriteLogEntry};
use serde_json::{Map, Value as Json, json};
use testkit::rpc::{NatsTransport, as_admin};
use testkit::{eventually, nats::Nats, postgres::Database};
use writeback::{Options, Writeback};

/// Longest a test waits for something that should happen soon, on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
pub(crate) const WORKSPACE: &str = "acme";
pub(crate) const ORGANIZATION: &str = "00D000000000001EAA";

#[derive(Debug, Clone, clap::Args)]
struct TokenOptions {
    #[arg(skip)]
    token: String,
    #[arg(skip)]
    instance_url: String,
    /// Of the connection auth would give tokens for.
    #[arg(skip)]
    epoch: Arc<AtomicU64>,
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
            user_id: String::new(),
            epoch: self.0.epoch.load(Ordering::Relaxed),
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
        _: ReportAccessProblemRequest,
    ) -> Result<ReportAccessProblemResponse, RpcError> {
        not_here()
    }
}

pub(crate) struct World {
    pub(crate) nats: Nats,
    pub(crate) database: Database,
    pub(crate) pool: sqlx::PgPool,
    pub(crate) sim: Sim,
    pub(crate) control: Control,
    pub(crate) account: String,
    pub(crate) opportunity: String,
    pub(crate) contact: String,
    pub(crate) user: String,
    jetstream: jetstream::Context,
    events: AtomicU64,
    /// Of the connection auth gives tokens for.
    pub(crate) auth_epoch: Arc<AtomicU64>,
    _auth: Running,
}

/// What a meeting of a test says.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) id: String,
    pub(crate) revision: u64,
    pub(crate) started_at: i64,
    pub(crate) sequence: u64,
    pub(crate) next_step: String,
    pub(crate) confidence: f64,
    pub(crate) amount: Option<String>,
    pub(crate) stage: Option<String>,
    pub(crate) origin: Origin,
    pub(crate) outcome: Outcome,
    pub(crate) title: String,
    /// Address of the organizer; empty when not known.
    pub(crate) organizer: String,
    /// From its beginning to the end of the analysis, in seconds.
    pub(crate) analysed_after_s: i64,
}

pub(crate) fn said(id: &str, next_step: &str) -> Said {
    Said {
        id: id.into(),
        revision: 1,
        started_at: 1_772_445_600,
        sequence: 1,
        next_step: next_step.into(),
        confidence: 0.9,
        amount: None,
        stage: None,
        origin: Origin::Live,
        outcome: Outcome::Matched,
        title: "Weekly".into(),
        organizer: String::new(),
        analysed_after_s: 2_000,
    }
}

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(SimConfig::default()).await
    }

    pub(crate) async fn with(sim: SimConfig) -> Self {
        let nats = Nats::start().await;
        let database = Database::create().await;
        let sim = Sim::start(sim).expect("the org starts");
        let control = sim.control();
        chassis::migrate::<Writeback>(&Chassis::new(Some(&database.url()), &nats.url()))
            .await
            .expect("migrates");
        let epoch = Arc::new(AtomicU64::new(1));
        let auth = chassis::start::<FakeAuth>(Config {
            chassis: Chassis::new(None, &nats.url()),
            service: TokenOptions {
                token: sim.access_token(INTEGRATION_USERNAME),
                instance_url: sim.base_url().to_owned(),
                epoch: Arc::clone(&epoch),
            },
        })
        .await
        .expect("auth starts");
        let user = control
            .query(&format!(
                "SELECT Id FROM User WHERE Username = '{INTEGRATION_USERNAME}'"
            ))
            .await
            .expect("a user")[0]["Id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let world = Self {
            jetstream: jetstream::new(nats.client().await),
            pool: database.pool().await,
            nats,
            database,
            sim,
            control,
            account: String::new(),
            opportunity: String::new(),
            contact: String::new(),
            user,
            events: AtomicU64::new(0),
            auth_epoch: epoch,
            _auth: auth,
        };
        world.with_records().await
    }

    /// An account, a contact and a deal of the test's own, untouched by the demo's rules.
    async fn with_records(mut self) -> Self {
        self.account = self.load("Account", json!({"Name": "Test AG"})).await;
        self.contact = self
            .load(
                "Contact",
                json!({"LastName": "Tester", "AccountId": self.account, "Email": "t@test.example"}),
            )
            .await;
        self.opportunity = self.deal("Test deal").await;
        self
    }

    pub(crate) async fn deal(&self, name: &str) -> String {
        self.load(
            "Opportunity",
            json!({"Name": name, "AccountId": self.account, "StageName": "Qualification", "CloseDate": "2031-05-01",
                   "Amount": 1000}),
        )
        .await
    }

    pub(crate) async fn load(&self, object: &str, fields: Json) -> String {
        let Json::Object(fields) = fields else {
            panic!("a record is an object")
        };
        self.control
            .load(object, vec![fields])
            .await
            .expect("is loaded")
            .remove(0)
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            salesforce: salesforce::Options {
                salesforce_login_url: self.sim.base_url().to_owned(),
                salesforce_sandbox_login_url: self.sim.base_url().to_owned(),
                salesforce_read_retries_max: 1,
                salesforce_read_retry_delay_ms: 10,
                ..salesforce::Options::default()
            },
            executor_lease_s: 2,
            executor_poll_ms: 50,
            executor_linger_ms: 20,
            ..Options::default()
        }
    }

    pub(crate) async fn start(&self) -> Running {
        self.start_with(self.options()).await
    }

    pub(crate) async fn start_with(&self, options: Options) -> Running {
        let mut chassis = Chassis::new(Some(&self.database.url()), &self.nats.url());
        chassis.database_connections_max = 8;
        chassis::start::<Writeback>(Config {
            chassis,
            service: options,
        })
        .await
        .expect("writeback starts")
    }

    pub(crate) async fn client(&self) -> WritebackClient<NatsTransport> {
        WritebackClient::new(NatsTransport(self.nats.client().await))
    }

    pub(crate) async fn publish<E: Event>(&self, event: &E) {
        let number = self.events.fetch_add(1, Ordering::Relaxed);
        let mut headers = async_nats::HeaderMap::new();
        headers.insert(header::CE_ID, format!("test-{number}"));
        headers.insert(
            header::TRACEPARENT,
            format!("00-{:032x}-00000000000000aa-01", number + 1),
        );
        self.jetstream
            .publish_with_headers(
                format!("{}.{WORKSPACE}", E::TYPE),
                headers,
                event.encode_to_vec().into(),
            )
            .await
            .expect("is sent")
            .await
            .expect("is stored");
    }

    pub(crate) async fn connect(&self, generation: u64, state: ConnectionState) {
        self.connect_as(generation, state, 1, ORGANIZATION).await;
    }

    /// The same, as another user (another `epoch`) or of another org.
    pub(crate) async fn connect_as(
        &self,
        generation: u64,
        state: ConnectionState,
        epoch: u64,
        organization: &str,
    ) {
        self.publish(&ConnectionChanged {
            connection: Some(Connection {
                workspace: WORKSPACE.into(),
                generation,
                state: state.into(),
                organization_id: organization.into(),
                user_id: self.user.clone(),
                epoch,
                since: Some(Timestamp {
                    seconds: chrono::Utc::now().timestamp(),
                    nanos: 0,
                }),
                ..Connection::default()
            }),
            previous_state: ConnectionState::Authorizing.into(),
        })
        .await;
    }

    /// A newer schema of the opportunity in which the connected user may, or may not, edit a field.
    pub(crate) async fn publish_editable(&self, version: u64, field: &str, updateable: bool) {
        let mut object = opportunity_schema();
        for known in object.fields.iter_mut().filter(|known| known.name == field) {
            known.updateable = updateable;
        }
        self.publish(&SchemaChanged {
            workspace: WORKSPACE.into(),
            version,
            object: Some(object),
            part: 1,
            parts: 1,
            ..SchemaChanged::default()
        })
        .await;
    }

    pub(crate) async fn publish_schema(&self) {
        for object in [opportunity_schema(), task_schema()] {
            self.publish(&SchemaChanged {
                workspace: WORKSPACE.into(),
                version: 1,
                object: Some(object),
                part: 1,
                parts: 1,
                ..SchemaChanged::default()
            })
            .await;
        }
    }

    pub(crate) async fn publish_mapping(&self, mapping: Mapping) {
        self.publish(&MappingChanged {
            mapping: Some(mapping),
        })
        .await;
    }

    pub(crate) async fn permit(&self) {
        let permission = |object: &str, field: &str, create| PropertyPermission {
            object: object.into(),
            field: field.into(),
            mode: PermissionMode::Automatic.into(),
            create_mode: PermissionMode::into(create),
        };
        let none = PermissionMode::Unspecified;
        self.client()
            .await
            .set_permissions(
                &as_admin(),
                SetPermissionsRequest {
                    workspace: WORKSPACE.into(),
                    permissions: vec![
                        permission("Opportunity", "", PermissionMode::Off),
                        permission("Opportunity", "NextStep", none),
                        permission("Opportunity", "Amount", none),
                        permission("Opportunity", "StageName", none),
                        permission("Task", "", PermissionMode::Automatic),
                    ],
                },
            )
            .await
            .expect("permissions are set");
    }

    pub(crate) async fn verify(&self) -> VerificationRun {
        self.client()
            .await
            .start_verification(
                &as_admin(),
                StartVerificationRequest {
                    workspace: WORKSPACE.into(),
                    records: vec![RecordRef {
                        object: "Opportunity".into(),
                        id: self.opportunity.clone(),
                    }],
                },
            )
            .await
            .expect("a run")
            .run
            .expect("the run")
    }

    pub(crate) async fn live(&self, live: bool) {
        self.client()
            .await
            .set_live(
                &as_admin(),
                SetLiveRequest {
                    workspace: WORKSPACE.into(),
                    live,
                },
            )
            .await
            .expect("live is set");
    }

    /// Waits until the service knows connection, schema and mapping.
    pub(crate) async fn until_settled(&self, mapping_version: i64) {
        eventually(LIMIT, async || {
            let row: Option<(String, i64, i64)> = sqlx::query_as(
                "select connection_state, mapping_version, (select count(*) from writeback.schema_part)
                 from writeback.workspace where workspace = $1",
            )
            .bind(WORKSPACE)
            .fetch_optional(&self.pool)
            .await
            .expect("the workspace");
            (row == Some(("connected".into(), mapping_version, 2))).then_some(())
        })
        .await;
    }

    /// Everything up to a passed verification; not live yet.
    pub(crate) async fn set_up(&self, mapping: Mapping) {
        self.connect(1, ConnectionState::Connected).await;
        self.publish_schema().await;
        let version = i64::try_from(mapping.version).expect("a version");
        self.publish_mapping(mapping).await;
        self.until_settled(version).await;
        self.permit().await;
        let run = self.verify().await;
        assert!(run.passed, "{run:?}");
    }

    pub(crate) async fn decided(&self, said: &Said) {
        self.decided_on(said, &self.opportunity).await;
    }

    pub(crate) async fn decided_on(&self, said: &Said, opportunity: &str) {
        self.decided_for(said, opportunity, &self.account).await;
    }

    /// Live without the service, for tests that let work pile up first.
    pub(crate) async fn live_by_hand(&self) {
        sqlx::query(
            "insert into writeback.live (workspace, live) values ($1, true)
             on conflict (workspace) do update set live = true",
        )
        .bind(WORKSPACE)
        .execute(&self.pool)
        .await
        .expect("is live");
    }

    pub(crate) async fn decided_for(&self, said: &Said, opportunity: &str, account: &str) {
        let text = |text: &str| {
            Some(Value {
                kind: Some(value::Kind::Text(text.into())),
            })
        };
        let mut values = vec![ExtractedValue {
            property: "next_step".into(),
            value: text(&said.next_step),
            confidence: said.confidence,
            evidence: vec![],
        }];
        if let Some(amount) = &said.amount {
            values.push(ExtractedValue {
                property: "amount".into(),
                value: Some(Value {
                    kind: Some(value::Kind::Number(amount.clone())),
                }),
                confidence: said.confidence,
                evidence: vec![],
            });
        }
        let matched = said.outcome == Outcome::Matched;
        let id = |id: &str| {
            if matched {
                id.to_owned()
            } else {
                String::new()
            }
        };
        self.publish(&MatchDecided {
            decision: Some(Decision {
                id: format!("decision-{}-{}-{}", said.id, said.revision, said.sequence),
                workspace: WORKSPACE.into(),
                meeting_id: said.id.clone(),
                meeting_revision: said.revision,
                sequence: said.sequence,
                outcome: said.outcome.into(),
                account_id: id(account),
                contact_ids: if matched {
                    vec![self.contact.clone()]
                } else {
                    vec![]
                },
                opportunity_outcome: said.outcome.into(),
                opportunity_id: id(opportunity),
                probability: 0.97,
                opportunity_probability: 0.95,
                explanation: "two deals are open".into(),
                ..Decision::default()
            }),
            meeting: Some(MeetingProcessed {
                id: said.id.clone(),
                workspace: WORKSPACE.into(),
                revision: said.revision,
                origin: said.origin.into(),
                title: said.title.clone(),
                organizer: (!said.organizer.is_empty()).then(|| Participant {
                    email: said.organizer.clone(),
                    ..Participant::default()
                }),
                started_at: at(said.started_at),
                ended_at: at(said.started_at + 1_800),
                extracted_values: values,
                suggested_stage: said.stage.as_ref().map(|stage| SuggestedStage {
                    stage: stage.clone(),
                    confidence: 0.9,
                    ..SuggestedStage::default()
                }),
                processed_at: at(said.started_at + said.analysed_after_s),
                ..MeetingProcessed::default()
            }),
        })
        .await;
    }

    pub(crate) async fn set_of(&self, meeting: &str) -> Option<ChangeSet> {
        let request = GetChangeSetRequest {
            workspace: WORKSPACE.into(),
            meeting_id: meeting.into(),
            ..GetChangeSetRequest::default()
        };
        let answer = self
            .client()
            .await
            .get_change_set(&as_admin(), request)
            .await;
        answer.ok().and_then(|answer| answer.change_set)
    }

    /// The change of a field ("" for the Task) of a meeting, once it is in a state.
    pub(crate) async fn until(&self, meeting: &str, field: &str, state: ChangeState) -> Change {
        let seen = std::sync::Mutex::new(String::new());
        let found = testkit::eventually::within(LIMIT, async || {
            let set = self.set_of(meeting).await?;
            *seen.lock().expect("nobody panicked") = format!(
                "{:?}",
                set.changes
                    .iter()
                    .map(|change| (&change.field, change.state(), &change.reasons))
                    .collect::<Vec<_>>()
            );
            set.changes
                .into_iter()
                .find(|change| change.field == field && change.state() == state)
        })
        .await;
        found.unwrap_or_else(|| {
            panic!(
                "{meeting}.{field} never became {state:?}: {}",
                seen.lock().expect("nobody panicked")
            )
        })
    }

    /// Values of a record as the org stores them.
    pub(crate) async fn record(&self, id: &str) -> Map<String, Json> {
        self.control.record(id).await.expect("a record")
    }

    /// Writes of ours in the org's log, as `operation object`, counted; what the org did by itself is left out.
    pub(crate) async fn writes(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for entry in self.our_log().await {
            let operation = match entry.operation {
                Operation::Create => "create",
                Operation::Update => "update",
                _ => "other",
            };
            *counts
                .entry(format!("{operation} {}", entry.object))
                .or_insert(0) += 1;
        }
        counts
    }

    pub(crate) async fn our_log(&self) -> Vec<WriteLogEntry> {
        let log = self.control.write_log(0).await.expect("the log");
        log.into_iter()
            .filter(|entry| entry.username == INTEGRATION_USERNAME && !entry.automatic)
            .collect()
    }

    /// Edits a record as a person in Salesforce.
    pub(crate) async fn human_edits(&self, id: &str, fields: Json) {
        self.control
            .save_as(
                salesforce_sim::config::ADMIN_USERNAME,
                "Opportunity",
                Some(id),
                fields,
            )
            .await
            .expect("the edit is saved");
    }

    /// Everything published of a type, in order.
    pub(crate) async fn published<E: Event>(&self) -> Vec<E> {
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
}

pub(crate) fn entry(property: &str, field: &str) -> MappingEntry {
    MappingEntry {
        id: property.replace('.', "_"),
        property: property.into(),
        object: "Opportunity".into(),
        field: field.into(),
        overwrite: OverwritePolicy::ReplaceAlways.into(),
        confidence_min: 0.5,
        ..MappingEntry::default()
    }
}

pub(crate) fn task_destination() -> Destination {
    Destination {
        content: destination::Content::Meeting.into(),
        kind: destination::Kind::Task.into(),
        ..Destination::default()
    }
}

pub(crate) fn mapping(entries: Vec<MappingEntry>, destinations: Vec<Destination>) -> Mapping {
    Mapping {
        workspace: WORKSPACE.into(),
        version: 1,
        revision: 1,
        entries,
        destinations,
        ..Mapping::default()
    }
}

/// One field and one task each: the mapping most tests use.
pub(crate) fn usual_mapping() -> Mapping {
    mapping(
        vec![entry("next_step", "NextStep")],
        vec![task_destination()],
    )
}

fn field(name: &str, kind: &str, length: u32) -> Field {
    Field {
        name: name.into(),
        label: name.into(),
        r#type: kind.into(),
        length,
        precision: if kind == "currency" { 18 } else { 0 },
        scale: if kind == "currency" { 2 } else { 0 },
        nillable: true,
        createable: true,
        updateable: true,
        filterable: true,
        ..Field::default()
    }
}

pub(crate) fn opportunity_schema() -> ObjectSchema {
    let stages = [
        "Prospecting",
        "Qualification",
        "Needs Analysis",
        "Closed Won",
    ];
    let mut stage_name = field("StageName", "picklist", 255);
    stage_name.picklist_values = stages
        .iter()
        .map(|stage| PicklistValue {
            value: (*stage).into(),
            label: (*stage).into(),
            active: true,
            ..PicklistValue::default()
        })
        .collect();
    ObjectSchema {
        name: "Opportunity".into(),
        label: "Opportunity".into(),
        key_prefix: "006".into(),
        createable: true,
        updateable: true,
        queryable: true,
        fields: vec![
            field("NextStep", "string", 255),
            field("Amount", "currency", 0),
            stage_name,
            field("LastModifiedDate", "datetime", 0),
        ],
        stages: stages
            .iter()
            .zip(1_u32..)
            .map(|(stage, order)| Stage {
                api_name: (*stage).into(),
                label: (*stage).into(),
                sort_order: order,
                active: true,
                closed: *stage == "Closed Won",
                ..Stage::default()
            })
            .collect(),
        ..ObjectSchema::default()
    }
}

pub(crate) fn task_schema() -> ObjectSchema {
    ObjectSchema {
        name: "Task".into(),
        label: "Task".into(),
        key_prefix: "00T".into(),
        createable: true,
        updateable: true,
        queryable: true,
        fields: vec![
            field("Subject", "combobox", 255),
            field("Description", "textarea", 32_000),
            field("WhatId", "reference", 18),
            field("WhoId", "reference", 18),
            field("Status", "picklist", 255),
            field("Priority", "picklist", 255),
            field("ActivityDate", "date", 0),
        ],
        ..ObjectSchema::default()
    }
}
