//! Asks services over NATS as a person would through the console, so that tests and the story need no service's code.

use async_nats::client::RequestErrorKind;
use async_nats::{HeaderMap, Request};
use bytes::Bytes;
use events::header;
use events::rpc::{CallContext, Caller, Code, Role, RpcError, Transport};
use std::time::Duration;

/// Longest a call may take: what the services themselves allow.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Set by NATS services on errors.
const ERROR: &str = "Nats-Service-Error";
const ERROR_CODE: &str = "Nats-Service-Error-Code";

/// Carries requests for the generated clients.
#[derive(Debug, Clone)]
pub struct NatsTransport(pub async_nats::Client);

/// A call as the admin of the sample workspace.
#[must_use]
pub fn as_admin() -> CallContext {
    as_role("user:admin@sample", Role::SuperAdmin)
}

/// A call as one of our services.
#[must_use]
pub fn as_service() -> CallContext {
    as_role("service:testkit", Role::Service)
}

/// A call as anybody.
#[must_use]
pub fn as_role(actor: &str, role: Role) -> CallContext {
    let request_id = uuid::Uuid::now_v7().to_string();
    CallContext {
        caller: Caller {
            actor: actor.to_owned(),
            role,
            request_id,
        },
        timeout: TIMEOUT,
    }
}

impl Transport for NatsTransport {
    async fn call(
        &self,
        subject: &'static str,
        context: &CallContext,
        payload: Vec<u8>,
    ) -> Result<Bytes, RpcError> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::TIMEOUT_MS,
            context.timeout.as_millis().to_string().as_str(),
        );
        headers.insert(header::CALLER, context.caller.actor.as_str());
        headers.insert(header::ROLE, context.caller.role.as_str());
        headers.insert(header::REQUEST_ID, context.caller.request_id.as_str());
        let request = Request::new()
            .payload(payload.into())
            .headers(headers)
            .timeout(Some(context.timeout));
        let answer = self
            .0
            .send_request(subject, request)
            .await
            .map_err(|error| {
                let code = match error.kind() {
                    RequestErrorKind::TimedOut => Code::DeadlineExceeded,
                    RequestErrorKind::NoResponders
                    | RequestErrorKind::InvalidSubject
                    | RequestErrorKind::MaxPayloadExceeded
                    | RequestErrorKind::Other => Code::Unavailable,
                };
                RpcError::new(code, format!("{subject}: {error}"))
            })?;
        let text = |name: &str| {
            let value = answer
                .headers
                .as_ref()
                .and_then(|headers| headers.get(name));
            value.map(|value| value.as_str().to_owned())
        };
        let Some(code) = text(ERROR_CODE) else {
            return Ok(answer.payload);
        };
        Err(RpcError {
            code: Code::from_number(code.parse().unwrap_or_default()),
            message: text(ERROR).unwrap_or_default(),
            field: text(header::ERROR_FIELD),
        })
    }
}
