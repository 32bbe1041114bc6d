//! The token error table, row by row, and the signature.

use proptest::prelude::*;
use secrecy::SecretString;

use super::*;

fn token(status: u16, error: &str, description: &str) -> TokenFailure {
    let body = serde_json::json!({ "error": error, "error_description": description });
    classify_token_error(status, body.to_string().as_bytes())
}

#[test]
fn every_row_of_the_token_error_table_holds() {
    use TokenFailure::{OurFault as Ours, Reconnect, RestartConnect, Retry, Suspend};
    let suspend = |cause, probe_after_s| Suspend {
        cause,
        probe_after_s,
    };
    let reconnect = |cause, confirm| Reconnect { cause, confirm };
    let login_failed = reconnect(ReconnectCause::LoginFailed, Confirm::After { after_s: 600 });
    for (error, description, failure) in [
        (
            "invalid_grant",
            "expired access/refresh token",
            reconnect(ReconnectCause::Expired, Confirm::StoredToken),
        ),
        (
            "invalid_grant",
            "Expired Access/Refresh Token",
            reconnect(ReconnectCause::Expired, Confirm::StoredToken),
        ),
        (
            "invalid_grant",
            "token validity expired",
            reconnect(ReconnectCause::ValidityElapsed, Confirm::Nothing),
        ),
        (
            "invalid_grant",
            "inactive user",
            suspend(SuspendCause::InactiveUser, 86_400),
        ),
        (
            "invalid_grant",
            "inactive organization",
            suspend(SuspendCause::InactiveOrg, 86_400),
        ),
        (
            "invalid_grant",
            "ip restricted",
            suspend(SuspendCause::IpOrLoginHours, 3_600),
        ),
        (
            "invalid_grant",
            "IP restricted or invalid login hours",
            suspend(SuspendCause::IpOrLoginHours, 3_600),
        ),
        (
            "invalid_grant",
            "user hasn't approved this consumer",
            reconnect(ReconnectCause::ApprovalWithdrawn, Confirm::Nothing),
        ),
        (
            "invalid_grant",
            "authentication failure - Failed: API security token required",
            login_failed,
        ),
        ("invalid_grant", "activation secret invalid", login_failed),
        ("invalid_grant", "user is locked", login_failed),
        ("invalid_grant", "something never seen", login_failed),
        (
            "invalid_grant",
            "invalid authorization code",
            RestartConnect,
        ),
        (
            "invalid_grant",
            "expired authorization code",
            RestartConnect,
        ),
        (
            "invalid_grant",
            "Audience validation failed",
            Ours {
                cause: OurFault::Audience,
            },
        ),
        (
            "invalid_grant",
            "invalid assertion",
            Ours {
                cause: OurFault::Assertion,
            },
        ),
        (
            "invalid_grant",
            "token validity expired ",
            reconnect(ReconnectCause::ValidityElapsed, Confirm::Nothing),
        ),
        ("invalid_grant", "authentication failure", login_failed),
        (
            "invalid_client_id",
            "client identifier invalid",
            reconnect(ReconnectCause::AppUninstalled, Confirm::OtherTenants),
        ),
        (
            "invalid_client",
            "invalid client credentials",
            Ours {
                cause: OurFault::ClientSecret,
            },
        ),
        (
            "invalid_client",
            "app must be installed into org",
            reconnect(ReconnectCause::AppUninstalled, Confirm::OtherTenants),
        ),
        (
            "invalid_app_access",
            "user is not admin approved to access this app",
            suspend(SuspendCause::NotAdminApproved, 86_400),
        ),
        (
            "unsupported_grant_type",
            "grant type not supported",
            Ours {
                cause: OurFault::Request,
            },
        ),
        (
            "invalid_request",
            "",
            Ours {
                cause: OurFault::Request,
            },
        ),
        (
            "redirect_uri_mismatch",
            "",
            Ours {
                cause: OurFault::RedirectUri,
            },
        ),
        (
            "invalid_scope",
            "",
            Ours {
                cause: OurFault::Scope,
            },
        ),
        (
            "rate_limit_exceeded",
            "login rate exceeded",
            Retry { after_s: 900 },
        ),
        ("unknown_error", "retry your request", Retry { after_s: 5 }),
        ("server_error", "", Retry { after_s: 5 }),
        ("an_error_of_next_year", "", Retry { after_s: 5 }),
    ] {
        assert_eq!(
            token(400, error, description),
            failure,
            "{error}: {description}"
        );
        assert_eq!(
            token(401, error, description),
            failure,
            "{error}: {description}"
        );
    }
}

