//! The connection's state machine (design section 5) as one exhaustive table.
//!
//! Only this module knows which state follows which. A trigger that means nothing in a state leaves it alone: late news
//! about a connection that has moved on is normal, not an error.

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing was ever connected.
    NotConnected,
    /// A person is on Salesforce's page for the first time, or after a disconnect.
    Authorizing,
    /// Works.
    Connected,
    /// Works, but something the mapping needs is out of the connected user's reach.
    AccessLimited,
    /// Salesforce refuses for now; probed, heals by itself.
    Suspended,
    /// A person has to connect again.
    ReconnectRequired,
    /// An admin ended it.
    Disconnected,
}

/// Why Salesforce refuses for now. The grant itself is still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suspension {
    /// The user is deactivated or frozen.
    UserInactive,
    /// The org is suspended, expired, or a sandbox being refreshed.
    OrganizationInactive,
    /// Address range, login hours, or a session locked to an address.
    IpOrLoginHours,
    /// The API is disabled for the org or the user.
    ApiDisabled,
    /// The app is blocked, or the user is not admitted to it.
    AppNotAuthorized,
}

/// Why a grant is gone for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The refresh token's lifetime ended.
    Expired,
    /// Revoked, withdrawn, or replaced by newer approvals.
    Revoked,
    /// The app is not known in the org any more.
    AppUninstalled,
    /// Salesforce rotated the refresh token and the answer never arrived.
    RotationLost,
    /// JWT bearer: the customer's app may not act as the user any more.
    NotPreauthorized,
    /// JWT bearer: the org does not accept assertions signed with the stored key.
    AssertionRefused,
}

/// Why a connection is in its state, as it is stored and published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Needs none.
    None,
    /// See [`Suspension`].
    Suspended(Suspension),
    /// See [`Loss`].
    Lost(Loss),
    /// An admin asked for it.
    Requested,
    /// The access review found something missing.
    AccessMissing,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// An admin asked for a connect link.
    Begun,
    /// The attempt ended without a grant: denied, failed or expired.
    Abandoned,
    /// A person granted access and the tokens are stored.
    Authorized,
    /// The access review found gaps.
    AccessMissing,
    /// The access review found none.
    AccessComplete,
    /// Salesforce refuses for now.
    Suspended(Suspension),
    /// The grant is gone.
    Lost(Loss),
    /// The grant was seen working.
    Healed,
    /// An admin ended the connection.
    Disconnected,
}

impl State {
    /// Every state, for tables and checks.
    pub const ALL: [Self; 7] = [
        Self::NotConnected,
        Self::Authorizing,
        Self::Connected,
        Self::AccessLimited,
        Self::Suspended,
        Self::ReconnectRequired,
        Self::Disconnected,
    ];

    /// Whether work may use the connection.
    #[must_use]
    pub fn is_usable(self) -> bool {
        match self {
            Self::Connected | Self::AccessLimited => true,
            Self::NotConnected
            | Self::Authorizing
            | Self::Suspended
            | Self::ReconnectRequired
            | Self::Disconnected => false,
        }
    }

    /// As it is stored, and read by people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotConnected => "not_connected",
            Self::Authorizing => "authorizing",
            Self::Connected => "connected",
            Self::AccessLimited => "access_limited",
            Self::Suspended => "suspended",
            Self::ReconnectRequired => "reconnect_required",
            Self::Disconnected => "disconnected",
        }
    }

    /// The state stored as `text`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl Loss {
    /// Every loss.
    pub const ALL: [Self; 6] = [
        Self::Expired,
        Self::Revoked,
        Self::AppUninstalled,
        Self::RotationLost,
        Self::NotPreauthorized,
        Self::AssertionRefused,
    ];

    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::AppUninstalled => "app_uninstalled",
            Self::RotationLost => "rotation_lost",
            Self::NotPreauthorized => "not_preauthorized",
            Self::AssertionRefused => "assertion_refused",
        }
    }

    /// The loss stored as `text`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|loss| loss.as_str() == text)
    }
}

impl Suspension {
    /// Every suspension.
    pub const ALL: [Self; 5] = [
        Self::UserInactive,
        Self::OrganizationInactive,
        Self::IpOrLoginHours,
        Self::ApiDisabled,
        Self::AppNotAuthorized,
    ];

    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserInactive => "user_inactive",
            Self::OrganizationInactive => "organization_inactive",
            Self::IpOrLoginHours => "ip_or_login_hours",
            Self::ApiDisabled => "api_disabled",
            Self::AppNotAuthorized => "app_not_authorized",
        }
    }
}

