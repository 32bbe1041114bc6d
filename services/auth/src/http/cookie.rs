//! The cookie that binds a browser to one attempt.
//!
//! One cookie per attempt, named by its id, so that two tabs do not disturb each other. `Lax`, because the answer comes
//! by a redirect from Salesforce; `__Host-` where https allows it, so that no sibling host can plant one.

use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::{Cookie, SameSite};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

/// Seconds the cookie lives: as long as an attempt.
const AGE_S: u64 = 600;

/// The cookies of one request.
pub(super) struct Cookies<'a> {
    headers: &'a HeaderMap,
    secure: bool,
}

impl<'a> Cookies<'a> {
    pub(super) fn new(headers: &'a HeaderMap, secure: bool) -> Self {
        Self { headers, secure }
    }

    /// The value bound to an attempt, when this browser has it.
    pub(super) fn get(&self, attempt: Uuid) -> Option<String> {
        let name = self.name(attempt);
        self.headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == name)
            .map(|cookie| cookie.value().to_owned())
    }

    /// A `Set-Cookie` value that binds the browser.
    pub(super) fn bind(&self, attempt: Uuid, browser: &SecretString) -> String {
        format!(
            "{}; Max-Age={AGE_S}",
            self.cookie(attempt, browser.expose_secret().to_owned())
        )
    }

    /// A `Set-Cookie` value that forgets it.
    pub(super) fn clear(&self, attempt: Uuid) -> String {
        format!("{}; Max-Age=0", self.cookie(attempt, String::new()))
    }

    fn cookie(&self, attempt: Uuid, value: String) -> Cookie<'static> {
        Cookie::build((self.name(attempt), value))
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .path("/")
            .build()
    }

    fn name(&self, attempt: Uuid) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}ergo_connect_{}", attempt.simple())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_bound_to_host_and_hidden_from_scripts() {
        let headers = HeaderMap::new();
        let browser = SecretString::from("value");
        insta::assert_snapshot!(Cookies::new(&headers, true).bind(Uuid::nil(), &browser), @"__Host-ergo_connect_00000000000000000000000000000000=value; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600");
        insta::assert_snapshot!(Cookies::new(&headers, false).clear(Uuid::nil()), @"ergo_connect_00000000000000000000000000000000=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }

    #[test]
    fn the_cookie_of_another_attempt_does_not_count() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            "x=1; ergo_connect_00000000000000000000000000000000=secret"
                .parse()
                .expect("valid"),
        );
        let cookies = Cookies::new(&headers, false);
        assert_eq!(cookies.get(Uuid::nil()).as_deref(), Some("secret"));
        assert_eq!(cookies.get(Uuid::max()), None);
    }
}
