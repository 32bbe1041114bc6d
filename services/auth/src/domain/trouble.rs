//! What a failed token call does to a connection: the table of `salesforce-api.md` 1.5, applied.
//!
//! Only a verdict of `Lose` may ask for a person, and only rows marked *reconnect* lead there. What may be a passing
//! fault of Salesforce, the network or ourselves leaves the connection exactly as it is.

use salesforce::oauth::{Confirm, OurFault, ReconnectCause, SuspendCause, TokenFailure};

use super::grant::GrantKind;
use super::state::{Loss, Suspension, Trigger};

/// Pause before calling again after a fault of our own configuration, in seconds: long enough for an operator to act,
/// short enough to resume soon after.
const OUR_FAULT_PAUSE_S: u64 = 60;
/// Pause before believing that the app vanished from an org, in seconds: time for other orgs to show the same.
const APP_UNKNOWN_CONFIRM_S: u64 = 600;
/// Pauses longer than this are a rule (login rate limit, an operator's turn), not a backoff to be shortened, in seconds.
const BACKOFF_S_MAX: u64 = 30;
/// How often the first pause may double: from 5 s to 160 s.
const BACKOFF_DOUBLINGS_MAX: u32 = 5;

/// What is known besides the answer itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence {
    /// The same loss was seen before and its time of waiting is over.
    pub doubted: Option<Loss>,
    /// Other connections of the kind exist in this installation.
    pub others: bool,
    /// Another connection of the kind met the refusal that may be our own fault within the hour: an unknown app, or for
    /// JWT bearer a refused assertion.
    pub others_refused: bool,
    /// Another connection refreshed within the hour: our key is good.
    pub others_work: bool,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing changes; call again after a pause.
    Retry {
        /// First pause, in seconds.
        after_s: u64,
    },
    /// Nothing changes yet; believed when seen again after the pause.
    Doubt {
        /// What is suspected.
        loss: Loss,
        /// The pause, in seconds.
        after_s: u64,
    },
    /// The connection is suspended and probed.
    Suspend {
        /// Why.
        suspension: Suspension,
        /// Pause between probes, in seconds.
        probe_after_s: u64,
    },
    /// A person has to connect again.
    Lose(Loss),
    /// Our configuration or code is wrong: nothing changes, an operator is told.
    OurFault {
        /// What to look at.
        what: &'static str,
        /// Pause before calling again, in seconds.
        after_s: u64,
    },
}

impl Verdict {
    /// What it does to the connection; `None` when nothing changes.
    #[must_use]
    pub fn trigger(self) -> Option<Trigger> {
        match self {
            Self::Suspend { suspension, .. } => Some(Trigger::Suspended(suspension)),
            Self::Lose(loss) => Some(Trigger::Lost(loss)),
            Self::Retry { .. } | Self::Doubt { .. } | Self::OurFault { .. } => None,
        }
    }
}

/// Whether the verdict on `failure` depends on how other connections fare, which is a wider question to the store.
#[must_use]
pub fn needs_others(failure: TokenFailure) -> bool {
    match failure {
        TokenFailure::Reconnect { confirm, .. } => match confirm {
            Confirm::OtherTenants => true,
            Confirm::Nothing | Confirm::StoredToken | Confirm::After { .. } => false,
        },
        TokenFailure::OurFault { cause } => match cause {
            OurFault::Assertion | OurFault::ClientSecret | OurFault::Audience => true,
            OurFault::RedirectUri | OurFault::Scope | OurFault::Request => false,
        },
        TokenFailure::Retry { .. }
        | TokenFailure::Suspend { .. }
        | TokenFailure::RestartConnect => false,
    }
}

/// Decides what `failure` of a refresh under a grant of `kind` means.
#[must_use]
pub fn verdict(failure: TokenFailure, evidence: Evidence, kind: GrantKind) -> Verdict {
    match (kind, failure) {
        (GrantKind::JwtBearer, TokenFailure::Reconnect { cause, confirm }) => {
            unsigned(cause, confirm, evidence)
        }
        (GrantKind::JwtBearer, TokenFailure::OurFault { cause }) => assertion(cause, evidence),
        (_, failure) => common(failure, evidence),
    }
}

