//! Who a token belongs to, by the three endpoints that say so.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::id::Id;

/// The identity URL's answer. Personal data: keep it out of logs.
#[derive(Clone, Deserialize)]
pub struct Identity {
    /// The user.
    pub user_id: Id,
    /// The org.
    pub organization_id: Id,
    /// Login name.
    pub username: String,
    /// Name shown to people.
    pub display_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Time zone key, such as `America/Los_Angeles`.
    pub timezone: Option<String>,
    /// Language of messages and labels.
    pub language: Option<String>,
    /// Locale.
    pub locale: Option<String>,
    /// Whether the user is active.
    pub active: Option<bool>,
    /// `STANDARD`, `GUEST` and so on.
    pub user_type: Option<String>,
    /// Whether an admin installed our app.
    pub is_app_installed: Option<bool>,
    /// URL templates by name; `custom_domain` is the My Domain.
    #[serde(default)]
    pub urls: BTreeMap<String, String>,
}

/// The userinfo endpoint's answer. Personal data: keep it out of logs.
#[derive(Clone, Deserialize)]
pub struct UserInfo {
    /// The user.
    pub user_id: Id,
    /// The org.
    pub organization_id: Id,
    /// Login name.
    pub preferred_username: Option<String>,
    /// Name shown to people.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether the address was confirmed.
    pub email_verified: Option<bool>,
    /// Time zone key.
    pub zoneinfo: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// Locale.
    pub locale: Option<String>,
    /// Whether the user is active.
    pub active: Option<bool>,
    /// `STANDARD`, `GUEST` and so on.
    pub user_type: Option<String>,
    /// Whether an admin installed our app.
    pub is_app_installed: Option<bool>,
}

/// The introspection endpoint's answer; a dead token has `active: false` and nothing else.
#[derive(Clone, Deserialize)]
pub struct Introspection {
    /// Whether the token works.
    pub active: bool,
    /// Granted scopes, separated by spaces.
    pub scope: Option<String>,
    /// Login name.
    pub username: Option<String>,
    /// The identity URL.
    pub sub: Option<String>,
    /// `access_token` or `refresh_token`.
    pub token_type: Option<String>,
    /// End of life, Unix seconds.
    pub exp: Option<i64>,
    /// Issued at, Unix seconds.
    pub iat: Option<i64>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("user_id", &self.user_id)
            .field("organization_id", &self.organization_id)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserInfo")
            .field("user_id", &self.user_id)
            .field("organization_id", &self.organization_id)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Introspection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Introspection")
            .field("active", &self.active)
            .field("exp", &self.exp)
            .finish_non_exhaustive()
    }
}
