//! Sign-ins that are with the provider, and whom it knows.

use chassis::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::user::{self, NewUser};
use crate::domain::grants::Grants;

/// A sign-in that is with the provider.
pub(crate) struct Attempt {
    pub(crate) nonce: String,
    pub(crate) pkce_verifier: String,
    pub(crate) next: String,
}

/// Who came back.
pub(crate) struct Newcomer<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    /// Verified by the provider; `None` when it is not.
    pub(crate) email: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) grants: &'a Grants,
}

/// Who they are here.
pub(crate) enum Recognised {
    User(Uuid),
    Disabled,
    /// Nobody yet, and without an address nobody can be made.
    NoAddress,
}

pub(crate) async fn begin(
    scope: &Scope,
    state_sha256: &[u8; 32],
    attempt: &Attempt,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into console.single_sign_on_attempt (state_sha256, nonce, pkce_verifier, next, expires_at) \
         values ($1, $2, $3, $4, $5)",
        state_sha256.as_slice(),
        attempt.nonce,
        attempt.pkce_verifier,
        attempt.next,
        expires_at
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// Uses an attempt up.
pub(crate) async fn take(
    scope: &Scope,
    state_sha256: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Attempt>> {
    sqlx::query_as!(
        Attempt,
        "delete from console.single_sign_on_attempt where state_sha256 = $1 and expires_at > $2 \
         returning nonce, pkce_verifier, next",
        state_sha256.as_slice(),
        now
    )
    .fetch_optional(scope)
    .await
}

pub(crate) async fn delete_ended(scope: &Scope, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from console.single_sign_on_attempt where expires_at <= $1",
        now
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// Finds or makes the user and gives them what their groups give, all or nothing.
pub(crate) async fn recognise(scope: &Scope, newcomer: &Newcomer<'_>) -> sqlx::Result<Recognised> {
    let mut tx = scope.transaction().await?;
    let known = sqlx::query!(
        r#"select u.id, (u.disabled_at is not null) as "disabled!"
           from console.single_sign_on_identity i join console.user_account u on u.id = i.user_id
           where i.issuer = $1 and i.subject = $2"#,
        newcomer.issuer,
        newcomer.subject
    )
    .fetch_optional(&mut *tx)
    .await?;
    let id = match known {
        Some(known) if known.disabled => return Ok(Recognised::Disabled),
        Some(known) => known.id,
        None => match introduce(&mut tx, newcomer).await? {
            Recognised::User(id) => id,
            other @ (Recognised::Disabled | Recognised::NoAddress) => return Ok(other),
        },
    };
    grant(&mut tx, id, newcomer.grants).await?;
    tx.commit().await?;
    Ok(Recognised::User(id))
}

/// The user of the address, or a new one, from now on known by the provider's name for them.
async fn introduce(
    connection: &mut PgConnection,
    newcomer: &Newcomer<'_>,
) -> sqlx::Result<Recognised> {
    let Some(email) = newcomer.email else {
        return Ok(Recognised::NoAddress);
    };
    let id = match user::id_of(connection, email).await? {
        Some(id) => {
            let disabled = sqlx::query_scalar!(
                r#"select disabled_at is not null as "disabled!" from console.user_account where id = $1"#,
                id
            )
            .fetch_one(&mut *connection)
            .await?;
            if disabled {
                return Ok(Recognised::Disabled);
            }
            id
        }
        None => {
            let id = Uuid::now_v7();
            let new = NewUser {
                id,
                email,
                name: newcomer.name,
                password_hash: None,
                super_admin: false,
            };
            user::insert(connection, &new).await?;
            id
        }
    };
    sqlx::query!(
        "insert into console.single_sign_on_identity (issuer, subject, user_id) values ($1, $2, $3)",
        newcomer.issuer,
        newcomer.subject,
        id
    )
    .execute(connection)
    .await?;
    Ok(Recognised::User(id))
}

/// What groups give replaces what they gave before; what a super-admin gave by hand stays.
async fn grant(connection: &mut PgConnection, id: Uuid, grants: &Grants) -> sqlx::Result<()> {
    // Somebody with a password of their own was made super-admin here, and groups do not take that back.
    sqlx::query!(
        "update console.user_account set super_admin = $2 or (super_admin and password_hash is not null) where id = $1",
        id,
        grants.super_admin
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from console.membership where user_id = $1 and by_group",
        id
    )
    .execute(&mut *connection)
    .await?;
    for (workspace, role) in &grants.memberships {
        sqlx::query!(
            "insert into console.membership (user_id, workspace, role, by_group) values ($1, $2, $3, true) \
             on conflict (user_id, workspace) do nothing",
            id,
            workspace.as_str(),
            role.as_str()
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