/// JWT bearer: the org does not let the app act as the user.
fn unsigned(cause: ReconnectCause, confirm: Confirm, evidence: Evidence) -> Verdict {
    match cause {
        ReconnectCause::ApprovalWithdrawn => Verdict::Lose(Loss::NotPreauthorized),
        // The customer's own app: what other orgs say tells nothing. A new app takes minutes to be known everywhere.
        ReconnectCause::AppUninstalled => {
            doubted(Loss::AppUninstalled, APP_UNKNOWN_CONFIRM_S, evidence)
        }
        // Words about tokens we never had, and assorted login failures: believed when they are repeated.
        ReconnectCause::Expired | ReconnectCause::ValidityElapsed | ReconnectCause::LoginFailed => {
            let after_s = match confirm {
                Confirm::After { after_s } => after_s,
                Confirm::Nothing | Confirm::StoredToken | Confirm::OtherTenants => {
                    APP_UNKNOWN_CONFIRM_S
                }
            };
            doubted(Loss::Revoked, after_s, evidence)
        }
    }
}

/// JWT bearer: the org does not accept the assertion. One org's certificate is its own affair; several at once mean that
/// our clock is wrong.
fn assertion(cause: OurFault, evidence: Evidence) -> Verdict {
    match cause {
        // Without a certificate Salesforce speaks of credentials.
        OurFault::Assertion | OurFault::ClientSecret | OurFault::Audience => {
            if evidence.others_refused {
                return Verdict::OurFault {
                    what: "several orgs refuse our signed assertions: check this host's clock",
                    after_s: OUR_FAULT_PAUSE_S,
                };
            }
            doubted(Loss::AssertionRefused, APP_UNKNOWN_CONFIRM_S, evidence)
        }
        OurFault::RedirectUri | OurFault::Scope | OurFault::Request => Verdict::OurFault {
            what: our_fault(cause),
            after_s: OUR_FAULT_PAUSE_S,
        },
    }
}

fn common(failure: TokenFailure, evidence: Evidence) -> Verdict {
    match failure {
        TokenFailure::Retry { after_s } => Verdict::Retry { after_s },
        TokenFailure::Suspend {
            cause,
            probe_after_s,
        } => Verdict::Suspend {
            suspension: suspension(cause),
            probe_after_s,
        },
        TokenFailure::Reconnect { cause, confirm } => reconnect(cause, confirm, evidence),
        // A code is never part of a refresh; whatever this is, it has to be seen twice.
        TokenFailure::RestartConnect => doubted(Loss::Revoked, APP_UNKNOWN_CONFIRM_S, evidence),
        TokenFailure::OurFault { cause } => Verdict::OurFault {
            what: our_fault(cause),
            after_s: OUR_FAULT_PAUSE_S,
        },
    }
}

fn reconnect(cause: ReconnectCause, confirm: Confirm, evidence: Evidence) -> Verdict {
    let loss = match cause {
        ReconnectCause::Expired
        | ReconnectCause::ApprovalWithdrawn
        | ReconnectCause::LoginFailed => Loss::Revoked,
        ReconnectCause::ValidityElapsed => Loss::Expired,
        ReconnectCause::AppUninstalled => Loss::AppUninstalled,
    };
    match confirm {
        // The lease makes sure that the stored token is the one that was sent: there is nothing to read again.
        Confirm::Nothing | Confirm::StoredToken => Verdict::Lose(loss),
        Confirm::After { after_s } => doubted(loss, after_s, evidence),
        Confirm::OtherTenants => app_unknown(evidence),
    }
}

fn doubted(loss: Loss, after_s: u64, evidence: Evidence) -> Verdict {
    if evidence.doubted == Some(loss) {
        Verdict::Lose(loss)
    } else {
        Verdict::Doubt { loss, after_s }
    }
}

