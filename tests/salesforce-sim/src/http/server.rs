//! Routes requests: OAuth, identity, versions, and the data API behind a session.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request as HttpRequest, State};
use axum::response::Response as HttpResponse;
use http::{HeaderMap, HeaderValue};

use super::answer::{Style, build};
use super::data::data;
use super::listener::Connection;
use super::shared::Shared;
use crate::api::{Body, Request, Response, versions};
use crate::error::ApiError;
use crate::faults::{FaultBody, FaultKind};
use crate::id::Id;
use crate::oauth::{authorize, identity, page, token};

/// Largest request body, in bytes.
const BODY_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Longest path and query, in bytes (salesforce-api.md 2.5).
const URI_BYTES_MAX: usize = 16 * 1024;

/// Answers one HTTP request.
pub async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: HttpRequest,
) -> HttpResponse {
    let (parts, body) = request.into_parts();
    let number = shared.requests.fetch_add(1, Ordering::Relaxed) + 1;
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str())
        .to_owned();
    let mut style = Style {
        no_body: parts.method == http::Method::HEAD,
        ..Style::default()
    };
    if target.len() > URI_BYTES_MAX {
        return build(
            Response::error(&ApiError::bare(414, "URI_TOO_LONG", "the URI is too long")),
            &style,
        );
    }
    let hits = shared
        .faults()
        .take(parts.method.as_str(), parts.uri.path());
    let mut reset_after = false;
    let mut delay_after = Duration::ZERO;
    for hit in &hits {
        if let FaultKind::LatencyMs(ms) = hit {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
        }
    }
    let is_write = !matches!(parts.method, http::Method::GET | http::Method::HEAD);
    for hit in hits {
        match hit {
            FaultKind::LatencyMs(_) => {}
            FaultKind::CommitThenReset => reset_after = true,
            FaultKind::CommitThenDelayMs(ms) => delay_after += Duration::from_millis(ms),
            FaultKind::ResetBeforeCommit => {
                connection.reset();
                return build(Response::empty(500), &style);
            }
            FaultKind::Maintenance if !is_write => {}
            other => return build(injected(&other), &style),
        }
    }
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else {
        return build(
            Response::error(&ApiError::bare(
                413,
                "REQUEST_ENTITY_TOO_LARGE",
                "the request body is larger than 50 MB",
            )),
            &style,
        );
    };
    let accepts_gzip =
        header(&parts.headers, "accept-encoding").is_some_and(|value| value.contains("gzip"));
    style.gzip_from_bytes = accepts_gzip.then_some(shared.gzip_min_bytes);
    let call = Call {
        method: parts.method.as_str(),
        target: &target,
        headers: &parts.headers,
        body: &body,
        number,
    };
    let response = route(&shared, &call, &mut style);
    if !delay_after.is_zero() {
        tokio::time::sleep(delay_after).await;
    }
    if reset_after {
        connection.reset();
    }
    let mut built = build(response, &style);
    // By the org's clock, as everything else it says of time.
    let now = crate::clock::datetime(shared.clock.now_ms());
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(now.into())) {
        built.headers_mut().insert(http::header::DATE, date);
    }
    built
}

/// One request, read whole.
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) number: u64,
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

pub(super) fn injected(kind: &FaultKind) -> Response {
    match kind {
        FaultKind::Status { status, body } => match body {
            FaultBody::Empty => Response::empty(*status),
            FaultBody::Html => Response {
                status: *status,
                headers: Vec::new(),
                body: Body::Html(page::problem(
                    "unavailable",
                    "The service is temporarily unavailable.",
                )),
            },
            FaultBody::LoginRate => Response::text(
                *status,
                r#"{"error":"rate_limit_exceeded","error_description":"login rate exceeded"}"#
                    .to_owned(),
            ),
            FaultBody::Json => {
                let (code, message) = match status {
                    503 => (
                        "SERVER_UNAVAILABLE",
                        "Server is too busy. Please try your request again later.",
                    ),
                    500 => (
                        "UNKNOWN_EXCEPTION",
                        "An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-12345 (-1234567890)",
                    ),
                    _ => (
                        "SERVER_UNAVAILABLE",
                        "The service is temporarily unavailable.",
                    ),
                };
                Response::error(&ApiError::bare(*status, code, message))
            }
        },
        FaultKind::DailyLimit => Response::error(&ApiError::bare(
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "TotalRequests Limit exceeded.",
        )),
        FaultKind::ConcurrentLimit => Response::error(&ApiError::bare(
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        )),
        FaultKind::Maintenance => Response::error(&ApiError::bare(
            503,
            "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
            "Insert, update, or delete operations are not allowed during maintenance.",
        )),
        FaultKind::RejectSession => dead_session(),
        FaultKind::LatencyMs(_)
        | FaultKind::CommitThenDelayMs(_)
        | FaultKind::ResetBeforeCommit
        | FaultKind::CommitThenReset => Response::empty(500),
    }
}

