//! The headers of requests and errors. Pure: context to headers and back.

use std::time::Duration;

use async_nats::HeaderMap;
use events::{
    header,
    rpc::{CallContext, Caller, Code, RpcError},
};

use super::TIMEOUT_S_MAX;
use crate::telemetry::Cause;

/// Set by NATS services on errors.
const ERROR: &str = "Nats-Service-Error";
const ERROR_CODE: &str = "Nats-Service-Error-Code";
/// Longest actor or request id accepted, in characters.
const CALLER_CHARACTERS_MAX: usize = 256;
/// Longest error text sent, in characters.
const MESSAGE_CHARACTERS_MAX: usize = 2_000;

pub(super) fn request(context: &CallContext, cause: &Cause) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let timeout_ms = u64::try_from(context.timeout.as_millis()).unwrap_or(u64::MAX);
    headers.insert(header::TIMEOUT_MS, timeout_ms.to_string().as_str());
    headers.insert(header::CALLER, one_line(&context.caller.actor).as_str());
    headers.insert(header::ROLE, context.caller.role.as_str());
    headers.insert(
        header::REQUEST_ID,
        one_line(&context.caller.request_id).as_str(),
    );
    if let Some(traceparent) = &cause.traceparent {
        headers.insert(header::TRACEPARENT, traceparent.as_str());
    }
    if let Some(tracestate) = &cause.tracestate {
        headers.insert(header::TRACESTATE, tracestate.as_str());
    }
    headers
}

/// Who asks and how long they wait. A request without a caller is refused: nobody is anonymous on the bus.
pub(super) fn context(headers: Option<&HeaderMap>) -> Result<(CallContext, Cause), RpcError> {
    let text = |name: &str| {
        headers
            .and_then(|headers| headers.get(name))
            .map(|value| value.as_str().to_owned())
    };
    let actor = text(header::CALLER).unwrap_or_default();
    let request_id = text(header::REQUEST_ID).unwrap_or_default();
    if actor.is_empty()
        || actor.len() > CALLER_CHARACTERS_MAX
        || request_id.len() > CALLER_CHARACTERS_MAX
    {
        return Err(RpcError::new(
            Code::PermissionDenied,
            format!(
                "the request does not say who asks: set the header {}",
                header::CALLER
            ),
        ));
    }
    let role = text(header::ROLE)
        .unwrap_or_default()
        .parse()
        .map_err(|_| {
            RpcError::new(
                Code::PermissionDenied,
                format!("header {} is not a role", header::ROLE),
            )
        })?;
    let most = Duration::from_secs(TIMEOUT_S_MAX);
    let timeout = text(header::TIMEOUT_MS)
        .and_then(|text| text.parse().ok())
        .map_or(most, Duration::from_millis)
        .min(most);
    let cause = Cause {
        traceparent: text(header::TRACEPARENT),
        tracestate: text(header::TRACESTATE),
        event_id: None,
    };
    Ok((
        CallContext {
            caller: Caller {
                actor,
                role,
                request_id,
            },
            timeout,
        },
        cause,
    ))
}

/// What an error adds to the two headers NATS services set.
pub(super) fn error_headers(error: &RpcError) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(field) = &error.field {
        headers.insert(header::ERROR_FIELD, one_line(field).as_str());
    }
    headers
}

/// An error's text as it travels.
pub(super) fn error_text(error: &RpcError) -> String {
    one_line(&error.message)
}

/// The error an answer carries, if it is one.
pub(super) fn error(headers: Option<&HeaderMap>) -> Option<RpcError> {
    let headers = headers?;
    let code = headers.get(ERROR_CODE)?;
    Some(RpcError {
        code: Code::from_number(code.as_str().parse().unwrap_or_default()),
        message: headers
            .get(ERROR)
            .map(|text| text.as_str().to_owned())
            .unwrap_or_default(),
        field: headers
            .get(header::ERROR_FIELD)
            .map(|text| text.as_str().to_owned()),
    })
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MESSAGE_CHARACTERS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::rpc::Role;

    fn call(timeout: Duration) -> CallContext {
        CallContext {
            caller: Caller {
                actor: "user:ann@acme.com".into(),
                role: Role::Operator,
                request_id: "r-1".into(),
            },
            timeout,
        }
    }

    #[test]
    fn a_context_survives_its_headers() {
        let sent = call(Duration::from_millis(1500));
        let headers = request(&sent, &Cause::default());
        let (received, _) = context(Some(&headers)).expect("context");
        assert_eq!(received, sent);
    }

    #[test]
    fn nobody_is_anonymous_and_nobody_waits_for_ever() {
        assert_eq!(
            context(None).expect_err("anonymous").code,
            Code::PermissionDenied
        );
        let headers = request(&call(Duration::from_secs(86_400)), &Cause::default());
        let (received, _) = context(Some(&headers)).expect("context");
        assert_eq!(received.timeout, Duration::from_secs(TIMEOUT_S_MAX));
    }

    #[test]
    fn a_line_break_cannot_add_a_header() {
        let mut sent = call(Duration::from_secs(1));
        sent.caller.actor = "user:x\r\nErgo-Role: super-admin".into();
        let (received, _) = context(Some(&request(&sent, &Cause::default()))).expect("context");
        assert_eq!(received.caller.role, Role::Operator);
        assert_eq!(received.caller.actor, "user:x  Ergo-Role: super-admin");
    }

    #[test]
    fn an_answer_without_a_code_is_not_an_error() {
        assert_eq!(error(None), None);
        assert_eq!(error(Some(&HeaderMap::new())), None);
    }
}
