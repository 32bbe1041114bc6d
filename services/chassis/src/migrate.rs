//! The `migrate` verb: the only one that changes schemas, roles, streams and consumers, and can be run any number of times.

use std::time::Duration;

use anyhow::Context as _;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{
    bus::{self, Bus},
    config::Options,
    db::{self, history::Standing, is_plain_identifier, isolation, role_name},
    service::{Service, Store},
};

/// A migration that cannot get its lock gives up after this, in seconds: waiting would queue everyone behind it.
const LOCK_TIMEOUT_S: u64 = 5;

/// Brings the database and JetStream to what `S` needs.
///
/// # Errors
/// When either cannot be reached or refuses.
pub async fn migrate<S: Service>(options: &Options) -> anyhow::Result<()> {
    crate::start::install_crypto();
    if let Some(store) = S::STORE {
        crate::start::patiently(options, "postgres", || {
            migrate_store(&store, options, S::NAME)
        })
        .await?;
    }
    let bus = crate::start::patiently(options, "nats", || Bus::connect(options, S::NAME)).await?;
    bus::ensure(&bus, options, &S::consumers()).await?;
    tracing::info!(service = S::NAME, "migrated");
    Ok(())
}

async fn migrate_store(store: &Store, options: &Options, service: &str) -> anyhow::Result<()> {
    let schema = store.schema;
    anyhow::ensure!(
        is_plain_identifier(schema),
        "schema {schema:?} must match [a-z][a-z0-9_]*"
    );
    let url = options
        .database_url
        .as_ref()
        .context("DATABASE_URL is not set")?;
    let connect = db::connect_options(url, options, service)?.options([
        (
            "lock_timeout",
            Duration::from_secs(LOCK_TIMEOUT_S).as_millis().to_string(),
        ),
        // A migration may rewrite a table.
        ("statement_timeout", "0".to_owned()),
        // And it fills columns of every workspace; policies bind the owner too.
        (isolation::SETTING, isolation::ALL.to_owned()),
    ]);
    let mut connection = PgConnection::connect_with(&connect)
        .await
        .context("postgres cannot be reached")?;
    for statement in grants(schema) {
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .with_context(|| format!("schema {schema} and its role cannot be prepared"))?;
    }
    // Tolerant, for a rollback: the schema is then newer than this program. What is not ours is told right after.
    db::history::tolerant(store.migrator)
        .run(&mut connection)
        .await
        .with_context(|| format!("migrations of schema {schema} failed"))?;
    let standing = db::history::standing(&mut connection, store).await?;
    if standing == Standing::Newer {
        tracing::info!(schema, "the schema is newer than this program and stays so");
    }
    // Default privileges cover the history as well, but only migrate writes it.
    let history = format!(
        "revoke insert, update, delete on {} from {}",
        store.migrator.table_name,
        role_name(schema)
    );
    sqlx::query(AssertSqlSafe(history))
        .execute(&mut connection)
        .await
        .with_context(|| format!("the migration history of schema {schema} cannot be protected"))?;
    // After the migrations, so that a table added by any of them is covered.
    sqlx::raw_sql(AssertSqlSafe(isolation::install(schema)))
        .execute(&mut connection)
        .await
        .with_context(|| format!("row-level security of schema {schema} cannot be set up"))?;
    isolation::verify_tables(&mut connection, store, standing).await?;
    connection.close().await.ok();
    Ok(())
}

/// The schema, its role, and the rights of the role: its own schema and nothing else.
///
/// Rights come from default privileges, set before any table exists, and not from a grant on all tables afterwards:
/// so a migration can take a right away (from an append-only audit table) and keep it taken.
fn grants(schema: &str) -> Vec<String> {
    let role = role_name(schema);
    vec![
        // Roles belong to the whole server: two databases of one server may create the same one at the same time.
        format!(
            "do $$ begin \
             if not exists (select from pg_catalog.pg_roles where rolname = '{role}') then \
             create role {role} nologin; end if; \
             exception when duplicate_object or unique_violation then null; end $$"
        ),
        format!(
            "do $$ begin create schema if not exists {schema}; \
             exception when duplicate_schema or unique_violation then null; end $$"
        ),
        format!("revoke all on schema {schema} from public"),
        format!("grant usage on schema {schema} to {role}"),
        format!(
            "alter default privileges in schema {schema} \
             grant select, insert, update, delete on tables to {role}"
        ),
        format!(
            "alter default privileges in schema {schema} grant usage, select on sequences to {role}"
        ),
        format!("alter default privileges in schema {schema} grant execute on functions to {role}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::grants;

    #[test]
    fn a_role_gets_rights_on_its_own_schema_only() {
        for statement in grants("auth") {
            assert!(
                statement.contains("auth") && !statement.contains("all tables"),
                "{statement}"
            );
        }
    }
}
