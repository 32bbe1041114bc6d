//! Whether a service's tables keep workspaces apart when its queries do not: rows change hands behind its back.

use sqlx::{AssertSqlSafe, Executor, PgPool, Postgres};
use std::collections::BTreeMap;

/// Gives every row of `schema` to the workspace `to`, and counts in `scope`, a session of the service in the scope of the
/// workspace they belonged to, what a query that forgot its workspace still finds: rows there are and rows seen, by table.
///
/// # Panics
/// When Postgres refuses.
pub async fn seen_of_another<'c, S>(
    admin: &PgPool,
    schema: &str,
    to: &str,
    scope: S,
) -> BTreeMap<String, (i64, i64)>
where
    S: Executor<'c, Database = Postgres> + Copy,
{
    let mut connection = admin.acquire().await.expect("postgres answers");
    // Neither references between the moved rows nor triggers of append-only tables are what is looked at here.
    sqlx::query("set session_replication_role = replica")
        .execute(&mut *connection)
        .await
        .expect("is the admin");
    let owned: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.columns where table_schema = $1 and column_name = 'workspace'",
    )
    .bind(schema)
    .fetch_all(&mut *connection)
    .await
    .expect("columns");
    for table in owned {
        let moving =
            format!("update {schema}.{table} set workspace = $1 where workspace is not null");
        sqlx::query(AssertSqlSafe(moving))
            .bind(to)
            .execute(&mut *connection)
            .await
            .expect("rows change hands");
    }
    sqlx::query("set session_replication_role = origin")
        .execute(&mut *connection)
        .await
        .expect("is the admin");
    let protected: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = $1::regnamespace and relrowsecurity",
    )
    .bind(schema)
    .fetch_all(&mut *connection)
    .await
    .expect("tables");
    let mut found = BTreeMap::new();
    for table in protected {
        let counting = format!("select count(*) from {schema}.{table}");
        let there: i64 = sqlx::query_scalar(AssertSqlSafe(counting.clone()))
            .fetch_one(&mut *connection)
            .await
            .expect("counts");
        let seen: i64 = sqlx::query_scalar(AssertSqlSafe(counting))
            .fetch_one(scope)
            .await
            .expect("counts in the scope");
        found.insert(table, (there, seen));
    }
    found
}
