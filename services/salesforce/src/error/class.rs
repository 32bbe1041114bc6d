//! What has to happen after an error: who acts, and whether the same call may be made again.

use super::code::Code;

/// Who or what resolves an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A person corrects the data in our console.
    User,
    /// An admin changes the org's configuration or permissions.
    Admin,
    /// Transient: repeat with backoff; the write was rolled back or never ran.
    Retry,
    /// Heals by itself, but in a quarter of an hour or more.
    RetrySlowly,
    /// Repeat with a narrower query: fewer columns, a shorter range.
    RetryNarrower,
    /// The cursor is gone: start the query again from the watermark.
    RestartQuery,
    /// Our picture is old: read again and compare before anything else.
    Stale,
    /// Read the describe again; if the picture is the same, an admin must act.
    StaleThenAdmin,
    /// A limit of the org is reached: pause the org.
    Quota,
    /// Our own mistake.
    Bug,
    /// The session is over: the token flow decides.
    Session,
    /// Another row or subrequest is the culprit; take its class.
    Follow,
    /// Nothing will ever make this call succeed.
    Final,
}

/// How to repeat a transient failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAdvice {
    /// Repeats before a person is told.
    pub attempts_max: u32,
    /// Shortest delay, in milliseconds; grow it and add jitter.
    pub delay_min_ms: u64,
    /// Longest delay, in milliseconds.
    pub delay_max_ms: u64,
}

const fn advice(attempts_max: u32, delay_min_ms: u64, delay_max_ms: u64) -> Option<RetryAdvice> {
    Some(RetryAdvice {
        attempts_max,
        delay_min_ms,
        delay_max_ms,
    })
}

impl Class {
    /// Whether the very same call may succeed later without anyone acting.
    ///
    /// Quota counts: the same call works once the org's window has moved on.
    pub fn retryable(self) -> bool {
        match self {
            Self::Retry | Self::RetrySlowly | Self::Quota => true,
            Self::User
            | Self::Admin
            | Self::RetryNarrower
            | Self::RestartQuery
            | Self::Stale
            | Self::StaleThenAdmin
            | Self::Bug
            | Self::Session
            | Self::Follow
            | Self::Final => false,
        }
    }

    /// Whether a person has to do something before the call can succeed.
    pub fn needs_person(self) -> bool {
        match self {
            Self::User | Self::Admin | Self::StaleThenAdmin | Self::Bug | Self::Final => true,
            Self::Retry
            | Self::RetrySlowly
            | Self::RetryNarrower
            | Self::RestartQuery
            | Self::Stale
            | Self::Quota
            | Self::Session
            | Self::Follow => false,
        }
    }

    /// A stable name for metrics and storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::Retry => "retry",
            Self::RetrySlowly => "retry_slowly",
            Self::RetryNarrower => "retry_narrower",
            Self::RestartQuery => "restart_query",
            Self::Stale => "stale",
            Self::StaleThenAdmin => "stale_then_admin",
            Self::Quota => "quota",
            Self::Bug => "bug",
            Self::Session => "session",
            Self::Follow => "follow",
            Self::Final => "final",
        }
    }

    /// How often and how fast to repeat an error of this class; the code can know better.
    pub(super) fn retry_advice(self, code: &Code) -> Option<RetryAdvice> {
        match (self, code) {
            (_, Code::CannotExecuteFlowTrigger) => advice(1, 60_000, 60_000),
            (Self::Retry, Code::UnableToLockRow) => advice(5, 500, 8_000),
            (Self::Retry, Code::RecordInUseByWorkflow) => advice(5, 2_000, 30_000),
            (Self::Retry, Code::UnknownException) => advice(3, 1_000, 60_000),
            (Self::Retry, _) => advice(5, 1_000, 60_000),
            // An approval lock is waited out hourly for a day; a maintenance window in quarter hours.
            (Self::RetrySlowly, Code::EntityIsLocked) => advice(24, 3_600_000, 3_600_000),
            (Self::RetrySlowly, _) => advice(16, 900_000, 900_000),
            (Self::Quota, _) => advice(96, 900_000, 1_800_000),
            (
                Self::User
                | Self::Admin
                | Self::RetryNarrower
                | Self::RestartQuery
                | Self::Stale
                | Self::StaleThenAdmin
                | Self::Bug
                | Self::Session
                | Self::Follow
                | Self::Final,
                _,
            ) => None,
        }
    }
}
