//! What an OAuth refusal means for a connection. Pure; the table of the reference.
//!
//! Only the rows marked *reconnect* there may make a connection ask for a person. Anything that may
//! heal by itself is a retry or a suspension, whatever it looks like.

use serde::Deserialize;

/// Pause before repeating after a breakdown of Salesforce or the network, in seconds; grow it.
const BREAKDOWN_RETRY_S: u64 = 5;
/// Shortest pause after the login rate limit, in seconds.
const RATE_LIMIT_RETRY_S: u64 = 15 * 60;
/// Pause before the one confirming repeat of an unspecific login failure, in seconds.
const CONFIRM_AFTER_S: u64 = 10 * 60;
/// How often to probe what needs an admin's or the calendar's help, in seconds.
const PROBE_DAILY_S: u64 = 24 * 3600;
/// How often to probe an address or login-hours restriction, in seconds.
const PROBE_HOURLY_S: u64 = 3600;

/// What to do about a refused token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFailure {
    /// Keep the credentials and ask again, with growing pauses from this one.
    Retry {
        /// First pause, in seconds.
        after_s: u64,
    },
    /// The token is still good; something around it must change. Probe.
    Suspend {
        /// What.
        cause: SuspendCause,
        /// Pause between probes, in seconds.
        probe_after_s: u64,
    },
    /// A person must connect again, once `confirm` did not help.
    Reconnect {
        /// Why.
        cause: ReconnectCause,
        /// What to try before believing it.
        confirm: Confirm,
    },
    /// The authorisation code is spent or late: start the connect flow over.
    RestartConnect,
    /// Our configuration or code is wrong; never blame the tenant.
    OurFault {
        /// What.
        cause: OurFault,
    },
}

/// Why a connection is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SuspendCause {
    /// The user is deactivated or frozen.
    InactiveUser,
    /// The org is suspended, its trial ended, or the sandbox is gone or being refreshed.
    InactiveOrg,
    /// Profile address range, login hours or the app's address policy.
    IpOrLoginHours,
    /// The user lost the permission set that admits the app.
    NotAdminApproved,
}

/// Why a person must reconnect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReconnectCause {
    /// Revoked, rotated out, over the approval limit or expired by policy: Salesforce says the same.
    Expired,
    /// The refresh token's lifetime or inactivity policy elapsed.
    ValidityElapsed,
    /// The user's approval of the app is gone.
    ApprovalWithdrawn,
    /// A login failure of another kind.
    LoginFailed,
    /// The app is not known in the org. When several tenants hit it at once, our key is wrong.
    AppUninstalled,
}

/// What to try before a connection may be marked as needing a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirm {
    /// Nothing: it is certain.
    Nothing,
    /// Read the stored token again and try once: a racing refresh looks the same.
    StoredToken,
    /// Try once more after this many seconds.
    After {
        /// The pause.
        after_s: u64,
    },
    /// Compare with other tenants: if they fail alike, page us instead.
    OtherTenants,
}

/// What we did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OurFault {
    /// The consumer secret is wrong, perhaps rotated.
    ClientSecret,
    /// The callback address is not registered.
    RedirectUri,
    /// The app has no such scope.
    Scope,
    /// A parameter is missing or wrong.
    Request,
    /// The assertion of the JWT flow is not accepted: key, certificate or clock.
    Assertion,
    /// The assertion names another login host than the org's.
    Audience,
}

