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
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
pub(crate) const SUBJECT: &str = "ergo.meeting.processed.v1.acme";

pub(crate) struct World {
    pub(crate) nats: Nats,
    pub(crate) database: Database,
    pub(crate) admin: PgPool,
    pub(crate) jetstream: jetstream::Context,
}

impl World {
    /// Everything there, migrated.
    pub(crate) async fn new() -> Self {
        let world = Self::bare().await;
        chassis::migrate::<Probe>(&world.options())
            .await
            .expect("migrates");
        world
    }

    /// Everything there, nothing migrated.
    pub(crate) async fn bare() -> Self {
        let nats = Nats::start().await;
        let database = Database::create().await;
        Self {
            admin: database.pool().await,
            jetstream: jetstream::new(nats.client().await),
            nats,
            database,
        }
    }

    pub(crate) fn options(&self) -> Options {
        let mut options = Options::new(Some(&self.database.url()), &self.nats.url());
        options.database_connections_max = 8;
        options
    }

    pub(crate) async fn start(&self, script: &Script) -> Running {
        self.start_with(self.options(), script).await
    }

    pub(crate) async fn start_with(&self, options: Options, script: &Script) -> Running {
        self.try_start_with(options, script).await.expect("starts")
    }

    pub(crate) async fn try_start_with(
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
    pub(crate) async fn publish(&self, id: &str) {
        self.publish_raw(SUBJECT, &[(header::CE_ID, id)], meeting("acme"))
            .await;
    }

    pub(crate) async fn publish_raw(
        &self,
        subject: &str,
        pairs: &[(&str, &str)],
        payload: Vec<u8>,
    ) {
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
    pub(crate) async fn seen(&self) -> Vec<String> {
        sqlx::query_scalar("select event_id from probe.seen order by event_id")
            .fetch_all(&self.admin)
            .await
            .expect("seen")
    }

    /// The delivery attempt on which an event took effect.
    pub(crate) async fn attempt_of(&self, id: &str) -> i64 {
        sqlx::query_scalar("select attempt from probe.seen where event_id = $1")
            .bind(id)
            .fetch_one(&self.admin)
            .await
            .expect("seen once")
    }

    pub(crate) async fn until_seen(&self, count: usize) -> Vec<String> {
        eventually(LIMIT, async || {
            let seen = self.seen().await;
            (seen.len() >= count).then_some(seen)
        })
        .await
    }

    /// Until the consumer has settled everything there is.
    pub(crate) async fn until_settled(&self) {
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
    pub(crate) async fn until_relayed(&self) {
        eventually(LIMIT, async || {
            let left: i64 = sqlx::query_scalar("select count(*) from probe.outbox")
                .fetch_one(&self.admin)
                .await
                .ok()?;
            (left == 0).then_some(())
        })
        .await;
    }

    pub(crate) async fn messages_in(&self, stream: &str) -> u64 {
        let mut stream = self.jetstream.get_stream(stream).await.expect("stream");
        stream.info().await.expect("info").state.messages
    }

    /// A message of a stream by its sequence.
    pub(crate) async fn message(
        &self,
        stream: &str,
        sequence: u64,
    ) -> jetstream::message::StreamMessage {
        let stream = self.jetstream.get_stream(stream).await.expect("stream");
        stream.get_raw_message(sequence).await.expect("message")
    }
}

/// An encoded meeting of a workspace.
pub(crate) fn meeting(workspace: &str) -> Vec<u8> {
    MeetingProcessed {
        workspace: workspace.to_owned(),
        ..MeetingProcessed::default()
    }
    .encode_to_vec()
}

pub(crate) fn acme() -> WorkspaceId {
    "acme".parse().expect("workspace")
}

pub(crate) fn event_id(text: &str) -> EventId {
    text.parse().expect("event id")
}

/// Until the service is ready.
pub(crate) async fn until_ready(running: &Running) {
    eventually(LIMIT, async || {
        running.missing().await.is_empty().then_some(())
    })
    .await;
}

/// Until `name` is among what is missing, with a problem that says `text`.
pub(crate) async fn until_missing(running: &Running, name: &str, text: &str) {
    eventually(LIMIT, async || {
        let missing = running.missing().await;
        let found =
            |(missing, problem): &(&str, String)| *missing == name && problem.contains(text);
        missing.iter().any(found).then_some(())
    })
    .await
}

/// One HTTP GET; the status line and body in one text.
pub(crate) async fn get(addr: std::net::SocketAddr, path: &str) -> String {
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
