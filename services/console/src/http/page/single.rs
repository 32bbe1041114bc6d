//! Signing in through the identity provider.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::sign_in::{own_path, signed_in};
use super::visitor::Refusal;
use crate::app::sign_in;
use crate::app::single_sign_on::{Error, SingleSignOn};
use crate::http::{Desk, cookie};

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// Sends the browser to the provider; a cookie ties the sign-in to it.
pub(super) async fn begin(
    State(desk): State<Desk>,
    Query(next): Query<Next>,
) -> Result<Response, Refusal> {
    let provider = configured(&desk)?;
    let begun = provider
        .begin(&desk.scope, own_path(&next.next), Utc::now())
        .await
        .map_err(|error| refused(&error))?;
    let cookie = cookie::attempt(&begun.state, desk.public_url.secure);
    Ok((
        [(header::SET_COOKIE, cookie)],
        Redirect::to(begun.url.as_str()),
    )
        .into_response())
}

/// What the provider sends along.
#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    /// Set when the person or the provider did not want to.
    #[serde(default)]
    error: String,
}

pub(super) async fn back(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Result<Response, Refusal> {
    let provider = configured(&desk)?;
    let begun_here = cookie::read_attempt(&headers, desk.public_url.secure)
        .is_some_and(|state| state.as_bytes().ct_eq(back.state.as_bytes()).into());
    if !begun_here {
        return Err(refused(&Error::Unknown));
    }
    if !back.error.is_empty() || back.code.is_empty() {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    let (user_id, next) = provider
        .finish(&desk.scope, &back.state, &back.code, Utc::now())
        .await
        .map_err(|error| refused(&error))?;
    let secret = sign_in::open(&desk.scope, user_id, Utc::now())
        .await
        .map_err(|error| Refusal::store(&error))?;
    let mut response = signed_in(&desk, &secret, own_path(&next));
    response.headers_mut().append(
        header::SET_COOKIE,
        cookie::forget_attempt(desk.public_url.secure),
    );
    Ok(response)
}

fn configured(desk: &Desk) -> Result<&SingleSignOn, Refusal> {
    desk.single_sign_on.as_ref().ok_or_else(|| {
        Refusal::stranger(
            StatusCode::NOT_FOUND,
            "There is nothing here",
            "No identity provider is configured. Sign in with a password.",
        )
    })
}

fn refused(error: &Error) -> Refusal {
    let mut causes = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(one) = cause {
        causes = format!("{causes}: {one}");
        cause = one.source();
    }
    tracing::warn!(
        error = format!("{error}{causes}"),
        "a sign-in through the provider failed"
    );
    let status = match error {
        Error::Provider(_) => StatusCode::BAD_GATEWAY,
        Error::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Unknown | Error::Token(_) | Error::NoAddress | Error::Disabled => {
            StatusCode::FORBIDDEN
        }
    };
    let detail = format!("Not signed in: {error}. Try again, or ask your admin.");
    Refusal::stranger(status, "You are not signed in", &detail)
}