#[test]
fn nothing_transient_ever_asks_for_a_reconnect() {
    for (status, body) in [
        (
            500,
            r#"{"error":"invalid_grant","error_description":"expired access/refresh token"}"#,
        ),
        (503, "<html>maintenance</html>"),
        (200, ""),
        (400, "<html>"),
        (404, ""),
        (429, "slow down"),
        (400, "[]"),
        (400, r#"{"message":"x"}"#),
    ] {
        let failure = classify_token_error(status, body.as_bytes());
        assert_eq!(
            failure,
            TokenFailure::Retry { after_s: 5 },
            "{status} {body}"
        );
    }
}

#[test]
fn every_authorise_error_leads_somewhere() {
    for (error, description, failure) in [
        (
            "access_denied",
            "end-user denied authorization",
            AuthorizeFailure::Denied,
        ),
        ("access-denied", "", AuthorizeFailure::Denied),
        (
            "invalid_client_id",
            "client identifier invalid",
            AuthorizeFailure::ClientUnknown,
        ),
        (
            "invalid_client",
            "app must be installed into org",
            AuthorizeFailure::AppNotInstalled,
        ),
        (
            "OAUTH_APPROVAL_ERROR_GENERIC",
            "",
            AuthorizeFailure::AppNotInstalled,
        ),
        ("OAUTH_APP_BLOCKED", "", AuthorizeFailure::AppBlocked),
        (
            "OAUTH_APP_ACCESS_DENIED",
            "",
            AuthorizeFailure::NotAdminApproved,
        ),
        (
            "invalid_request",
            "missing required code challenge",
            AuthorizeFailure::OurFault(OurFault::Request),
        ),
        ("inactive_user", "", AuthorizeFailure::Inactive),
        ("rate_limit_exceeded", "", AuthorizeFailure::RateLimited),
        ("immediate_unsuccessful", "", AuthorizeFailure::TryAgain),
    ] {
        assert_eq!(
            classify_authorize_error(error, description),
            failure,
            "{error}"
        );
    }
}

#[test]
fn a_signature_covers_identity_and_time() {
    // HMAC-SHA256 under the key "secret", computed with an independent implementation.
    let secret = SecretString::from("secret");
    let id = "https://login.salesforce.com/id/00D1a000000H3O9EAK/0051a000000UGT8AAO";
    let good = "KSJO4agG83dGpIOF533qqrZ0TduCxIYP7HPyaz4NK3U=";
    assert!(signature_matches(&secret, id, "1435269208465", good));
    assert!(!signature_matches(&secret, id, "1435269208466", good));
    assert!(!signature_matches(
        &secret,
        "https://login.salesforce.com/id/x/y",
        "1435269208465",
        good
    ));
    assert!(!signature_matches(
        &SecretString::from("other"),
        id,
        "1435269208465",
        good
    ));
    assert!(!signature_matches(
        &secret,
        id,
        "1435269208465",
        "not base64!"
    ));
    assert!(!signature_matches(&secret, id, "1435269208465", ""));
}

proptest! {
    /// A connection is only ever given up on words of Salesforce we know, never on noise.
    #[test]
    fn noise_never_gives_up_a_connection(status in 0_u16..600, body in proptest::collection::vec(any::<u8>(), 0..120)) {
        let failure = classify_token_error(status, &body);
        prop_assert_eq!(failure, TokenFailure::Retry { after_s: 5 });
    }
}
