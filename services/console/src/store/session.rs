//! Signed-in browsers. The cookie's secret is kept as its hash.

use chassis::Scope;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::WorkspaceId;
use events::rpc::Role;
use uuid::Uuid;

/// A session that is good, with its user.
pub(crate) struct Session {
    pub(crate) user_id: Uuid,
    pub(crate) email: String,
    pub(crate) super_admin: bool,
    pub(crate) memberships: BTreeMap<WorkspaceId, Role>,
    pub(crate) seen_at: DateTime<Utc>,
}

pub(crate) async fn insert(
    scope: &Scope,
    secret_sha256: &[u8; 32],
    user_id: Uuid,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into console.session (secret_sha256, user_id, expires_at) values ($1, $2, $3)",
        secret_sha256.as_slice(),
        user_id,
        expires_at
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// The session of a secret, unless it ended, was idle since before `idle_since`, or its user is disabled.
pub(crate) async fn find(
    scope: &Scope,
    secret_sha256: &[u8; 32],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> sqlx::Result<Option<Session>> {
    let row = sqlx::query!(
        r#"select s.user_id, s.seen_at, u.email, u.super_admin,
               array(select m.workspace from console.membership m where m.user_id = u.id order by m.workspace) as "workspaces!",
               array(select m.role from console.membership m where m.user_id = u.id order by m.workspace) as "roles!"
           from console.session s join console.user_account u on u.id = s.user_id
           where s.secret_sha256 = $1 and s.expires_at > $2 and s.seen_at > $3 and u.disabled_at is null"#,
        secret_sha256.as_slice(),
        now,
        idle_since
    )
    .fetch_optional(scope)
    .await?;
    Ok(row.map(|row| Session {
        user_id: row.user_id,
        email: row.email,
        super_admin: row.super_admin,
        memberships: super::memberships(row.workspaces, row.roles),
        seen_at: row.seen_at,
    }))
}

pub(crate) async fn seen(
    scope: &Scope,
    secret_sha256: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update console.session set seen_at = $2 where secret_sha256 = $1",
        secret_sha256.as_slice(),
        now
    )
    .execute(scope)
    .await?;
    Ok(())
}

pub(crate) async fn delete(scope: &Scope, secret_sha256: &[u8; 32]) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from console.session where secret_sha256 = $1",
        secret_sha256.as_slice()
    )
    .execute(scope)
    .await?;
    Ok(())
}

pub(crate) async fn delete_ended(
    scope: &Scope,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "delete from console.session where expires_at <= $1 or seen_at <= $2",
        now,
        idle_since
    )
    .execute(scope)
    .await?;
    Ok(done.rows_affected())
}
