//! The executor's queue: lanes claimed under a fenced lease, their changes, and the intents recorded before a call.

use std::collections::HashMap;

use chassis::{Db, Failure, Scope};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::changes::write_json;
use super::{reasons_from, unreadable};
use crate::domain::change::{Action, Isolation, Queued, State, Write};
use crate::domain::mapping::Overwrite;
use crate::domain::value::{FieldValue, fields_from_json};

/// Changes of one lane taken in one round.
const CHANGES_PER_LANE_MAX: i64 = 50;

/// Lanes of one workspace, held until the lease ends.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The workspace.
    pub workspace: String,
    /// Name, fence, pushes seen.
    pub lanes: Vec<Lane>,
}

/// One lane held.
#[derive(Debug, Clone)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// Grows with each claim: an older holder's writes are refused.
    pub fence: i64,
    /// Changes added so far: a release that saw fewer leaves the lane ready.
    pub pushes: i64,
}

impl Claim {
    /// The rows of its workspace.
    ///
    /// # Errors
    /// When the row named none.
    pub fn scope(&self, db: &Db) -> Result<Scope, Failure> {
        super::scope(db, [self.workspace.as_str()])
    }

    /// The lanes' names and fences, for statements.
    fn columns(&self) -> (Vec<String>, Vec<i64>, Vec<i64>) {
        (
            self.lanes.iter().map(|lane| lane.name.clone()).collect(),
            self.lanes.iter().map(|lane| lane.fence).collect(),
            self.lanes.iter().map(|lane| lane.pushes).collect(),
        )
    }

    /// The fence of a lane.
    #[must_use]
    pub fn fences(&self) -> HashMap<&str, i64> {
        self.lanes
            .iter()
            .map(|lane| (lane.name.as_str(), lane.fence))
            .collect()
    }
}

/// Claims up to `lanes_max` ready lanes of one workspace that may write now: live, connected, verified, not paused.
///
/// # Errors
/// When Postgres fails.
pub async fn claim(scope: &Scope, lanes_max: i64, lease_s: f64) -> Result<Option<Claim>, Failure> {
    let rows = sqlx::query!(
        r#"with able as materialized (
             select w.workspace from writeback.workspace w join writeback.live s using (workspace)
             left join writeback.usage u using (workspace)
             where s.live and w.connection_state in ('connected', 'access_limited')
               and w.verified_epoch = w.connection_epoch and w.verified_mapping_version = w.mapping_version
               and w.verified_settings_generation = w.settings_generation
               and coalesce(u.paused_until, '-infinity') <= now()),
           chosen as materialized (
             select l.workspace from writeback.lane l join able using (workspace)
             where l.ready_at <= now() and coalesce(l.lease_until, '-infinity') <= now()
             order by l.priority, l.ready_at limit 1),
           picked as materialized (
             select l.workspace, l.lane from writeback.lane l
             where l.workspace = (select workspace from chosen)
               and l.ready_at <= now() and coalesce(l.lease_until, '-infinity') <= now()
             order by l.priority, l.ready_at limit $1
             for update skip locked)
           update writeback.lane l set fence = l.fence + 1, lease_until = now() + make_interval(secs => $2)
           from picked where l.workspace = picked.workspace and l.lane = picked.lane
           returning l.workspace, l.lane, l.fence, l.pushes"#,
        lanes_max,
        lease_s,
    )
    .fetch_all(scope)
    .await?;
    let Some(workspace) = rows.first().map(|row| row.workspace.clone()) else {
        return Ok(None);
    };
    Ok(Some(Claim {
        workspace,
        lanes: rows
            .into_iter()
            .map(|row| Lane {
                name: row.lane,
                fence: row.fence,
                pushes: row.pushes,
            })
            .collect(),
    }))
}

/// Keeps the lanes; false when one was lost, after which nothing more may be done with any.
///
/// # Errors
/// When Postgres fails.
pub async fn renew(scope: &Scope, claim: &Claim, lease_s: f64) -> Result<bool, Failure> {
    let (names, fences, _) = claim.columns();
    let done = sqlx::query!(
        "update writeback.lane l set lease_until = now() + make_interval(secs => $4)
         from unnest($2::text[], $3::bigint[]) as row (lane, fence)
         where l.workspace = $1 and l.lane = row.lane and l.fence = row.fence",
        claim.workspace,
        &names,
        &fences,
        lease_s,
    )
    .execute(scope)
    .await?;
    Ok(done.rows_affected() == claim.lanes.len() as u64)
}

/// The lanes that are still ours, locked until the transaction ends.
///
/// # Errors
/// When Postgres fails.
pub async fn still_held(
    connection: &mut PgConnection,
    claim: &Claim,
) -> Result<Vec<String>, Failure> {
    let (names, fences, _) = claim.columns();
    let held = sqlx::query_scalar!(
        "select l.lane from writeback.lane l
         join unnest($2::text[], $3::bigint[]) as row (lane, fence) on l.lane = row.lane and l.fence = row.fence
         where l.workspace = $1 order by l.lane for update of l",
        claim.workspace,
        &names,
        &fences,
    )
    .fetch_all(connection)
    .await?;
    Ok(held)
}