impl Cause {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Suspended(suspension) => suspension.as_str(),
            Self::Lost(loss) => loss.as_str(),
            Self::Requested => "requested",
            Self::AccessMissing => "access_missing",
        }
    }

    /// The cause stored as `text`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = [Self::None, Self::Requested, Self::AccessMissing];
        plain
            .into_iter()
            .chain(Suspension::ALL.into_iter().map(Self::Suspended))
            .chain(Loss::ALL.into_iter().map(Self::Lost))
            .find(|cause| cause.as_str() == text)
    }

    /// One sentence for a person, with the fix where there is one.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Requested => "An admin disconnected Salesforce.",
            Self::AccessMissing => {
                "The connected user cannot reach everything the mapping needs; see the access review."
            }
            Self::Lost(Loss::Expired) => {
                "The grant reached the end of the lifetime set in the org's app policy. Connect again; work that waited resumes."
            }
            Self::Lost(Loss::Revoked) => {
                "Salesforce no longer accepts our grant: it was revoked in the org, or replaced by newer approvals of the same user. \
                 Connect again; work that waited resumes."
            }
            Self::Lost(Loss::AppUninstalled) => {
                "The app is not known in the org any more. Have a Salesforce admin install it (Setup, Connected Apps OAuth Usage), then connect again."
            }
            Self::Lost(Loss::RotationLost) => {
                "Salesforce replaced our refresh token and its answer was lost on the way. Connect once more; work that waited resumes."
            }
            Self::Lost(Loss::NotPreauthorized) => {
                "The app may not act as the connected user any more. Have a Salesforce admin pre-authorise the user (the app's policies: \
                 admin approved users are pre-authorized, then a permission set or profile), then connect again; work that waited resumes."
            }
            Self::Lost(Loss::AssertionRefused) => {
                "The org does not accept what is signed with the stored key: the app's certificate was replaced or the app changed. \
                 Connect again with the key that belongs to the app's certificate; work that waited resumes."
            }
            Self::Suspended(Suspension::UserInactive) => {
                "The connected user is inactive or frozen in Salesforce. Activate the user, or connect as another one."
            }
            Self::Suspended(Suspension::OrganizationInactive) => {
                "The Salesforce org is inactive: suspended, expired, or a sandbox being refreshed. It resumes by itself when the org is back."
            }
            Self::Suspended(Suspension::IpOrLoginHours) => {
                "Salesforce refuses our address or this hour. Check the profile's login IP ranges and hours, the app's IP policy, and session locking."
            }
            Self::Suspended(Suspension::ApiDisabled) => {
                "The Salesforce API is disabled for this org or user. Give the connected user the permission API Enabled."
            }
            Self::Suspended(Suspension::AppNotAuthorized) => {
                "The org does not admit the connected user to the app. Assign the app's permission set, or unblock the app (Setup, Connected Apps OAuth Usage)."
            }
        }
    }
}

