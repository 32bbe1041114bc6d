//! Meetings to be decided again, the moves proposed for matched ones, and what persons said about decisions.

use crate::domain::facts::Calibration;
use chassis::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

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

/// The keys of one meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The workspace.
    pub workspace: String,
    /// The meeting.
    pub meeting_id: String,
    /// Its keys.
    pub keys: Vec<String>,
    /// How it was decided.
    pub outcome: &'static str,
    /// Until when it is decided again; `None` for never.
    pub open_until: Option<DateTime<Utc>>,
}

/// Replaces the keys of meetings and notes how they were decided.
///
/// # Errors
/// When Postgres does not answer.
pub async fn keep(connection: &mut PgConnection, kept: &[Kept]) -> Result<(), sqlx::Error> {
    if kept.is_empty() {
        return Ok(());
    }
    let (mut workspaces, mut meetings, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for row in kept.iter().filter(|row| row.open_until.is_some()) {
        for key in &row.keys {
            workspaces.push(row.workspace.clone());
            meetings.push(row.meeting_id.clone());
            keys.push(key.clone());
        }
    }
    sqlx::query!(
        "with decided as (
             update matching.meeting m set outcome = t.outcome, open_until = t.open_until
             from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as t (workspace, id, outcome, open_until)
             where m.workspace = t.workspace and m.id = t.id
         ),
         wanted as (select * from unnest($5::text[], $6::text[], $7::text[]) as t (workspace, meeting_id, key)),
         gone as (
             delete from matching.meeting_key k
             using unnest($1::text[], $2::text[]) as t (workspace, id)
             where k.workspace = t.workspace and k.meeting_id = t.id
               and not exists (
                   select 1 from wanted w where w.workspace = k.workspace and w.meeting_id = k.meeting_id and w.key = k.key
               )
         )
         insert into matching.meeting_key (workspace, key, meeting_id)
         select workspace, key, meeting_id from wanted
         on conflict do nothing",
        &kept.iter().map(|r| r.workspace.clone()).collect::<Vec<_>>(),
        &kept.iter().map(|r| r.meeting_id.clone()).collect::<Vec<_>>(),
        &kept.iter().map(|r| r.outcome.to_owned()).collect::<Vec<_>>(),
        &kept.iter().map(|r| r.open_until).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &workspaces,
        &meetings,
        &keys,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A move proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// UUIDv7.
    pub id: Uuid,
    /// The meeting.
    pub meeting_id: String,
    /// Its revision.
    pub revision: i64,
    /// What changed.
    pub reason: String,
    /// The decision as it would be now, encoded.
    pub body: Vec<u8>,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// The meeting's title.
    pub title: String,
    /// The decision it would replace, encoded.
    pub current: Vec<u8>,
}

/// Proposes a move; a newer one replaces an open one.
///
/// # Errors
/// When Postgres does not answer.
pub async fn propose(
    connection: &mut PgConnection,
    workspace: &str,
    due: &Due,
    id: Uuid,
    body: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into matching.move_proposal (workspace, meeting_id, id, revision, reason, body) values ($1, $2, $3, $4, $5, $6)
         on conflict (workspace, meeting_id) where settled_at is null
         do update set id = excluded.id, revision = excluded.revision, reason = excluded.reason, body = excluded.body,
                       proposed_at = now()",
        workspace,
        due.meeting_id,
        id,
        due.revision,
        due.reason,
        body,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Open proposals, newest first.
///
/// # Errors
/// When Postgres does not answer.
pub async fn proposals(
    scope: &Scope,
    workspace: &str,
    rows_max: i64,
) -> Result<Vec<Proposal>, sqlx::Error> {
    sqlx::query_as!(
        Proposal,
        r#"select p.id, p.meeting_id, p.revision, p.reason, p.body, p.proposed_at, m.title, d.body as "current!"
           from matching.move_proposal p
           join matching.meeting m on m.workspace = p.workspace and m.id = p.meeting_id and m.revision = p.revision
           cross join lateral (
               select d.body from matching.decision d
               where d.workspace = m.workspace and d.meeting_id = m.id and d.revision = m.revision
               order by d.sequence desc limit 1
           ) d
           where p.workspace = $1 and p.settled_at is null
           order by p.proposed_at desc, p.id limit $2"#,
        workspace,
        rows_max,
    )
    .fetch_all(scope)
    .await
}

/// Settles the open proposal of a meeting; `None` when there is none.
///
/// # Errors
/// When Postgres does not answer.
pub async fn settle(
    connection: &mut PgConnection,
    workspace: &str,
    meeting_id: &str,
    accepted: bool,
    actor: &str,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        "update matching.move_proposal set settled_at = now(), settled_by = $3, accepted = $4
         where workspace = $1 and meeting_id = $2 and settled_at is null returning body",
        workspace,
        meeting_id,
        actor,
        accepted,
    )
    .fetch_optional(connection)
    .await
}

/// What a person said about a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The meeting.
    pub meeting_id: String,
    /// Its revision.
    pub revision: i64,
    /// The account chosen; empty for none.
    pub account_id: String,
    /// The opportunity chosen; empty for none.
    pub opportunity_id: String,
    /// What the decision's posterior was computed from.
    pub decided_total: i64,
    /// Whether the decision's best candidate was the one chosen.
    pub was_right: bool,
}

