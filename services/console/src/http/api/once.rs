//! A post that carries an `Idempotency-Key` is met once: sent again, it is told what became of it.
//!
//! Only answers that say that something was done are kept. Whatever was refused did nothing, so asking again is safe,
//! and the answer may be another by then. The key belongs to its sender; nobody is told another's answer.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chassis::Scope;
use chrono::{TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use super::body::{BODY_BYTES_MAX, too_large};
use crate::domain::secret;
use crate::http::problem::Problem;
use crate::store::kept_answer::{self, Kept, Name};

/// The header a client sets.
pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Longest key, in characters.
pub(super) const KEY_CHARACTERS_MAX: usize = 128;
/// A request unanswered for longer than any may take, in seconds, is taken to have died with its process.
const ABANDONED_S: i64 = 60;
/// Largest answer kept, in bytes; the table's own limit.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Largest answer passed on, in bytes: more than any owner may answer.
const PASSED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Ends of paths whose answers hold a secret, which is shown once and kept nowhere.
const SECRET_ANSWERS: [&str; 4] = ["/tokens", "/users", "/connect", "/links"];

/// The key of a post; `None` where there is none and for other methods, which may be repeated anyway.
pub(super) fn key(parts: &Parts) -> Result<Option<[u8; 32]>, Problem> {
    let Some(value) = parts
        .headers
        .get(KEY)
        .filter(|_| parts.method == Method::POST)
    else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    if text.is_empty() || text.len() > KEY_CHARACTERS_MAX {
        return Err(Problem::invalid(
            "idempotency-key",
            &format!(
                "is not 1 to {KEY_CHARACTERS_MAX} printable characters; take a new UUID for each wish"
            ),
        ));
    }
    Ok(Some(secret::digest(text)))
}

/// Meets the request, or tells what became of it.
pub(super) async fn answered(
    scope: &Scope,
    actor: &str,
    key_sha256: [u8; 32],
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let is_secret = SECRET_ANSWERS
        .iter()
        .any(|end| parts.uri.path().ends_with(end));
    let body = to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| too_large())?;
    let request_sha256: [u8; 32] = Sha256::new()
        .chain_update(path.as_bytes())
        .chain_update([0])
        .chain_update(&body)
        .finalize()
        .into();
    let name = Name {
        actor,
        key_sha256: &key_sha256,
    };
    let now = Utc::now();
    let expired = now - TimeDelta::hours(kept_answer::KEPT_HOURS);
    let abandoned = now - TimeDelta::seconds(ABANDONED_S);
    if !kept_answer::claim(scope, &name, &request_sha256, now, expired, abandoned).await? {
        let kept = kept_answer::find(scope, &name).await?;
        return replay(kept, &request_sha256);
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (head, body) = response.into_parts();
    if !head.status.is_success() {
        kept_answer::release(scope, &name).await?;
        return Ok(Response::from_parts(head, body));
    }
    let body = to_bytes(body, PASSED_BYTES_MAX)
        .await
        .map_err(|error| Problem::internal(&error))?;
    let kept = (!is_secret && body.len() <= ANSWER_BYTES_MAX).then_some(body.as_ref());
    // It was done: that the answer could not be kept must not hide it.
    if let Err(error) = kept_answer::keep(scope, &name, status_number(head.status), kept).await {
        tracing::warn!(%error, "an answer could not be kept, a repetition is refused for a while");
    }
    Ok(Response::from_parts(head, Body::from(body)))
}

fn status_number(status: StatusCode) -> i16 {
    i16::try_from(status.as_u16()).expect("a status has three digits")
}

fn replay(kept: Option<Kept>, request_sha256: &[u8; 32]) -> Result<Response, Problem> {
    let busy = || {
        Problem::new(
            StatusCode::CONFLICT,
            "being_answered",
            "a request of this idempotency-key is being answered; ask again in a moment",
        )
    };
    let kept = kept.ok_or_else(busy)?;
    if kept.request_sha256 != request_sha256 {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "key_reused",
            "this idempotency-key was used for another request; take a new key for each wish",
        ));
    }
    let status = kept
        .status
        .and_then(|status| StatusCode::from_u16(status.unsigned_abs()).ok())
        .ok_or_else(busy)?;
    if status == StatusCode::NO_CONTENT {
        return Ok((status, [(REPLAYED, HeaderValue::from_static("true"))]).into_response());
    }
    let body = kept.body.ok_or_else(|| {
        Problem::new(
            StatusCode::CONFLICT,
            "done_before",
            "this was done before, and its answer was not kept because it is large or holds a secret; \
             read what is there now",
        )
    })?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (REPLAYED, HeaderValue::from_static("true")),
    ];
    Ok((status, headers, Bytes::from(body)).into_response())
}
