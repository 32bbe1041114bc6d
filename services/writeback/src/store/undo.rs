//! The rows of an undo: copied from the change it takes back, and the standing of that change once it is done.

use chassis::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::change::Action;

/// An undo about to be stored.
#[derive(Debug, Clone)]
pub struct New {
    /// UUIDv7.
    pub id: Uuid,
    /// The change it takes back.
    pub undoes: Uuid,
    /// The change its record, field and links are copied from: the same, or the creation that is repeated.
    pub like: Uuid,
    /// What it does; `None` does what the copied one did.
    pub action: Option<Action>,
    /// JSON; `None` copies.
    pub baseline: Option<String>,
    /// JSON; `None` copies.
    pub proposed: Option<String>,
    /// What it writes was there before us.
    pub restores: bool,
}

/// What an undo is built on beside the change itself: which change it took back, and whether somebody is undoing it.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// The change.
    pub id: Uuid,
    /// What it took back itself.
    pub undoes: Option<Uuid>,
    /// It put back what was there before us.
    pub restores: bool,
    /// An undo of it is under way or held.
    pub being_undone: bool,
}

/// How changes stand to undoing.
///
/// # Errors
/// When Postgres fails.
pub async fn standing(
    connection: &mut PgConnection,
    workspace: &str,
    ids: &[Uuid],
) -> Result<Vec<Standing>, Failure> {
    Ok(sqlx::query_as!(
        Standing,
        r#"select c.id, c.undoes, c.restores, exists (select from writeback.change u
             where u.workspace = $1 and u.undoes = c.id
               and u.state in ('proposed', 'approved', 'held', 'executing', 'uncertain', 'applied')) as "being_undone!"
           from writeback.change c where c.workspace = $1 and c.id = any($2)"#,
        workspace,
        ids
    )
    .fetch_all(connection)
    .await?)
}

/// The applied changes of a set.
///
/// # Errors
/// When Postgres fails.
pub async fn applied_of_set(
    connection: &mut PgConnection,
    workspace: &str,
    set: Uuid,
) -> Result<Vec<Uuid>, Failure> {
    Ok(sqlx::query_scalar!(
        "select id from writeback.change
         where workspace = $1 and change_set_id = $2 and state = 'applied' and undoes is null order by id",
        workspace,
        set
    )
    .fetch_all(connection)
    .await?)
}

/// Stores undos as approved changes, decided by who asked.
///
/// # Errors
/// When Postgres fails.
pub async fn insert(
    connection: &mut PgConnection,
    workspace: &str,
    undos: &[New],
    by: &str,
    reason: &str,
    priority: i16,
) -> Result<(), Failure> {
    if undos.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = undos.iter().map(|undo| undo.id).collect();
    let undoes: Vec<Uuid> = undos.iter().map(|undo| undo.undoes).collect();
    let like: Vec<Uuid> = undos.iter().map(|undo| undo.like).collect();
    let actions: Vec<Option<String>> = undos
        .iter()
        .map(|undo| undo.action.map(|action| action.as_str().to_owned()))
        .collect();
    let baselines: Vec<Option<String>> = undos.iter().map(|undo| undo.baseline.clone()).collect();
    let proposed: Vec<Option<String>> = undos.iter().map(|undo| undo.proposed.clone()).collect();
    let restores: Vec<bool> = undos.iter().map(|undo| undo.restores).collect();
    sqlx::query!(
        "insert into writeback.change (id, change_set_id, workspace, meeting_id, meeting_at, meeting_ended_at, state,
           regate, priority, action, object, record_id, field, entry_id, mapping_version, overwrite, lane, creation_key,
           related, contents, baseline, piece, proposed, reasons, confidence, evidence, traceparent, decided_by,
           decision_reason, decided_at, undoes, restores)
         select row.id, c.change_set_id, c.workspace, c.meeting_id, now(), now(), 'approved',
           false, $7, coalesce(row.action, c.action), c.object,
           case when row.action is null then '' else c.record_id end, c.field, c.entry_id, c.mapping_version,
           'replace_ours', c.lane, case when row.action is null then c.creation_key else '' end,
           c.related, c.contents, case when row.action = 'update_field' then row.baseline::jsonb end,
           coalesce(row.proposed::jsonb, c.proposed), coalesce(row.proposed::jsonb, c.proposed), '[]'::jsonb,
           1, '[]'::jsonb, c.traceparent, $8, $9, now(), row.undoes, row.restores
         from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $10::text[], $11::boolean[])
           as row (id, undoes, source, action, baseline, proposed, restores)
         join writeback.change c on c.workspace = $1 and c.id = row.source",
        workspace,
        &ids,
        &undoes,
        &like,
        &actions as &[Option<String>],
        &baselines as &[Option<String>],
        priority,
        by,
        reason,
        &proposed as &[Option<String>],
        &restores,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Undos of these changes that are in Salesforce now: what they took back is undone, and what that had taken back is
/// there again.
///
/// # Errors
/// When Postgres fails.
pub async fn done(
    connection: &mut PgConnection,
    workspace: &str,
    applied: &[Uuid],
) -> Result<(), Failure> {
    if applied.is_empty() {
        return Ok(());
    }
    // Nearly always none: what is undone is found by its keys, so that a settled batch costs nothing of the others.
    let taken = sqlx::query!(
        "select t.id, t.undoes from writeback.change u
         join writeback.change t on t.workspace = $1 and t.id = u.undoes
         where u.workspace = $1 and u.id = any($2) and u.state = 'applied' and u.undoes is not null",
        workspace,
        applied
    )
    .fetch_all(&mut *connection)
    .await?;
    if taken.is_empty() {
        return Ok(());
    }
    let undone: Vec<Uuid> = taken.iter().map(|row| row.id).collect();
    let restored: Vec<Uuid> = taken.iter().filter_map(|row| row.undoes).collect();
    sqlx::query!(
        "update writeback.change set version = version + 1, changed_at = now(), state = 'undone'
         where workspace = $1 and id = any($2) and state = 'applied'",
        workspace,
        &undone
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update writeback.change set version = version + 1, changed_at = now(), state = 'applied'
         where workspace = $1 and id = any($2) and state = 'undone' and action = 'update_field'",
        workspace,
        &restored
    )
    .execute(connection)
    .await?;
    Ok(())
}