/// An unknown app is one org's affair unless other orgs see the same; then our own key is wrong.
fn app_unknown(evidence: Evidence) -> Verdict {
    if evidence.others_refused {
        return Verdict::OurFault {
            what: "several orgs do not know the app: check SALESFORCE_CONSUMER_KEY",
            after_s: OUR_FAULT_PAUSE_S,
        };
    }
    if evidence.others_work || !evidence.others {
        return Verdict::Lose(Loss::AppUninstalled);
    }
    doubted(Loss::AppUninstalled, APP_UNKNOWN_CONFIRM_S, evidence)
}

fn suspension(cause: SuspendCause) -> Suspension {
    match cause {
        SuspendCause::InactiveUser => Suspension::UserInactive,
        SuspendCause::InactiveOrg => Suspension::OrganizationInactive,
        SuspendCause::IpOrLoginHours => Suspension::IpOrLoginHours,
        SuspendCause::NotAdminApproved => Suspension::AppNotAuthorized,
    }
}

/// What an operator has to look at.
#[must_use]
pub fn our_fault(cause: OurFault) -> &'static str {
    match cause {
        OurFault::ClientSecret => {
            "salesforce refuses our credentials: check SALESFORCE_CONSUMER_SECRET"
        }
        OurFault::RedirectUri => {
            "the callback is not registered with the app: check AUTH_PUBLIC_URL"
        }
        OurFault::Scope => "the app lacks a scope: it needs api, refresh_token and id",
        OurFault::Request => "salesforce calls our token request malformed",
        OurFault::Assertion => "salesforce does not accept our signed assertion",
        OurFault::Audience => "the assertion is meant for another login host than the org's",
    }
}

