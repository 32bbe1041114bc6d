//! Signing in and out.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::render;
use super::visitor::{Chrome, ClientAddress, Fields, Refusal};
use crate::app::sign_in::{self, SignedIn};
use crate::domain::secret;
use crate::http::{Desk, cookie};
use crate::store::session;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    chrome: Chrome,
    email: String,
    next: String,
    problem: String,
    /// Whether there is a provider to sign in through.
    single: bool,
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

pub(super) async fn show(State(desk): State<Desk>, Query(next): Query<Next>) -> Response {
    page(
        &desk,
        StatusCode::OK,
        String::new(),
        next.next,
        String::new(),
    )
}

fn page(desk: &Desk, status: StatusCode, email: String, next: String, problem: String) -> Response {
    let page = Page {
        chrome: Chrome::default(),
        email,
        next,
        problem,
        single: desk.single_sign_on.is_some(),
    };
    render(status, &page)
}

pub(super) async fn sign_in(
    State(desk): State<Desk>,
    ClientAddress(address): ClientAddress,
    fields: Fields,
) -> Result<Response, Refusal> {
    let password = SecretString::from(fields.get("password").to_owned());
    let (email, next) = (fields.get("email"), fields.get("next"));
    let outcome = sign_in::sign_in(
        &desk.scope,
        &desk.passwords,
        email,
        password,
        &address,
        Utc::now(),
    )
    .await
    .map_err(|error| Refusal::store(&error))?;
    let again = |status, problem| page(&desk, status, email.to_owned(), next.to_owned(), problem);
    Ok(match outcome {
        SignedIn::Yes(secret) => signed_in(&desk, &secret, own_path(next)),
        SignedIn::No => again(
            StatusCode::UNAUTHORIZED,
            "The address or the password is wrong.".to_owned(),
        ),
        SignedIn::Wait(seconds) => {
            let problem = format!("Too many failed sign-ins. Try again in {seconds} seconds.");
            let mut response = again(StatusCode::TOO_MANY_REQUESTS, problem);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
            response
        }
    })
}

/// The answer that makes a browser signed in.
pub(super) fn signed_in(desk: &Desk, secret: &SecretString, next: &str) -> Response {
    let cookie = cookie::set(secret.expose_secret(), desk.public_url.secure);
    ([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response()
}

/// Ends the session. Needs no form token: the worst a stranger could do is to sign somebody out.
pub(super) async fn sign_out(
    State(desk): State<Desk>,
    headers: HeaderMap,
    _: Fields,
) -> Result<Response, Refusal> {
    if let Some(secret) = cookie::read(&headers, desk.public_url.secure) {
        session::delete(&desk.scope, &secret::digest(&secret))
            .await
            .map_err(|error| Refusal::store(&error))?;
    }
    let cookie = cookie::clear(desk.public_url.secure);
    let response = ([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in"));
    Ok(response.into_response())
}

/// Where to go after signing in: a path of ours, never another host.
pub(super) fn own_path(next: &str) -> &str {
    let own = next.starts_with("/w/") && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if own { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_our_own_pages_only() {
        for (next, expected) in [
            ("/w/acme/queue?page=2", "/w/acme/queue?page=2"),
            ("", "/"),
            ("https://evil.example", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/w/\\x", "/"),
            ("/w/a\r\nset-cookie: x", "/"),
        ] {
            assert_eq!(own_path(next), expected, "{next:?}");
        }
    }
}
