//! Refused changes by cause, and their way back to the queue.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{reasons_from, unreadable};
use crate::domain::change::{Action, Reason, State};

/// Changes refused for one cause, seen under one print.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Names the cause.
    pub cause: String,
    /// What the schema said of it then.
    pub print: String,
    /// How many.
    pub changes: i64,
    /// Meetings they come from.
    pub meetings: i64,
    /// The oldest refusal.
    pub first_at: DateTime<Utc>,
    /// The newest.
    pub newest_at: DateTime<Utc>,
    /// Of the newest: what it does,
    pub action: Action,
    /// on which object,
    pub object: String,
    /// which field,
    pub field: String,
    /// and what was said of it.
    pub reasons: Vec<Reason>,
}

/// The groups with the most changes first, one for each cause and print.
///
/// # Errors
/// When Postgres fails.
pub async fn groups(scope: &Scope, workspace: &str, rows_max: i64) -> Result<Vec<Group>, Failure> {
    let rows = sqlx::query!(
        r#"select g.cause, g.print as "print!", g.changes as "changes!", g.meetings as "meetings!",
             g.first_at as "first_at!", g.newest_at as "newest_at!", newest.action, newest.object, newest.field,
             newest.reasons::text as "reasons!"
           from (
             select c.cause, c.cause_print as print, count(*) as changes, count(distinct c.meeting_id) as meetings,
               min(c.changed_at) as first_at, max(c.changed_at) as newest_at
             from writeback.change c
             where c.workspace = $1 and c.state in ('refused', 'failed') and c.cause <> ''
             group by c.cause, c.cause_print order by count(*) desc, c.cause limit $2) g
           cross join lateral (
             select c.action, c.object, c.field, c.reasons from writeback.change c
             where c.workspace = $1 and c.state in ('refused', 'failed') and c.cause <> '' and c.cause = g.cause
             order by c.id desc limit 1) newest
           order by g.changes desc, g.cause"#,
        workspace,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Group {
                action: Action::parse(&row.action).ok_or_else(|| unreadable("action"))?,
                reasons: reasons_from(&row.reasons)?,
                cause: row.cause,
                print: row.print,
                changes: row.changes,
                meetings: row.meetings,
                first_at: row.first_at,
                newest_at: row.newest_at,
                object: row.object,
                field: row.field,
            })
        })
        .collect()
}

/// Refused changes in all.
///
/// # Errors
/// When Postgres fails.
pub async fn count(scope: &Scope, workspace: &str, cause: Option<&str>) -> Result<i64, Failure> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from writeback.change
           where workspace = $1 and state in ('refused', 'failed') and cause <> '' and ($2::text is null or cause = $2)"#,
        workspace,
        cause
    )
    .fetch_one(scope)
    .await?;
    Ok(count)
}

/// Notes what the schema says of a cause it knew nothing of before.
///
/// # Errors
/// When Postgres fails.
pub async fn learn(
    scope: &Scope,
    workspace: &str,
    cause: &str,
    print: &str,
) -> Result<(), Failure> {
    sqlx::query!(
        "update writeback.change set cause_print = $3
         where workspace = $1 and state in ('refused', 'failed') and cause <> '' and cause = $2 and cause_print = ''",
        workspace,
        cause,
        print
    )
    .execute(scope)
    .await?;
    Ok(())
}

/// What a group writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What is done.
    pub action: Action,
    /// sObject.
    pub object: String,
    /// Field; empty for creations.
    pub field: String,
    /// It comes from a mapping entry.
    pub mapped: bool,
    /// It takes something back.
    pub undoes: bool,
}

/// What the changes of a cause write to; at most 500.
///
/// # Errors
/// When Postgres fails.
pub async fn targets(
    connection: &mut PgConnection,
    workspace: &str,
    cause: &str,
) -> Result<Vec<Target>, Failure> {
    let rows = sqlx::query!(
        r#"select distinct action, object, field, entry_id <> '' as "mapped!", undoes is not null as "undoes!"
           from writeback.change
           where workspace = $1 and state in ('refused', 'failed') and cause <> '' and cause = $2 limit 500"#,
        workspace,
        cause
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Target {
                action: Action::parse(&row.action).ok_or_else(|| unreadable("action"))?,
                object: row.object,
                field: row.field,
                mapped: row.mapped,
                undoes: row.undoes,
            })
        })
        .collect()
}

/// A change that left its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Its set.
    pub change_set_id: Uuid,
    /// Its lane.
    pub lane: String,
    /// Which of the lane's priorities.
    pub priority: i16,
    /// On the queue again; else a newer revision of its meeting took its place.
    pub queued: bool,
}

/// Puts changes of a cause back on the queue, the oldest first, those that write to `targets` only; with a reason. One
/// that a newer revision of its meeting took the place of ends instead: what was said last counts. With `print`, only
/// those refused under that print.
///
/// # Errors
/// When Postgres fails.
pub async fn release(
    connection: &mut PgConnection,
    workspace: &str,
    cause: &str,
    print: Option<&str>,
    targets: &[Target],
    reason: &str,
    rows_max: i64,
) -> Result<Vec<Released>, Failure> {
    let actions: Vec<String> = targets
        .iter()
        .map(|target| target.action.as_str().to_owned())
        .collect();
    let objects: Vec<String> = targets.iter().map(|target| target.object.clone()).collect();
    let fields: Vec<String> = targets.iter().map(|target| target.field.clone()).collect();
    let mapped: Vec<bool> = targets.iter().map(|target| target.mapped).collect();
    let undoes: Vec<bool> = targets.iter().map(|target| target.undoes).collect();
    let rows = sqlx::query!(
        "with picked as (
           select c.id, c.undoes is null and exists (
             select from writeback.change_set s join writeback.change_set newer
               on newer.workspace = s.workspace and newer.meeting_id = s.meeting_id
                 and (newer.meeting_revision, newer.decision_sequence) > (s.meeting_revision, s.decision_sequence)
             where s.id = c.change_set_id) as replaced
           from writeback.change c
           where c.workspace = $1 and c.state in ('refused', 'failed') and c.cause <> '' and c.cause = $2
             and ($3::text is null or c.cause_print = $3)
             and (c.action, c.object, c.field, c.entry_id <> '', c.undoes is not null) in (
               select * from unnest($4::text[], $5::text[], $6::text[], $7::boolean[], $8::boolean[]))
           order by c.id limit $9 for update of c skip locked)
         update writeback.change c set state = case when picked.replaced then 'superseded' else 'approved' end,
           version = c.version + 1, changed_at = now(), not_before = now(), attempts = 0, isolation = 0,
           reasons = c.reasons || $10::text::jsonb
         from picked where c.id = picked.id
         returning c.change_set_id, c.lane, c.priority, c.state",
        workspace,
        cause,
        print,
        &actions,
        &objects,
        &fields,
        &mapped,
        &undoes,
        rows_max,
        reason
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state = State::parse(&row.state).ok_or_else(|| unreadable("state"))?;
            Ok(Released {
                change_set_id: row.change_set_id,
                lane: row.lane,
                priority: row.priority,
                queued: state == State::Approved,
            })
        })
        .collect()
}
