//! One workspace's connection, and how news changes it.
//!
//! The generation grows with each change so that readers of the events can drop what arrives late; the epoch grows
//! only when another user or org is behind the connection, because verification runs belong to one of them.

use chrono::{DateTime, Utc};
use events::WorkspaceId;

use super::state::{self, Cause, State, Trigger};

/// A connection as it is stored and published. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Grows with every change.
    pub generation: i64,
    /// Grows when user or org changed.
    pub epoch: i64,
    /// Where it stands.
    pub state: State,
    /// Why.
    pub cause: Cause,
    /// 18-character org id; empty before the first connect.
    pub organization_id: String,
    /// 18-character user id.
    pub user_id: String,
    /// Login name of the user.
    pub username: String,
    /// Base URL of the org's API.
    pub instance_url: String,
    /// Whether the org is a sandbox.
    pub is_sandbox: bool,
    /// When the state began.
    pub since: DateTime<Utc>,
}

/// Whom a new grant belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grantee {
    /// 18-character org id.
    pub organization_id: String,
    /// 18-character user id.
    pub user_id: String,
    /// Login name.
    pub username: String,
    /// Base URL of the org's API.
    pub instance_url: String,
    /// Whether the org is a sandbox.
    pub is_sandbox: bool,
}

impl Connection {
    /// The connection of a workspace that never connected.
    #[must_use]
    pub fn never(workspace: WorkspaceId, now: DateTime<Utc>) -> Self {
        Self {
            workspace,
            generation: 0,
            epoch: 0,
            state: State::NotConnected,
            cause: Cause::None,
            organization_id: String::new(),
            user_id: String::new(),
            username: String::new(),
            instance_url: String::new(),
            is_sandbox: false,
            since: now,
        }
    }

    /// The connection after `trigger`; `None` when nothing changes.
    #[must_use]
    pub fn after(&self, trigger: Trigger, now: DateTime<Utc>) -> Option<Self> {
        let had_org = !self.organization_id.is_empty();
        let (state, cause) = state::next(self.state, self.cause, had_org, trigger)?;
        let since = if state == self.state { self.since } else { now };
        Some(Self {
            generation: self.generation + 1,
            state,
            cause,
            since,
            ..self.clone()
        })
    }

    /// The connection after a person granted access as `grantee`. Always a new generation: the grant is new.
    #[must_use]
    pub fn authorized(&self, grantee: Grantee, now: DateTime<Utc>) -> Self {
        let same =
            self.organization_id == grantee.organization_id && self.user_id == grantee.user_id;
        let since = if self.state == State::Connected {
            self.since
        } else {
            now
        };
        Self {
            workspace: self.workspace.clone(),
            generation: self.generation + 1,
            epoch: if same { self.epoch } else { self.epoch + 1 },
            state: State::Connected,
            cause: Cause::None,
            organization_id: grantee.organization_id,
            user_id: grantee.user_id,
            username: grantee.username,
            instance_url: grantee.instance_url,
            is_sandbox: grantee.is_sandbox,
            since,
        }
    }

    /// The connection after a token response named another address (org migration, My Domain rename).
    #[must_use]
    pub fn moved(&self, instance_url: &str) -> Option<Self> {
        (self.instance_url != instance_url).then(|| Self {
            generation: self.generation + 1,
            instance_url: instance_url.to_owned(),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::{Loss, Suspension};
    use super::*;

    fn grantee(org: &str, user: &str) -> Grantee {
        Grantee {
            organization_id: org.into(),
            user_id: user.into(),
            username: "ann@acme.example".into(),
            instance_url: "https://acme.my.salesforce.com".into(),
            is_sandbox: false,
        }
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    fn connected() -> Connection {
        let workspace = "acme".parse().expect("valid");
        Connection::never(workspace, at(0)).authorized(grantee("org", "ann"), at(1))
    }

    #[test]
    fn the_epoch_follows_user_and_org_only() {
        let first = connected();
        assert_eq!((first.generation, first.epoch), (1, 1));
        let again = first.authorized(grantee("org", "ann"), at(2));
        assert_eq!((again.generation, again.epoch, again.since), (2, 1, at(1)));
        let other_user = again.authorized(grantee("org", "bob"), at(3));
        assert_eq!((other_user.generation, other_user.epoch), (3, 2));
        let other_org = other_user.authorized(grantee("org2", "bob"), at(4));
        assert_eq!(other_org.epoch, 3);
    }

    #[test]
    fn a_new_cause_of_the_same_state_is_news_but_not_a_new_beginning() {
        let inactive = connected()
            .after(Trigger::Suspended(Suspension::UserInactive), at(5))
            .expect("changes");
        let restricted = inactive
            .after(Trigger::Suspended(Suspension::IpOrLoginHours), at(6))
            .expect("changes");
        assert_eq!((restricted.generation, restricted.since), (3, at(5)));
        assert_eq!(
            restricted.after(Trigger::Suspended(Suspension::IpOrLoginHours), at(7)),
            None
        );
    }

    #[test]
    fn a_loss_keeps_user_and_org_so_that_a_reconnect_can_be_compared() {
        let lost = connected()
            .after(Trigger::Lost(Loss::Revoked), at(5))
            .expect("changes");
        assert_eq!(lost.organization_id, "org");
        assert_eq!(lost.authorized(grantee("org", "ann"), at(6)).epoch, 1);
    }

    #[test]
    fn only_another_address_is_a_move() {
        let connection = connected();
        assert_eq!(connection.moved("https://acme.my.salesforce.com"), None);
        let moved = connection
            .moved("https://acme2.my.salesforce.com")
            .expect("moves");
        assert_eq!(moved.generation, 2);
    }
}