#[derive(Deserialize)]
struct Body {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// The `error` and `error_description` of a refusal, when the body is one.
pub(super) fn parse_body(body: &[u8]) -> Option<(String, String)> {
    let body: Body = serde_json::from_slice(body).ok()?;
    Some((body.error, body.error_description))
}

/// Decides what a refused token request means, from status and body alone.
pub fn classify_token_error(http_status: u16, body: &[u8]) -> TokenFailure {
    let breakdown = TokenFailure::Retry {
        after_s: BREAKDOWN_RETRY_S,
    };
    if http_status >= 500 {
        return breakdown;
    }
    // HTML from a gateway, an empty body: not Salesforce's verdict on the token.
    let Some((error, description)) = parse_body(body) else {
        return breakdown;
    };
    let description = description.to_ascii_lowercase();
    match error.as_str() {
        "invalid_grant" => invalid_grant(&description),
        "invalid_client_id" => TokenFailure::Reconnect {
            cause: ReconnectCause::AppUninstalled,
            confirm: Confirm::OtherTenants,
        },
        "invalid_client" if description.contains("installed") => TokenFailure::Reconnect {
            cause: ReconnectCause::AppUninstalled,
            confirm: Confirm::OtherTenants,
        },
        "invalid_client" => our_fault(OurFault::ClientSecret),
        "invalid_app_access" | "OAUTH_APP_ACCESS_DENIED" => {
            suspend(SuspendCause::NotAdminApproved, PROBE_DAILY_S)
        }
        "inactive_user" => suspend(SuspendCause::InactiveUser, PROBE_DAILY_S),
        "inactive_org" => suspend(SuspendCause::InactiveOrg, PROBE_DAILY_S),
        "redirect_uri_mismatch" | "redirect_uri_missing" => our_fault(OurFault::RedirectUri),
        "invalid_scope" => our_fault(OurFault::Scope),
        "unsupported_grant_type" | "invalid_request" | "unsupported_response_type" => {
            our_fault(OurFault::Request)
        }
        "invalid_assertion" => our_fault(OurFault::Assertion),
        "rate_limit_exceeded" => TokenFailure::Retry {
            after_s: RATE_LIMIT_RETRY_S,
        },
        // `unknown_error`, `server_error` and everything we have never seen: transient until proven.
        _ => breakdown,
    }
}

fn invalid_grant(description: &str) -> TokenFailure {
    let has = |fragment: &str| description.contains(fragment);
    if has("inactive user") {
        suspend(SuspendCause::InactiveUser, PROBE_DAILY_S)
    } else if has("inactive org") {
        suspend(SuspendCause::InactiveOrg, PROBE_DAILY_S)
    } else if has("ip restricted") || has("login hours") {
        suspend(SuspendCause::IpOrLoginHours, PROBE_HOURLY_S)
    } else if has("authorization code") {
        TokenFailure::RestartConnect
    } else if has("audience") {
        our_fault(OurFault::Audience)
    } else if has("invalid assertion") {
        our_fault(OurFault::Assertion)
    } else if has("expired access/refresh token") {
        reconnect(ReconnectCause::Expired, Confirm::StoredToken)
    } else if has("token validity expired") {
        reconnect(ReconnectCause::ValidityElapsed, Confirm::Nothing)
    } else if has("hasn't approved") || has("has not approved") {
        reconnect(ReconnectCause::ApprovalWithdrawn, Confirm::Nothing)
    } else {
        // Authentication failure, activation secret invalid, user locked, and texts not seen yet.
        reconnect(
            ReconnectCause::LoginFailed,
            Confirm::After {
                after_s: CONFIRM_AFTER_S,
            },
        )
    }
}

fn suspend(cause: SuspendCause, probe_after_s: u64) -> TokenFailure {
    TokenFailure::Suspend {
        cause,
        probe_after_s,
    }
}

fn reconnect(cause: ReconnectCause, confirm: Confirm) -> TokenFailure {
    TokenFailure::Reconnect { cause, confirm }
}

fn our_fault(cause: OurFault) -> TokenFailure {
    TokenFailure::OurFault { cause }
}

/// What an error on the authorise redirect means for the person connecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorizeFailure {
    /// They pressed Deny.
    Denied,
    /// An admin must install the app in the org first.
    AppNotInstalled,
    /// An admin must admit the user to the app by permission set.
    NotAdminApproved,
    /// An admin has blocked the app.
    AppBlocked,
    /// The consumer key is not known there: wrong environment, app new or deleted.
    ClientUnknown,
    /// The user or the org is inactive.
    Inactive,
    /// Too many logins; try again in a quarter of an hour.
    RateLimited,
    /// Our configuration or code is wrong.
    OurFault(OurFault),
    /// Anything else: try again.
    TryAgain,
}

/// Decides what an error on the authorise redirect means.
pub fn classify_authorize_error(error: &str, description: &str) -> AuthorizeFailure {
    let description = description.to_ascii_lowercase();
    match error {
        // The documentation prints both spellings.
        "access_denied" | "access-denied" => AuthorizeFailure::Denied,
        "invalid_client_id" => AuthorizeFailure::ClientUnknown,
        "invalid_client" | "OAUTH_APPROVAL_ERROR_GENERIC" if description.contains("installed") => {
            AuthorizeFailure::AppNotInstalled
        }
        "OAUTH_APPROVAL_ERROR_GENERIC" => AuthorizeFailure::AppNotInstalled,
        "invalid_client" => AuthorizeFailure::ClientUnknown,
        "invalid_app_access" | "OAUTH_APP_ACCESS_DENIED" => AuthorizeFailure::NotAdminApproved,
        "OAUTH_APP_BLOCKED" => AuthorizeFailure::AppBlocked,
        "inactive_user" | "inactive_org" => AuthorizeFailure::Inactive,
        "rate_limit_exceeded" => AuthorizeFailure::RateLimited,
        "redirect_uri_mismatch" | "redirect_uri_missing" => {
            AuthorizeFailure::OurFault(OurFault::RedirectUri)
        }
        "invalid_scope" => AuthorizeFailure::OurFault(OurFault::Scope),
        "invalid_request" | "unsupported_response_type" => {
            AuthorizeFailure::OurFault(OurFault::Request)
        }
        _ => AuthorizeFailure::TryAgain,
    }
}
