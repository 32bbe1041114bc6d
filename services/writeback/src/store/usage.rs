//! The workspace's share of the org's daily API calls, and pauses the org asked for.

use chassis::{Failure, Scope};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Calls used and allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Our calls of the last 24 hours.
    pub used: u64,
    /// The org's daily allowance; 0 while not known.
    pub org_max: u64,
    /// Calls of all integrations in the org's own window.
    pub org_used: u64,
}

impl Budget {
    /// Our share, in calls; 0 while not known.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "daily allowances stay far below 2^52"
    )]
    pub fn share(&self, share: f64) -> u64 {
        (self.org_max as f64 * share.clamp(0.0, 1.0)) as u64
    }

    /// Whether our share is spent; an allowance that is not known is not spent.
    #[must_use]
    pub fn is_spent(&self, share: f64) -> bool {
        self.org_max > 0 && self.used >= self.share(share)
    }
}

/// The budget of a workspace.
///
/// # Errors
/// When Postgres fails.
pub async fn budget(scope: &Scope, workspace: &str) -> Result<Budget, Failure> {
    let row = sqlx::query!(
        r#"select coalesce((select sum(calls) from writeback.api_budget
              where workspace = $1 and hour > now() - interval '24 hours'), 0)::bigint as "used!",
             coalesce((select org_calls_max from writeback.usage where workspace = $1), 0) as "org_max!",
             coalesce((select org_calls_used from writeback.usage where workspace = $1), 0) as "org_used!""#,
        workspace
    )
    .fetch_one(scope)
    .await?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(Budget {
        used: count(row.used),
        org_max: count(row.org_max),
        org_used: count(row.org_used),
    })
}

/// Whether a workspace may call its org now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Calls used and allowed.
    pub budget: Budget,
    /// The org asked to be left alone for a while.
    pub paused: bool,
}

/// Whether a workspace may call its org now.
///
/// # Errors
/// When Postgres fails.
pub async fn standing(scope: &Scope, workspace: &str) -> Result<Standing, Failure> {
    let budget = budget(scope, workspace).await?;
    let paused = sqlx::query_scalar!(
        r#"select coalesce(paused_until > now(), false) as "paused!" from writeback.usage where workspace = $1"#,
        workspace
    )
    .fetch_optional(scope)
    .await?;
    Ok(Standing {
        budget,
        paused: paused.unwrap_or(false),
    })
}

/// Calls made, and what the org last said of its allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Our calls.
    pub calls: u64,
    /// (used, max) of the org.
    pub org: Option<(u64, u64)>,
}

/// Counts calls.
///
/// # Errors
/// When Postgres fails.
pub async fn spend(
    connection: &mut PgConnection,
    workspace: &str,
    spent: Spent,
) -> Result<(), Failure> {
    if spent.calls == 0 && spent.org.is_none() {
        return Ok(());
    }
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    sqlx::query!(
        "insert into writeback.api_budget (workspace, hour, calls) values ($1, date_trunc('hour', now()), $2)
         on conflict (workspace, hour) do update set calls = writeback.api_budget.calls + excluded.calls",
        workspace,
        number(spent.calls)
    )
    .execute(&mut *connection)
    .await?;
    let (used, max) = spent.org.unwrap_or_default();
    sqlx::query!(
        "insert into writeback.usage (workspace, org_calls_used, org_calls_max) values ($1, $2, $3)
         on conflict (workspace) do update set
           org_calls_used = case when $3 > 0 then $2 else writeback.usage.org_calls_used end,
           org_calls_max = case when $3 > 0 then $3 else writeback.usage.org_calls_max end",
        workspace,
        number(used),
        number(max)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Leaves the org alone for a while; answers how many pauses there were in a row.
///
/// # Errors
/// When Postgres fails.
pub async fn pause(
    connection: &mut PgConnection,
    workspace: &str,
    until: DateTime<Utc>,
    reason: &str,
) -> Result<(), Failure> {
    sqlx::query!(
        "insert into writeback.usage (workspace, paused_until, pause_reason, failures_in_a_row) values ($1, $2, $3, 1)
         on conflict (workspace) do update set paused_until = $2, pause_reason = $3,
           failures_in_a_row = writeback.usage.failures_in_a_row + 1",
        workspace,
        until,
        reason
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How often in a row the org could not be worked with.
///
/// # Errors
/// When Postgres fails.
pub async fn failures_in_a_row(scope: &Scope, workspace: &str) -> Result<u32, Failure> {
    let found = sqlx::query_scalar!(
        "select failures_in_a_row from writeback.usage where workspace = $1",
        workspace
    )
    .fetch_optional(scope)
    .await?;
    Ok(found
        .and_then(|count| u32::try_from(count).ok())
        .unwrap_or(0))
}

/// The org answered: forget past failures, and remember a confirmed write.
///
/// # Errors
/// When Postgres fails.
pub async fn answered(
    connection: &mut PgConnection,
    workspace: &str,
    applied: bool,
) -> Result<(), Failure> {
    sqlx::query!(
        "insert into writeback.usage (workspace, last_applied_at) values ($1, case when $2 then now() end)
         on conflict (workspace) do update set failures_in_a_row = 0, paused_until = null, pause_reason = '',
           last_applied_at = case when $2 then now() else writeback.usage.last_applied_at end",
        workspace,
        applied
    )
    .execute(connection)
    .await?;
    Ok(())
}
