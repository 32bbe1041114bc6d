//! Erases everything a service keeps of one workspace, and says what that was.
//!
//! The tables are taken from the catalogue, not from a list: one that was added later is not forgotten.

use events::WorkspaceId;
use sqlx::AssertSqlSafe;

use super::Db;
use crate::failure::Failure;

/// Rows erased of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// The table, without the schema.
    pub table: String,
    /// Rows it held of the workspace.
    pub rows: u64,
}

impl Db {
    /// Deletes the rows of a workspace from every table that has a `workspace` column; rows that hang on them go with
    /// them. One transaction: a workspace is erased whole or not at all. What is still in the outbox is published first,
    /// or later, and is no row of the workspace.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn erase_workspace(&self, workspace: &WorkspaceId) -> Result<Vec<Erased>, Failure> {
        let schema = self.schema();
        let mut unit = self.begin(workspace).await?;
        let tables: Vec<String> = sqlx::query_scalar(
            "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
             where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p')
               and a.attname = 'workspace' and not a.attisdropped order by 1",
        )
        .bind(schema)
        .fetch_all(unit.connection())
        .await?;
        let mut erased = Vec::with_capacity(tables.len());
        // Counted before anything goes: rows that go with others would not be told.
        for table in &tables {
            let count = format!("select count(*) from {schema}.\"{table}\" where workspace = $1");
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(count))
                .bind(workspace.as_str())
                .fetch_one(unit.connection())
                .await?;
            erased.push(Erased {
                table: table.clone(),
                rows: u64::try_from(rows).unwrap_or(0),
            });
        }
        for table in &tables {
            let delete = format!("delete from {schema}.\"{table}\" where workspace = $1");
            sqlx::query(AssertSqlSafe(delete))
                .bind(workspace.as_str())
                .execute(unit.connection())
                .await?;
        }
        unit.commit().await?;
        Ok(erased)
    }
}
