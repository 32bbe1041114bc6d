//! Meetings to be decided again.

use chassis::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A meeting due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The workspace.
    pub workspace: String,
    /// The meeting.
    pub meeting_id: String,
    /// Its revision.
    pub revision: i64,
    /// The event, encoded.
    pub body: Vec<u8>,
    /// Ties the decision to the meeting's trace.
    pub traceparent: Option<String>,
    /// What changed.
    pub reason: String,
    /// When it was noted: a later note is another one.
    pub noted_at: DateTime<Utc>,
    /// The latest decision, encoded.
    pub decision: Vec<u8>,
}

/// The longest waiting meetings that may still be decided again.
///
/// # Errors
/// When Postgres does not answer.
pub async fn due(scope: &Scope, meetings_max: i64) -> Result<Vec<Due>, sqlx::Error> {
    sqlx::query_as!(
        Due,
        r#"select g.workspace, g.meeting_id, m.revision, m.body as "body!", m.traceparent, g.reason, g.at as noted_at,
                  d.body as "decision!"
           from matching.again g
           join matching.meeting m on m.workspace = g.workspace and m.id = g.meeting_id
            and m.decided and m.body is not null and m.open_until > now()
           cross join lateral (
               select d.body from matching.decision d
               where d.workspace = m.workspace and d.meeting_id = m.id and d.revision = m.revision
               order by d.sequence desc limit 1
           ) d
           order by g.at limit $1"#,
        meetings_max,
    )
    .fetch_all(scope)
    .await
}

/// Takes notes off the list; answers those nobody else took and that no later change renewed.
///
/// # Errors
/// When Postgres does not answer.
pub async fn take(
    connection: &mut PgConnection,
    due: &[Due],
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "delete from matching.again g
         using unnest($1::text[], $2::text[], $3::timestamptz[]) as t (workspace, meeting_id, at)
         where g.workspace = t.workspace and g.meeting_id = t.meeting_id and g.at = t.at
         returning g.workspace, g.meeting_id",
        &due.iter().map(|d| d.workspace.clone()).collect::<Vec<_>>(),
        &due.iter().map(|d| d.meeting_id.clone()).collect::<Vec<_>>(),
        &due.iter().map(|d| d.noted_at).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.workspace, row.meeting_id))
        .collect())
}

/// Forgets what may not be decided again any more: notes and keys of meetings past their time.
///
/// # Errors
/// When Postgres does not answer.
pub async fn forget_closed(scope: &Scope, rows_max: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from matching.again g using (
             select a.workspace, a.meeting_id from matching.again a
             left join matching.meeting m on m.workspace = a.workspace and m.id = a.meeting_id
             where m.id is null or m.open_until is null or m.open_until <= now() or m.body is null limit $1
         ) t where g.workspace = t.workspace and g.meeting_id = t.meeting_id",
        rows_max,
    )
    .execute(scope)
    .await?;
    sqlx::query!(
        "with closed as (
             update matching.meeting m set open_until = null from (
                 select workspace, id from matching.meeting where open_until <= now() limit $1
             ) t where m.workspace = t.workspace and m.id = t.id returning m.workspace, m.id
         )
         delete from matching.meeting_key k using closed c where k.workspace = c.workspace and k.meeting_id = c.id",
        rows_max,
    )
    .execute(scope)
    .await?;
    Ok(())
}
