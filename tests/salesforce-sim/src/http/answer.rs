//! Turns an API answer into an HTTP one: headers every answer has, and compression.

use std::io::Write;

use axum::body::Body as HttpBody;
use axum::response::Response as HttpResponse;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::api::{Body, Response};
use crate::org::API_VERSION;

/// How to print an answer.
#[derive(Debug, Default)]
pub struct Style {
    /// Version segment of the request, when it is not the org's own.
    pub version: Option<String>,
    /// Compress bodies of at least this many bytes.
    pub gzip_from_bytes: Option<usize>,
    /// `api-usage=used/max`.
    pub usage: Option<String>,
    /// Leave the body out (HEAD).
    pub no_body: bool,
}

/// Builds the HTTP answer.
pub fn build(response: Response, style: &Style) -> HttpResponse {
    let rewrite = |text: String| match &style.version {
        // Links carry the version the caller used.
        Some(version) => text.replace(
            &format!("/services/data/v{API_VERSION}/"),
            &format!("/services/data/{version}/"),
        ),
        None => text,
    };
    let (content_type, text) = match response.body {
        Body::Empty => (None, String::new()),
        Body::Json(text) => (Some("application/json;charset=UTF-8"), rewrite(text)),
        Body::Text(text) => (Some("text/plain;charset=UTF-8"), text),
        Body::Html(text) => (Some("text/html;charset=UTF-8"), text),
        Body::Csv(text) => (Some("text/csv;charset=UTF-8"), text),
    };
    let mut bytes = text.into_bytes();
    let mut compressed = false;
    if style
        .gzip_from_bytes
        .is_some_and(|from| bytes.len() >= from)
    {
        let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
        if encoder.write_all(&bytes).is_ok()
            && let Ok(packed) = encoder.finish()
        {
            bytes = packed;
            compressed = true;
        }
    }
    if style.no_body {
        bytes.clear();
    }
    let mut built = HttpResponse::new(HttpBody::from(bytes));
    *built.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = built.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if compressed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Some(usage) = &style.usage
        && let Ok(value) = HeaderValue::from_str(usage)
    {
        headers.insert(HeaderName::from_static("sforce-limit-info"), value);
    }
    for (name, value) in response.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&rewrite(value))) {
            headers.insert(name, value);
        }
    }
    built
}
