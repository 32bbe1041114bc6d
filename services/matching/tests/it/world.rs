//! One NATS, one database, one running matching, and the questions tests ask of them.

use async_nats::HeaderMap;
use async_nats::jetstream;
use chassis::{Config, Options as ChassisOptions, Running};
use events::crm::v1 as crm;
use events::matching::v1::MatchDecided;
use events::meeting::v1 as meeting;
use events::rpc::{CallContext, Caller, Role};
use events::{Event, Timestamp, WorkspaceId, header};
use futures::StreamExt;
use matching::{Matching, Options};
use std::time::Duration;
use testkit::nats::Nats;
use testkit::postgres::Database;

pub(crate) const LIMIT: Duration = Duration::from_secs(30);
pub(crate) const DAY: i64 = 1_767_600_000;
pub(crate) const ACME: &str = "001000000000001AAA";
pub(crate) const ANN: &str = "003000000000001AAA";
pub(crate) const DEAL: &str = "006000000000001AAA";
pub(crate) const REP: &str = "005000000000001AAA";

pub(crate) struct World {
    pub(crate) pool: sqlx::PgPool,
    _nats: Nats,
    client: async_nats::Client,
    jetstream: jetstream::Context,
    options: ChassisOptions,
    _database: Database,
}

impl World {
    pub(crate) async fn new() -> Self {
        let nats = Nats::start().await;
        let database = Database::create().await;
        let options = ChassisOptions::new(Some(&database.url()), &nats.url());
        chassis::migrate::<Matching>(&options)
            .await
            .expect("migrates");
        let client = nats.client().await;
        Self {
            pool: database.pool().await,
            jetstream: jetstream::new(client.clone()),
            client,
            _nats: nats,
            options,
            _database: database,
        }
    }

    pub(crate) async fn start(&self) -> Running {
        let service = Options {
            matching_waiting_interval_s: 1,
            matching_reconsider_days: 30,
            matching_names_bytes_max: 64 * 1024 * 1024,
            matching_names_refresh_s: 0,
            matching_content_kept_days: 365,
        };
        chassis::start::<Matching>(Config {
            chassis: self.options.clone(),
            service,
        })
        .await
        .expect("starts")
    }

    /// Publishes records and waits until they are in the projection: meetings travel on another stream.
    pub(crate) async fn load(&self, records: &crm::RecordsChanged) {
        self.publish("records-1", records).await;
        testkit::eventually(LIMIT, || async {
            sqlx::query("select 1 from matching.workspace where loaded_at is not null")
                .fetch_optional(&self.pool)
                .await
                .expect("a query")
        })
        .await;
    }

    pub(crate) async fn publish<E: Event>(&self, event_id: &str, event: &E) {
        let workspace: WorkspaceId = event.workspace().parse().expect("a workspace");
        let mut headers = HeaderMap::new();
        headers.insert(header::MESSAGE_ID, event_id);
        let payload = event.encode_to_vec().into();
        let subject = events::subject::<E>(&workspace);
        self.jetstream
            .publish_with_headers(subject, headers, payload)
            .await
            .expect("sent")
            .await
            .expect("stored");
    }

    /// The next `count` decisions published, in the order of the stream.
    pub(crate) async fn decided(&self, count: usize) -> Vec<MatchDecided> {
        let stream = self
            .jetstream
            .get_stream("MATCHES")
            .await
            .expect("the stream is declared");
        let consumer = stream
            .create_consumer(jetstream::consumer::pull::OrderedConfig::default())
            .await
            .expect("a reader");
        let messages = consumer.messages().await.expect("messages").take(count);
        let read = messages.map(|message| {
            prost::Message::decode(message.expect("a message").payload.clone()).expect("a decision")
        });
        tokio::time::timeout(LIMIT, read.collect())
            .await
            .expect("decided in time")
    }

    /// How many decisions are in the stream.
    pub(crate) async fn decisions(&self) -> u64 {
        let mut stream = self
            .jetstream
            .get_stream("MATCHES")
            .await
            .expect("the stream is declared");
        stream.info().await.expect("its state").state.messages
    }

    /// Reason headers of everything quarantined.
    pub(crate) async fn quarantined(&self, count: usize) -> Vec<String> {
        let stream = self
            .jetstream
            .get_stream("QUARANTINE")
            .await
            .expect("the stream is declared");
        let consumer = stream
            .create_consumer(jetstream::consumer::pull::OrderedConfig::default())
            .await
            .expect("a reader");
        let messages = consumer.messages().await.expect("messages").take(count);
        let read = messages.map(|message| {
            let message = message.expect("a message");
            let headers = message.headers.clone().expect("headers");
            headers
                .get(header::QUARANTINE_REASON)
                .expect("a reason")
                .to_string()
        });
        tokio::time::timeout(LIMIT, read.collect())
            .await
            .expect("quarantined in time")
    }

