//! One workspace's connection, and how news changes it.
//!
//! The generation grows with each change so that readers of the events can drop what arrives late; the epoch grows
//! only when another user or org is behind the connection, because verification runs belong to one of them.

use chrono::{DateTime, Utc};
use events::WorkspaceId;

use super::access::Gap;
use super::state::{self, Cause, State, Trigger};

/// Gaps named in the sentence about a limited connection; the list has them all.
const DETAIL_GAPS_MAX: usize = 3;

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
    /// What the access review found missing; empty unless the state is limited.
    pub missing: Vec<Gap>,
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
            missing: Vec::new(),
        }
    }

    /// The connection after `trigger`; `None` when nothing changes.
    #[must_use]
    pub fn after(&self, trigger: Trigger, now: DateTime<Utc>) -> Option<Self> {
        let had_org = !self.organization_id.is_empty();
        let (state, cause) = state::next(self.state, self.cause, had_org, trigger)?;
        let since = if state == self.state { self.since } else { now };
        let missing = match state {
            State::AccessLimited => self.missing.clone(),
            State::NotConnected
            | State::Authorizing
            | State::Connected
            | State::Suspended
            | State::ReconnectRequired
            | State::Disconnected => Vec::new(),
        };
        Some(Self {
            generation: self.generation + 1,
            state,
            cause,
            since,
            missing,
            ..self.clone()
        })
    }

    /// The connection after an access review found `missing`; `None` when that is what was known. A list that changed
    /// is news of its own: whoever mends it follows it shrink.
    #[must_use]
    pub fn reviewed(&self, missing: Vec<Gap>, now: DateTime<Utc>) -> Option<Self> {
        let trigger = if missing.is_empty() {
            Trigger::AccessComplete
        } else {
            Trigger::AccessMissing
        };
        if let Some(after) = self.after(trigger, now) {
            return Some(Self { missing, ..after });
        }
        let listed_anew = self.state == State::AccessLimited && self.missing != missing;
        listed_anew.then(|| Self {
            generation: self.generation + 1,
            missing,
            ..self.clone()
        })
    }

    /// One sentence for a person on why the connection is in its state, with the fix where there is one.
    #[must_use]
    pub fn detail(&self) -> String {
        let detail = self.cause.detail();
        if self.missing.is_empty() {
            return detail.to_owned();
        }
        let named: Vec<&str> = self
            .missing
            .iter()
            .take(DETAIL_GAPS_MAX)
            .map(|gap| gap.message.as_str())
            .collect();
        let more = self.missing.len() - named.len();
        let rest = if more == 0 {
            String::new()
        } else {
            format!("; and {more} more")
        };
        format!("{detail} Missing: {}{rest}.", named.join("; "))
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
            // The review that follows every connect says what is missing now.
            missing: Vec::new(),
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

    fn gap(object: &str) -> Gap {
        Gap {
            kind: 2,
            object: object.into(),
            field: String::new(),
            subject_id: String::new(),
            message: "missing".into(),
            fix: "grant it".into(),
            entry_ids: vec![],
        }
    }

    #[test]
    fn a_review_limits_a_connection_follows_the_list_and_lifts_it_again() {
        let connection = connected();
        assert_eq!(connection.reviewed(vec![], at(2)), None);
        let limited = connection
            .reviewed(vec![gap("Account"), gap("Contact")], at(2))
            .expect("news");
        assert_eq!(
            (limited.state, limited.cause, limited.since),
            (State::AccessLimited, Cause::AccessMissing, at(2))
        );
        assert_eq!(limited.missing.len(), 2);
        assert_eq!(limited.reviewed(limited.missing.clone(), at(3)), None);
        let less = limited.reviewed(vec![gap("Contact")], at(3)).expect("news");
        assert_eq!(
            (less.state, less.generation, less.since),
            (State::AccessLimited, 3, at(2))
        );
        let whole = less.reviewed(vec![], at(4)).expect("news");
        assert_eq!((whole.state, whole.cause), (State::Connected, Cause::None));
        assert_eq!(whole.missing, []);
    }

    #[test]
    fn a_review_changes_nothing_where_work_may_not_go_through_anyway() {
        let suspended = connected()
            .after(Trigger::Suspended(Suspension::ApiDisabled), at(2))
            .expect("changes");
        assert_eq!(suspended.reviewed(vec![gap("Account")], at(3)), None);
        let limited = connected()
            .reviewed(vec![gap("Account")], at(2))
            .expect("news");
        let lost = limited
            .after(Trigger::Lost(Loss::Revoked), at(3))
            .expect("changes");
        assert_eq!(lost.missing, []);
        let again = limited.authorized(grantee("org", "ann"), at(4));
        assert_eq!((again.state, again.missing.len()), (State::Connected, 0));
    }
}
