//! Users and the workspaces they belong to.

use chassis::Scope;
use std::collections::BTreeMap;

use events::WorkspaceId;
use events::rpc::Role;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Most users one list answers.
pub(crate) const LIST_ROWS_MAX: i64 = 500;

/// One user in a list.
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) super_admin: bool,
    pub(crate) can_sign_in: bool,
    pub(crate) disabled: bool,
    pub(crate) memberships: BTreeMap<WorkspaceId, Role>,
}

/// What a sign-in needs.
pub(crate) struct Login {
    pub(crate) id: Uuid,
    pub(crate) password_hash: Option<String>,
}

/// A user to make.
pub(crate) struct NewUser<'a> {
    pub(crate) id: Uuid,
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    pub(crate) password_hash: Option<&'a str>,
    pub(crate) super_admin: bool,
}

/// Whether there is any user, disabled ones included.
pub(crate) async fn any(executor: impl PgExecutor<'_>) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select 1 from console.user_account) as "any!""#)
        .fetch_one(executor)
        .await
}

/// The enabled user of an address.
pub(crate) async fn login(scope: &Scope, email: &str) -> sqlx::Result<Option<Login>> {
    sqlx::query_as!(
        Login,
        "select id, password_hash from console.user_account where email = $1 and disabled_at is null",
        email
    )
    .fetch_optional(scope)
    .await
}

pub(crate) async fn id_of(
    connection: &mut PgConnection,
    email: &str,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "select id from console.user_account where email = $1",
        email
    )
    .fetch_optional(connection)
    .await
}

/// False when there is a user of that address already: then nothing changes.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    user: &NewUser<'_>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into console.user_account (id, email, name, password_hash, super_admin) \
         values ($1, $2, $3, $4, $5) on conflict on constraint user_account_email_key do nothing",
        user.id,
        user.email,
        user.name,
        user.password_hash,
        user.super_admin
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn set_password(
    connection: &mut PgConnection,
    id: Uuid,
    password_hash: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update console.user_account set password_hash = $2 where id = $1",
        id,
        password_hash
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes a user a member, or gives a member another role.
pub(crate) async fn join(
    connection: &mut PgConnection,
    id: Uuid,
    workspace: &WorkspaceId,
    role: Role,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into console.membership (user_id, workspace, role) values ($1, $2, $3) \
         on conflict (user_id, workspace) do update set role = excluded.role, by_group = false",
        id,
        workspace.as_str(),
        role.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Disables a user, or enables them again. False when there is no such user.
pub(crate) async fn set_disabled(scope: &Scope, id: Uuid, disabled: bool) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update console.user_account \
         set disabled_at = case when $2 then coalesce(disabled_at, now()) end where id = $1",
        id,
        disabled
    )
    .execute(scope)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a membership. False when there was none.
pub(crate) async fn leave(scope: &Scope, id: Uuid, workspace: &WorkspaceId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from console.membership where user_id = $1 and workspace = $2",
        id,
        workspace.as_str()
    )
    .execute(scope)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// By address, those after `after`; at most [`LIST_ROWS_MAX`].
pub(crate) async fn list(scope: &Scope, after: &str, limit: i64) -> sqlx::Result<Vec<User>> {
    let rows = sqlx::query!(
        r#"select u.id, u.email, u.name, u.super_admin,
               (u.password_hash is not null and u.disabled_at is null) as "can_sign_in!",
               (u.disabled_at is not null) as "disabled!",
               array(select m.workspace from console.membership m where m.user_id = u.id order by m.workspace) as "workspaces!",
               array(select m.role from console.membership m where m.user_id = u.id order by m.workspace) as "roles!"
           from console.user_account u where u.email > $1 order by u.email limit $2"#,
        after,
        limit.min(LIST_ROWS_MAX)
    )
    .fetch_all(scope)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| User {
            id: row.id,
            email: row.email,
            name: row.name,
            super_admin: row.super_admin,
            can_sign_in: row.can_sign_in,
            disabled: row.disabled,
            memberships: super::memberships(row.workspaces, row.roles),
        })
        .collect())
}
