//! API tokens. Only the hash of the secret part is kept.

use chassis::Scope;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::WorkspaceId;
use events::rpc::Role;
use uuid::Uuid;

/// Most tokens one list answers.
pub(crate) const LIST_ROWS_MAX: i64 = 500;

/// A token that is good, with the rights it borrows.
pub(crate) struct Token {
    pub(crate) secret_sha256: Vec<u8>,
    /// `None` for one the operator provided.
    pub(crate) user_id: Option<Uuid>,
    pub(crate) workspace: Option<String>,
    pub(crate) role: String,
    pub(crate) super_admin: bool,
    pub(crate) memberships: BTreeMap<WorkspaceId, Role>,
    pub(crate) used_at: Option<DateTime<Utc>>,
}

/// A token to make.
pub(crate) struct NewToken<'a> {
    pub(crate) id: &'a str,
    pub(crate) secret_sha256: &'a [u8; 32],
    pub(crate) name: &'a str,
    pub(crate) user_id: Uuid,
    pub(crate) workspace: Option<&'a WorkspaceId>,
    pub(crate) role: Role,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// A token in a list.
pub(crate) struct Listed {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) workspace: Option<String>,
    pub(crate) role: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) used_at: Option<DateTime<Utc>>,
}

/// The token of an id, unless it was revoked, has expired, or its user is disabled.
pub(crate) async fn find(
    scope: &Scope,
    id: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Token>> {
    let row = sqlx::query!(
        r#"select t.secret_sha256, t.user_id, t.workspace, t.role, t.used_at,
               coalesce(u.super_admin, t.user_id is null) as "super_admin!",
               array(select m.workspace from console.membership m where m.user_id = u.id order by m.workspace) as "workspaces!",
               array(select m.role from console.membership m where m.user_id = u.id order by m.workspace) as "roles!"
           from console.api_token t left join console.user_account u on u.id = t.user_id
           where t.id = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > $2)
               and u.disabled_at is null"#,
        id,
        now
    )
    .fetch_optional(scope)
    .await?;
    Ok(row.map(|row| Token {
        secret_sha256: row.secret_sha256,
        user_id: row.user_id,
        workspace: row.workspace,
        role: row.role,
        super_admin: row.super_admin,
        memberships: super::memberships(row.workspaces, row.roles),
        used_at: row.used_at,
    }))
}

pub(crate) async fn used(scope: &Scope, id: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update console.api_token set used_at = $2 where id = $1",
        id,
        now
    )
    .execute(scope)
    .await?;
    Ok(())
}

pub(crate) async fn insert(scope: &Scope, token: &NewToken<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into console.api_token (id, secret_sha256, name, user_id, workspace, role, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        token.id,
        token.secret_sha256.as_slice(),
        token.name,
        token.user_id,
        token.workspace.map(WorkspaceId::as_str),
        token.role.as_str(),
        token.expires_at
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// The operator's own token: made, or given another secret. False when the id is a person's.
pub(crate) async fn provide(
    scope: &Scope,
    id: &str,
    secret_sha256: &[u8; 32],
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into console.api_token (id, secret_sha256, name, role) \
         values ($1, $2, 'provided at start', 'super-admin') \
         on conflict (id) do update set secret_sha256 = excluded.secret_sha256, revoked_at = null \
         where api_token.user_id is null",
        id,
        secret_sha256.as_slice()
    )
    .execute(scope)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A user's tokens that are not revoked, newest first, at most [`LIST_ROWS_MAX`].
pub(crate) async fn list(scope: &Scope, user_id: Uuid) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as!(
        Listed,
        "select id, name, workspace, role, created_at, expires_at, used_at from console.api_token \
         where user_id = $1 and revoked_at is null order by created_at desc, id limit $2",
        user_id,
        LIST_ROWS_MAX
    )
    .fetch_all(scope)
    .await
}

/// False when the user has no such token.
pub(crate) async fn revoke(scope: &Scope, user_id: Uuid, id: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update console.api_token set revoked_at = now() where id = $1 and user_id = $2 and revoked_at is null",
        id,
        user_id
    )
    .execute(scope)
    .await?;
    Ok(done.rows_affected() == 1)
}
