//! Takes change sets in: what is new, what a newer revision supersedes, and the rows themselves.

use std::collections::{BTreeSet, HashMap};

use chassis::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::set_state::SetState;

/// A meeting of a workspace.
pub type MeetingKey = (String, String);
/// Revision, then the sequence of the decision about it.
pub type Standing = (i64, i64);

/// Keeps two batches from working on one meeting at the same time, until the transaction ends: each would miss what
/// the other is about to supersede.
///
/// # Errors
/// When Postgres fails.
pub async fn lock_meetings(
    connection: &mut PgConnection,
    keys: &BTreeSet<MeetingKey>,
) -> Result<(), Failure> {
    // Sorted, so that two batches lock in one order.
    let names: Vec<String> = keys
        .iter()
        .map(|(workspace, meeting)| format!("{workspace}/{meeting}"))
        .collect();
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('writeback/' || name, 0))
         from unnest($1::text[]) with ordinality as row (name, position) order by position",
        &names
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// The highest revision and decision of each meeting that has any.
///
/// # Errors
/// When Postgres fails.
pub async fn standing(
    connection: &mut PgConnection,
    keys: &BTreeSet<MeetingKey>,
) -> Result<HashMap<MeetingKey, Standing>, Failure> {
    let workspaces: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
    let meetings: Vec<String> = keys.iter().map(|key| key.1.clone()).collect();
    let rows = sqlx::query!(
        r#"select row.workspace as "workspace!", row.meeting_id as "meeting_id!",
             newest.meeting_revision, newest.decision_sequence
           from unnest($1::text[], $2::text[]) as row (workspace, meeting_id)
           cross join lateral (
             select meeting_revision, decision_sequence from writeback.change_set s
             where s.workspace = row.workspace and s.meeting_id = row.meeting_id
             order by meeting_revision desc, decision_sequence desc limit 1) newest"#,
        &workspaces,
        &meetings
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                (row.workspace, row.meeting_id),
                (row.meeting_revision, row.decision_sequence),
            )
        })
        .collect())
}

/// Ends everything that still waits of older revisions; answers the sets touched.
///
/// # Errors
/// When Postgres fails.
pub async fn supersede(
    connection: &mut PgConnection,
    newest: &[(MeetingKey, Standing)],
) -> Result<Vec<Uuid>, Failure> {
    if newest.is_empty() {
        return Ok(Vec::new());
    }
    let workspaces: Vec<String> = newest.iter().map(|row| row.0.0.clone()).collect();
    let meetings: Vec<String> = newest.iter().map(|row| row.0.1.clone()).collect();
    let revisions: Vec<i64> = newest.iter().map(|row| row.1.0).collect();
    let sequences: Vec<i64> = newest.iter().map(|row| row.1.1).collect();
    let mut touched = sqlx::query_scalar!(
        "update writeback.change c set state = 'superseded', regate = false, version = c.version + 1, changed_at = now()
         from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) as row (workspace, meeting_id, revision, sequence)
         join writeback.change_set s on s.workspace = row.workspace and s.meeting_id = row.meeting_id
           and (s.meeting_revision, s.decision_sequence) < (row.revision, row.sequence)
         -- What takes something back is not of the meeting's revision.
         where c.change_set_id = s.id and c.state in ('proposed', 'approved', 'held') and c.undoes is null
         returning c.change_set_id",
        &workspaces,
        &meetings,
        &revisions,
        &sequences,
    )
    .fetch_all(&mut *connection)
    .await?;
    let unplanned = sqlx::query_scalar!(
        "update writeback.change_set s set planned = true, state = 'superseded'
         from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) as row (workspace, meeting_id, revision, sequence)
         where s.workspace = row.workspace and s.meeting_id = row.meeting_id and not s.planned
           and (s.meeting_revision, s.decision_sequence) < (row.revision, row.sequence)
         returning s.id",
        &workspaces,
        &meetings,
        &revisions,
        &sequences,
    )
    .fetch_all(connection)
    .await?;
    touched.extend(unplanned);
    touched.sort_unstable();
    touched.dedup();
    Ok(touched)
}

