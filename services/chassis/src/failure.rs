//! What a handler may fail with, and the pure decision of what happens to its message then.
//!
//! A handler never acknowledges anything itself: it returns a [`Failure`] and [`verdict`] decides. Three kinds
//! are enough, because they differ in the only thing that matters: whose turn it is next (a dependency, time, a person).

use std::{error::Error as StdError, time::Duration};

use events::rpc::{Code, RpcError};

use crate::backoff::Backoff;

/// Why work could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A dependency is away. The batch is held and tried again in place; no delivery is used up, and the
    /// service is not ready meanwhile.
    #[error("{what} is unavailable")]
    Unavailable {
        /// The dependency, as readiness names it: `postgres`, `nats`, `auth`.
        what: &'static str,
        /// What was seen.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// This message may succeed later (a row lock, a limit, an answer that made no sense).
    #[error("{reason}")]
    Transient {
        /// For a person; no payload, no personal data.
        reason: String,
        /// When the other side said how long to wait; otherwise the backoff decides.
        retry_after: Option<Duration>,
    },
    /// This message can never succeed as it is: it goes to quarantine, where a person sees it.
    #[error("{reason}")]
    Permanent {
        /// The last token of the quarantine subject: lower case, digits and `_`.
        code: &'static str,
        /// For a person: the field and the fix; no payload, no personal data.
        reason: String,
    },
}

impl Failure {
    /// A dependency that did not answer.
    pub fn unavailable(
        what: &'static str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::Unavailable {
            what,
            source: source.into(),
        }
    }

    /// Worth another attempt, at the usual pace.
    pub fn transient(reason: impl Into<String>) -> Self {
        Self::Transient {
            reason: reason.into(),
            retry_after: None,
        }
    }

    /// Never going to work; `code` is the quarantine subject's last token.
    pub fn permanent(code: &'static str, reason: impl Into<String>) -> Self {
        Self::Permanent {
            code,
            reason: reason.into(),
        }
    }

    /// The failure and its causes in one line, for a log line or a quarantine header.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(inner) = cause {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            cause = inner.source();
        }
        text
    }

    /// The `error.type` of spans and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "unavailable",
            Self::Transient { .. } => "transient",
            Self::Permanent { .. } => "permanent",
        }
    }
}

/// Postgres errors by SQLSTATE class: connection trouble and shutdowns are the database being away, refused data
/// never gets better, everything else (deadlocks, serialization, constraint races) is worth another attempt.
impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::unavailable("postgres", error),
            sqlx::Error::Database(ref inner) => {
                let state = inner.code().map(|code| code.into_owned());
                match postgres_kind(state.as_deref().unwrap_or_default()) {
                    PostgresKind::Away => Self::unavailable("postgres", error),
                    // Without Postgres' own text: for a data exception it quotes the value.
                    PostgresKind::Refused => Self::permanent(
                        "data_refused",
                        format!(
                            "postgres refused a value (sqlstate {})",
                            state.as_deref().unwrap_or("unknown")
                        ),
                    ),
                    PostgresKind::Later => Self::transient(format!("postgres: {error}")),
                }
            }
            other => Self::transient(format!("postgres: {other}")),
        }
    }
}

enum PostgresKind {
    Away,
    Refused,
    Later,
}

/// 08 connection, 53 resources, 57P shutdown, 25006 read-only (a standby after failover); 22 data exceptions.
fn postgres_kind(sqlstate: &str) -> PostgresKind {
    if sqlstate.starts_with("08")
        || sqlstate.starts_with("53")
        || sqlstate.starts_with("57P")
        || sqlstate == "25006"
    {
        PostgresKind::Away
    } else if sqlstate.starts_with("22") {
        PostgresKind::Refused
    } else {
        PostgresKind::Later
    }
}

/// What an answer of another service means for the message that needed it, when the caller has no better idea: a refusal
/// sets the message aside. A caller for whom a refusal is a state (an org that is not connected) matches on the code first.
impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        match error.code {
            Code::Unavailable | Code::DeadlineExceeded => Self::unavailable("rpc", error),
            Code::ResourceExhausted | Code::Internal => Self::transient(error.to_string()),
            Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::FailedPrecondition => Self::permanent("rpc_refused", error.to_string()),
        }
    }
}

