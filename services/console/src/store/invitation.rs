//! One-time links with which a person chooses a password.

use chassis::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Whom a link is for.
pub(crate) struct Invitation {
    /// `None`: whoever becomes the first super-admin.
    pub(crate) user_id: Option<Uuid>,
    pub(crate) email: Option<String>,
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    secret_sha256: &[u8; 32],
    user_id: Option<Uuid>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into console.invitation (secret_sha256, user_id, expires_at) values ($1, $2, $3)",
        secret_sha256.as_slice(),
        user_id,
        expires_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    scope: &Scope,
    secret_sha256: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Invitation>> {
    sqlx::query_as!(
        Invitation,
        r#"select i.user_id, u.email as "email?" from console.invitation i
           left join console.user_account u on u.id = i.user_id
           where i.secret_sha256 = $1 and i.expires_at > $2"#,
        secret_sha256.as_slice(),
        now
    )
    .fetch_optional(scope)
    .await
}

/// Uses it up; false when somebody was faster. Links for a first super-admin end together.
pub(crate) async fn take(
    connection: &mut PgConnection,
    secret_sha256: &[u8; 32],
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from console.invitation where secret_sha256 = $1",
        secret_sha256.as_slice()
    )
    .execute(&mut *connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends every link for a first super-admin.
pub(crate) async fn delete_first(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("delete from console.invitation where user_id is null")
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn delete_ended(scope: &Scope, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let done = sqlx::query!("delete from console.invitation where expires_at <= $1", now)
        .execute(scope)
        .await?;
    Ok(done.rows_affected())
}
