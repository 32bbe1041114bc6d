//! One NATS and one database per test, migrated, and the questions tests ask of them.

use std::time::Duration;

use async_nats::{
    HeaderMap,
    jetstream::{self, consumer::PullConsumer},
};
use chassis::{Config, Options, Running};
use events::{EventId, WorkspaceId, header, meeting::v1::MeetingProcessed};
use prost::Message;
use sqlx::PgPool;
use testkit::{eventually, nats::Nats, postgres::Database};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::probe::{DURABLE, Probe, ProbeOptions, Script};

/// Longest a test waits for something that should happen at once, on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(30);
pub const SUBJECT: &str = "ergo.meeting.processed.v1.acme";

pub struct World {
    pub nats: Nats,
    pub database: Database,
    pub admin: PgPool,
    pub jetstream: jetstream::Context,
}

impl World {
    /// Everything there, migrated.
    pub async fn new() -> Self {
        let world = Self::bare().await;
        chassis::migrate::<Probe>(&world.options())
            .await
            .expect("migrates");
        world
    }

    /// Everything there, nothing migrated.
    pub async fn bare() -> Self {
        let nats = Nats::start().await;
        let database = Database::create().await;
        Self {
            admin: database.pool().await,
            jetstream: jetstream::new(nats.client().await),
            nats,
            database,
        }
    }

    pub fn options(&self) -> Options {
        let mut options = Options::new(Some(&self.database.url()), &self.nats.url());
        options.database_connections_max = 8;
        options
    }

    pub async fn start(&self, script: &Script) -> Running {
        self.start_with(self.options(), script).await
    }

    pub async fn start_with(&self, options: Options, script: &Script) -> Running {
        self.try_start_with(options, script).await.expect("starts")
    }

    pub async fn try_start_with(
        &self,
        options: Options,
        script: &Script,
    ) -> anyhow::Result<Running> {
        let service = ProbeOptions {
            script: script.clone(),
        };
        chassis::start::<Probe>(Config {
            chassis: options,
            service,
        })
        .await
    }

    /// Publishes a good meeting with this event id.
    pub async fn publish(&self, id: &str) {
        self.publish_raw(SUBJECT, &[(header::CE_ID, id)], meeting("acme"))
            .await;
    }

    pub async fn publish_raw(&self, subject: &str, pairs: &[(&str, &str)], payload: Vec<u8>) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, *value);
        }
        self.jetstream
            .publish_with_headers(subject.to_owned(), headers, payload.into())
            .await
            .expect("is sent")
            .await
            .expect("is stored");
    }

    /// Event ids that took effect, in order of their ids.
    pub async fn seen(&self) -> Vec<String> {
        sqlx::query_scalar("select event_id from probe.seen order by event_id")
            .fetch_all(&self.admin)
            .await
            .expect("seen")
    }

    /// The delivery attempt on which an event took effect.
    pub async fn attempt_of(&self, id: &str) -> i64 {
        sqlx::query_scalar("select attempt from probe.seen where event_id = $1")
            .bind(id)
            .fetch_one(&self.admin)
            .await
            .expect("seen once")
    }

    pub async fn until_seen(&self, count: usize) -> Vec<String> {
        eventually(LIMIT, async || {
            let seen = self.seen().await;
            (seen.len() >= count).then_some(seen)
        })
        .await
    }

    /// Until the consumer has settled everything there is.
    pub async fn until_settled(&self) {
        eventually(LIMIT, async || {
            let mut consumer: PullConsumer = self
                .jetstream
                .get_consumer_from_stream(DURABLE, "MEETINGS")
                .await
                .ok()?;
            let info = consumer.info().await.ok()?;
            (info.num_pending == 0 && info.num_ack_pending == 0).then_some(())
        })
        .await;
    }

    /// Until the relay has published everything there is.
    pub async fn until_relayed(&self) {
        eventually(LIMIT, async || {
            let left: i64 = sqlx::query_scalar("select count(*) from probe.outbox")
                .fetch_one(&self.admin)
                .await
                .ok()?;
            (left == 0).then_some(())
        })
        .await;
    }

    pub async fn messages_in(&self, stream: &str) -> u64 {
        let mut stream = self.jetstream.get_stream(stream).await.expect("stream");
        stream.info().await.expect("info").state.messages
    }

    /// A message of a stream by its sequence.
    pub async fn message(&self, stream: &str, sequence: u64) -> jetstream::message::StreamMessage {
        let stream = self.jetstream.get_stream(stream).await.expect("stream");
        stream.get_raw_message(sequence).await.expect("message")
    }
}

/// An encoded meeting of a workspace.
pub fn meeting(workspace: &str) -> Vec<u8> {
    MeetingProcessed {
        workspace: workspace.to_owned(),
        ..MeetingProcessed::default()
    }
    .encode_to_vec()
}

pub fn acme() -> WorkspaceId {
    "acme".parse().expect("workspace")
}

pub fn event_id(text: &str) -> EventId {
    text.parse().expect("event id")
}

/// Until the service is ready.
pub async fn until_ready(running: &Running) {
    eventually(LIMIT, async || {
        running.missing().await.is_empty().then_some(())
    })
    .await;
}

/// Until `name` is among what is missing; returns its problem.
pub async fn until_missing(running: &Running, name: &str) -> String {
    eventually(LIMIT, async || {
        let missing = running.missing().await;
        let found = missing.into_iter().find(|(missing, _)| *missing == name);
        found.map(|(_, problem)| problem)
    })
    .await
}

/// One HTTP GET; the status line and body in one text.
pub async fn get(addr: std::net::SocketAddr, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(addr)
        .await
        .expect("connects");
    stream
        .write_all(
            format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes(),
        )
        .await
        .expect("is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answers");
    answer
}
