//! Times without a usable connection, and the changes missed in them.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Meetings listed of one gap.
const MEETINGS_MAX: i64 = 100;

/// The connection as it was before a message, locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Its state, as stored.
    pub state: String,
    /// The org; empty before the first.
    pub organization_id: String,
    /// When it stopped to be usable; none while it is usable.
    pub unusable_since: Option<DateTime<Utc>>,
    /// Epoch it had then.
    pub unusable_epoch: i64,
}

/// A gap that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// UUIDv7.
    pub id: Uuid,
    /// When it began.
    pub since: DateTime<Utc>,
    /// When it ended.
    pub until: DateTime<Utc>,
    /// The state that began it.
    pub state: String,
    /// Why, for a person.
    pub detail: String,
    /// Another user was connected afterwards.
    pub other_user: bool,
    /// Meetings that arrived meanwhile.
    pub meetings_arrived: i64,
    /// Changes that went on by themselves.
    pub changes_resumed: i64,
    /// Changes that had waited too long.
    pub changes_missed: i64,
    /// Those that still wait.
    pub changes_waiting: i64,
}

/// A meeting with changes that still wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// The gap.
    pub gap: Uuid,
    /// The meeting.
    pub meeting_id: String,
    /// Its change set.
    pub change_set_id: Uuid,
    /// Its title.
    pub title: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Its changes that wait.
    pub changes_waiting: i64,
}

/// The connection before a message, locked until the transaction ends.
///
/// # Errors
/// When Postgres fails.
pub async fn before(
    connection: &mut PgConnection,
    workspace: &str,
) -> Result<Option<Before>, Failure> {
    let before = sqlx::query_as!(
        Before,
        "select connection_state as state, organization_id, unusable_since, unusable_epoch
         from writeback.workspace where workspace = $1 for update",
        workspace
    )
    .fetch_optional(connection)
    .await?;
    Ok(before)
}

/// Notes that the connection stopped to be usable.
///
/// # Errors
/// When Postgres fails.
pub async fn begin(
    connection: &mut PgConnection,
    workspace: &str,
    since: DateTime<Utc>,
    state: &str,
    detail: &str,
) -> Result<(), Failure> {
    sqlx::query!(
        "update writeback.workspace set unusable_since = $2, unusable_state = $3, unusable_detail = $4,
           unusable_epoch = connection_epoch where workspace = $1",
        workspace,
        since,
        state,
        detail
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a gap: what waited in it for longer than `missed_after_s` is held as missed, the rest resumes. A change that had
/// passed the gates is held at once, with `reason`; one that waits at the gates is held when it passes them again.
/// Answers how many were missed, and the sets touched.
///
/// # Errors
/// When Postgres fails.
pub async fn end(
    connection: &mut PgConnection,
    workspace: &str,
    id: Uuid,
    since: DateTime<Utc>,
    missed_after_s: f64,
    reason: &str,
) -> Result<(i64, Vec<Uuid>), Failure> {
    let row = sqlx::query!(
        r#"with waiting as (
             select id, state, coalesce(extract(epoch from
               now() - greatest(case when state = 'approved' then changed_at else proposed_at end, $3)), 0)
               > $4::double precision as late
             from writeback.change
             where workspace = $1 and (state = 'approved'
               or (state = 'proposed' and reasons @> '[{"code": "not_connected"}]'))
             for update),
           at_gates as (
             update writeback.change c set missed_gap = $2, version = c.version + 1
             from waiting where c.id = waiting.id and waiting.late and waiting.state = 'proposed' returning c.id),
           passed as (
             update writeback.change c set state = 'held', regate = false, missed_gap = $2, version = c.version + 1,
               changed_at = now(), reasons = c.reasons || $5::text::jsonb
             from waiting where c.id = waiting.id and waiting.late and waiting.state = 'approved'
             returning c.change_set_id),
           counts as (
             select (select count(*) from at_gates) + (select count(*) from passed) as missed,
               (select count(*) from waiting where not late) as resumed,
               (select count(distinct meeting_id) from writeback.change_set
                where workspace = $1 and created_at between $3 and now()) as meetings,
               (select coalesce(array_agg(distinct change_set_id), '{}') from passed) as sets),
           added as (
             insert into writeback.connection_gap (id, workspace, since, until, state, detail, other_user,
               meetings_arrived, changes_resumed, changes_missed)
             select $2, $1, least($3, now()), now(), w.unusable_state, w.unusable_detail,
               w.unusable_epoch <> w.connection_epoch, counts.meetings, counts.resumed, counts.missed
             from writeback.workspace w, counts where w.workspace = $1)
           select missed as "missed!", sets as "sets!" from counts"#,
        workspace,
        id,
        since,
        missed_after_s,
        reason,
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "update writeback.workspace set unusable_since = null where workspace = $1",
        workspace
    )
    .execute(connection)
    .await?;
    Ok((row.missed, row.sets))
}

/// The newest gaps.
///
/// # Errors
/// When Postgres fails.
pub async fn list(scope: &Scope, workspace: &str, rows_max: i64) -> Result<Vec<Gap>, Failure> {
    let gaps = sqlx::query_as!(
        Gap,
        r#"select g.id, g.since, g.until, g.state, g.detail, g.other_user, g.meetings_arrived, g.changes_resumed,
             g.changes_missed, (select count(*) from writeback.change c where c.workspace = $1 and c.missed_gap = g.id
               and c.state in ('proposed', 'held')) as "changes_waiting!"
           from writeback.connection_gap g where g.workspace = $1 order by g.id desc limit $2"#,
        workspace,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    Ok(gaps)
}

/// Meetings of gaps with changes that wait, oldest first, at most 100 of each gap.
///
/// # Errors
/// When Postgres fails.
pub async fn meetings(
    scope: &Scope,
    workspace: &str,
    gaps: &[Uuid],
) -> Result<Vec<Meeting>, Failure> {
    let meetings = sqlx::query_as!(
        Meeting,
        r#"select gap as "gap!", meeting_id as "meeting_id!", change_set_id as "change_set_id!", title as "title!",
             started_at as "started_at!", waiting as "changes_waiting!"
           from unnest($2::uuid[]) as gap
           cross join lateral (
             select c.meeting_id, c.change_set_id, s.title, min(c.meeting_at) as started_at, count(*) as waiting
             from writeback.change c join writeback.change_set s on s.id = c.change_set_id
             where c.workspace = $1 and c.missed_gap = gap and c.state in ('proposed', 'held')
             group by c.meeting_id, c.change_set_id, s.title order by min(c.meeting_at), c.meeting_id limit $3) waiting"#,
        workspace,
        gaps,
        MEETINGS_MAX
    )
    .fetch_all(scope)
    .await?;
    Ok(meetings)
}

/// Changes that wait because they were missed, in all gaps.
///
/// # Errors
/// When Postgres fails.
pub async fn waiting(scope: &Scope, workspace: &str) -> Result<i64, Failure> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from writeback.change
           where workspace = $1 and missed_gap is not null and state in ('proposed', 'held')"#,
        workspace
    )
    .fetch_one(scope)
    .await?;
    Ok(count)
}

