//! Failed sign-ins of the last minutes, shared by all replicas.

use chassis::Scope;
use chrono::{DateTime, Utc};

use crate::domain::throttle::Failures;

pub(crate) async fn since(
    scope: &Scope,
    key: &str,
    since: DateTime<Utc>,
) -> sqlx::Result<Failures> {
    sqlx::query_as!(
        Failures,
        r#"select count(*) as "count!", max(at) as latest from console.sign_in_failure where key = $1 and at > $2"#,
        key,
        since
    )
    .fetch_one(scope)
    .await
}

pub(crate) async fn insert(scope: &Scope, keys: &[String], at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into console.sign_in_failure (key, at) select key, $2 from unnest($1::text[]) as key",
        keys,
        at
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// A success makes the account's failures forgotten.
pub(crate) async fn forget(scope: &Scope, key: &str) -> sqlx::Result<()> {
    sqlx::query!("delete from console.sign_in_failure where key = $1", key)
        .execute(scope)
        .await?;
    Ok(())
}

pub(crate) async fn delete_before(scope: &Scope, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let done = sqlx::query!("delete from console.sign_in_failure where at <= $1", before)
        .execute(scope)
        .await?;
    Ok(done.rows_affected())
}
