//! Why connecting ended without a connection. Each reason has its own page.

use chassis::Failure;
use salesforce::oauth::{AuthorizeFailure, ReconnectCause, TokenError, TokenFailure};

use super::accept_grant::Unacceptable;
use crate::domain::attempt::Refusal;
use crate::domain::trouble::our_fault;

/// Why nothing was connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The attempt does not take this answer.
    Refused(Refusal),
    /// Salesforce's authorise page ended otherwise.
    Authorize(AuthorizeFailure),
    /// The code was refused: late or used.
    CodeRefused,
    /// Salesforce suspends the user or the org, or restricts address or hours.
    Suspended,
    /// Our configuration is wrong.
    OurFault(&'static str),
    /// Salesforce did not answer.
    NoAnswer,
    /// The answer was altered, or names a host that is not Salesforce's.
    Untrusted,
    /// Salesforce issued no refresh token.
    MissingRefreshToken,
    /// Salesforce did not grant the data API.
    MissingScope,
    /// Another org than the one connected.
    OtherOrg,
    /// The org does not answer the pinned API version.
    VersionUnsupported(String),
    /// The user may not use the API.
    ApiRefused,
    /// Our store is away.
    Unavailable,
}

impl Problem {
    /// For metrics and logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused(Refusal::Unknown) => "unknown",
            Self::Refused(Refusal::Expired) => "expired",
            Self::Refused(Refusal::Replayed) => "replayed",
            Self::Refused(Refusal::WrongBrowser) => "wrong_browser",
            Self::Authorize(AuthorizeFailure::Denied) => "denied",
            Self::Authorize(AuthorizeFailure::AppNotInstalled) => "app_not_installed",
            Self::Authorize(AuthorizeFailure::NotAdminApproved) => "not_admin_approved",
            Self::Authorize(AuthorizeFailure::AppBlocked) => "app_blocked",
            Self::Authorize(AuthorizeFailure::ClientUnknown) => "client_unknown",
            Self::Authorize(AuthorizeFailure::Inactive) | Self::Suspended => "suspended",
            Self::Authorize(AuthorizeFailure::RateLimited) => "rate_limited",
            Self::Authorize(AuthorizeFailure::OurFault(_)) | Self::OurFault(_) => "our_fault",
            Self::Authorize(AuthorizeFailure::TryAgain) => "try_again",
            Self::CodeRefused => "code_refused",
            Self::NoAnswer => "no_answer",
            Self::Untrusted => "untrusted",
            Self::MissingRefreshToken => "missing_refresh_token",
            Self::MissingScope => "missing_scope",
            Self::OtherOrg => "other_org",
            Self::VersionUnsupported(_) => "version_unsupported",
            Self::ApiRefused => "api_refused",
            Self::Unavailable => "unavailable",
        }
    }

    /// Whether a grant exists at Salesforce that we do not keep. After trouble of our own or the network the person
    /// connects again at once, and the same user's grants are better left alone.
    pub(super) fn leaves_a_grant(&self) -> bool {
        matches!(
            self,
            Self::OtherOrg | Self::MissingScope | Self::VersionUnsupported(_) | Self::ApiRefused
        )
    }
}

impl From<Unacceptable> for Problem {
    fn from(reason: Unacceptable) -> Self {
        match reason {
            Unacceptable::NoAnswer => Self::NoAnswer,
            Unacceptable::Untrusted => Self::Untrusted,
            Unacceptable::MissingScope => Self::MissingScope,
            Unacceptable::OtherOrg => Self::OtherOrg,
            Unacceptable::VersionUnsupported(version) => Self::VersionUnsupported(version),
            Unacceptable::ApiRefused => Self::ApiRefused,
            Unacceptable::Unavailable => Self::Unavailable,
        }
    }
}

/// What a refused or unusable answer of the token endpoint means for the person waiting.
pub(super) fn problem_of(error: &TokenError) -> Problem {
    tracing::warn!(error = %error, "salesforce refused a connect attempt");
    match error {
        TokenError::Signature | TokenError::Host(_) => Problem::Untrusted,
        TokenError::Decode(_)
        | TokenError::Inconsistent(_)
        | TokenError::SessionOver
        | TokenError::Transport(_) => Problem::NoAnswer,
        TokenError::Refused { failure, .. } => match failure {
            TokenFailure::Retry { .. } => Problem::NoAnswer,
            TokenFailure::Suspend { .. } => Problem::Suspended,
            TokenFailure::Reconnect {
                cause: ReconnectCause::AppUninstalled,
                ..
            } => Problem::Authorize(AuthorizeFailure::AppNotInstalled),
            TokenFailure::Reconnect { .. } | TokenFailure::RestartConnect => Problem::CodeRefused,
            TokenFailure::OurFault { cause } => Problem::OurFault(our_fault(*cause)),
        },
    }
}

/// Our own store failed.
pub(super) fn unavailable(failure: &Failure) -> Problem {
    tracing::error!(error = failure.chain(), "connect attempt cannot be stored");
    Problem::Unavailable
}
