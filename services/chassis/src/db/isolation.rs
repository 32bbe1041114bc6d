//! Row-level security, the second lock between workspaces: Postgres shows a session only rows of the workspaces it named.
//!
//! The first lock is the `where workspace = $1` of every query. This one holds when that is forgotten: every table with a
//! `workspace` column has one policy, for its owner too, that compares the column with the session's setting. A session
//! that set nothing sees nothing and may write nothing. Tables without the column are listed in [`Store::open_tables`] or
//! have a policy of their own from their migration; anything else stops `migrate` and `serve`.
//!
//! [`Store::open_tables`]: crate::service::Store::open_tables

use anyhow::Context as _;
use sqlx::PgConnection;

use super::history::Standing;
use crate::service::Store;

/// The session's setting: workspace ids with commas between them, or [`ALL`].
pub(crate) const SETTING: &str = "ergo.workspaces";
/// What the setting holds for work on all workspaces; no workspace can have this id.
pub(crate) const ALL: &str = "*";

/// Which rows a session sees and may write.
///
/// Sub-selects are evaluated once per statement and not per row. The comparison of texts is leakproof, so Postgres may use
/// the queries' own conditions on an index before it applies this one.
const CONDITION: &str = "(select current_setting('ergo.workspaces', true)) = '*' or workspace = any ((select \
                         string_to_array(current_setting('ergo.workspaces', true), ','))::text[])";

/// Tables the chassis keeps for every service: ids and encoded events, read by the relay and the claims only.
const OWN_OPEN_TABLES: [&str; 2] = ["inbox", "outbox"];

/// The statement that puts the policy on every table with a `workspace` column. Tables that have it are not locked, and
/// each other one only for its own change. The policy's comment holds its condition, so a new condition replaces it.
pub(crate) fn install(schema: &str) -> String {
    let quoted = CONDITION.replace('\'', "''");
    format!(
        "do $install$ declare t regclass; known boolean; begin \
         for t, known in \
           select c.oid::regclass, p.oid is not null from pg_class c \
           join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace' and not a.attisdropped \
           left join pg_policy p on p.polrelid = c.oid and p.polname = 'workspace_isolation' \
           where c.relnamespace = '{schema}'::regnamespace and c.relkind in ('r', 'p') \
             and not (c.relrowsecurity and c.relforcerowsecurity \
                      and coalesce(obj_description(p.oid, 'pg_policy'), '') = '{quoted}') \
           order by c.relname \
         loop \
           execute format('alter table %s enable row level security, force row level security', t); \
           if known then execute format('drop policy workspace_isolation on %s', t); end if; \
           execute format('create policy workspace_isolation on %s using (%s) with check (%s)', t, '{quoted}', '{quoted}'); \
           execute format('comment on policy workspace_isolation on %s is %L', t, '{quoted}'); \
           commit; \
         end loop; end $install$"
    )
}

/// Fails when a table is neither under a policy nor listed as open. What a newer version listed cannot be known here: of
/// its schema only tables with the column are looked at.
pub(crate) async fn verify_tables(
    connection: &mut PgConnection,
    store: &Store,
    standing: Standing,
) -> anyhow::Result<()> {
    let bare: Vec<(String, bool)> = sqlx::query_as(
        "select c.relname::text, exists (select from pg_attribute a \
           where a.attrelid = c.oid and a.attname = 'workspace' and not a.attisdropped) from pg_class c join pg_namespace n on n.oid = c.relnamespace \
         where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') \
           and not (c.relrowsecurity and c.relforcerowsecurity \
                    and exists (select from pg_policy p where p.polrelid = c.oid)) \
         order by 1",
    )
    .bind(store.schema)
    .fetch_all(connection)
    .await
    .context("the policies cannot be read")?;
    let history = store.migrator.table_name.rsplit('.').next();
    let open = |(table, has_workspace): &(String, bool)| {
        let table = table.as_str();
        let newer = standing == Standing::Newer && !has_workspace;
        newer
            || OWN_OPEN_TABLES.contains(&table)
            || store.open_tables.contains(&table)
            || history == Some(table)
    };
    match bare.iter().find(|table| !open(table)) {
        None => Ok(()),
        Some((table, _)) => anyhow::bail!(
            "table {}.{table} has no row-level security: run migrate; a table without a workspace column needs a policy \
             in its migration or a place in open_tables",
            store.schema
        ),
    }
}

/// Fails when the session's role is one that policies do not bind.
pub(crate) async fn verify_role(connection: &mut PgConnection) -> anyhow::Result<()> {
    let role: Option<String> = sqlx::query_scalar(
        "select rolname::text from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)",
    )
    .fetch_optional(connection)
    .await
    .context("the role cannot be looked up")?;
    match role {
        None => Ok(()),
        Some(role) => anyhow::bail!(
            "role {role} bypasses row-level security: alter role {role} nosuperuser nobypassrls"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_condition_reads_the_setting_that_is_set() {
        assert!(CONDITION.contains(&format!("'{SETTING}'")));
        assert!(CONDITION.contains(&format!("= '{ALL}'")));
        assert!(ALL.parse::<events::WorkspaceId>().is_err());
    }
}
