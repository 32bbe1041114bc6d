//! Grants we no longer want: sealed under their own place until Salesforce confirmed that they are gone.

use chassis::Scope;
use events::WorkspaceId;
use secrecy::SecretString;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, secret};
use crate::seal::Ring;

/// One grant to revoke.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// Its id.
    pub id: Uuid,
    /// Whose grant it was.
    pub workspace: WorkspaceId,
    /// Where to revoke it.
    pub instance_url: String,
    /// Attempts so far, this one included.
    pub attempts: u32,
}

/// Remembers a grant to revoke, in the transaction that lets go of it.
///
/// # Errors
/// See [`StoreError`].
pub async fn enqueue(
    db: &mut PgConnection,
    ring: &Ring,
    id: Uuid,
    workspace: &WorkspaceId,
    instance_url: &str,
    token: &SecretString,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.revocation (id, workspace, instance_url) values ($1, $2, $3)",
        id,
        workspace.as_str(),
        instance_url
    )
    .execute(&mut *db)
    .await?;
    let owner = id.to_string();
    let place = secret::Place {
        workspace,
        kind: secret::Kind::Revocation,
        owner: &owner,
    };
    secret::put(db, ring, place, 0, token).await
}

/// Claims due revocations, at most `rows_max`, for `seconds`: a claim that is not finished by then is due again.
///
/// # Errors
/// See [`StoreError`].
pub async fn claim(
    scope: &Scope,
    seconds: f64,
    rows_max: i64,
) -> Result<Vec<Revocation>, StoreError> {
    let rows = sqlx::query!(
        "update auth.revocation set attempts = attempts + 1, next_at = now() + make_interval(secs => $1) where id in (\
           select id from auth.revocation where next_at <= now() order by next_at limit $2 for update skip locked) \
         returning id, workspace, instance_url, attempts",
        seconds,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter()
        .map(|row| {
            let workspace = row.workspace.parse().map_err(|_| StoreError::Unknown {
                workspace: row.workspace.clone(),
                what: "workspace",
            })?;
            let attempts = u32::try_from(row.attempts).unwrap_or(u32::MAX);
            Ok(Revocation {
                id: row.id,
                workspace,
                instance_url: row.instance_url,
                attempts,
            })
        })
        .collect()
}

/// Puts a revocation off.
///
/// # Errors
/// See [`StoreError`].
pub async fn postpone(scope: &Scope, id: Uuid, seconds: f64) -> Result<(), StoreError> {
    sqlx::query!(
        "update auth.revocation set next_at = now() + make_interval(secs => $2) where id = $1",
        id,
        seconds
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// Destroys the token and forgets the revocation.
///
/// # Errors
/// See [`StoreError`].
pub async fn finish(scope: &Scope, revocation: &Revocation) -> Result<(), StoreError> {
    let mut tx = scope.transaction().await?;
    let owner = revocation.id.to_string();
    let place = secret::Place {
        workspace: &revocation.workspace,
        kind: secret::Kind::Revocation,
        owner: &owner,
    };
    secret::destroy(&mut tx, place).await?;
    sqlx::query!("delete from auth.revocation where id = $1", revocation.id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