/// Keeps a labelled example, or marks it reverted.
///
/// # Errors
/// When Postgres does not answer.
pub async fn label(
    connection: &mut PgConnection,
    workspace: &str,
    meeting_id: &str,
    label: Option<&Label>,
    actor: &str,
) -> Result<(), sqlx::Error> {
    let Some(label) = label else {
        sqlx::query!(
            "update matching.label set reverted_at = now() where workspace = $1 and meeting_id = $2 and reverted_at is null",
            workspace,
            meeting_id,
        )
        .execute(connection)
        .await?;
        return Ok(());
    };
    sqlx::query!(
        "insert into matching.label
             (workspace, meeting_id, revision, account_id, opportunity_id, decided_total, was_right, labelled_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (workspace, meeting_id) do update set
             revision = excluded.revision, account_id = excluded.account_id, opportunity_id = excluded.opportunity_id,
             decided_total = excluded.decided_total, was_right = excluded.was_right, labelled_by = excluded.labelled_by,
             labelled_at = now(), reverted_at = null",
        workspace,
        meeting_id,
        label.revision,
        label.account_id,
        label.opportunity_id,
        label.decided_total,
        label.was_right,
        actor,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A meeting a rule concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerned {
    /// The meeting.
    pub meeting_id: String,
    /// The event, encoded.
    pub body: Vec<u8>,
    /// Its title.
    pub title: String,
    /// The latest decision, encoded.
    pub decision: Vec<u8>,
    /// What a person chose, when one did.
    pub labelled_account: Option<String>,
}

/// Meetings decided since `since` under a key, newest first.
///
/// # Errors
/// When Postgres does not answer.
pub async fn concerned(
    scope: &Scope,
    workspace: &str,
    key: &str,
    since: DateTime<Utc>,
    rows_max: i64,
) -> Result<Vec<Concerned>, sqlx::Error> {
    sqlx::query_as!(
        Concerned,
        r#"select m.id as meeting_id, m.body as "body!", m.title, d.body as "decision!", l.account_id as "labelled_account?"
           from matching.meeting_key k
           join matching.meeting m on m.workspace = k.workspace and m.id = k.meeting_id and m.body is not null
           cross join lateral (
               select d.body, d.decided_at from matching.decision d
               where d.workspace = m.workspace and d.meeting_id = m.id and d.revision = m.revision
               order by d.sequence desc limit 1
           ) d
           left join matching.label l on l.workspace = m.workspace and l.meeting_id = m.id and l.reverted_at is null
           where k.workspace = $1 and k.key = $2 and d.decided_at >= $3
           order by d.decided_at desc limit $4"#,
        workspace,
        key,
        since,
        rows_max,
    )
    .fetch_all(scope)
    .await
}

/// Workspaces whose labels have become a tenth more since they were last fitted on.
///
/// # Errors
/// When Postgres does not answer.
pub async fn to_calibrate(
    scope: &Scope,
    labels_min: i64,
    rows_max: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select l.workspace from matching.label l join matching.workspace w on w.workspace = l.workspace
         where l.reverted_at is null
         group by l.workspace, w.calibrated_labels
         having count(*) >= $1 and count(*) * 10 > w.calibrated_labels * 11
         limit $2",
        labels_min,
        rows_max,
    )
    .fetch_all(scope)
    .await
}

/// The newest labels of a workspace: what the best candidate added up to, and whether it was right.
///
/// # Errors
/// When Postgres does not answer.
pub async fn labels(
    scope: &Scope,
    workspace: &str,
    rows_max: i64,
) -> Result<Vec<(i64, bool)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select decided_total, was_right from matching.label where workspace = $1 and reverted_at is null
         order by labelled_at desc limit $2",
        workspace,
        rows_max,
    )
    .fetch_all(scope)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.decided_total, row.was_right))
        .collect())
}

/// Sets what was fitted, and on how many labels.
///
/// # Errors
/// When Postgres does not answer.
pub async fn set_calibration(
    scope: &Scope,
    workspace: &str,
    fitted: Calibration,
    labels: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update matching.workspace set calibration_slope = $2, calibration_offset = $3, calibrated_at = now(),
                calibrated_labels = $4
         where workspace = $1",
        workspace,
        fitted.slope,
        fitted.offset,
        labels,
    )
    .execute(scope)
    .await?;
    Ok(())
}
