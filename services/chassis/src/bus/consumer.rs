//! What a service says about one consumer: its limits, its handler, and what the handler receives.

use std::{future::Future, time::Duration};

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use chrono::{DateTime, Utc};
use events::{Event, EventId, WorkspaceId, topology};
use tracing::Span;

use crate::{config::Options, failure::Failure, telemetry::Cause};

/// One durable consumer: declared by `migrate`, bound and compared by `serve`.
///
/// The broker never gives up on a message (`max_deliver` is unlimited): giving up there is silent. The loop counts
/// deliveries and quarantines where a person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerSpec {
    /// `<service>__<noun>_<verb>`, for example `matching__meeting_processed`.
    pub durable: &'static str,
    /// The stream it reads.
    pub stream: &'static str,
    /// Exactly one filter: older servers silently drop lists.
    pub filter_subject: String,
    /// Most messages handed to the handler at once.
    pub batch_messages_max: usize,
    /// Batches worked on at the same time by one process.
    pub concurrency: usize,
    /// Silence after which the broker delivers again, in seconds; working handlers are kept alive by the loop.
    pub ack_wait_s: u64,
    /// Longest time one call of the handler may take, in seconds; then it counts as a transient failure.
    pub handler_timeout_s: u64,
    /// Messages the broker lets out unacknowledged, over all processes.
    pub ack_pending_max: usize,
    /// Deliveries after which a message is quarantined.
    pub attempts_max: u64,
    /// Largest payload handed on, in bytes; a larger one is quarantined.
    pub message_bytes_max: usize,
}

impl ConsumerSpec {
    /// The usual limits for events of type `E`; change fields where a consumer differs.
    ///
    /// Batches of 64 are design section 7. Upstream's meetings are limited to 512 KiB, our own messages to what
    /// the streams accept, since a decision carries its meeting.
    #[must_use]
    pub fn of<E: Event>(durable: &'static str) -> Self {
        let own_limit = usize::try_from(topology::MESSAGE_BYTES_MAX).unwrap_or(usize::MAX);
        Self {
            durable,
            stream: E::STREAM,
            filter_subject: events::filter_subject::<E>(),
            batch_messages_max: 64,
            concurrency: 4,
            ack_wait_s: 30,
            handler_timeout_s: 60,
            ack_pending_max: 2_000,
            attempts_max: 8,
            message_bytes_max: if E::STREAM == "MEETINGS" {
                topology::EVENT_BYTES_MAX
            } else {
                own_limit
            },
        }
    }

    /// The spec as this installation wants it.
    pub(crate) fn tuned(mut self, options: &Options) -> Self {
        self.ack_wait_s = options.nats_ack_wait_s.unwrap_or(self.ack_wait_s);
        self
    }

    /// Messages one process holds at most: every batch in work and one more waiting.
    pub(crate) fn held_messages_max(&self) -> usize {
        self.batch_messages_max * (self.concurrency + 1)
    }

    pub(crate) fn ack_wait(&self) -> Duration {
        Duration::from_secs(self.ack_wait_s)
    }

    /// What the broker is told. `backoff` stays empty: it would replace `ack_wait` and distort delayed naks.
    pub(crate) fn config(&self, replicas: usize) -> pull::Config {
        pull::Config {
            durable_name: Some(self.durable.to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.ack_wait(),
            max_deliver: -1,
            filter_subject: self.filter_subject.clone(),
            max_ack_pending: i64::try_from(self.ack_pending_max).unwrap_or(i64::MAX),
            num_replicas: replicas,
            ..pull::Config::default()
        }
    }
}

/// Handles batches of one event type.
///
/// ```ignore
/// impl Handler for OnMeetingProcessed {
///     type Event = MeetingProcessed;
///     async fn handle(&self, batch: &[Delivery<MeetingProcessed>]) -> Result<(), Failure> {
///         let facts = self.store.load(batch).await?;                        // outside any transaction
///         let (mut unit, fresh) = self.db.begin_batch(DURABLE, batch.iter().map(Delivery::claim)).await?;
///         for index in fresh.indexes() {
///             let decision = decide(&batch[index].event, &facts);
///             self.store.insert(unit.connection(), &decision).await?;
///             unit.emit(&batch[index].workspace, &decision.event(), &batch[index].cause);
///         }
///         unit.commit().await
///     }
/// }
/// ```
///
/// It has no way to acknowledge: `Ok` means that the unit was committed, and the loop acknowledges then. After a
/// failure of a batch the loop calls again with each message alone.
pub trait Handler: Send + Sync + 'static {
    /// The event it understands.
    type Event: Event;

    /// Does the work of the whole batch, or none of it.
    fn handle(
        &self,
        batch: &[Delivery<Self::Event>],
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// One received event that passed all checks.
#[derive(Debug, Clone)]
pub struct Delivery<E> {
    /// `ce-id`, else `Nats-Msg-Id`: the same for every delivery and replay of an event.
    pub id: EventId,
    /// The subject's last token, equal to the payload's.
    pub workspace: WorkspaceId,
    /// The payload.
    pub event: E,
    /// Pass it to `emit`, so that one trace runs from the meeting to the record.
    pub cause: Cause,
    /// The message's place in its stream.
    pub stream_sequence: u64,
    /// 1 for the first delivery.
    pub attempt: u64,
    /// When JetStream stored it.
    pub published_at: DateTime<Utc>,
    pub(crate) span: Span,
}

impl<E> Delivery<E> {
    /// The span of this message's processing, for spans and events about this one message of a batch.
    #[must_use]
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// What [`Db::begin_batch`](crate::Db::begin_batch) needs to know: whose rows, and which message.
    #[must_use]
    pub fn claim(&self) -> (&WorkspaceId, &EventId) {
        (&self.workspace, &self.id)
    }

    /// A delivery made by hand, to call a handler in a test.
    #[must_use]
    pub fn for_test(id: EventId, workspace: WorkspaceId, event: E) -> Self {
        Self {
            cause: Cause {
                event_id: Some(id.clone()),
                ..Cause::default()
            },
            id,
            workspace,
            event,
            stream_sequence: 1,
            attempt: 1,
            published_at: DateTime::UNIX_EPOCH,
            span: Span::none(),
        }
    }
}
