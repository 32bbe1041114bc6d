//! The caller's side: implements `events::rpc::Transport`, so that generated clients work over NATS.

use std::time::Duration;

use async_nats::{Request, client::RequestErrorKind};
use bytes::Bytes;
use events::rpc::{CallContext, Code, RpcError, Transport};
use tokio::time::Instant;
use tracing::Instrument;

use super::{PAYLOAD_BYTES_MAX, TIMEOUT_S_MAX, headers};
use crate::{bus::Bus, telemetry, telemetry::Metrics};

/// Sends requests over NATS. Cheap to clone; give it to the generated clients.
#[derive(Debug, Clone)]
pub struct RpcTransport {
    bus: Bus,
    metrics: Metrics,
}

impl RpcTransport {
    pub(crate) fn new(bus: Bus, metrics: Metrics) -> Self {
        Self { bus, metrics }
    }

    async fn send(
        &self,
        subject: &'static str,
        context: &CallContext,
        payload: Vec<u8>,
    ) -> Result<Bytes, RpcError> {
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(RpcError::new(
                Code::ResourceExhausted,
                format!(
                    "the request has {} bytes and the limit is {PAYLOAD_BYTES_MAX}",
                    payload.len()
                ),
            ));
        }
        let cause = telemetry::Cause::current();
        let timeout = context.timeout.min(Duration::from_secs(TIMEOUT_S_MAX));
        let request = Request::new()
            .payload(payload.into())
            .headers(headers::request(context, &cause))
            .timeout(Some(timeout));
        let answer = self
            .bus
            .client()
            .send_request(subject, request)
            .await
            .map_err(|error| match error.kind() {
                RequestErrorKind::TimedOut => RpcError::new(
                    Code::DeadlineExceeded,
                    format!("{subject} did not answer within {} ms", timeout.as_millis()),
                ),
                RequestErrorKind::NoResponders => {
                    RpcError::new(Code::Unavailable, format!("nobody answers {subject}"))
                }
                RequestErrorKind::InvalidSubject
                | RequestErrorKind::MaxPayloadExceeded
                | RequestErrorKind::Other => RpcError::new(
                    Code::Unavailable,
                    format!("{subject} could not be asked: {error}"),
                ),
            })?;
        match headers::error(answer.headers.as_ref()) {
            Some(error) => Err(error),
            None => Ok(answer.payload),
        }
    }
}

impl Transport for RpcTransport {
    async fn call(
        &self,
        subject: &'static str,
        context: &CallContext,
        payload: Vec<u8>,
    ) -> Result<Bytes, RpcError> {
        let span = tracing::info_span!(
            "rpc",
            otel.name = subject,
            otel.kind = "client",
            rpc.system = "nats",
            rpc.method = subject,
            error.type = tracing::field::Empty,
        );
        let began = Instant::now();
        let result = self
            .send(subject, context, payload)
            .instrument(span.clone())
            .await;
        let outcome = result
            .as_ref()
            .map_or_else(|error| code_name(error.code), |_| "ok");
        if result.is_err() {
            span.record("error.type", outcome);
        }
        self.metrics.called(subject, outcome, began.elapsed());
        result
    }
}

/// A code as a label.
pub(super) fn code_name(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "invalid_argument",
        Code::PermissionDenied => "permission_denied",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::FailedPrecondition => "failed_precondition",
        Code::ResourceExhausted => "resource_exhausted",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DeadlineExceeded => "deadline_exceeded",
    }
}
