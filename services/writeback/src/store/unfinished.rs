//! What waits to be written and when something was last written, for the operator: numbers only.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};

/// Changes looked at in one count; a longer queue counts as this long.
const COUNTED_ROWS_MAX: i64 = 100_000;
/// Workspaces looked at: as many as metrics tell apart.
const WORKSPACES_MAX: i64 = 1_000;

/// What is left of one kind of work of a workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// Whose.
    pub workspace: String,
    /// From history rather than from a meeting that was just held.
    pub backfill: bool,
    /// Changes approved and not concluded.
    pub changes: i64,
    /// Seconds since the oldest of them was approved.
    pub oldest_age_s: f64,
}

/// What is approved and not concluded, by workspace.
///
/// # Errors
/// When Postgres fails.
pub async fn unfinished(all: &Scope) -> Result<Vec<Unfinished>, Failure> {
    let rows = sqlx::query!(
        r#"select workspace, priority = 2 as "backfill!", count(*) as "changes!",
             extract(epoch from now() - min(since))::float8 as "oldest_age_s!"
           from (select workspace, priority, coalesce(decided_at, proposed_at) as since
                 from writeback.change where state in ('approved', 'executing', 'uncertain') limit $1) counted
           group by 1, 2 order by 1, 2 limit $2"#,
        COUNTED_ROWS_MAX,
        WORKSPACES_MAX * 2
    )
    .fetch_all(all)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Unfinished {
            workspace: row.workspace,
            backfill: row.backfill,
            changes: row.changes,
            oldest_age_s: row.oldest_age_s.max(0.0),
        })
        .collect())
}

/// How a workspace stands with its org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Whose.
    pub workspace: String,
    /// The org's daily allowance; 0 while not known.
    pub org_calls_max: i64,
    /// Our calls of the last 24 hours.
    pub calls: i64,
    /// When a write was last confirmed.
    pub last_applied_at: Option<DateTime<Utc>>,
}

/// Last confirmed effects and calls, by workspace.
///
/// # Errors
/// When Postgres fails.
pub async fn effects(all: &Scope) -> Result<Vec<Effect>, Failure> {
    Ok(sqlx::query_as!(
        Effect,
        r#"select workspace, org_calls_max, last_applied_at,
             coalesce((select sum(calls) from writeback.api_budget b
               where b.workspace = u.workspace and hour > now() - interval '24 hours'), 0)::bigint as "calls!"
           from writeback.usage u order by workspace limit $1"#,
        WORKSPACES_MAX
    )
    .fetch_all(all)
    .await?)
}
