//! Whose rows a statement may see: every connection leaves the pool through a [`Scope`], which tells Postgres.
//!
//! The scope is a setting of the session that the policies of [`super::isolation`] compare with each row's workspace. A
//! transaction sets it in the same round trip that begins it, for itself only; a lone statement sets it before it runs.
//! What an earlier user of the connection had set is overwritten by either, and the pool itself is not to be had: no
//! statement can run under another's scope, and one that forgets its `where workspace` finds nothing of the others.
//!
//! Setting it also proves that the connection is alive, in place of the pool's own question: a scope costs no round trip.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use events::WorkspaceId;
use futures::{
    FutureExt, StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    AssertSqlSafe, Describe, Either, Execute, Executor, PgPool, Postgres, SqlStr, Transaction,
    pool::PoolConnection,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

use super::{ACQUIRE_TIMEOUT_S, Db, Unit, isolation};
use crate::failure::Failure;

/// The rows of some workspaces, or of all; statements run on it as they would on a pool. Cheap to clone.
///
/// From [`Db::workspace`], [`Db::workspaces`] and [`Db::all_workspaces`].
#[derive(Debug, Clone)]
pub struct Scope {
    db: Db,
    /// What the setting becomes; only characters of workspace ids, commas and `*`.
    setting: Arc<str>,
}

impl Scope {
    /// The rows of these workspaces and no others; of none, nothing.
    pub(super) fn of<'a>(db: &Db, workspaces: impl IntoIterator<Item = &'a WorkspaceId>) -> Self {
        let mut names: Vec<&str> = workspaces.into_iter().map(WorkspaceId::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let mut setting = String::new();
        for name in names {
            let comma = if setting.is_empty() { "" } else { "," };
            write!(setting, "{comma}{name}").expect("a string takes all text");
        }
        Self {
            db: db.clone(),
            setting: setting.into(),
        }
    }

    /// Every row.
    pub(super) fn all(db: &Db) -> Self {
        Self {
            db: db.clone(),
            setting: isolation::ALL.into(),
        }
    }

    /// Opens a unit of work that no message triggered.
    ///
    /// # Errors
    /// When Postgres cannot be reached.
    pub async fn begin(&self) -> Result<Unit, Failure> {
        Ok(Unit::new(self.transaction().await?, &self.db))
    }

    /// Opens a transaction for work that emits nothing; beginning it and setting its scope is one round trip.
    ///
    /// # Errors
    /// When Postgres cannot be reached.
    pub async fn transaction(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let begin = format!("begin; {}", self.statement("set local"));
        in_time(async {
            let mut refused = 0;
            loop {
                match self.pool().begin_with(AssertSqlSafe(begin.clone())).await {
                    Err(error) if self.stale(&error, refused) => refused += 1,
                    other => return other,
                }
            }
        })
        .await
    }

    /// A connection for several statements that need no transaction.
    ///
    /// # Errors
    /// When Postgres cannot be reached.
    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        self.acquire_with("").await
    }

    /// The same, with further settings of the session (`; set name = value`) in the same round trip. They stay with the
    /// connection: only settings that change no result.
    ///
    /// # Errors
    /// When Postgres cannot be reached.
    pub async fn acquire_with(
        &self,
        settings: &'static str,
    ) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let set = format!("{}{settings}", self.statement("set"));
        in_time(async {
            let mut refused = 0;
            loop {
                let mut connection = self.pool().acquire().await?;
                let done = sqlx::raw_sql(AssertSqlSafe(set.clone()))
                    .execute(&mut *connection)
                    .await;
                let Err(error) = done else {
                    return Ok(connection);
                };
                connection.close_on_drop();
                if !self.stale(&error, refused) {
                    return Err(error);
                }
                refused += 1;
            }
        })
        .await
    }

    fn pool(&self) -> &PgPool {
        &self.db.pool
    }

    /// The scope, and how statements are planned unless one asks otherwise. Safe to send: no workspace id has a quote.
    fn statement(&self, set: &str) -> String {
        let (name, value) = super::PLAN_CACHE_MODE;
        format!(
            "{set} {} = '{}'; {set} {name} = {value}",
            isolation::SETTING,
            self.setting
        )
    }

    /// True when a connection turned out to have ended while it lay in the pool, and another may be alive.
    fn stale(&self, error: &sqlx::Error, refused: u32) -> bool {
        let ended = match error {
            sqlx::Error::Io(_) => true,
            sqlx::Error::Database(inner) => {
                inner.code().is_some_and(|state| state.starts_with("57P0"))
            }
            _ => false,
        };
        ended && refused < self.pool().options().get_max_connections()
    }
}

/// Waiting for a free connection has the pool's own limit; one whose host vanished must not hang longer either.
async fn in_time<T>(take: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(Duration::from_secs(ACQUIRE_TIMEOUT_S), take)
        .await
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// As on a pool: each statement on a connection of its own. Rows are read whole before they are handed out, so that the
/// connection is free while they are worked on; statements have limits, so there are never many.
impl<'p> Executor<'p> for &'_ Scope {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        let scope = self.clone();
        let read = async move {
            let mut connection = scope.acquire().await?;
            connection.fetch_many(query).try_collect::<Vec<_>>().await
        };
        stream::once(read)
            .map_ok(|found| stream::iter(found.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        let scope = self.clone();
        async move { scope.acquire().await?.fetch_optional(query).await }.boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'p: 'e,
    {
        let scope = self.clone();
        async move { scope.acquire().await?.prepare_with(sql, parameters).await }.boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>> {
        let scope = self.clone();
        async move { scope.acquire().await?.describe(sql).await }.boxed()
    }
}
