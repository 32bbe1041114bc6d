//! The cookie of a session.
//!
//! `Lax`, because the way back from Salesforce is a navigation from another site; `__Host-` where https allows it, so
//! that no sibling host can plant one.

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, SameSite};

use crate::app::sign_in::SESSION_HOURS_MAX;
use crate::app::single_sign_on::ATTEMPT_MINUTES_MAX;

/// Longest value looked up, in characters; ours have 43.
const VALUE_CHARACTERS_MAX: usize = 64;

fn name(secure: bool) -> &'static str {
    if secure {
        "__Host-ergo_session"
    } else {
        "ergo_session"
    }
}

/// The session's secret, when the browser sent one.
pub(super) fn read(headers: &HeaderMap, secure: bool) -> Option<String> {
    read_named(headers, name(secure))
}

fn read_named(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
        .filter(|value| !value.is_empty() && value.len() <= VALUE_CHARACTERS_MAX)
}

/// `Set-Cookie` for a new session.
pub(super) fn set(secret: &str, secure: bool) -> HeaderValue {
    written(name(secure), secret, SESSION_HOURS_MAX * 3600, secure)
}

/// `Set-Cookie` that forgets it.
pub(super) fn clear(secure: bool) -> HeaderValue {
    written(name(secure), "", 0, secure)
}

/// The cookie that ties a sign-in through the provider to the browser it began in.
fn attempt_name(secure: bool) -> &'static str {
    if secure {
        "__Host-ergo_sign_in"
    } else {
        "ergo_sign_in"
    }
}

/// The state of a sign-in that is with the provider.
pub(super) fn read_attempt(headers: &HeaderMap, secure: bool) -> Option<String> {
    read_named(headers, attempt_name(secure))
}

/// `Set-Cookie` for a sign-in that begins.
pub(super) fn attempt(state: &str, secure: bool) -> HeaderValue {
    written(
        attempt_name(secure),
        state,
        ATTEMPT_MINUTES_MAX * 60,
        secure,
    )
}

/// `Set-Cookie` that forgets it.
pub(super) fn forget_attempt(secure: bool) -> HeaderValue {
    written(attempt_name(secure), "", 0, secure)
}

fn written(name: &'static str, value: &str, age_s: i64, secure: bool) -> HeaderValue {
    let cookie = Cookie::build((name, value.to_owned()))
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .path("/")
        .build();
    HeaderValue::from_str(&format!("{cookie}; Max-Age={age_s}"))
        .expect("names and base64 are header values")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_bound_to_the_host_and_hidden_from_scripts() {
        let text = |value: HeaderValue| value.to_str().expect("is text").to_owned();
        insta::assert_snapshot!(text(set("abc", true)), @"__Host-ergo_session=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=604800");
        insta::assert_snapshot!(text(clear(false)), @"ergo_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }
}