pub(super) fn dead_session() -> Response {
    Response::error(&ApiError::bare(
        401,
        "INVALID_SESSION_ID",
        "Session expired or invalid",
    ))
}

fn route(shared: &Shared, call: &Call<'_>, style: &mut Style) -> Response {
    let (segments, query) = Request::split_url(call.target);
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["services", "oauth2", endpoint] => oauth(shared, call, endpoint, query),
        ["id", org, user] => identity_of(shared, call, org, user),
        ["services", "data"] if call.method == "GET" => Response::json(&versions::list()),
        ["services", "data", version, rest @ ..] => match versions::status(version) {
            versions::Status::Supported => {
                let own = format!("v{}", crate::org::API_VERSION);
                style.version = (*version != own).then(|| (*version).to_owned());
                let rest = rest.iter().map(|segment| (*segment).to_owned()).collect();
                data(shared, call, rest, query, style)
            }
            versions::Status::Retired => {
                let message = format!("The requested API version {version} is no longer supported");
                Response::error(&ApiError::bare(410, "UNSUPPORTED_API_VERSION", message))
            }
            versions::Status::Unknown => Response::error(&ApiError::no_resource()),
        },
        _ => Response {
            status: 404,
            headers: Vec::new(),
            body: Body::Html(page::problem("not_found", "URL No Longer Exists")),
        },
    }
}

fn oauth(
    shared: &Shared,
    call: &Call<'_>,
    endpoint: &str,
    query: Vec<(String, String)>,
) -> Response {
    let mut parameters: authorize::Parameters = query.into_iter().collect();
    if call.method == "POST" {
        parameters.extend(url::form_urlencoded::parse(call.body).into_owned());
    }
    let basic =
        header(call.headers, "authorization").and_then(|value| value.strip_prefix("Basic "));
    let org = shared.read();
    let mut oauth = shared.oauth();
    match (call.method, endpoint) {
        ("GET", "authorize") => authorize::show(&org, &mut oauth, &parameters),
        ("POST", "authorize") => authorize::decide(&org, &mut oauth, &parameters),
        ("POST", "token") => token::token(&org, &mut oauth, &parameters, basic),
        ("POST" | "GET", "revoke") => token::revoke(&mut oauth, &parameters),
        ("POST", "introspect") => token::introspect(&org, &mut oauth, &parameters, basic),
        ("GET" | "POST", "userinfo") => {
            let token = bearer(call.headers).or_else(|| parameters.get("access_token").cloned());
            match token.and_then(|token| oauth.session(&token, org.now_ms())) {
                Some(session) => Response::json(&identity::userinfo(&org, session.user)),
                None => bad_token(call.headers),
            }
        }
        _ => Response::error(&ApiError::no_resource()),
    }
}

fn identity_of(shared: &Shared, call: &Call<'_>, org_id: &str, user: &str) -> Response {
    let org = shared.read();
    let session =
        bearer(call.headers).and_then(|token| shared.oauth().session(&token, org.now_ms()));
    let Some(session) = session else {
        return bad_token(call.headers);
    };
    if Id::parse(org_id) != Some(org.org_id) {
        return Response {
            status: 403,
            headers: Vec::new(),
            body: Body::Text("Wrong_Org".into()),
        };
    }
    if Id::parse(user) != Some(session.user) {
        return Response {
            status: 403,
            headers: Vec::new(),
            body: Body::Text("Bad_Id".into()),
        };
    }
    Response::json(&identity::identity(&org, session.user))
}

fn bad_token(headers: &HeaderMap) -> Response {
    let text = if headers.contains_key("authorization") {
        "Bad_OAuth_Token"
    } else {
        "Missing_OAuth_Token"
    };
    Response {
        status: 403,
        headers: Vec::new(),
        body: Body::Text(text.into()),
    }
}

pub(super) fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = header(headers, "authorization")?;
    let (scheme, token) = value.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
    known.then(|| token.trim().to_owned())
}
