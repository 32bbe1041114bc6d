//! Routes requests: OAuth, identity, versions, and the data API behind a session.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request as HttpRequest, State};
use axum::response::Response as HttpResponse;
use http::HeaderMap;
use serde_json::Value as Json;

use super::answer::{Style, build};
use super::listener::Connection;
use crate::api::request::Headers;
use crate::api::{self, Body, Method, Request, Response, versions};
use crate::clock::Clock;
use crate::config::SimConfig;
use crate::error::ApiError;
use crate::faults::{FaultBody, FaultKind, Faults};
use crate::id::Id;
use crate::log::Origin;
use crate::oauth::{OAuth, Session, authorize, identity, page, token};
use crate::org::Org;
use crate::save::{Options, Tx, View};

/// Largest request body, in bytes.
const BODY_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Longest path and query, in bytes (salesforce-api.md 2.5).
const URI_BYTES_MAX: usize = 16 * 1024;

/// Everything the two servers share.
#[derive(Debug)]
pub struct Shared {
    org: RwLock<Org>,
    oauth: Mutex<OAuth>,
    faults: Mutex<Faults>,
    /// The clock, also inside the org.
    pub clock: Arc<Clock>,
    /// API calls in the current day.
    pub calls: AtomicU64,
    /// API calls since the start.
    pub calls_total: AtomicU64,
    /// API calls allowed a day.
    pub calls_max: AtomicU64,
    /// Requests seen, for numbering.
    pub requests: AtomicU64,
    gzip_min_bytes: usize,
}

impl Shared {
    /// Shares an org.
    pub fn new(config: &SimConfig, org: Org, clock: Arc<Clock>) -> Shared {
        let oauth = OAuth::new(config.session_ttl_s, config.rotate_refresh_tokens);
        Shared {
            org: RwLock::new(org),
            oauth: Mutex::new(oauth),
            faults: Mutex::default(),
            clock,
            calls: AtomicU64::new(0),
            calls_total: AtomicU64::new(0),
            calls_max: AtomicU64::new(config.api_requests_max),
            requests: AtomicU64::new(0),
            gzip_min_bytes: config.gzip_min_bytes,
        }
    }

    /// The org, to read. A panic elsewhere leaves usable data behind, so poisoning is ignored.
    pub fn read(&self) -> RwLockReadGuard<'_, Org> {
        self.org.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The org, to change.
    pub fn write(&self) -> RwLockWriteGuard<'_, Org> {
        self.org.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tokens.
    pub fn oauth(&self) -> MutexGuard<'_, OAuth> {
        self.oauth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Faults.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
    if reset_after {
        connection.reset();
    }
    build(response, &style)
}

struct Call<'a> {
    method: &'a str,
    target: &'a str,
    headers: &'a HeaderMap,
    body: &'a [u8],
    number: u64,
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn injected(kind: &FaultKind) -> Response {
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
        FaultKind::LatencyMs(_) | FaultKind::ResetBeforeCommit | FaultKind::CommitThenReset => {
            Response::empty(500)
        }
    }
}

fn dead_session() -> Response {
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

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = header(headers, "authorization")?;
    let (scheme, token) = value.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
    known.then(|| token.trim().to_owned())
}

fn data(
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