/// A set about to be stored.
#[derive(Debug)]
pub struct NewSet<'a> {
    /// UUIDv7.
    pub id: Uuid,
    /// The workspace.
    pub workspace: &'a str,
    /// The meeting.
    pub meeting_id: &'a str,
    /// Revision and decision.
    pub standing: Standing,
    /// The decision's id.
    pub decision_id: &'a str,
    /// Where it stands.
    pub state: SetState,
    /// There was a mapping to plan with.
    pub planned: bool,
    /// From history.
    pub backfill: bool,
    /// The meeting's title.
    pub title: &'a str,
    /// Why there are no changes; empty otherwise.
    pub empty_reason: String,
    /// The meeting's trace.
    pub traceparent: Option<&'a str>,
    /// The decision with its meeting, encoded; empty when it is never needed again.
    pub source: Vec<u8>,
}

/// Inserts sets and their sources with two statements.
///
/// # Errors
/// When Postgres fails.
pub async fn insert_sets(
    connection: &mut PgConnection,
    sets: &[NewSet<'_>],
) -> Result<(), Failure> {
    if sets.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = sets.iter().map(|set| set.id).collect();
    let text = |get: fn(&NewSet<'_>) -> String| sets.iter().map(get).collect::<Vec<String>>();
    let workspaces = text(|set| set.workspace.to_owned());
    let meetings = text(|set| set.meeting_id.to_owned());
    let decisions = text(|set| set.decision_id.to_owned());
    let states = text(|set| set.state.as_str().to_owned());
    let titles = text(|set| set.title.to_owned());
    let empty_reasons = text(|set| set.empty_reason.clone());
    let revisions: Vec<i64> = sets.iter().map(|set| set.standing.0).collect();
    let sequences: Vec<i64> = sets.iter().map(|set| set.standing.1).collect();
    let planned: Vec<bool> = sets.iter().map(|set| set.planned).collect();
    let backfill: Vec<bool> = sets.iter().map(|set| set.backfill).collect();
    let traceparents: Vec<Option<String>> = sets
        .iter()
        .map(|set| set.traceparent.map(str::to_owned))
        .collect();
    sqlx::query!(
        "insert into writeback.change_set (id, workspace, meeting_id, meeting_revision, decision_id, decision_sequence,
           state, planned, backfill, title, empty_reason, traceparent)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::text[],
           $8::boolean[], $9::boolean[], $10::text[], $11::text[], $12::text[])",
        &ids,
        &workspaces,
        &meetings,
        &revisions,
        &decisions,
        &sequences,
        &states,
        &planned,
        &backfill,
        &titles,
        &empty_reasons,
        &traceparents as &[Option<String>],
    )
    .execute(&mut *connection)
    .await?;
    let with_source: Vec<&NewSet<'_>> = sets.iter().filter(|set| !set.source.is_empty()).collect();
    if with_source.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = with_source.iter().map(|set| set.id).collect();
    let payloads: Vec<Vec<u8>> = with_source.iter().map(|set| set.source.clone()).collect();
    sqlx::query!(
        "insert into writeback.source (change_set_id, payload) select * from unnest($1::uuid[], $2::bytea[])",
        &ids,
        &payloads,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks sets as planned, each with why it has no changes; an empty reason says that it has some.
///
/// # Errors
/// When Postgres fails.
pub async fn planned(
    connection: &mut PgConnection,
    ids: &[Uuid],
    empty_reasons: &[String],
) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update writeback.change_set s set planned = true, empty_reason = row.empty_reason
         from unnest($1::uuid[], $2::text[]) as row (id, empty_reason) where s.id = row.id",
        ids,
        empty_reasons
    )
    .execute(connection)
    .await?;
    Ok(())
}
