//! What a refused assertion means for the person who connects by it, and what they can do: one answer per reason.

use salesforce::oauth::{OurFault, ReconnectCause, SuspendCause, TokenFailure};

/// Why an assertion bought no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JwtRefusal {
    /// The app may not act as the user, or there is no such user.
    NotPreauthorized,
    /// The user lacks the permission set that admits the app.
    NotAdmitted,
    /// The user is inactive or frozen.
    UserInactive,
    /// The org is inactive.
    OrganizationInactive,
    /// Address or hour.
    IpOrLoginHours,
    /// The consumer key is not known there.
    AppUnknown,
    /// Signature, certificate or time.
    AssertionRefused,
    /// Production was chosen for a sandbox, or the other way round.
    WrongAudience,
    /// Another login failure.
    LoginFailed,
    /// Our request is wrong.
    OurFault,
    /// It may work later.
    TryAgain,
}

impl JwtRefusal {
    /// Every refusal.
    pub const ALL: [Self; 11] = [
        Self::NotPreauthorized,
        Self::NotAdmitted,
        Self::UserInactive,
        Self::OrganizationInactive,
        Self::IpOrLoginHours,
        Self::AppUnknown,
        Self::AssertionRefused,
        Self::WrongAudience,
        Self::LoginFailed,
        Self::OurFault,
        Self::TryAgain,
    ];

    /// What happened and what to do. Lowercase: it becomes part of an error.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::NotPreauthorized => {
                "salesforce does not let the app act as this user: check the username, have an admin set the app's policy to admin approved users \
                 and give the user the permission set or profile of the app, then connect again"
            }
            Self::NotAdmitted => {
                "salesforce does not admit this user to the app: assign the app's permission set or profile to the user, then connect again"
            }
            Self::UserInactive => {
                "the user is inactive or frozen in salesforce: activate the user, or connect as another one"
            }
            Self::OrganizationInactive => {
                "the salesforce org is inactive: connect again when it is back"
            }
            Self::IpOrLoginHours => {
                "salesforce refuses our address or this hour: check the profile's login IP ranges and hours and the app's IP policy"
            }
            Self::AppUnknown => {
                "salesforce does not know this consumer key: check it and the environment; a new app takes up to ten minutes to be known"
            }
            Self::AssertionRefused => {
                "salesforce does not accept the signature: upload the certificate that belongs to this private key to the app, with digital signatures enabled"
            }
            Self::WrongAudience => {
                "the org does not belong to this login host: choose sandbox for a sandbox, production otherwise"
            }
            Self::LoginFailed => {
                "salesforce refuses to log this user in: check the user's login history in salesforce"
            }
            Self::OurFault => {
                "salesforce calls the request malformed; tell the operator of this installation"
            }
            Self::TryAgain => {
                "salesforce did not answer usably; nothing was changed, try again in a minute"
            }
        }
    }
}

/// What a refusal of the token endpoint means here.
#[must_use]
pub fn refusal(failure: TokenFailure) -> JwtRefusal {
    match failure {
        TokenFailure::Retry { .. } => JwtRefusal::TryAgain,
        TokenFailure::Suspend { cause, .. } => match cause {
            SuspendCause::InactiveUser => JwtRefusal::UserInactive,
            SuspendCause::InactiveOrg => JwtRefusal::OrganizationInactive,
            SuspendCause::IpOrLoginHours => JwtRefusal::IpOrLoginHours,
            SuspendCause::NotAdminApproved => JwtRefusal::NotAdmitted,
        },
        TokenFailure::Reconnect { cause, .. } => match cause {
            ReconnectCause::ApprovalWithdrawn => JwtRefusal::NotPreauthorized,
            ReconnectCause::AppUninstalled => JwtRefusal::AppUnknown,
            ReconnectCause::Expired
            | ReconnectCause::ValidityElapsed
            | ReconnectCause::LoginFailed => JwtRefusal::LoginFailed,
        },
        TokenFailure::RestartConnect => JwtRefusal::LoginFailed,
        TokenFailure::OurFault { cause } => match cause {
            // Without a certificate Salesforce speaks of credentials.
            OurFault::Assertion | OurFault::ClientSecret => JwtRefusal::AssertionRefused,
            OurFault::Audience => JwtRefusal::WrongAudience,
            OurFault::RedirectUri | OurFault::Scope | OurFault::Request => JwtRefusal::OurFault,
        },
    }
}

#[cfg(test)]
mod tests {
    use salesforce::oauth::classify_token_error;

    use super::*;

    #[test]
    fn each_refusal_of_an_assertion_has_its_answer() {
        use JwtRefusal as J;
        for (error, description, expected) in [
            (
                "invalid_grant",
                "user hasn't approved this consumer",
                J::NotPreauthorized,
            ),
            (
                "invalid_grant",
                "Audience validation failed",
                J::WrongAudience,
            ),
            ("invalid_grant", "audience is invalid", J::WrongAudience),
            ("invalid_grant", "invalid assertion", J::AssertionRefused),
            (
                "invalid_client",
                "invalid client credentials",
                J::AssertionRefused,
            ),
            (
                "invalid_client_id",
                "client identifier invalid",
                J::AppUnknown,
            ),
            ("invalid_grant", "inactive user", J::UserInactive),
            (
                "invalid_grant",
                "inactive organization",
                J::OrganizationInactive,
            ),
            ("invalid_grant", "ip restricted", J::IpOrLoginHours),
            (
                "invalid_app_access",
                "user is not admin approved to access this app",
                J::NotAdmitted,
            ),
            ("invalid_grant", "user is locked", J::LoginFailed),
            ("invalid_scope", "", J::OurFault),
            ("rate_limit_exceeded", "login rate exceeded", J::TryAgain),
            ("unknown_error", "", J::TryAgain),
        ] {
            let body = format!(r#"{{"error":"{error}","error_description":"{description}"}}"#);
            let failure = classify_token_error(400, body.as_bytes());
            assert_eq!(refusal(failure), expected, "{error} {description}");
        }
    }

    #[test]
    fn no_two_refusals_give_the_same_advice() {
        let mut advice: Vec<&str> = JwtRefusal::ALL
            .iter()
            .map(|refusal| refusal.advice())
            .collect();
        advice.sort_unstable();
        advice.dedup();
        assert_eq!(advice.len(), JwtRefusal::ALL.len());
    }
}
