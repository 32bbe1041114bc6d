//! What a signed-in person or a token may do in a workspace.

use std::collections::BTreeMap;

use events::WorkspaceId;
use events::rpc::Role;

/// The least a token of its user is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ceiling {
    /// The only workspace; `None` for all.
    pub(crate) workspace: Option<WorkspaceId>,
    /// The most it may do.
    pub(crate) role: Role,
}

/// Rights in all workspaces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Access {
    /// Everything, in every workspace.
    pub(crate) super_admin: bool,
    /// The role in each workspace the user belongs to.
    pub(crate) memberships: BTreeMap<WorkspaceId, Role>,
    /// What a token narrows it to; `None` for a session.
    pub(crate) ceiling: Option<Ceiling>,
}

impl Access {
    /// The role in a workspace; `None` for a stranger there.
    pub(crate) fn role_in(&self, workspace: &WorkspaceId) -> Option<Role> {
        let own = if self.super_admin {
            Role::SuperAdmin
        } else {
            *self.memberships.get(workspace)?
        };
        match &self.ceiling {
            None => Some(own),
            Some(ceiling) => match &ceiling.workspace {
                Some(only) if only != workspace => None,
                Some(_) | None => Some(own.min(ceiling.role)),
            },
        }
    }

    /// Whether they may manage users and see what belongs to no workspace: a super-admin, not narrowed.
    pub(crate) fn over_everything(&self) -> bool {
        let narrowed = self
            .ceiling
            .as_ref()
            .is_some_and(|ceiling| ceiling.workspace.is_some() || ceiling.role < Role::SuperAdmin);
        self.super_admin && !narrowed
    }
}

/// A role a person can be given: everything but what only our services are.
pub(crate) fn person_role(text: &str) -> Option<Role> {
    match text.parse().ok()? {
        Role::Service => None,
        role @ (Role::Viewer | Role::Operator | Role::Admin | Role::SuperAdmin) => Some(role),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(text: &str) -> WorkspaceId {
        text.parse().expect("is a workspace")
    }

    #[test]
    fn a_role_is_the_users_own_narrowed_by_the_token() {
        let ann = |super_admin, ceiling: Option<(Option<&str>, Role)>| Access {
            super_admin,
            memberships: [(workspace("acme"), Role::Operator)].into(),
            ceiling: ceiling.map(|(only, role)| Ceiling {
                workspace: only.map(workspace),
                role,
            }),
        };
        for (access, at, expected) in [
            (ann(false, None), "acme", Some(Role::Operator)),
            (ann(false, None), "other", None),
            (ann(true, None), "other", Some(Role::SuperAdmin)),
            (
                ann(true, Some((Some("acme"), Role::Viewer))),
                "acme",
                Some(Role::Viewer),
            ),
            (ann(true, Some((Some("acme"), Role::Viewer))), "other", None),
            // A token never has more than its user.
            (
                ann(false, Some((None, Role::SuperAdmin))),
                "acme",
                Some(Role::Operator),
            ),
        ] {
            assert_eq!(
                access.role_in(&workspace(at)),
                expected,
                "{access:?} at {at}"
            );
        }
        assert!(ann(true, None).over_everything());
        assert!(!ann(true, Some((None, Role::Admin))).over_everything());
        assert!(!ann(false, None).over_everything());
    }

    #[test]
    fn nobody_is_given_the_role_of_our_services() {
        assert_eq!(person_role("service"), None);
        assert_eq!(person_role("root"), None);
        assert_eq!(person_role("viewer"), Some(Role::Viewer));
    }
}
