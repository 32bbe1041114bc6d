//! Postgres: the pool of one service, and the [`Unit`] in which its state and its events commit together.
//!
//! Every connection acts as the role `ergo_<schema>`, also when the login is more powerful: what a service may
//! touch is then the same on a laptop and in production, and row-level security is never bypassed by accident.
//!
//! Whose rows is said first: [`Db::workspace`] for a request about one, [`Db::begin_batch`] for messages of several,
//! [`Db::all_workspaces`] for duties that look after all. What runs under a [`Scope`] sees the rows of its workspaces.

mod erase;
pub(crate) mod history;
pub(crate) mod isolation;
mod relay;
mod schema;
mod scope;
mod unit;

use std::{str::FromStr, sync::Arc, time::Duration};

use anyhow::Context as _;
use events::{EventId, WorkspaceId};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::Notify;

pub use erase::Erased;
use history::Standing;
pub(crate) use relay::Relay;
pub(crate) use schema::Statements;
pub use schema::{INBOX_OUTBOX_SQL, inbox_outbox_sql, is_plain_identifier, role_name};
pub use scope::Scope;
pub use unit::{EMITTED_BYTES_MAX, Fresh, Unit};

use crate::{config::Options, failure::Failure};

/// Longest wait for a free connection of the pool, in seconds; then Postgres counts as unavailable.
const ACQUIRE_TIMEOUT_S: u64 = 5;
/// A transaction that does nothing for this long is a bug; Postgres ends it and frees its locks.
const IDLE_IN_TRANSACTION_TIMEOUT_S: u64 = 30;

/// One service's database: its pool, its schema, its inbox and outbox. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
    schema: &'static str,
    statements: Arc<Statements>,
    wake: Arc<Notify>,
}

impl Db {
    /// A database over an existing pool, for tests of stores; services receive theirs from the rig.
    ///
    /// # Panics
    /// When `schema` is not a plain lower-case identifier.
    #[must_use]
    pub fn new(pool: PgPool, schema: &'static str) -> Self {
        Self {
            pool,
            schema,
            statements: Arc::new(Statements::new(schema)),
            wake: Arc::new(Notify::new()),
        }
    }

    /// A database for a verb that runs without a service, such as one that rotates keys: one connection, which acts as
    /// the service's role as always.
    ///
    /// # Errors
    /// When Postgres does not answer or the login may not act as the role.
    pub async fn connect(url: &SecretString, schema: &'static str) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .after_connect(move |connection, _| {
                Box::pin(async move { assume_role(connection, schema).await })
            })
            .connect_with(parse(url)?.application_name(&format!("ergo-{schema}")))
            .await
            .context("postgres cannot be reached, or the user may not act as the service's role")?;
        Ok(Self::new(pool, schema))
    }

    /// The rows of one workspace: for what was asked by or about it.
    #[must_use]
    pub fn workspace(&self, workspace: &WorkspaceId) -> Scope {
        Scope::of(self, [workspace])
    }

    /// The rows of these workspaces and no others; of none, nothing.
    #[must_use]
    pub fn workspaces<'a>(&self, workspaces: impl IntoIterator<Item = &'a WorkspaceId>) -> Scope {
        Scope::of(self, workspaces)
    }

    /// The rows of every workspace: for duties that look after all of them, and for finding out whose turn it is.
    /// Every use says why in a comment; what is asked about one workspace never runs on it.
    #[must_use]
    pub fn all_workspaces(&self) -> Scope {
        Scope::all(self)
    }

    /// The service's schema.
    #[must_use]
    pub fn schema(&self) -> &'static str {
        self.schema
    }

    /// Opens a unit of work on one workspace that no message triggered.
    ///
    /// # Errors
    /// When Postgres cannot be reached.
    pub async fn begin(&self, workspace: &WorkspaceId) -> Result<Unit, Failure> {
        self.workspace(workspace).begin().await
    }

    /// Opens a unit of work for a batch of messages, on their workspaces, and claims their ids for `consumer` in one
    /// statement; [`Delivery::claim`](crate::Delivery::claim) is a message's part of it.
    ///
    /// The returned [`Fresh`] tells which positions are new; the others were done before, by an earlier
    /// delivery or an earlier position of the same batch. Claims vanish with the unit when it is not committed.
    /// HTTP handlers pass the client's idempotency key in the same way.
    ///
    /// # Errors
    /// When Postgres cannot be reached or refuses.
    pub async fn begin_batch<'a>(
        &self,
        consumer: &str,
        claims: impl IntoIterator<Item = (&'a WorkspaceId, &'a EventId)>,
    ) -> Result<(Unit, Fresh), Failure> {
        let (workspaces, ids): (Vec<_>, Vec<_>) = claims.into_iter().unzip();
        let mut unit = self.workspaces(workspaces).begin().await?;
        let mut texts: Vec<String> = ids.iter().map(|id| id.as_str().to_owned()).collect();
        texts.sort_unstable();
        texts.dedup();
        let claimed: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(Arc::clone(&self.statements.claim)))
                .bind(consumer)
                .bind(&texts)
                .fetch_all(unit.connection())
                .await?;
        let fresh = Fresh::new(ids.iter().map(|id| id.as_str()), claimed);
        Ok((unit, fresh))
    }

    /// One round trip to Postgres, for readiness.
    pub(crate) async fn ping(&self) -> Result<(), sqlx::Error> {
        self.workspaces([]).acquire().await.map(|_| ())
    }

    /// Closes every connection as it becomes free.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) fn statements(&self) -> &Arc<Statements> {
        &self.statements
    }

    pub(crate) fn wake(&self) -> &Arc<Notify> {
        &self.wake
    }

    /// Deletes inbox rows past their retention, at most `rows_max`; returns how many went.
    pub(crate) async fn prune_inbox(&self, days: u32, rows_max: i64) -> Result<u64, sqlx::Error> {
        let done = sqlx::query(AssertSqlSafe(Arc::clone(&self.statements.prune)))
            .bind(i32::try_from(days).unwrap_or(i32::MAX))
            .bind(rows_max)
            .execute(&self.workspaces([]))
            .await?;
        Ok(done.rows_affected())
    }
}