/// Lets lanes go: each is ready again when its next change is due, or never while it has none. A lane that got
/// another change since it was claimed is ready at once, whatever this statement's snapshot knows of it.
///
/// # Errors
/// When Postgres fails.
pub async fn release(connection: &mut PgConnection, claim: &Claim) -> Result<(), Failure> {
    let (names, fences, pushes) = claim.columns();
    sqlx::query!(
        "update writeback.lane l set lease_until = null,
           ready_at = case when l.pushes = row.pushes then next.due else now() end,
           priority = coalesce(next.priority, l.priority)
         from unnest($2::text[], $3::bigint[], $4::bigint[]) as row (lane, fence, pushes)
         cross join lateral (
           select min(c.not_before) as due, min(c.priority) as priority from writeback.change c
           where c.workspace = $1 and c.lane = row.lane and c.state in ('approved', 'executing', 'uncertain')) next
         where l.workspace = $1 and l.lane = row.lane and l.fence = row.fence",
        claim.workspace,
        &names,
        &fences,
        &pushes,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The changes of the claimed lanes, by lane and in order.
///
/// # Errors
/// When Postgres fails.
pub async fn load(scope: &Scope, claim: &Claim) -> Result<Vec<Queued>, Failure> {
    let (names, _, _) = claim.columns();
    let rows = sqlx::query_as!(
        Row,
        r#"select c.id, c.change_set_id, c.workspace, c.action, c.object, c.record_id, c.field, c.entry_id, c.state,
             c.version, c.lane, c.overwrite, c.baseline::text as baseline, c.piece::text as piece, c.proposed::text as proposed,
             c.creation_key, c.attempts, c.not_before, c.intent_at, c.isolation, c.decided_by, c.related,
             c.reasons::text as "reasons!", c.traceparent, c.meeting_at, c.meeting_ended_at, c.restores
           from unnest($2::text[]) as row (lane)
           cross join lateral (
             select * from writeback.change c
             where c.workspace = $1 and c.lane = row.lane and c.state in ('approved', 'executing', 'uncertain')
             order by c.meeting_at, c.id limit $3) c
           order by c.lane, c.meeting_at, c.id"#,
        claim.workspace,
        &names,
        CHANGES_PER_LANE_MAX,
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter().map(Row::domain).collect()
}

struct Row {
    id: Uuid,
    change_set_id: Uuid,
    workspace: String,
    action: String,
    object: String,
    record_id: String,
    field: String,
    entry_id: String,
    state: String,
    version: i64,
    lane: String,
    overwrite: String,
    baseline: Option<String>,
    piece: Option<String>,
    proposed: Option<String>,
    creation_key: String,
    attempts: i32,
    not_before: DateTime<Utc>,
    intent_at: Option<DateTime<Utc>>,
    isolation: i16,
    decided_by: String,
    related: Vec<String>,
    reasons: String,
    traceparent: Option<String>,
    meeting_at: DateTime<Utc>,
    meeting_ended_at: DateTime<Utc>,
    restores: bool,
}

impl Row {
    fn domain(self) -> Result<Queued, Failure> {
        let action = Action::parse(&self.action).ok_or_else(|| unreadable("action"))?;
        let write = |json: &Option<String>| write(action, json.as_deref());
        Ok(Queued {
            piece: write(&self.piece)?,
            proposed: write(&self.proposed)?,
            baseline: FieldValue::from_json(self.baseline.as_deref().unwrap_or("null"))
                .map_err(|_| unreadable("value"))?,
            id: self.id,
            change_set_id: self.change_set_id,
            workspace: self.workspace,
            action,
            object: self.object,
            record_id: self.record_id,
            field: self.field,
            entry_id: self.entry_id,
            state: State::parse(&self.state).ok_or_else(|| unreadable("state"))?,
            version: self.version,
            lane: self.lane,
            meeting_at: self.meeting_at,
            meeting_ended_at: self.meeting_ended_at,
            overwrite: Overwrite::parse(&self.overwrite),
            creation_key: self.creation_key,
            attempts: u32::try_from(self.attempts).unwrap_or(0),
            not_before: self.not_before,
            intent_at: self.intent_at,
            isolation: Isolation::from_number(self.isolation),
            decided: !self.decided_by.is_empty(),
            related: self.related,
            reasons: reasons_from(&self.reasons)?,
            traceparent: self.traceparent,
            restores: self.restores,
        })
    }
}

/// What a change writes, from its stored form.
pub(crate) fn write(action: Action, json: Option<&str>) -> Result<Write, Failure> {
    let unreadable = |_| unreadable("value");
    if action.is_of_a_record() {
        fields_from_json(json.unwrap_or("{}"))
            .map(Write::Record)
            .map_err(unreadable)
    } else {
        FieldValue::from_json(json.unwrap_or("null"))
            .map(Write::Value)
            .map_err(unreadable)
    }
}

/// An intent about to be recorded.
#[derive(Debug)]
pub struct Intent<'a> {
    /// The change, with the baseline and value as judged just now.
    pub change: &'a Queued,
    /// The request it goes with.
    pub request_id: Uuid,
}

/// Records what is about to be done, in one short transaction before the calls. Answers the changes that may go: one
/// that was superseded, dismissed or taken by a later holder of its lane since it was read is not among them.
///
/// # Errors
/// When Postgres fails.
pub async fn intend(
    connection: &mut PgConnection,
    claim: &Claim,
    intents: &[Intent<'_>],
) -> Result<Vec<Uuid>, Failure> {
    let fences = claim.fences();
    let ids: Vec<Uuid> = intents.iter().map(|intent| intent.change.id).collect();
    let versions: Vec<i64> = intents.iter().map(|intent| intent.change.version).collect();
    let of_lanes: Vec<i64> = intents
        .iter()
        .map(|intent| {
            fences
                .get(intent.change.lane.as_str())
                .copied()
                .unwrap_or(-1)
        })
        .collect();
    let baselines: Vec<String> = intents
        .iter()
        .map(|intent| intent.change.baseline.to_json())
        .collect();
    let proposed: Vec<String> = intents
        .iter()
        .map(|intent| write_json(&intent.change.proposed))
        .collect();
    let requests: Vec<Uuid> = intents.iter().map(|intent| intent.request_id).collect();
    let going = sqlx::query_scalar!(
        r#"with row as (
             select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::uuid[])
               as row (id, version, fence, baseline, proposed, request_id)),
           going as (
             update writeback.change c set state = 'executing', version = c.version + 1, attempts = c.attempts + 1,
               intent_at = now(), changed_at = now(), proposed = row.proposed::jsonb,
               baseline = case when c.field = '' then c.baseline else row.baseline::jsonb end
             from row join writeback.lane l on l.fence = row.fence
             join writeback.workspace w on w.workspace = l.workspace
             join writeback.live s on s.workspace = l.workspace
             where c.id = row.id and c.version = row.version and c.state = 'approved'
               and l.workspace = c.workspace and l.lane = c.lane
               -- As when the lane was claimed: another user, or a lost connection, closes the gate at once.
               and s.live and w.connection_state in ('connected', 'access_limited')
               and w.verified_epoch = w.connection_epoch and w.verified_mapping_version = w.mapping_version
               and w.verified_settings_generation = w.settings_generation
             returning c.id, c.workspace, c.attempts, row.request_id, row.fence),
           journal as (
             insert into writeback.attempt (workspace, change_id, number, request_id, fence)
             select workspace, id, attempts, request_id, fence from going)
           select id from going"#,
        &ids,
        &versions,
        &of_lanes,
        &baselines,
        &proposed,
        &requests,
    )
    .fetch_all(connection)
    .await?;
    Ok(going)
}

/// Creations of other changes with these keys, in Salesforce or on their way: (key, record, applied).
///
/// # Errors
/// When Postgres fails.
pub async fn others_creating(
    scope: &Scope,
    workspace: &str,
    keys: &[String],
    own: &[Uuid],
) -> Result<HashMap<String, (String, bool)>, Failure> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query!(
        r#"select creation_key, record_id, state = 'applied' as "applied!" from writeback.change
           where workspace = $1 and creation_key = any($2) and creation_key <> '' and id <> all($3)
             and state in ('executing', 'uncertain', 'applied')"#,
        workspace,
        keys,
        own,
    )
    .fetch_all(scope)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.creation_key, (row.record_id, row.applied)))
        .collect())
}

/// Ids of records our changes are known to have created on these lanes: what a look-up finds must not be one of them.
///
/// # Errors
/// When Postgres fails.
pub async fn known_records(
    scope: &Scope,
    workspace: &str,
    ids: &[String],
) -> Result<Vec<String>, Failure> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let known = sqlx::query_scalar!(
        "select record_id from writeback.change
         where workspace = $1 and record_id = any($2) and creation_key <> '' and state = 'applied'",
        workspace,
        ids
    )
    .fetch_all(scope)
    .await?;
    Ok(known)
}

/// Ready lanes of all workspaces, counted up to `lanes_max`: whether the next request would be full.
///
/// # Errors
/// When Postgres fails.
pub async fn ready(scope: &Scope, lanes_max: i64) -> Result<usize, Failure> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
             select 1 from writeback.lane
             where ready_at <= now() and coalesce(lease_until, '-infinity') <= now() limit $1) l"#,
        lanes_max
    )
    .fetch_one(scope)
    .await?;
    Ok(usize::try_from(count).unwrap_or(0))
}
