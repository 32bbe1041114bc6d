//! How old what we know of each org is, and what waits to be read, for the operator: numbers only.

use chassis::Scope;
use chrono::{DateTime, Utc};

use super::unreadable;
use crate::domain::run::Kind;

/// Workspaces looked at: as many as metrics tell apart.
const WORKSPACES_MAX: i64 = 1_000;

/// When a kind of run last ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// Whose.
    pub workspace: String,
    /// What was read.
    pub kind: Kind,
    /// When.
    pub ended_at: DateTime<Utc>,
}

/// When each kind of run last ended well, for connected workspaces: a disconnected one is expected to grow old.
///
/// # Errors
/// When Postgres fails.
pub async fn freshness(all: &Scope) -> Result<Vec<Freshness>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select w.workspace, kinds.kind as "kind!", newest.ended_at as "ended_at!"
           from (select workspace from metadata_sync.workspace where connected order by workspace limit $1) w
           cross join unnest(array['schema', 'records', 'records_full']) as kinds (kind)
           cross join lateral (
               select ended_at from metadata_sync.sync_run r
               where r.workspace = w.workspace and r.kind = kinds.kind and r.state = 'done' and r.ended_at is not null
               order by requested_at desc limit 1) newest"#,
        WORKSPACES_MAX
    )
    .fetch_all(all)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Freshness {
                workspace: row.workspace,
                kind: Kind::parse(&row.kind).ok_or_else(|| unreadable("run kind"))?,
                ended_at: row.ended_at,
            })
        })
        .collect()
}

/// Runs that are asked for or under way, and seconds since the oldest was asked for.
///
/// # Errors
/// When Postgres fails.
pub async fn unfinished(all: &Scope) -> Result<(i64, f64), sqlx::Error> {
    let row = sqlx::query!(
        r#"select count(*) as "runs!", coalesce(extract(epoch from now() - min(requested_at)), 0)::float8 as "oldest_age_s!"
           from metadata_sync.sync_run where state in ('queued', 'running')"#
    )
    .fetch_one(all)
    .await?;
    Ok((row.runs, row.oldest_age_s.max(0.0)))
}
