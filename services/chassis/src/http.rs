//! HTTP: health, readiness and metrics for the platform, and the one way an error becomes an answer.
//!
//! Liveness never looks at dependencies, or Kubernetes would restart every service when Postgres does. Readiness
//! names what is missing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use events::rpc::{Code, RpcError};
use serde::Serialize;
use tower_http::{
    catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::TimeoutLayer,
    trace::TraceLayer,
};

use crate::{failure::Failure, readiness::Readiness, telemetry::Metrics};

/// Largest request body of public routes, in bytes.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Longest time one public request may take, in seconds.
const REQUEST_TIMEOUT_S: u64 = 30;

/// An error as an HTTP answer: `{"error":{"code","message","field"}}`. The cause is logged and never sent.
#[derive(Debug)]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// Machine-readable, lower case with `_`.
    pub code: &'static str,
    /// For the person who asked, with the fix.
    pub message: String,
    /// The field it is about.
    pub field: Option<String>,
    /// For the log.
    pub cause: Option<anyhow::Error>,
}

impl ApiError {
    /// An error the caller can understand and mend.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            field: None,
            cause: None,
        }
    }

    /// A fault of ours: the caller learns only that there was one.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "something went wrong here; the log knows more",
            )
        }
    }
}

impl From<RpcError> for ApiError {
    fn from(error: RpcError) -> Self {
        let (status, code) = match error.code {
            Code::InvalidArgument => (StatusCode::BAD_REQUEST, "invalid_argument"),
            Code::PermissionDenied => (StatusCode::FORBIDDEN, "permission_denied"),
            Code::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Code::AlreadyExists => (StatusCode::CONFLICT, "already_exists"),
            Code::FailedPrecondition => (StatusCode::PRECONDITION_FAILED, "failed_precondition"),
            Code::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "resource_exhausted"),
            Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Code::DeadlineExceeded => (StatusCode::GATEWAY_TIMEOUT, "deadline_exceeded"),
            Code::Internal => return Self::internal(error),
        };
        Self {
            message: error.to_string(),
            field: error.field,
            ..Self::new(status, code, "")
        }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable { what, .. } => Self {
                message: format!("{what} is unavailable, try again shortly"),
                cause: Some(failure.into()),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "")
            },
            Failure::Transient { .. } | Failure::Permanent { .. } => Self::internal(failure),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body<'a> {
            code: &'a str,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            field: Option<&'a str>,
        }
        if let Some(cause) = &self.cause {
            tracing::error!(
                code = self.code,
                error = format!("{cause:#}"),
                "request failed"
            );
        }
        let error = Body {
            code: self.code,
            message: &self.message,
            field: self.field.as_deref(),
        };
        let body = serde_json::json!({ "error": error });
        (
            self.status,
            [(header::CACHE_CONTROL, "no-store")],
            Json(body),
        )
            .into_response()
    }
}

/// The path pattern, never the path: paths hold ids, and the query may hold codes.
fn route<B>(request: &axum::http::Request<B>) -> &str {
    request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
}

async fn measure(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let (method, route) = (request.method().clone(), route(&request).to_owned());
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    metrics.answered(method.as_str(), &route, status, began.elapsed());
    response
}

/// What every public router gets: body limit, deadline, panics as 500, a span and a measured duration per request.
pub(crate) fn public(router: Router, metrics: Metrics) -> Router {
    router
        .layer(RequestBodyLimitLayer::new(BODY_BYTES_MAX))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(REQUEST_TIMEOUT_S),
        ))
        .layer(CatchPanicLayer::new())
        .layer(
            TraceLayer::new_for_http().make_span_with(|request: &axum::http::Request<_>| {
                let route = route(request);
                tracing::info_span!(
                    "http",
                    otel.name = %format_args!("{} {route}", request.method()),
                    otel.kind = "server",
                    http.request.method = %request.method(),
                    http.route = route,
                )
            }),
        )
        .layer(axum::middleware::from_fn_with_state(metrics, measure))
}

#[derive(Clone)]
struct Admin {
    readiness: Arc<Readiness>,
    metrics: Metrics,
}

/// `/livez`, `/readyz`, `/metrics`.
pub(crate) fn admin(readiness: Arc<Readiness>, metrics: Metrics) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(render))
        .with_state(Admin { readiness, metrics })
}

async fn ready(State(admin): State<Admin>) -> Response {
    let missing = admin.readiness.missing().await;
    if missing.is_empty() {
        return (StatusCode::OK, "ready\n").into_response();
    }
    let body: String = missing
        .iter()
        .map(|(name, problem)| format!("{name}: {problem}\n"))
        .collect();
    (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
}

async fn render(State(admin): State<Admin>) -> Result<Response, ApiError> {
    let text = admin.metrics.render().map_err(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
