//! Phrases an admin set.

use crate::domain::facts::Phrase;
use crate::domain::phrase::PHRASES_MAX;
use chassis::Scope;
use sqlx::PgConnection;

/// A workspace's phrases, by their words.
///
/// # Errors
/// When Postgres does not answer.
pub async fn all(scope: &Scope, workspace: &str) -> Result<Vec<Phrase>, sqlx::Error> {
    let rows = sqlx::query!(
        "select phrase, account_id, opportunity_id from matching.title_phrase where workspace = $1 order by phrase limit $2",
        workspace,
        i64::try_from(PHRASES_MAX).unwrap_or(i64::MAX),
    )
    .fetch_all(scope)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Phrase {
            words: row.phrase,
            account_id: row.account_id,
            opportunity_id: row.opportunity_id,
        })
        .collect())
}

/// Sets a phrase; answers false when there are too many already. Whoever holds the names in memory reads again.
///
/// # Errors
/// When Postgres does not answer.
pub async fn set(
    connection: &mut PgConnection,
    workspace: &str,
    phrase: &Phrase,
    actor: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into matching.title_phrase (workspace, phrase, account_id, opportunity_id, set_by)
         select $1, $2, $3, $4, $5
         where exists (select 1 from matching.title_phrase where workspace = $1 and phrase = $2)
            or (select count(*) from matching.title_phrase where workspace = $1) < $6
         on conflict (workspace, phrase) do update set
             account_id = excluded.account_id, opportunity_id = excluded.opportunity_id, set_by = excluded.set_by, set_at = now()",
        workspace,
        phrase.words,
        phrase.account_id,
        phrase.opportunity_id,
        actor,
        i64::try_from(PHRASES_MAX).unwrap_or(i64::MAX),
    )
    .execute(&mut *connection)
    .await?;
    renew(connection, workspace).await?;
    Ok(done.rows_affected() > 0)
}

/// Removes a phrase; removing what is not there is no error.
///
/// # Errors
/// When Postgres does not answer.
pub async fn remove(
    connection: &mut PgConnection,
    workspace: &str,
    words: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from matching.title_phrase where workspace = $1 and phrase = $2",
        workspace,
        words,
    )
    .execute(&mut *connection)
    .await?;
    renew(connection, workspace).await
}

async fn renew(connection: &mut PgConnection, workspace: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update matching.workspace set names_version = names_version + 1 where workspace = $1",
        workspace,
    )
    .execute(connection)
    .await?;
    Ok(())
}
