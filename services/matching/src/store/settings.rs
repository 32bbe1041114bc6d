//! What an admin or a reviewer said: domain rules and choices; and how large the projection is.

use crate::domain::facts::Choice;
use chassis::Scope;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A domain rule as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRow {
    /// Registrable domain.
    pub domain: String,
    /// The account, or empty for all.
    pub account_id: String,
    /// As in [`crate::store::facts::class`].
    pub class: String,
}

/// A workspace's rules, by domain.
///
/// # Errors
/// When Postgres does not answer.
pub async fn domain_rules(scope: &Scope, workspace: &str) -> Result<Vec<RuleRow>, sqlx::Error> {
    sqlx::query_as!(
        RuleRow,
        "select domain, account_id, class from matching.domain_rule where workspace = $1 order by domain, account_id",
        workspace,
    )
    .fetch_all(scope)
    .await
}

/// Sets a rule; its key is (domain, account).
///
/// # Errors
/// When Postgres does not answer or refuses.
pub async fn set_domain_rule(
    connection: &mut PgConnection,
    workspace: &str,
    rule: &RuleRow,
    actor: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into matching.domain_rule (workspace, domain, account_id, class, set_by) values ($1, $2, $3, $4, $5)
         on conflict (workspace, domain, account_id) do update set class = excluded.class, set_by = excluded.set_by, set_at = now()",
        workspace,
        rule.domain,
        rule.account_id,
        rule.class,
        actor,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes a rule; removing what is not there is no error.
///
/// # Errors
/// When Postgres does not answer.
pub async fn remove_domain_rule(
    connection: &mut PgConnection,
    workspace: &str,
    domain: &str,
    account_id: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from matching.domain_rule where workspace = $1 and domain = $2 and account_id = $3",
        workspace,
        domain,
        account_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps or takes back a person's choice.
///
/// # Errors
/// When Postgres does not answer.
pub async fn set_choice(
    connection: &mut PgConnection,
    workspace: &str,
    meeting_id: &str,
    choice: Option<&Choice>,
) -> Result<(), sqlx::Error> {
    let Some(choice) = choice else {
        sqlx::query!(
            "delete from matching.choice where workspace = $1 and meeting_id = $2",
            workspace,
            meeting_id
        )
        .execute(connection)
        .await?;
        return Ok(());
    };
    sqlx::query!(
        "insert into matching.choice (workspace, meeting_id, account_id, opportunity_id, chosen_by) values ($1, $2, $3, $4, $5)
         on conflict (workspace, meeting_id) do update set
             account_id = excluded.account_id, opportunity_id = excluded.opportunity_id,
             chosen_by = excluded.chosen_by, chosen_at = now()",
        workspace,
        meeting_id,
        choice.account_id,
        choice.opportunity_id,
        choice.chosen_by,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Thresholds as an admin set them; `None` is the weight table's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// Thousandths of a bit.
    pub account_matched: Option<i64>,
    /// Thousandths of a bit.
    pub opportunity_matched: Option<i64>,
    /// Days.
    pub window_days: Option<i32>,
    /// Record types; empty for all.
    pub pipelines: Vec<String>,
    /// Deals of the parent account and of subsidiaries may be meant too.
    pub group_deals: bool,
    /// ISO 3166 alpha-2.
    pub phone_region: Option<String>,
}

/// A workspace's thresholds; `None` when it is not known.
///
/// # Errors
/// When Postgres does not answer.
pub async fn thresholds(scope: &Scope, workspace: &str) -> Result<Option<Thresholds>, sqlx::Error> {
    sqlx::query_as!(
        Thresholds,
        "select account_matched_millibits as account_matched, opportunity_matched_millibits as opportunity_matched, window_days,
                pipelines, group_deals, phone_region
         from matching.workspace where workspace = $1",
        workspace,
    )
    .fetch_optional(scope)
    .await
}

/// Sets a workspace's thresholds; answers whether it is known.
///
/// # Errors
/// When Postgres does not answer.
pub async fn set_thresholds(
    scope: &Scope,
    workspace: &str,
    thresholds: &Thresholds,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update matching.workspace set account_matched_millibits = $2, opportunity_matched_millibits = $3, window_days = $4,
                pipelines = $5, group_deals = $6, phone_region = $7
         where workspace = $1",
        workspace,
        thresholds.account_matched,
        thresholds.opportunity_matched,
        thresholds.window_days,
        &thresholds.pipelines,
        thresholds.group_deals,
        thresholds.phone_region,
    )
    .execute(scope)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// How much the projection holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// Accounts.
    pub accounts: i64,
    /// Contacts.
    pub contacts: i64,
    /// Leads.
    pub leads: i64,
    /// Opportunities.
    pub opportunities: i64,
    /// Users.
    pub users: i64,
    /// When the first load was complete.
    pub loaded_at: Option<DateTime<Utc>>,
}

/// The projection of one workspace; `None` when it is not known.
///
/// # Errors
/// When Postgres does not answer.
pub async fn size(scope: &Scope, workspace: &str) -> Result<Option<Size>, sqlx::Error> {
    sqlx::query_as!(
        Size,
        r#"select
             (select count(*) from matching.account where workspace = $1 and not is_deleted) as "accounts!",
             (select count(*) from matching.contact where workspace = $1 and not is_deleted) as "contacts!",
             (select count(*) from matching.lead where workspace = $1 and not is_deleted) as "leads!",
             (select count(*) from matching.opportunity where workspace = $1 and not is_deleted) as "opportunities!",
             (select count(*) from matching.crm_user where workspace = $1 and not is_deleted) as "users!",
             w.loaded_at
           from matching.workspace w where w.workspace = $1"#,
        workspace,
    )
    .fetch_optional(scope)
    .await
}