/// A change that is no longer held as missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Its set.
    pub change_set_id: Uuid,
    /// Its lane.
    pub lane: String,
    /// Which of the lane's priorities.
    pub priority: i16,
    /// It had passed the gates and is on the queue again; otherwise it passes them again.
    pub queued: bool,
}

/// Releases the missed changes of a gap; all of them when no meeting is named. Before one that had passed the gates is
/// written, its record is read again, as before every write.
///
/// # Errors
/// When Postgres fails.
pub async fn release(
    connection: &mut PgConnection,
    workspace: &str,
    gap: Uuid,
    meetings: &[String],
) -> Result<Vec<Released>, Failure> {
    let released = sqlx::query_as!(
        Released,
        r#"update writeback.change set missed_gap = null, version = version + 1, changed_at = now(), not_before = now(),
             state = case when regate or state = 'proposed' then state else 'approved' end,
             reasons = (select coalesce(jsonb_agg(reason), '[]') from jsonb_array_elements(reasons) as reason
               where reason ->> 'code' <> 'missed_while_disconnected')
           where workspace = $1 and missed_gap = $2 and state in ('proposed', 'held')
             and (cardinality($3::text[]) = 0 or meeting_id = any($3))
           returning change_set_id, lane, priority, state = 'approved' as "queued!""#,
        workspace,
        gap,
        meetings
    )
    .fetch_all(connection)
    .await?;
    Ok(released)
}

/// Ends what waits for an org the workspace no longer has: its record ids mean nothing in another one. Answers the sets.
///
/// # Errors
/// When Postgres fails.
pub async fn end_of_org(
    connection: &mut PgConnection,
    workspace: &str,
    reason: &str,
) -> Result<Vec<Uuid>, Failure> {
    let sets = sqlx::query_scalar!(
        "update writeback.change set regate = false, version = version + 1, changed_at = now(), missed_gap = null,
           state = case when state in ('executing', 'uncertain') then 'failed' else 'expired' end,
           reasons = reasons || $2::text::jsonb
         where workspace = $1 and state in ('proposed', 'approved', 'held', 'executing', 'uncertain')
         returning change_set_id",
        workspace,
        reason
    )
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query!(
        "update writeback.change_set set planned = true, state = 'superseded' where workspace = $1 and not planned",
        workspace
    )
    .execute(connection)
    .await?;
    Ok(sets)
}