    pub(crate) fn client(
        &self,
    ) -> events::matching::v1::MatchingClient<testkit::rpc::NatsTransport> {
        events::matching::v1::MatchingClient::new(testkit::rpc::NatsTransport(self.client.clone()))
    }
}

pub(crate) fn admin() -> CallContext {
    let caller = Caller {
        actor: "user:pat".into(),
        role: Role::Admin,
        request_id: "r-1".into(),
    };
    CallContext {
        caller,
        timeout: Duration::from_secs(10),
    }
}

pub(crate) fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

pub(crate) fn stamps(modstamp: i64) -> Option<crm::Stamps> {
    Some(crm::Stamps {
        system_modstamp: at(modstamp),
        last_modified_at: at(modstamp),
        ..Default::default()
    })
}

pub(crate) fn contact(id: &str, account: &str, address: &str, modstamp: i64) -> crm::Contact {
    crm::Contact {
        id: id.into(),
        account_id: account.into(),
        first_name: "Ann".into(),
        last_name: "Lee".into(),
        emails: vec![address.into()],
        stamps: stamps(modstamp),
        ..Default::default()
    }
}

/// Acme with Ann, one open deal, and our rep.
pub(crate) fn org(workspace: &str) -> crm::RecordsChanged {
    crm::RecordsChanged {
        workspace: workspace.into(),
        organization_id: "00D000000000001AAA".into(),
        connected_user_id: REP.into(),
        load: crm::records_changed::Load::Full.into(),
        generation: 1,
        accounts: vec![crm::Account {
            id: ACME.into(),
            name: "Acme".into(),
            website: "https://www.acme.com".into(),
            owner_id: REP.into(),
            stamps: stamps(1),
            ..Default::default()
        }],
        contacts: vec![contact(ANN, ACME, "Ann@acme.com", 1)],
        opportunities: vec![crm::Opportunity {
            id: DEAL.into(),
            account_id: ACME.into(),
            name: "Acme 2026".into(),
            owner_id: REP.into(),
            close_date: "2026-06-30".into(),
            created_at: at(DAY - 100_000),
            stamps: stamps(1),
            ..Default::default()
        }],
        contact_roles: vec![crm::OpportunityContactRole {
            id: "00K000000000001AAA".into(),
            opportunity_id: DEAL.into(),
            contact_id: ANN.into(),
            stamps: stamps(1),
            ..Default::default()
        }],
        users: vec![crm::User {
            id: REP.into(),
            name: "Rep".into(),
            email: "rep@ours.example".into(),
            is_active: true,
            stamps: stamps(1),
            ..Default::default()
        }],
        load_complete: true,
        ..Default::default()
    }
}

pub(crate) fn meeting(
    workspace: &str,
    id: &str,
    revision: u64,
    address: &str,
) -> meeting::MeetingProcessed {
    let person = |email: &str| meeting::Participant {
        email: email.into(),
        attended: true,
        ..Default::default()
    };
    meeting::MeetingProcessed {
        id: id.into(),
        workspace: workspace.into(),
        revision,
        origin: meeting::Origin::Live.into(),
        title: "Weekly".into(),
        started_at: at(DAY),
        ended_at: at(DAY + 1_800),
        organizer: Some(person("rep@ours.example")),
        participants: vec![person("rep@ours.example"), person(address)],
        ..Default::default()
    }
}

/// Records changed after the load, seen by the connected user.
pub(crate) fn changed(
    contacts: Vec<crm::Contact>,
    accounts: Vec<crm::Account>,
) -> crm::RecordsChanged {
    crm::RecordsChanged {
        workspace: "acme".into(),
        organization_id: "00D000000000001AAA".into(),
        connected_user_id: REP.into(),
        load: crm::records_changed::Load::Incremental.into(),
        generation: 1,
        contacts,
        accounts,
        ..Default::default()
    }
}

pub(crate) fn account(id: &str, name: &str, website: &str, modstamp: i64) -> crm::Account {
    crm::Account {
        id: id.into(),
        name: name.into(),
        website: website.into(),
        owner_id: REP.into(),
        stamps: stamps(modstamp),
        ..Default::default()
    }
}
