//! The data API behind a session: who calls, within which limits, reading or writing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::HeaderMap;
use serde_json::Value as Json;

use super::answer::Style;
use super::server::{Call, bearer, dead_session, header, injected};
use super::shared::Shared;
use crate::api::request::Headers;
use crate::api::{self, Method, Request, Response};
use crate::error::ApiError;
use crate::faults::FaultKind;
use crate::log::Origin;
use crate::oauth::{Session, authorize};
use crate::org::Org;
use crate::save::{Options, Tx, View};

/// Answers a request to the data API.
pub(super) fn data(
    shared: &Shared,
    call: &Call<'_>,
    path: Vec<String>,
    query: Vec<(String, String)>,
    style: &mut Style,
) -> Response {
    if header(call.headers, "authorization").is_some() && bearer(call.headers).is_none() {
        return Response::error(&ApiError::bare(
            401,
            "INVALID_AUTH_HEADER",
            "INVALID_HEADER_TYPE",
        ));
    }
    let session = bearer(call.headers)
        .and_then(|token| shared.oauth().session(&token, shared.clock.now_ms()));
    let Some(session) = session else {
        return dead_session();
    };
    let used = shared.calls.fetch_add(1, Ordering::Relaxed) + 1;
    shared.calls_total.fetch_add(1, Ordering::Relaxed);
    let max = shared.calls_max.load(Ordering::Relaxed);
    style.usage = Some(format!("api-usage={}/{max}", used.min(max)));
    if used > max {
        return injected(&FaultKind::DailyLimit);
    }
    let request = match parse(call, path, query, used) {
        Ok(request) => request,
        Err(error) => return Response::error(&error),
    };
    if api::is_read(&request) {
        let org = shared.read();
        let access = org.access(session.user);
        if let Some(refusal) = no_entry(&org, &session, &access) {
            return refusal;
        }
        let view = View {
            org: &org,
            access: &access,
            now_ms: org.now_ms(),
        };
        return api::read(&view, &request);
    }
    let origin = Arc::new(origin(shared, call, &session));
    let options = options(call.headers);
    let mut org = shared.write();
    let access = org.access(session.user);
    if let Some(refusal) = no_entry(&org, &session, &access) {
        return refusal;
    }
    let mut tx = Tx::new(&mut org, access, origin, options);
    let response = api::dispatch(&mut tx, &request);
    tx.commit();
    response
}

fn no_entry(org: &Org, session: &Session, access: &crate::access::Access) -> Option<Response> {
    if !org.is_active(session.user) {
        return Some(dead_session());
    }
    if !access.api_enabled() {
        return Some(Response::error(&ApiError::bare(
            403,
            "API_DISABLED_FOR_ORG",
            "API is not enabled for this Organization or Partner",
        )));
    }
    if !session
        .scope
        .split_whitespace()
        .any(|scope| matches!(scope, "api" | "full" | "web"))
    {
        return Some(Response::error(&ApiError::bare(
            403,
            "FORBIDDEN",
            "This session is not valid for use with the REST API",
        )));
    }
    None
}

fn parse(
    call: &Call<'_>,
    path: Vec<String>,
    query: Vec<(String, String)>,
    calls_used: u64,
) -> Result<Request, ApiError> {
    let has_body = !call.body.is_empty();
    if has_body && matches!(call.method, "POST" | "PATCH" | "PUT") {
        let kind = header(call.headers, "content-type").unwrap_or_default();
        if !kind.starts_with("application/json") {
            let message = format!("Content type {kind} not supported.");
            return Err(ApiError::bare(415, "UNSUPPORTED_MEDIA_TYPE", message));
        }
    }
    let body = if has_body {
        serde_json::from_slice(call.body).map_err(|error| {
            ApiError::json(format!(
                "{error} at [line:{}, column:{}]",
                error.line(),
                error.column()
            ))
        })?
    } else {
        Json::Null
    };
    let seconds = |name: &str| {
        let date = header(call.headers, name)
            .map(httpdate::parse_http_date)?
            .ok()?;
        date.duration_since(std::time::UNIX_EPOCH)
            .ok()
            .map(|since| since.as_secs() as i64)
    };
    let batch_size = header(call.headers, "sforce-query-options")
        .and_then(|value| value.split(['=', ':']).next_back())
        .and_then(|size| size.trim().parse().ok());
    if header(call.headers, "if-unmodified-since").is_some()
        && seconds("if-unmodified-since").is_none()
    {
        return Err(ApiError::bare(
            400,
            "INVALID_HEADER",
            "invalid value of If-Unmodified-Since",
        ));
    }
    Ok(Request {
        method: match call.method {
            "HEAD" => Method::Get,
            other => Method::parse(other),
        },
        path,
        query,
        body,
        headers: Headers {
            batch_size,
            modified_since_s: seconds("if-modified-since"),
            none_match: header(call.headers, "if-none-match").map(str::to_owned),
        },
        calls_used,
    })
}

fn options(headers: &HeaderMap) -> Options {
    let seconds = header(headers, "if-unmodified-since")
        .and_then(|value| httpdate::parse_http_date(value).ok())
        .and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok())
        .map(|since| since.as_secs() as i64);
    Options {
        allow_duplicates: header(headers, "sforce-duplicate-rule-header").is_some_and(|value| {
            value
                .to_ascii_lowercase()
                .replace(' ', "")
                .contains("allowsave=true")
        }),
        unmodified_since_s: seconds,
        if_match: header(headers, "if-match").map(str::to_owned),
    }
}

fn origin(shared: &Shared, call: &Call<'_>, session: &Session) -> Origin {
    let org = shared.read();
    let users = org.number("User");
    let username = org
        .table(users)
        .get(session.user)
        .map(|row| org.value_of(users, row, "Username"));
    let named = header(call.headers, "sforce-call-options").and_then(|value| {
        value
            .split(',')
            .find_map(|part| part.trim().strip_prefix("client=").map(str::to_owned))
    });
    let app = authorize::find_app(&org, &session.app).map(|app| app.name.clone());
    Origin {
        username: username
            .as_ref()
            .and_then(|name| name.as_text())
            .unwrap_or_default()
            .to_owned(),
        client: named.or(app).unwrap_or_else(|| session.app.clone()),
        request_id: header(call.headers, "x-request-id")
            .map_or_else(|| format!("req-{}", call.number), str::to_owned),
        traceparent: header(call.headers, "traceparent")
            .unwrap_or_default()
            .to_owned(),
    }
}
