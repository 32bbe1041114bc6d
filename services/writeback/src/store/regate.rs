//! Changes that wait for something other than a person, read a page at a time to be planned or gated again.

use chassis::{Failure, Scope};
use sqlx::PgConnection;
use uuid::Uuid;

/// A workspace whose waiting changes are due, leased to one process.
#[derive(Debug, Clone)]
pub struct Due {
    /// The workspace.
    pub workspace: String,
    /// Sets up to here are done.
    pub after: Uuid,
    /// Generation of the settings when this pass over the workspace began.
    pub generation: i64,
}

/// Takes one due workspace; the lease frees it again when this process dies.
///
/// # Errors
/// When Postgres fails.
pub async fn take(scope: &Scope, lease_s: f64) -> Result<Option<Due>, Failure> {
    let row = sqlx::query!(
        r#"update writeback.workspace w set regate_lease_until = now() + make_interval(secs => $1),
             regate_generation = case when w.regate_after is null then w.generation else w.regate_generation end
           where w.workspace = (
             select workspace from writeback.workspace
             where regate_due_at <= now() and coalesce(regate_lease_until, '-infinity') <= now()
             order by regate_due_at limit 1 for update skip locked)
           returning w.workspace, coalesce(w.regate_after, '00000000-0000-0000-0000-000000000000') as "after!",
             coalesce(w.regate_generation, 0) as "generation!""#,
        lease_s
    )
    .fetch_optional(scope)
    .await?;
    Ok(row.map(|row| Due {
        workspace: row.workspace,
        after: row.after,
        generation: row.generation,
    }))
}

/// One set to be planned, or some of its changes to be gated again.
#[derive(Debug)]
pub struct Waiting {
    /// The set.
    pub id: Uuid,
    /// It has no plan yet.
    pub planned: bool,
    /// The meeting's trace.
    pub traceparent: Option<String>,
    /// The decision with its meeting.
    pub payload: Vec<u8>,
    /// Waiting changes: id, version, object, record, entry or creation key, field.
    pub changes: Vec<Slot>,
}

/// Identifies a waiting change among the proposals of its set.
#[derive(Debug)]
pub struct Slot {
    /// The change.
    pub id: Uuid,
    /// Its version.
    pub version: i64,
    /// It waited too long without a connection: held until a person releases it.
    pub missed: bool,
    /// Version of the mapping that planned it.
    pub mapping_version: u64,
    /// sObject, record, entry or creation key, field.
    pub slot: (String, String, String, String),
}

/// The next page of sets with something to do, after `after`.
///
/// # Errors
/// When Postgres fails.
pub async fn page(
    scope: &Scope,
    workspace: &str,
    after: Uuid,
    sets_max: i64,
) -> Result<Vec<Waiting>, Failure> {
    let sets = sqlx::query!(
        "select s.id, s.planned, s.traceparent, source.payload from writeback.change_set s
         join writeback.source source on source.change_set_id = s.id
         where s.workspace = $1 and s.id > $2 and (not s.planned or exists (
           select 1 from writeback.change c where c.workspace = $1 and c.change_set_id = s.id and c.regate))
         order by s.id limit $3",
        workspace,
        after,
        sets_max
    )
    .fetch_all(scope)
    .await?;
    let ids: Vec<Uuid> = sets.iter().map(|set| set.id).collect();
    let changes = sqlx::query!(
        r#"select id, change_set_id, version, object, record_id, entry_id, creation_key, field, mapping_version,
             missed_gap is not null as "missed!" from writeback.change
           where workspace = $1 and change_set_id = any($2) and regate and state in ('proposed', 'held') order by id"#,
        workspace,
        &ids
    )
    .fetch_all(scope)
    .await?;
    let mut waiting: Vec<Waiting> = sets
        .into_iter()
        .map(|set| Waiting {
            id: set.id,
            planned: set.planned,
            traceparent: set.traceparent,
            payload: set.payload,
            changes: Vec::new(),
        })
        .collect();
    for change in changes {
        if let Ok(at) = waiting.binary_search_by(|set| set.id.cmp(&change.change_set_id)) {
            let key = if change.entry_id.is_empty() {
                change.creation_key
            } else {
                change.entry_id
            };
            waiting[at].changes.push(Slot {
                id: change.id,
                version: change.version,
                missed: change.missed,
                mapping_version: change.mapping_version.unsigned_abs(),
                slot: (change.object, change.record_id, key, change.field),
            });
        }
    }
    Ok(waiting)
}

/// Has a workspace's waiting changes judged again within so many seconds.
///
/// # Errors
/// When Postgres fails.
pub async fn due_in(
    connection: &mut PgConnection,
    workspace: &str,
    seconds: f64,
) -> Result<(), Failure> {
    sqlx::query!(
        "update writeback.workspace
         set regate_due_at = least(coalesce(regate_due_at, 'infinity'), now() + make_interval(secs => $2))
         where workspace = $1",
        workspace,
        seconds
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets a pass begin wherever changes wait for nothing but a read or free calls, unless their org is to be left alone.
/// Asked again and again, so that no failed read, whoever met it and whenever, leaves a change waiting for ever.
///
/// # Errors
/// When Postgres fails.
pub async fn rearm(scope: &Scope) -> Result<u64, Failure> {
    let armed = sqlx::query!(
        r#"update writeback.workspace w set regate_due_at = now()
           where w.regate_due_at is null and exists (
             select 1 from writeback.change c
             where c.workspace = w.workspace and c.regate and c.state in ('proposed', 'held')
               and (c.reasons @> '[{"code": "baseline_unknown"}]' or c.reasons @> '[{"code": "share_spent"}]'))
             and not exists (
               select 1 from writeback.usage u where u.workspace = w.workspace and u.paused_until > now())"#,
    )
    .execute(scope)
    .await?;
    Ok(armed.rows_affected())
}

/// Moves the cursor on, or ends the pass: then it starts over only if something moved since it began, whatever its pages
/// were judged by.
///
/// # Errors
/// When Postgres fails.
pub async fn done_until(
    scope: &Scope,
    due: &Due,
    after: Option<Uuid>,
    again_in_s: Option<f64>,
) -> Result<(), Failure> {
    sqlx::query!(
        "update writeback.workspace set regate_lease_until = null, regate_after = $2::uuid,
           regate_due_at = case
             when $2::uuid is not null or generation <> $3 then now()
             when $4::double precision is not null then now() + make_interval(secs => $4)
             else null end
         where workspace = $1",
        due.workspace,
        after,
        due.generation,
        again_in_s
    )
    .execute(scope)
    .await?;
    Ok(())
}