/// The state and cause after `trigger`; `None` when nothing changes. `had_org` tells whether the workspace was connected
/// before, which decides where an abandoned first attempt falls back to.
#[must_use]
pub fn next(state: State, cause: Cause, had_org: bool, trigger: Trigger) -> Option<(State, Cause)> {
    use State as S;
    let after = match trigger {
        // A working connection keeps working while a person reconnects it.
        Trigger::Begun => match state {
            S::NotConnected | S::Disconnected => (S::Authorizing, Cause::None),
            S::Authorizing
            | S::Connected
            | S::AccessLimited
            | S::Suspended
            | S::ReconnectRequired => {
                return None;
            }
        },
        Trigger::Abandoned => match state {
            S::Authorizing if had_org => (S::Disconnected, Cause::None),
            S::Authorizing => (S::NotConnected, Cause::None),
            S::NotConnected
            | S::Connected
            | S::AccessLimited
            | S::Suspended
            | S::ReconnectRequired
            | S::Disconnected => return None,
        },
        Trigger::Authorized => (S::Connected, Cause::None),
        Trigger::AccessMissing => match state {
            S::Connected | S::AccessLimited => (S::AccessLimited, Cause::AccessMissing),
            S::NotConnected
            | S::Authorizing
            | S::Suspended
            | S::ReconnectRequired
            | S::Disconnected => return None,
        },
        Trigger::AccessComplete => match state {
            S::AccessLimited => (S::Connected, Cause::None),
            S::NotConnected
            | S::Authorizing
            | S::Connected
            | S::Suspended
            | S::ReconnectRequired
            | S::Disconnected => return None,
        },
        Trigger::Suspended(suspension) => match state {
            S::Connected | S::AccessLimited | S::Suspended => {
                (S::Suspended, Cause::Suspended(suspension))
            }
            S::NotConnected | S::Authorizing | S::ReconnectRequired | S::Disconnected => {
                return None;
            }
        },
        // The first reason stays: it is the one that explains when work stopped.
        Trigger::Lost(loss) => match state {
            S::Connected | S::AccessLimited | S::Suspended => {
                (S::ReconnectRequired, Cause::Lost(loss))
            }
            S::NotConnected | S::Authorizing | S::ReconnectRequired | S::Disconnected => {
                return None;
            }
        },
        Trigger::Healed => match state {
            S::Suspended | S::ReconnectRequired => (S::Connected, Cause::None),
            S::NotConnected
            | S::Authorizing
            | S::Connected
            | S::AccessLimited
            | S::Disconnected => {
                return None;
            }
        },
        Trigger::Disconnected => match state {
            S::NotConnected | S::Disconnected => return None,
            S::Authorizing
            | S::Connected
            | S::AccessLimited
            | S::Suspended
            | S::ReconnectRequired => (S::Disconnected, Cause::Requested),
        },
    };
    (after != (state, cause)).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIGGERS: [(&str, Trigger); 9] = [
        ("begun", Trigger::Begun),
        ("abandoned", Trigger::Abandoned),
        ("authorized", Trigger::Authorized),
        ("access missing", Trigger::AccessMissing),
        ("access complete", Trigger::AccessComplete),
        ("suspended", Trigger::Suspended(Suspension::UserInactive)),
        ("lost", Trigger::Lost(Loss::Expired)),
        ("healed", Trigger::Healed),
        ("disconnected", Trigger::Disconnected),
    ];

    #[test]
    fn the_whole_machine() {
        let mut table = String::new();
        for state in State::ALL {
            table.push_str(&format!("{}:", state.as_str()));
            for (name, trigger) in TRIGGERS {
                if let Some((after, _)) = next(state, Cause::None, true, trigger)
                    && after != state
                {
                    table.push_str(&format!(" [{name}] {}", after.as_str()));
                }
            }
            table.push('\n');
        }
        insta::assert_snapshot!(table, @r"
        not_connected: [begun] authorizing [authorized] connected
        authorizing: [abandoned] disconnected [authorized] connected [disconnected] disconnected
        connected: [access missing] access_limited [suspended] suspended [lost] reconnect_required [disconnected] disconnected
        access_limited: [authorized] connected [access complete] connected [suspended] suspended [lost] reconnect_required [disconnected] disconnected
        suspended: [authorized] connected [lost] reconnect_required [healed] connected [disconnected] disconnected
        reconnect_required: [authorized] connected [healed] connected [disconnected] disconnected
        disconnected: [begun] authorizing [authorized] connected
        ");
    }

    #[test]
    fn an_abandoned_first_attempt_falls_back_to_where_it_came_from() {
        let after = |had_org| next(State::Authorizing, Cause::None, had_org, Trigger::Abandoned);
        assert_eq!(after(false), Some((State::NotConnected, Cause::None)));
        assert_eq!(after(true), Some((State::Disconnected, Cause::None)));
    }

    #[test]
    fn the_same_news_twice_changes_nothing() {
        for state in State::ALL {
            for (name, trigger) in TRIGGERS {
                if let Some((after, cause)) = next(state, Cause::None, true, trigger) {
                    assert_eq!(
                        next(after, cause, true, trigger),
                        None,
                        "{name} after {state:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn states_and_causes_survive_their_text() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        for loss in Loss::ALL {
            assert_eq!(Cause::parse(loss.as_str()), Some(Cause::Lost(loss)));
            assert!(!Cause::Lost(loss).detail().is_empty());
        }
        for suspension in Suspension::ALL {
            let cause = Cause::Suspended(suspension);
            assert_eq!(Cause::parse(suspension.as_str()), Some(cause));
            assert!(!cause.detail().is_empty());
        }
        assert_eq!(Cause::parse("none"), Some(Cause::None));
        assert_eq!(State::parse("broken"), None);
    }
}
