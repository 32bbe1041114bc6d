//! What a worker does with one batch: admit each message, call the handler, settle each by its verdict.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_nats::{Message, jetstream::AckKind};
use futures::{FutureExt, future::join_all};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{
    Bus, ConsumerHealth, ConsumerSpec, Delivery, Handler,
    admit::{Refusal, admit},
    health::Waiting,
    place::Place,
    quarantine::{self, Origin},
    settle,
};
use crate::{
    backoff,
    backoff::Backoff,
    failure::{Failure, Verdict, verdict},
    telemetry::{self, Metrics},
};

/// The quarantine code of a message whose earlier deliveries all ended without a word: they took the process down.
const CRASH_LOOP: &str = "crash_loop";

/// One message on its way through a worker.
pub(crate) struct Work {
    pub(crate) key: u64,
    pub(crate) message: Message,
}

/// Shared by all workers of one consumer.
pub(crate) struct Worker<H> {
    pub(crate) bus: Bus,
    pub(crate) spec: ConsumerSpec,
    pub(crate) handler: H,
    pub(crate) service: &'static str,
    pub(crate) metrics: Metrics,
    pub(crate) health: Arc<ConsumerHealth>,
    pub(crate) stop: CancellationToken,
}

/// The process is stopping while a dependency is away; the messages go back.
struct Stopped;

impl<H: Handler> Worker<H> {
    /// Settles every message of the batch, one way or another, and returns their keys.
    pub(crate) async fn run(&self, batch: Vec<Work>) -> Vec<u64> {
        let keys = batch.iter().map(|work| work.key).collect();
        let mut messages = Vec::with_capacity(batch.len());
        let mut deliveries = Vec::with_capacity(batch.len());
        for work in batch {
            let place = Place::of(&self.bus, &work.message);
            match self.admit(&work.message, &place) {
                Ok(delivery) => {
                    messages.push(work.message);
                    deliveries.push(delivery);
                }
                Err(refusal) => self.set_aside(&work.message, &place, &refusal).await,
            }
        }
        if !deliveries.is_empty() {
            self.handle(&messages, &deliveries).await;
        }
        keys
    }

    fn admit(&self, message: &Message, place: &Place) -> Result<Delivery<H::Event>, Refusal> {
        if place.attempt > self.spec.attempts_max {
            return Err(Refusal::new(
                CRASH_LOOP,
                format!(
                    "delivered {} times and never finished: handling it ends the process or outlives its time",
                    place.attempt - 1
                ),
            ));
        }
        let admitted = admit::<H::Event>(
            &message.subject,
            message.headers.as_ref(),
            &message.payload,
            self.spec.message_bytes_max,
        )?;
        let span = tracing::info_span!(
            "process",
            otel.name = %format_args!("process {}", self.spec.filter_subject),
            otel.kind = "consumer",
            messaging.system = "nats",
            messaging.operation.name = "process",
            messaging.operation.type = "process",
            messaging.destination.name = self.spec.stream,
            messaging.destination.template = %self.spec.filter_subject,
            messaging.consumer.group.name = self.spec.durable,
            messaging.message.id = %admitted.id,
            nats.stream = self.spec.stream,
            nats.sequence = place.sequence,
            nats.delivered = place.attempt,
            tenant.id = %admitted.workspace,
            error.type = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        );
        admitted.cause.adopt(&span);
        Ok(Delivery {
            cause: telemetry::current(&span, Some(&admitted.cause)),
            id: admitted.id,
            workspace: admitted.workspace,
            event: admitted.event,
            stream_sequence: place.sequence,
            attempt: place.attempt,
            published_at: place.published_at,
            span,
        })
    }

