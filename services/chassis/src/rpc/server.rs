//! The owner's side: one NATS service per `Dispatch`, discoverable under `$SRV`, answered by whichever replica is free.

use std::{panic::AssertUnwindSafe, sync::Arc};

use anyhow::Context as _;
use async_nats::service::{Request, ServiceExt, error::Error as ServiceError};
use bytes::Bytes;
use events::rpc::{Code, Dispatch, RpcError};
use futures::{FutureExt, StreamExt, stream::SelectAll};
use tokio::{
    sync::{Semaphore, oneshot},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{PAYLOAD_BYTES_MAX, REQUESTS_MAX, client::code_name, headers};
use crate::{bus::Bus, telemetry::Metrics};

/// All replicas of a service share one queue group.
const QUEUE_GROUP: &str = "ergo";

/// Serves `server` until `stop`, then answers what was begun. `subscribed` is told when requests arrive.
pub(crate) async fn serve<D: Dispatch>(
    bus: Bus,
    metrics: Metrics,
    server: D,
    subscribed: oneshot::Sender<()>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let service = bus
        .client()
        .service_builder()
        .description(format!("ergo {}", D::SERVICE))
        .queue_group(QUEUE_GROUP)
        .start(D::SERVICE, env!("CARGO_PKG_VERSION"))
        .await
        .map_err(|error| {
            anyhow::anyhow!("rpc service {} cannot be offered: {error}", D::SERVICE)
        })?;
    let mut requests = SelectAll::new();
    for &method in D::METHODS {
        let endpoint = service
            .endpoint_builder()
            .name(method)
            .add(format!("ergo.rpc.{}.{method}", D::SERVICE))
            .await
            .map_err(|error| anyhow::anyhow!("rpc method {method} cannot be offered: {error}"))?;
        requests.push(endpoint.map(move |request| (method, request)).boxed());
    }
    // The subscriptions must have reached the server before anyone is told that we are ready.
    bus.client()
        .flush()
        .await
        .context("rpc subscriptions could not be sent")?;
    // The receiver is gone when the start was given up; then `stop` follows.
    subscribed.send(()).ok();
    let server = Arc::new(server);
    let permits = Arc::new(Semaphore::new(REQUESTS_MAX));
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = running.join_next(), if !running.is_empty() => {}
            next = requests.next() => {
                let Some((method, request)) = next else {
                    anyhow::bail!("the subscriptions of rpc service {} ended", D::SERVICE);
                };
                let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else {
                    let busy = RpcError::new(
                        Code::ResourceExhausted,
                        format!("{} is busy with {REQUESTS_MAX} requests, try again", D::SERVICE),
                    );
                    reply(&request, Err(busy)).await;
                    continue;
                };
                let (server, metrics) = (Arc::clone(&server), metrics.clone());
                running.spawn(async move {
                    answer(&*server, &metrics, method, &request).await;
                    drop(permit);
                });
            }
        }
    }
    drop(requests);
    if let Err(error) = service.stop().await {
        tracing::warn!(%error, "an rpc service did not end cleanly");
    }
    while running.join_next().await.is_some() {}
    // Answers are only in the client's buffer until it is flushed.
    bus.client().flush().await.ok();
    Ok(())
}

async fn answer<D: Dispatch>(
    server: &D,
    metrics: &Metrics,
    method: &'static str,
    request: &Request,
) {
    let began = Instant::now();
    let span = tracing::info_span!(
        "rpc",
        otel.name = %format_args!("ergo.rpc.{}.{method}", D::SERVICE),
        otel.kind = "server",
        rpc.system = "nats",
        rpc.service = D::SERVICE,
        rpc.method = method,
        request.id = tracing::field::Empty,
        error.type = tracing::field::Empty,
    );
    let result = match headers::context(request.message.headers.as_ref()) {
        Err(error) => Err(error),
        Ok((context, cause)) => {
            cause.adopt(&span);
            span.record("request.id", context.caller.request_id.as_str());
            let timeout = context.timeout;
            let work =
                AssertUnwindSafe(server.dispatch(method, context, request.message.payload.clone()))
                    .catch_unwind()
                    .instrument(span.clone());
            match tokio::time::timeout(timeout, work).await {
                Ok(Ok(result)) => result.and_then(within_limit),
                Ok(Err(_)) => {
                    tracing::error!(parent: &span, method, "an rpc handler panicked");
                    Err(RpcError::new(
                        Code::Internal,
                        "the request ended in a fault, the log knows more",
                    ))
                }
                Err(_) => Err(RpcError::new(
                    Code::DeadlineExceeded,
                    format!("{method} was not done within {} ms", timeout.as_millis()),
                )),
            }
        }
    };
    let outcome = result
        .as_ref()
        .map_or_else(|error| code_name(error.code), |_| "ok");
    metrics.served(method, outcome, began.elapsed());
    if let Err(error) = &result {
        span.record("error.type", outcome);
        if matches!(error.code, Code::Internal) {
            tracing::error!(parent: &span, method, reason = %error, "rpc failed");
        } else {
            tracing::debug!(parent: &span, method, reason = %error, "rpc refused");
        }
    }
    reply(request, result).await;
}

fn within_limit(payload: Bytes) -> Result<Bytes, RpcError> {
    if payload.len() <= PAYLOAD_BYTES_MAX {
        return Ok(payload);
    }
    Err(RpcError::new(
        Code::ResourceExhausted,
        format!(
            "the answer has {} bytes and the limit is {PAYLOAD_BYTES_MAX}: ask for a smaller page",
            payload.len()
        ),
    ))
}

async fn reply(request: &Request, result: Result<Bytes, RpcError>) {
    let (response, extra) = match result {
        Ok(payload) => (Ok(payload), async_nats::HeaderMap::new()),
        Err(error) => (
            Err(ServiceError {
                status: headers::error_text(&error),
                code: usize::from(error.code.number()),
            }),
            headers::error_headers(&error),
        ),
    };
    if let Err(error) = request.respond_with_headers(response, extra).await {
        tracing::warn!(%error, "an answer could not be sent");
    }
}