/// Statements are planned for what they are given each time. A plan kept from when a table was new reads all of it when it
/// has grown, until Postgres next analyzes it [measured by `make bench`: single look-ups of 124 ms a minute after the
/// installation, 4 ms planned anew; planning costs about 1 ms].
pub(crate) const PLAN_CACHE_MODE: (&str, &str) = ("plan_cache_mode", "force_custom_plan");

/// How to connect, with the limits every session of ours has.
pub(crate) fn connect_options(
    url: &SecretString,
    options: &Options,
    service: &str,
) -> anyhow::Result<PgConnectOptions> {
    Ok(parse(url)?
        .application_name(&format!("ergo-{service}"))
        .options([
            (
                "statement_timeout",
                options.database_statement_timeout_ms.to_string(),
            ),
            (
                "idle_in_transaction_session_timeout",
                (IDLE_IN_TRANSACTION_TIMEOUT_S * 1000).to_string(),
            ),
            (PLAN_CACHE_MODE.0, PLAN_CACHE_MODE.1.to_owned()),
            // A session of a host that vanished, and the relay's lock with it, ends within a minute.
            ("tcp_keepalives_idle", "20".to_owned()),
            ("tcp_keepalives_interval", "10".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
        ]))
}

fn parse(url: &SecretString) -> anyhow::Result<PgConnectOptions> {
    // The parse error is dropped on purpose: it may quote the URL, and the URL holds a password.
    PgConnectOptions::from_str(url.expose_secret()).map_err(|_| {
        anyhow::anyhow!(
            "DATABASE_URL is not a postgres url: write postgres://user:password@host:port/database"
        )
    })
}

/// Makes a session act as the service's role.
pub(crate) async fn assume_role(
    connection: &mut PgConnection,
    schema: &str,
) -> Result<(), sqlx::Error> {
    // Safe: the name is built from a checked schema constant.
    sqlx::query(AssertSqlSafe(format!("set role {}", role_name(schema))))
        .execute(connection)
        .await?;
    Ok(())
}

/// A pool that connects lazily; nothing is contacted yet.
pub(crate) fn pool(connect: PgConnectOptions, options: &Options, schema: &'static str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(options.database_connections_max)
        .acquire_timeout(Duration::from_secs(ACQUIRE_TIMEOUT_S))
        // A scope's first statement asks the same question.
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move { assume_role(connection, schema).await })
        })
        .connect_lazy_with(connect)
}

/// Fails when the schema is older than this binary or a table lacks its policy: `migrate` has to run first.
///
/// A newer schema is fine, because migrations are valid for the previous binary (expand, deploy, contract).
pub(crate) async fn check_version(
    connect: &PgConnectOptions,
    store: &crate::service::Store,
) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect_with(connect).await?;
    assume_role(&mut connection, store.schema)
        .await
        .with_context(|| {
            format!(
                "the database user may not act as role {}: run migrate, then grant the role to the user",
                role_name(store.schema)
            )
        })?;
    let standing = history::standing(&mut connection, store).await?;
    isolation::verify_role(&mut connection).await?;
    if let Standing::Older(found) = standing {
        let wanted = store.migrator.iter().map(|one| one.version).max();
        anyhow::bail!(
            "schema {} is at version {} and this binary needs {}: run migrate",
            store.schema,
            found.map_or_else(|| "none".to_owned(), |version| version.to_string()),
            wanted.unwrap_or_default()
        );
    }
    isolation::verify_tables(&mut connection, store, standing).await?;
    connection.close().await.ok();
    Ok(())
}
