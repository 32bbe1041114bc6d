//! What every answer carries: the request's id, and what a browser must not do with it.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

/// Names the request in logs, audits and support questions.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request, for the calls made on its behalf.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub(super) String);

/// Our own stylesheet, scripts and forms, nothing else and nothing inline. `same-origin` and not `no-referrer`: with the latter browsers send
/// `Origin: null` on our own forms.
const PROTECTIONS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Gives the request an id and completes its answer.
pub(super) async fn complete(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in PROTECTIONS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Everything but the stylesheet is somebody's own.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    let id = HeaderValue::from_str(&id).expect("a uuid is a header value");
    headers.insert(REQUEST_ID, id);
    response
}
