//! One login role per service, a member of the role `migrate` made for its schema and of nothing else.

use super::plan::ServiceName;
use anyhow::Context;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Of a server on loopback that holds nothing but test data.
pub(super) const PASSWORD: &str = "local-only";

/// Creates the login roles. They belong to the whole server, so other stacks may have made them already, or be just now.
pub(super) async fn create(admin_url: &str, services: &[ServiceName]) -> anyhow::Result<()> {
    let mut admin = PgConnection::connect(admin_url)
        .await
        .context("postgres answers")?;
    for service in services {
        let (login, role) = (service.login(), format!("ergo_{}", service.schema()));
        let create = format!(
            "do $$ begin if not exists (select from pg_catalog.pg_roles where rolname = '{login}') then \
             create role {login} login password '{PASSWORD}'; end if; \
             exception when duplicate_object or unique_violation then null; end $$"
        );
        // Two stacks granting at once would update one catalogue row concurrently, which Postgres refuses.
        let grant = format!(
            "do $$ begin perform pg_advisory_xact_lock(hashtext('{login}')); \
             if not pg_has_role('{login}', '{role}', 'member') then grant {role} to {login}; end if; end $$"
        );
        admin.execute(AssertSqlSafe(create)).await?;
        admin.execute(AssertSqlSafe(grant)).await?;
    }
    admin.close().await?;
    Ok(())
}