/// What happens to a message whose handler failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Keep it, keep it alive, and try again when the dependency may be back.
    Hold,
    /// Hand it back; the broker delivers it again after the delay.
    Retry(Duration),
    /// Set it aside under this code.
    Quarantine(&'static str),
}

/// The quarantine code of a message that failed transiently too often.
pub const ATTEMPTS_EXHAUSTED: &str = "attempts_exhausted";

/// Decides what happens after `failure` on delivery number `attempt` (from 1) of at most `attempts_max`.
///
/// Delays grow with the attempt; a delay the other side asked for is honoured up to the cap of an hour.
#[must_use]
pub fn verdict(failure: &Failure, attempt: u64, attempts_max: u64, jitter: f64) -> Verdict {
    const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
    match failure {
        Failure::Unavailable { .. } => Verdict::Hold,
        Failure::Permanent { code, .. } => Verdict::Quarantine(code),
        Failure::Transient { .. } if attempt >= attempts_max => {
            Verdict::Quarantine(ATTEMPTS_EXHAUSTED)
        }
        Failure::Transient { retry_after, .. } => Verdict::Retry(match retry_after {
            Some(asked) => (*asked).min(RETRY_AFTER_MAX),
            None => Backoff::REDELIVERY.delay(attempt, jitter),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_failure_has_its_verdict() {
        let away = || Failure::unavailable("postgres", "connection refused");
        let later = || Failure::transient("row is locked");
        let asked = |seconds| Failure::Transient {
            reason: "busy".into(),
            retry_after: Some(Duration::from_secs(seconds)),
        };
        let never = || Failure::permanent("no_mapping", "publish a mapping first");
        for (name, failure, attempt, expected) in [
            ("away, first", away(), 1, Verdict::Hold),
            ("away, beyond the last", away(), 99, Verdict::Hold),
            (
                "later, first",
                later(),
                1,
                Verdict::Retry(Duration::from_millis(500)),
            ),
            (
                "later, seventh",
                later(),
                7,
                Verdict::Retry(Duration::from_secs(32)),
            ),
            (
                "later, last",
                later(),
                8,
                Verdict::Quarantine(ATTEMPTS_EXHAUSTED),
            ),
            (
                "asked for 7 s",
                asked(7),
                1,
                Verdict::Retry(Duration::from_secs(7)),
            ),
            (
                "asked for a day",
                asked(86_400),
                1,
                Verdict::Retry(Duration::from_secs(3600)),
            ),
            (
                "never, first",
                never(),
                1,
                Verdict::Quarantine("no_mapping"),
            ),
        ] {
            assert_eq!(verdict(&failure, attempt, 8, 0.5), expected, "{name}");
        }
    }

    #[test]
    fn a_chain_names_every_cause_once() {
        let inner = std::io::Error::other("connection reset");
        assert_eq!(
            Failure::unavailable("nats", inner).chain(),
            "nats is unavailable: connection reset"
        );
    }

    #[test]
    fn postgres_classes() {
        for (state, expected) in [
            ("08006", "away"),
            ("57P01", "away"),
            ("53300", "away"),
            ("25006", "away"),
            ("22021", "refused"),
            ("40P01", "later"),
            ("23505", "later"),
            ("", "later"),
        ] {
            let kind = match postgres_kind(state) {
                PostgresKind::Away => "away",
                PostgresKind::Refused => "refused",
                PostgresKind::Later => "later",
            };
            assert_eq!(kind, expected, "{state}");
        }
    }

    proptest! {
        #[test]
        fn a_transient_failure_never_outlives_its_attempts(attempt in 0_u64..1000, max in 1_u64..100, jitter in 0.0_f64..1.0) {
            let decided = verdict(&Failure::transient("x"), attempt, max, jitter);
            prop_assert_eq!(matches!(decided, Verdict::Quarantine(_)), attempt >= max);
        }

        #[test]
        fn a_dependency_that_is_away_never_uses_up_a_message(attempt in 0_u64..1000, max in 1_u64..100) {
            prop_assert_eq!(verdict(&Failure::unavailable("nats", "x"), attempt, max, 0.0), Verdict::Hold);
        }
    }
}