    /// The batch at once; when that fails, each message alone, so that one never holds up its neighbours.
    async fn handle(&self, messages: &[Message], deliveries: &[Delivery<H::Event>]) {
        match self.attempt(deliveries).await {
            Err(Stopped) => self.hand_back(messages).await,
            Ok(Ok(())) => self.done(messages, deliveries).await,
            Ok(Err(failure)) if deliveries.len() == 1 => {
                self.conclude(&messages[0], &deliveries[0], failure).await;
            }
            Ok(Err(failure)) => {
                tracing::info!(
                    consumer = self.spec.durable,
                    batch.messages = deliveries.len(),
                    reason = failure.chain(),
                    "a batch failed, its messages are handled one by one"
                );
                for (message, delivery) in messages.iter().zip(deliveries) {
                    match self.attempt(std::slice::from_ref(delivery)).await {
                        Err(Stopped) => self.hand_back(std::slice::from_ref(message)).await,
                        Ok(Ok(())) => {
                            self.done(
                                std::slice::from_ref(message),
                                std::slice::from_ref(delivery),
                            )
                            .await;
                        }
                        Ok(Err(failure)) => self.conclude(message, delivery, failure).await,
                    }
                }
            }
        }
    }

    /// Calls the handler until it answers something other than "a dependency is away".
    async fn attempt(
        &self,
        deliveries: &[Delivery<H::Event>],
    ) -> Result<Result<(), Failure>, Stopped> {
        let mut waits = 0_u64;
        // Readiness stays down until a call has gone through: only the call itself knows that the dependency is back.
        let mut waiting: Option<Waiting<'_>> = None;
        loop {
            let (what, source) = match self.call(deliveries).await {
                Err(Failure::Unavailable { what, source }) => (what, source),
                outcome => return Ok(outcome),
            };
            waits += 1;
            let delay = Backoff::RECONNECT.delay(waits, backoff::jitter());
            tracing::warn!(
                consumer = self.spec.durable,
                batch.messages = deliveries.len(),
                what,
                error = %source,
                attempt = waits,
                "a dependency is away, the batch is held"
            );
            if waiting.as_ref().is_none_or(|waiting| waiting.what != what) {
                waiting = Some(Waiting::new(
                    &self.health,
                    &self.metrics,
                    self.spec.durable,
                    what,
                ));
            }
            tokio::select! {
                () = self.stop.cancelled() => return Err(Stopped),
                () = tokio::time::sleep(delay) => {}
            }
        }
    }

