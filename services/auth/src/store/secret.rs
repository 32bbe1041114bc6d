//! Sealed secrets, by place. Opening and sealing happen here, so that no other SQL ever sees a secret or a key.

use chassis::Scope;
use events::WorkspaceId;
use secrecy::SecretString;
use sqlx::PgConnection;

use super::StoreError;
use crate::seal::{Ring, SealError, Sealed, Slot};

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The grant.
    RefreshToken,
    /// The bearer of the current generation.
    AccessToken,
    /// PKCE verifier of an attempt.
    CodeVerifier,
    /// A token waiting to be revoked.
    Revocation,
    /// The customer's private key, for JWT bearer.
    SigningKey,
}

impl Kind {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh_token",
            Self::AccessToken => "access_token",
            Self::CodeVerifier => "code_verifier",
            Self::Revocation => "revocation",
            Self::SigningKey => "signing_key",
        }
    }
}

/// Where a secret lies: whose, what, and of which attempt or revocation (empty for the connection's own tokens).
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Whose.
    pub workspace: &'a WorkspaceId,
    /// What.
    pub kind: Kind,
    /// Of which attempt or revocation.
    pub owner: &'a str,
}

/// The row part of the associated data.
pub(super) fn row_of(kind: &str, owner: &str, generation: i64) -> String {
    format!("{kind}/{owner}/{generation}")
}

/// The slot of a row, for sealing and opening.
pub(super) fn slot<'a>(workspace: &'a str, row: &'a str) -> Slot<'a> {
    Slot {
        workspace,
        table: "auth.sealed",
        column: "ciphertext",
        row,
    }
}

fn unusable(workspace: &WorkspaceId) -> impl Fn(SealError) -> StoreError + '_ {
    |source| StoreError::Seal {
        workspace: workspace.to_string(),
        source,
    }
}

/// Seals and stores a secret, replacing the one in its place.
///
/// # Errors
/// See [`StoreError`].
pub async fn put(
    db: &mut PgConnection,
    ring: &Ring,
    place: Place<'_>,
    generation: i64,
    secret: &SecretString,
) -> Result<(), StoreError> {
    let row = row_of(place.kind.as_str(), place.owner, generation);
    let sealed = ring
        .seal(&slot(place.workspace.as_str(), &row), secret)
        .map_err(unusable(place.workspace))?;
    sqlx::query!(
        "insert into auth.sealed (workspace, kind, owner, generation, kek_id, wrapped_dek, nonce, ciphertext) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) \
         on conflict (workspace, kind, owner) do update set generation = excluded.generation, kek_id = excluded.kek_id, \
           wrapped_dek = excluded.wrapped_dek, nonce = excluded.nonce, ciphertext = excluded.ciphertext, sealed_at = now()",
        place.workspace.as_str(),
        place.kind.as_str(),
        place.owner,
        generation,
        sealed.kek_id,
        sealed.wrapped_dek,
        sealed.nonce,
        sealed.ciphertext
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Opens the secret in a place, with its generation.
///
/// # Errors
/// See [`StoreError`].
pub async fn get(
    scope: &Scope,
    ring: &Ring,
    place: Place<'_>,
) -> Result<Option<(i64, SecretString)>, StoreError> {
    let mut db = scope.acquire().await?;
    get_in(&mut db, ring, place).await
}

/// [`get`] on a connection of the caller's transaction.
///
/// # Errors
/// See [`StoreError`].
pub async fn get_in(
    db: &mut PgConnection,
    ring: &Ring,
    place: Place<'_>,
) -> Result<Option<(i64, SecretString)>, StoreError> {
    let found = sqlx::query!(
        "select generation, kek_id, wrapped_dek, nonce, ciphertext from auth.sealed where workspace = $1 and kind = $2 and owner = $3",
        place.workspace.as_str(),
        place.kind.as_str(),
        place.owner
    )
    .fetch_optional(db)
    .await?;
    let Some(found) = found else {
        return Ok(None);
    };
    let row = row_of(place.kind.as_str(), place.owner, found.generation);
    let sealed = Sealed {
        kek_id: found.kek_id,
        wrapped_dek: found.wrapped_dek,
        nonce: found.nonce,
        ciphertext: found.ciphertext,
    };
    let secret = ring
        .open(&slot(place.workspace.as_str(), &row), &sealed)
        .map_err(unusable(place.workspace))?;
    Ok(Some((found.generation, secret)))
}

/// Destroys the secret in a place.
///
/// # Errors
/// See [`StoreError`].
pub async fn destroy(db: &mut PgConnection, place: Place<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from auth.sealed where workspace = $1 and kind = $2 and owner = $3",
        place.workspace.as_str(),
        place.kind.as_str(),
        place.owner
    )
    .execute(db)
    .await?;
    Ok(())
}
