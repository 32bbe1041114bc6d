//! NATS: the connection, and everything that travels over JetStream.
//!
//! ```text
//! consume: pull -> admit (pure checks, decode) -> Handler -> settle (ack | nak | quarantine + term)
//! publish: Unit::emit -> outbox -> relay -> JetStream
//! ```
//! Streams and consumers are declared by `migrate` (`topology.rs`); running services only bind and compare.
//!
//! What a service's NATS user needs, and nothing else:
//! publish `$JS.API.STREAM.INFO.*`, `$JS.API.CONSUMER.INFO.<stream>.<durable>`,
//! `$JS.API.CONSUMER.MSG.NEXT.<stream>.<durable>`, `$JS.ACK.<stream>.<durable>.>` and `$JS.ACK.*.*.<stream>.<durable>.>`,
//! the subjects of its own events, `ergo.quarantine.<service>.*`, `ergo.nudge.<schema>`, the `ergo.rpc.<service>.*` it
//! calls, and `_INBOX.>` to answer; subscribe its inbox prefix, `ergo.nudge.<schema>`, `ergo.rpc.<itself>.*`, `$SRV.>`.
//! Whoever shows the quarantine needs `$JS.API.CONSUMER.CREATE.QUARANTINE.>`, `.CONSUMER.DELETE.QUARANTINE.*`,
//! `.CONSUMER.MSG.NEXT.QUARANTINE.*`, `.STREAM.MSG.GET.QUARANTINE`, `.STREAM.MSG.DELETE.QUARANTINE`, `$JS.API.DIRECT.GET.QUARANTINE`
//! and, to replay, the subjects of all events. `migrate` is the only one that creates streams.

mod admit;
pub(crate) mod backlog;
mod consume;
mod consumer;
mod health;
mod objects;
mod place;
mod publish;
mod pull;
pub mod quarantine;
mod settle;
mod topology;
mod work;

use std::time::Duration;

use anyhow::Context as _;
use async_nats::{Client, ConnectOptions, Event, connection::State, jetstream};
use secrecy::ExposeSecret;
use tokio::sync::watch;

pub use admit::Refusal;
pub(crate) use consume::Engine;
pub use consumer::{ConsumerSpec, Delivery, Handler};
pub(crate) use health::ConsumerHealth;
pub use objects::ObjectError;
pub(crate) use publish::{Outgoing, publish_all};
pub use quarantine::Store as Quarantine;
pub(crate) use topology::{check, ensure};
pub use topology::{consumer_differences, stream_differences};

use crate::{backoff, backoff::Backoff, config::Options};

/// Longest wait for JetStream to answer an administrative request or confirm a message, in seconds.
pub(crate) const JETSTREAM_TIMEOUT_S: u64 = 5;
/// How often an idle connection is probed, in seconds; two missed answers end it.
const PING_INTERVAL_S: u64 = 5;
/// Published messages JetStream has not confirmed yet: the pipelining of one process.
const ACKS_IN_FLIGHT_MAX: usize = 1_000;

/// One service's connection to NATS. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    jetstream: jetstream::Context,
    connections: watch::Receiver<u64>,
}

impl Bus {
    /// Connects as `service`, or fails at once when no server answers; afterwards the connection repairs itself for
    /// ever. Services receive theirs from the rig; tools connect themselves.
    ///
    /// # Errors
    /// When no server answers, or a credential cannot be used.
    pub async fn connect(options: &Options, service: &str) -> anyhow::Result<Self> {
        let (connected, connections) = watch::channel(0_u64);
        let mut connect = ConnectOptions::new()
            .name(format!("ergo-{service}"))
            .ping_interval(Duration::from_secs(PING_INTERVAL_S))
            .connection_timeout(Duration::from_secs(JETSTREAM_TIMEOUT_S))
            .request_timeout(Some(Duration::from_secs(JETSTREAM_TIMEOUT_S)))
            .max_reconnects(None)
            .reconnect_delay_callback(|attempt| {
                Backoff::RECONNECT.delay(
                    u64::try_from(attempt).unwrap_or(u64::MAX),
                    backoff::jitter(),
                )
            })
            .event_callback(move |event| {
                let connected = connected.clone();
                async move { report(&event, &connected) }
            });
        if let Some(file) = &options.nats_credentials_file {
            connect = connect
                .credentials_file(file)
                .await
                .context("NATS_CREDENTIALS_FILE cannot be used")?;
        }
        if let (Some(user), Some(password)) = (&options.nats_user, &options.nats_password) {
            connect = connect.user_and_password(user.clone(), password.expose_secret().to_owned());
        }
        if let Some(file) = &options.nats_tls_ca_file {
            connect = connect.add_root_certificates(file.clone());
        }
        if let (Some(certificate), Some(key)) =
            (&options.nats_tls_cert_file, &options.nats_tls_key_file)
        {
            connect = connect.add_client_certificate(certificate.clone(), key.clone());
        }
        if let Some(prefix) = &options.nats_inbox_prefix {
            connect = connect.custom_inbox_prefix(prefix);
        }
        let servers: Vec<&str> = options.nats_url.split(',').map(str::trim).collect();
        let client = connect
            .require_tls(options.nats_tls_required)
            .connect(servers)
            .await
            .context(if options.nats_tls_required {
                "NATS_URL does not answer over TLS, without which NATS_TLS_REQUIRED lets nothing through"
            } else {
                "NATS_URL does not answer"
            })?;
        Ok(Self::over(client, connections))
    }

    fn over(client: Client, connections: watch::Receiver<u64>) -> Self {
        let timeout = Duration::from_secs(JETSTREAM_TIMEOUT_S);
        let jetstream = jetstream::context::ContextBuilder::new()
            .timeout(timeout)
            .ack_timeout(timeout)
            .max_ack_inflight(ACKS_IN_FLIGHT_MAX)
            .build(client.clone());
        Self {
            client,
            jetstream,
            connections,
        }
    }

    /// The connection, for what chassis has no words for; services should not need it.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// JetStream over the same connection.
    #[must_use]
    pub fn jetstream(&self) -> &jetstream::Context {
        &self.jetstream
    }

    /// The messages that were set aside.
    #[must_use]
    pub fn quarantine(&self) -> Quarantine {
        Quarantine::new(self.clone())
    }

    /// Counts connections made; changes when the connection was lost and came back.
    pub(crate) fn connections(&self) -> watch::Receiver<u64> {
        self.connections.clone()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// One round trip to the server.
    pub(crate) async fn ping(&self) -> Result<(), String> {
        if !self.is_connected() {
            return Err("not connected".into());
        }
        match tokio::time::timeout(Duration::from_secs(2), self.client.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("did not answer within 2 s".into()),
        }
    }
}

/// Exhaustive on purpose: a new event of the client library should be looked at, not swallowed.
fn report(event: &Event, connected: &watch::Sender<u64>) {
    match event {
        Event::Connected => {
            tracing::info!("connected to nats");
            connected.send_modify(|count| *count += 1);
        }
        Event::Disconnected => tracing::warn!("disconnected from nats"),
        // We closed it ourselves; reconnecting has no limit.
        Event::Closed => tracing::debug!("the nats connection was closed"),
        Event::LameDuckMode | Event::Draining => tracing::info!("nats: {event}"),
        Event::SlowConsumer(subscription) => {
            tracing::error!(
                subscription,
                "nats dropped messages for a slow subscription"
            );
        }
        // Permission violations arrive here and nowhere else: the request itself only times out.
        Event::ServerError(error) => tracing::error!(%error, "nats refused something"),
        Event::ClientError(error) => tracing::warn!(%error, "nats connection trouble"),
    }
}