    /// One call of the handler, under its time limit, with panics caught.
    async fn call(&self, deliveries: &[Delivery<H::Event>]) -> Result<(), Failure> {
        let span = self.batch_span(deliveries);
        let began = Instant::now();
        let limit = Duration::from_secs(self.spec.handler_timeout_s);
        let work = AssertUnwindSafe(self.handler.handle(deliveries))
            .catch_unwind()
            .instrument(span);
        let result = match tokio::time::timeout(limit, work).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Failure::transient(format!(
                "the handler panicked: {}",
                panic_text(panic.as_ref())
            ))),
            Err(_) => Err(Failure::transient(format!(
                "the handler took longer than {} s",
                self.spec.handler_timeout_s
            ))),
        };
        let outcome = result.as_ref().map_or_else(Failure::kind, |()| "ok");
        self.metrics.processed(
            self.spec.durable,
            outcome,
            deliveries.len(),
            began.elapsed(),
        );
        result
    }

    /// A message alone is handled inside its own span; a batch gets a span that links to all of them.
    fn batch_span(&self, deliveries: &[Delivery<H::Event>]) -> Span {
        if let [only] = deliveries {
            return only.span.clone();
        }
        let span = tracing::info_span!(
            parent: None,
            "batch",
            otel.name = %format_args!("process {}", self.spec.filter_subject),
            otel.kind = "consumer",
            messaging.system = "nats",
            messaging.operation.name = "process",
            messaging.operation.type = "process",
            messaging.destination.name = self.spec.stream,
            messaging.consumer.group.name = self.spec.durable,
            messaging.batch.message_count = deliveries.len(),
        );
        for delivery in deliveries {
            let context = delivery.span.context();
            let linked = opentelemetry::trace::TraceContextExt::span(&context)
                .span_context()
                .clone();
            if linked.is_valid() {
                span.add_link(linked);
            }
        }
        span
    }

    async fn done(&self, messages: &[Message], deliveries: &[Delivery<H::Event>]) {
        join_all(
            messages
                .iter()
                .map(|message| settle::confirm(&self.bus, message, AckKind::Ack)),
        )
        .await;
        self.metrics.settled(
            self.spec.durable,
            "done",
            u64::try_from(messages.len()).unwrap_or(u64::MAX),
        );
        for delivery in deliveries {
            tracing::debug!(parent: &delivery.span, event.id = %delivery.id, "message done");
        }
    }

    async fn hand_back(&self, messages: &[Message]) {
        for message in messages {
            settle::tell(&self.bus, message, AckKind::Nak(None)).await;
        }
        self.metrics.settled(
            self.spec.durable,
            "handed_back",
            u64::try_from(messages.len()).unwrap_or(u64::MAX),
        );
    }

    /// Applies the verdict on one message that failed alone.
    async fn conclude(&self, message: &Message, delivery: &Delivery<H::Event>, failure: Failure) {
        let place = Place::of(&self.bus, message);
        delivery.span.record("error.type", failure.kind());
        delivery.span.record("otel.status_code", "ERROR");
        match verdict(
            &failure,
            delivery.attempt,
            self.spec.attempts_max,
            backoff::jitter(),
        ) {
            Verdict::Quarantine(code) => {
                let refusal = Refusal::new(code, failure.chain());
                self.set_aside(message, &place, &refusal).await;
            }
            // `attempt` never returns an unavailable dependency; waiting a little is right all the same.
            Verdict::Hold => {
                self.retry(message, delivery, &failure, Backoff::RECONNECT.cap)
                    .await
            }
            Verdict::Retry(delay) => self.retry(message, delivery, &failure, delay).await,
        }
    }

    async fn retry(
        &self,
        message: &Message,
        delivery: &Delivery<H::Event>,
        failure: &Failure,
        delay: Duration,
    ) {
        tracing::warn!(
            parent: &delivery.span,
            consumer = self.spec.durable,
            event.id = %delivery.id,
            attempt = delivery.attempt,
            delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            reason = failure.chain(),
            "message will be tried again"
        );
        self.metrics.settled(self.spec.durable, "retried", 1);
        settle::tell(&self.bus, message, AckKind::Nak(Some(delay))).await;
    }

    /// Stores the message in the quarantine, then ends it here. The other order would lose it in a crash between.
    async fn set_aside(&self, message: &Message, place: &Place, refusal: &Refusal) {
        let origin = Origin {
            service: self.service,
            consumer: self.spec.durable,
            stream: self.spec.stream,
            stream_sequence: place.sequence,
            attempts: place.attempt,
        };
        let mut waits = 0;
        while let Err(failure) = quarantine::put(&self.bus, origin, message, refusal).await {
            waits += 1;
            let delay = Backoff::RECONNECT.delay(waits, backoff::jitter());
            tracing::warn!(
                consumer = self.spec.durable,
                reason = failure.chain(),
                attempt = waits,
                "the quarantine does not answer, the message is held"
            );
            tokio::select! {
                // Not settled: the broker delivers it again.
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(delay) => {}
            }
        }
        settle::confirm(&self.bus, message, AckKind::Term).await;
        self.metrics.settled(self.spec.durable, "quarantined", 1);
        self.metrics.quarantined(self.spec.durable, refusal.code);
        tracing::error!(
            consumer = self.spec.durable,
            nats.stream = self.spec.stream,
            nats.sequence = place.sequence,
            attempt = place.attempt,
            code = refusal.code,
            reason = refusal.reason,
            "message quarantined"
        );
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
