//! What an error that another service met in the data API says about the connection.
//!
//! Only codes that speak about the whole connection are here; everything about one object or record is that service's
//! own affair. A report about a token that has been replaced meanwhile is old news.

use super::state::{State, Suspension};

/// Reported by a service when a fresh token was refused: the session did not expire, it is not admitted.
pub const SESSION_REJECTED: &str = "SESSION_REJECTED";

/// What to do with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// Suspend and probe.
    Suspend {
        /// Why.
        suspension: Suspension,
        /// Pause before the next look, in seconds.
        probe_after_s: u64,
    },
    /// It says nothing about the connection as it is now.
    Ignore,
}

/// First look after a report, in seconds: soon, because the reporter may have met an admin at work.
const PROBE_AFTER_S: u64 = 300;

/// Decides what `error_code`, met with a token of `generation`, means for a connection whose tokens are of `stored`.
#[must_use]
pub fn decide(error_code: &str, generation: i64, stored: i64, state: State) -> Report {
    if generation != stored || !state.is_usable() {
        return Report::Ignore;
    }
    let suspension = match error_code {
        "API_DISABLED_FOR_ORG" => Suspension::ApiDisabled,
        "CLIENT_NOT_ACCESSIBLE_FOR_USER" | "FORBIDDEN" => Suspension::AppNotAuthorized,
        "ORG_LOCKED" | "TRIAL_EXPIRED" => Suspension::OrganizationInactive,
        SESSION_REJECTED => Suspension::IpOrLoginHours,
        code if code.starts_with("TXN_SECURITY") => Suspension::AppNotAuthorized,
        // `API_CURRENTLY_DISABLED` and limits pass by themselves; the caller retries.
        _ => return Report::Ignore,
    };
    Report::Suspend {
        suspension,
        probe_after_s: PROBE_AFTER_S,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_about_the_connection_suspend_it() {
        for (code, expected) in [
            ("API_DISABLED_FOR_ORG", Some(Suspension::ApiDisabled)),
            ("SESSION_REJECTED", Some(Suspension::IpOrLoginHours)),
            ("TXN_SECURITY_NO_ACCESS", Some(Suspension::AppNotAuthorized)),
            ("TRIAL_EXPIRED", Some(Suspension::OrganizationInactive)),
            ("API_CURRENTLY_DISABLED", None),
            ("REQUEST_LIMIT_EXCEEDED", None),
            ("INVALID_FIELD", None),
            ("", None),
        ] {
            let decided = match decide(code, 3, 3, State::Connected) {
                Report::Suspend { suspension, .. } => Some(suspension),
                Report::Ignore => None,
            };
            assert_eq!(decided, expected, "{code}");
        }
    }

    #[test]
    fn a_report_about_a_replaced_token_is_old_news() {
        assert_eq!(
            decide("API_DISABLED_FOR_ORG", 2, 3, State::Connected),
            Report::Ignore
        );
        assert_eq!(
            decide("API_DISABLED_FOR_ORG", 3, 3, State::Disconnected),
            Report::Ignore
        );
    }
}
