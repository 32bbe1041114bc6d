//! What super-admins do with users: invite, disable, take out of a workspace.

use chassis::Scope;
use chrono::{DateTime, Utc};
use events::WorkspaceId;
use events::rpc::Role;
use uuid::Uuid;

use super::invite;
use crate::domain::access::person_role;
use crate::domain::account;
use crate::store::user;

/// Whom to invite, as they were typed.
pub(crate) struct Wish {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) workspace: String,
    /// `viewer`, `operator` or `admin`.
    pub(crate) role: String,
}

/// What is wrong with a wish.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub(crate) struct Wrong {
    pub(crate) field: &'static str,
    pub(crate) problem: String,
}

/// Checks the wish and answers the user's id and the link's secret.
pub(crate) async fn invite(
    scope: &Scope,
    wish: &Wish,
    actor: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Result<(Uuid, String), Wrong>> {
    let (email, name, workspace, role) = match checked(wish) {
        Ok(checked) => checked,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let invited = invite::Invite {
        email: &email,
        name: &name,
        workspace: &workspace,
        role,
    };
    let (id, secret) = invite::invite(scope, &invited, now).await?;
    tracing::info!(user.id = %id, workspace = %workspace, role = %role, actor, "a user was invited");
    Ok(Ok((id, secret)))
}

fn checked(wish: &Wish) -> Result<(String, String, WorkspaceId, Role), Wrong> {
    let wrong = |field, problem: String| Wrong { field, problem };
    let email = account::email(&wish.email).map_err(|why| wrong("email", why.to_string()))?;
    let name = account::name(&wish.name).map_err(|why| wrong("name", why.to_string()))?;
    let workspace = wish.workspace.parse().map_err(|_| {
        wrong(
            "workspace",
            "is not 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'".to_owned(),
        )
    })?;
    let role = person_role(&wish.role)
        .filter(|role| *role < Role::SuperAdmin)
        .ok_or_else(|| wrong("role", "is not one of viewer, operator, admin".to_owned()))?;
    Ok((email, name, workspace, role))
}

/// A disabled user's sessions and tokens open nothing from then on. False when there is no such user.
pub(crate) async fn set_disabled(
    scope: &Scope,
    id: Uuid,
    disabled: bool,
    actor: &str,
) -> sqlx::Result<bool> {
    let found = user::set_disabled(scope, id, disabled).await?;
    tracing::info!(user.id = %id, disabled, actor, "a user was disabled or enabled");
    Ok(found)
}

/// False when they were no member.
pub(crate) async fn leave(
    scope: &Scope,
    id: Uuid,
    workspace: &WorkspaceId,
    actor: &str,
) -> sqlx::Result<bool> {
    let found = user::leave(scope, id, workspace).await?;
    tracing::info!(user.id = %id, workspace = %workspace, actor, "a user was taken out of a workspace");
    Ok(found)
}
