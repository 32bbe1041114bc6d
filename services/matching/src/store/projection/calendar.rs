//! Calendar events: only those that a meeting may still be.

use crate::domain::projection::Records;
use chrono::TimeDelta;
use sqlx::PgConnection;

/// Events kept, in days before the newest change: a meeting is decided again for 30 days at most by default.
const EVENT_DAYS: i64 = 60;

/// Events. One that moved to another time is the same event.
pub(super) async fn events(
    connection: &mut PgConnection,
    workspace: &str,
    records: &Records,
) -> Result<(), sqlx::Error> {
    let rows = &records.calendar_events;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into matching.calendar_event
             (workspace, id, subject, starts_at, owner_id, who_id, what_id, account_id, modstamp, generation, is_ours)
           select distinct on (t.id) $1, t.id, t.subject, t.starts_at, t.owner_id, t.who_id, t.what_id, t.account_id, t.modstamp, $2,
                  t.by_us and exists (select 1 from matching.workspace w where w.workspace = $1 and w.loaded_at is not null)
           from unnest($3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[],
                       $11::bool[])
                as t (id, subject, starts_at, owner_id, who_id, what_id, account_id, modstamp, by_us)
           order by t.id, t.modstamp desc
           on conflict (workspace, id) do update set
               subject = excluded.subject, starts_at = excluded.starts_at, owner_id = excluded.owner_id, who_id = excluded.who_id,
               what_id = excluded.what_id, account_id = excluded.account_id, modstamp = excluded.modstamp,
               generation = excluded.generation, is_deleted = false
           where matching.calendar_event.modstamp <= excluded.modstamp"#,
        workspace,
        records.generation,
        &rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.subject.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.starts_at).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.owner_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.who_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.what_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.account_id.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.modstamp).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.by_us).collect::<Vec<_>>(),
    )
    .execute(&mut *connection)
    .await?;
    // By the records' own clock, so that a replay of the stream keeps and forgets the same.
    let newest = rows
        .iter()
        .map(|row| row.modstamp)
        .max()
        .unwrap_or_default();
    sqlx::query!(
        "delete from matching.calendar_event where workspace = $1 and starts_at < $2",
        workspace,
        newest - TimeDelta::days(EVENT_DAYS),
    )
    .execute(connection)
    .await?;
    Ok(())
}
