//! Proof that this process holds the right keys, and their rotation.
//!
//! A process with the wrong keys would seal new tokens that no other replica can open and refuse all old ones: it must
//! not start. Each key has a canary, a known text sealed under it; a canary that does not open, or a sealed row whose
//! key is not in the ring, stops the start.

use chassis::Scope;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;

use super::StoreError;
use super::secret::{row_of, slot};
use crate::seal::{Ring, SealError, Sealed, Slot};

const CANARY: &str = "ergo canary 1";

/// Rows re-wrapped per transaction.
const REWRAP_ROWS_MAX: i64 = 200;

fn canary_slot(kek_id: &str) -> Slot<'_> {
    Slot {
        workspace: "",
        table: "auth.canary",
        column: "ciphertext",
        row: kek_id,
    }
}

fn failed(source: SealError) -> StoreError {
    StoreError::Seal {
        workspace: "-".to_owned(),
        source,
    }
}

/// Checks every canary and every key id in use; makes the canary of a new key.
///
/// # Errors
/// [`StoreError::Seal`] when a canary does not open or a key in use is missing.
pub async fn verify(scope: &Scope, ring: &Ring) -> Result<(), StoreError> {
    let current = ring.current_id();
    let mine = ring
        .seal(&canary_slot(current), &SecretString::from(CANARY))
        .map_err(failed)?;
    sqlx::query!(
        "insert into auth.canary (kek_id, wrapped_dek, nonce, ciphertext) values ($1, $2, $3, $4) on conflict do nothing",
        current,
        mine.wrapped_dek,
        mine.nonce,
        mine.ciphertext
    )
    .execute(scope)
    .await?;
    let canaries = sqlx::query!("select kek_id, wrapped_dek, nonce, ciphertext from auth.canary")
        .fetch_all(scope)
        .await?;
    for canary in canaries {
        if !ring.ids().any(|id| id == canary.kek_id) {
            continue;
        }
        let kek_id = canary.kek_id.clone();
        let sealed = Sealed {
            kek_id: canary.kek_id,
            wrapped_dek: canary.wrapped_dek,
            nonce: canary.nonce,
            ciphertext: canary.ciphertext,
        };
        let opened = ring.open(&canary_slot(&kek_id), &sealed).map_err(failed)?;
        if opened.expose_secret() != CANARY {
            return Err(failed(SealError::Refused));
        }
    }
    let used = sqlx::query_scalar!("select distinct kek_id from auth.sealed")
        .fetch_all(scope)
        .await?;
    match used
        .into_iter()
        .find(|used| !ring.ids().any(|id| id == used))
    {
        Some(missing) => Err(failed(SealError::UnknownKey(missing))),
        None => Ok(()),
    }
}

/// Wraps the data keys of at most [`REWRAP_ROWS_MAX`] rows under the current key; returns how many there were. Services
/// keep running: each row is locked only while it is written, and opens before and after.
///
/// # Errors
/// See [`StoreError`]; rows done in earlier calls stay done.
pub async fn rewrap_some(db: &mut PgConnection, ring: &Ring) -> Result<usize, StoreError> {
    let mut tx = sqlx::Connection::begin(db).await?;
    let rows = sqlx::query!(
        "select workspace, kind, owner, generation, kek_id, wrapped_dek, nonce, ciphertext from auth.sealed \
         where kek_id <> $1 order by workspace, kind, owner limit $2 for update",
        ring.current_id(),
        REWRAP_ROWS_MAX
    )
    .fetch_all(&mut *tx)
    .await?;
    let count = rows.len();
    for row in rows {
        let place = row_of(&row.kind, &row.owner, row.generation);
        let sealed = Sealed {
            kek_id: row.kek_id,
            wrapped_dek: row.wrapped_dek,
            nonce: row.nonce,
            ciphertext: row.ciphertext,
        };
        let rewrapped = ring
            .rewrap(&slot(&row.workspace, &place), &sealed)
            .map_err(|source| StoreError::Seal {
                workspace: row.workspace.clone(),
                source,
            })?;
        sqlx::query!(
            "update auth.sealed set kek_id = $4, wrapped_dek = $5 where workspace = $1 and kind = $2 and owner = $3",
            row.workspace,
            row.kind,
            row.owner,
            rewrapped.kek_id,
            rewrapped.wrapped_dek
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(count)
}

/// How many sealed rows there are per key id.
///
/// # Errors
/// See [`StoreError`].
pub async fn usage(db: &mut PgConnection) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = sqlx::query!(
        "select kek_id, count(*) as \"rows!\" from auth.sealed group by kek_id order by kek_id"
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kek_id, row.rows)).collect())
}

/// Forgets the canaries of keys that are no longer in the ring and seal nothing.
///
/// # Errors
/// See [`StoreError`].
pub async fn forget_retired(db: &mut PgConnection, ring: &Ring) -> Result<u64, StoreError> {
    let ids: Vec<String> = ring.ids().map(str::to_owned).collect();
    let done = sqlx::query!(
        "delete from auth.canary c where not (c.kek_id = any($1)) and not exists (select 1 from auth.sealed s where s.kek_id = c.kek_id)",
        &ids
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