/// The pause before the next call, in milliseconds: from `first_ms`, doubling with each failure in a row, a quarter of
/// jitter either way. A pause Salesforce demands is kept, with jitter on top only. `jitter` is in 0..1.
#[must_use]
pub fn pause_ms(after_s: u64, failures: u32, first_ms: u64, jitter: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "pauses are hours at most and never negative"
    )]
    let scale = |ms: u64, factor: f64| (ms as f64 * factor) as u64;
    if after_s > BACKOFF_S_MAX {
        return scale(after_s * 1000, 1.0 + 0.2 * jitter);
    }
    let doublings = failures.saturating_sub(1).min(BACKOFF_DOUBLINGS_MAX);
    scale(first_ms << doublings, 0.75 + 0.5 * jitter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use salesforce::oauth::classify_token_error;

    fn verdict(failure: TokenFailure, evidence: Evidence) -> Verdict {
        super::verdict(failure, evidence, GrantKind::RefreshToken)
    }

    fn refused(error: &str, description: &str) -> TokenFailure {
        let body = format!(r#"{{"error":"{error}","error_description":"{description}"}}"#);
        classify_token_error(400, body.as_bytes())
    }

    #[test]
    fn every_row_of_the_table_has_its_verdict() {
        let rows = [
            ("invalid_grant", "expired access/refresh token"),
            ("invalid_grant", "token validity expired"),
            ("invalid_grant", "inactive user"),
            ("invalid_grant", "inactive organization"),
            ("invalid_grant", "ip restricted"),
            ("invalid_grant", "user hasn't approved this consumer"),
            ("invalid_grant", "authentication failure"),
            ("invalid_grant", "invalid authorization code"),
            ("invalid_client_id", "client identifier invalid"),
            ("invalid_client", "invalid client credentials"),
            (
                "invalid_app_access",
                "user is not admin approved to access this app",
            ),
            ("redirect_uri_mismatch", ""),
            ("rate_limit_exceeded", "login rate exceeded"),
            ("unknown_error", "retry your request"),
            ("never_seen", "never seen"),
        ];
        let mut table = String::new();
        for (error, description) in rows {
            let verdict = verdict(refused(error, description), Evidence::default());
            table.push_str(&format!("{error} {description}: {verdict:?}\n"));
        }
        insta::assert_snapshot!(table, @r#"
        invalid_grant expired access/refresh token: Lose(Revoked)
        invalid_grant token validity expired: Lose(Expired)
        invalid_grant inactive user: Suspend { suspension: UserInactive, probe_after_s: 86400 }
        invalid_grant inactive organization: Suspend { suspension: OrganizationInactive, probe_after_s: 86400 }
        invalid_grant ip restricted: Suspend { suspension: IpOrLoginHours, probe_after_s: 3600 }
        invalid_grant user hasn't approved this consumer: Lose(Revoked)
        invalid_grant authentication failure: Doubt { loss: Revoked, after_s: 600 }
        invalid_grant invalid authorization code: Doubt { loss: Revoked, after_s: 600 }
        invalid_client_id client identifier invalid: Lose(AppUninstalled)
        invalid_client invalid client credentials: OurFault { what: "salesforce refuses our credentials: check SALESFORCE_CONSUMER_SECRET", after_s: 60 }
        invalid_app_access user is not admin approved to access this app: Suspend { suspension: AppNotAuthorized, probe_after_s: 86400 }
        redirect_uri_mismatch : OurFault { what: "the callback is not registered with the app: check AUTH_PUBLIC_URL", after_s: 60 }
        rate_limit_exceeded login rate exceeded: Retry { after_s: 900 }
        unknown_error retry your request: Retry { after_s: 5 }
        never_seen never seen: Retry { after_s: 5 }
        "#);
    }

    #[test]
    fn trouble_of_the_network_or_of_salesforce_never_asks_for_a_person() {
        for (status, body) in [
            (500, ""),
            (503, "<html>"),
            (400, "<html>"),
            (200, ""),
            (429, "{}"),
            (502, "{\"error\":\"invalid_grant\"}"),
        ] {
            let decided = verdict(
                classify_token_error(status, body.as_bytes()),
                Evidence::default(),
            );
            assert!(
                matches!(decided, Verdict::Retry { .. }),
                "{status} {body}: {decided:?}"
            );
        }
    }

    #[test]
    fn a_login_failure_is_believed_when_it_is_seen_twice() {
        let failure = refused("invalid_grant", "user is locked");
        let twice = Evidence {
            doubted: Some(Loss::Revoked),
            ..Evidence::default()
        };
        assert!(matches!(
            verdict(failure, Evidence::default()),
            Verdict::Doubt { after_s: 600, .. }
        ));
        assert_eq!(verdict(failure, twice), Verdict::Lose(Loss::Revoked));
    }

    #[test]
    fn an_unknown_app_is_the_orgs_affair_unless_others_see_it_too() {
        let failure = refused("invalid_client_id", "client identifier invalid");
        let base = Evidence {
            others: true,
            ..Evidence::default()
        };
        let lost = Verdict::Lose(Loss::AppUninstalled);
        assert_eq!(verdict(failure, Evidence::default()), lost);
        assert_eq!(
            verdict(
                failure,
                Evidence {
                    others_work: true,
                    ..base
                }
            ),
            lost
        );
        assert!(matches!(verdict(failure, base), Verdict::Doubt { .. }));
        assert_eq!(
            verdict(
                failure,
                Evidence {
                    doubted: Some(Loss::AppUninstalled),
                    ..base
                }
            ),
            lost
        );
        let several = Evidence {
            others_refused: true,
            others_work: true,
            ..base
        };
        assert!(matches!(
            verdict(failure, several),
            Verdict::OurFault { .. }
        ));
    }

    #[test]
    fn pauses_grow_and_a_demanded_pause_is_kept() {
        let pause = |failures| pause_ms(5, failures, 5_000, 0.5);
        assert_eq!(
            [pause(1), pause(2), pause(3), pause(99)],
            [5_000, 10_000, 20_000, 160_000]
        );
        assert_eq!(pause_ms(900, 1, 5_000, 0.0), 900_000);
        assert_eq!(
            (pause_ms(5, 1, 5_000, 0.0), pause_ms(5, 1, 5_000, 1.0)),
            (3_750, 6_250)
        );
    }
}
