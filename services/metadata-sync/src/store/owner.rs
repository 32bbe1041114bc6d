//! Salesforce users, and who of ours they are.

use sqlx::{PgConnection, PgExecutor};

use crate::domain::owner::{Override, Owner};

/// Takes over users as they are now and answers the ids of those who were active and no longer are.
///
/// # Errors
/// When Postgres fails.
pub async fn save(
    connection: &mut PgConnection,
    workspace: &str,
    owners: &[Owner],
) -> Result<Vec<String>, sqlx::Error> {
    let column = |of: fn(&Owner) -> &String| -> Vec<String> {
        owners
            .iter()
            .map(|owner| of(owner).replace('\0', ""))
            .collect()
    };
    let ids = column(|owner| &owner.id);
    let active: Vec<bool> = owners.iter().map(|owner| owner.active).collect();
    let gone = sqlx::query_scalar!(
        "select known.user_id from metadata_sync.owner as known
         join unnest($2::text[], $3::bool[]) as said (id, active) on said.id = known.user_id
         where known.workspace = $1 and known.active and not said.active order by known.user_id",
        workspace,
        &ids,
        &active
    )
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into metadata_sync.owner as known (workspace, user_id, name, email, active, user_type)
         select distinct on (id) $1, id, name, email, active, user_type
         from unnest($2::text[], $3::text[], $4::text[], $5::bool[], $6::text[]) as said (id, name, email, active, user_type)
         on conflict (workspace, user_id) do update set
            name = excluded.name, email = excluded.email, active = excluded.active, user_type = excluded.user_type",
        workspace,
        &ids,
        &column(|owner| &owner.name),
        &column(|owner| &owner.email),
        &active,
        &column(|owner| &owner.user_type)
    )
    .execute(connection)
    .await?;
    Ok(gone)
}

/// Users whose name or address contains `search`, active ones first.
///
/// # Errors
/// When Postgres fails.
pub async fn list(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    search: &str,
    rows_max: i64,
) -> Result<Vec<Owner>, sqlx::Error> {
    sqlx::query_as!(
        Owner,
        "select user_id as id, name, email, active, user_type from metadata_sync.owner
         where workspace = $1 and ($2 = '' or position(lower($2) in lower(name)) > 0 or position(lower($2) in lower(email)) > 0)
         order by active desc, lower(name), user_id limit $3",
        workspace,
        search,
        rows_max
    )
    .fetch_all(executor)
    .await
}

/// Everybody with one of the addresses (in lower case) or ids.
///
/// # Errors
/// When Postgres fails.
pub async fn named(
    executor: impl PgExecutor<'_>,
    workspace: &str,
    emails: &[String],
    ids: &[String],
) -> Result<Vec<Owner>, sqlx::Error> {
    sqlx::query_as!(
        Owner,
        "select user_id as id, name, email, active, user_type from metadata_sync.owner
         where workspace = $1 and (lower(email) = any($2) or user_id = any($3)) order by user_id",
        workspace,
        emails,
        ids
    )
    .fetch_all(executor)
    .await
}

/// What admins said.
///
/// # Errors
/// When Postgres fails.
pub async fn overrides(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<Vec<Override>, sqlx::Error> {
    sqlx::query_as!(
        Override,
        "select email, user_id from metadata_sync.owner_override where workspace = $1 order by email",
        workspace
    )
    .fetch_all(executor)
    .await
}

/// Replaces what admins said.
///
/// # Errors
/// When Postgres fails.
pub async fn replace_overrides(
    connection: &mut PgConnection,
    workspace: &str,
    overrides: &[Override],
    by: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from metadata_sync.owner_override where workspace = $1",
        workspace
    )
    .execute(&mut *connection)
    .await?;
    let emails: Vec<String> = overrides.iter().map(|said| said.email.clone()).collect();
    let ids: Vec<String> = overrides.iter().map(|said| said.user_id.clone()).collect();
    sqlx::query!(
        "insert into metadata_sync.owner_override (workspace, email, user_id, saved_by)
         select $1, email, id, $4 from unnest($2::text[], $3::text[]) as said (email, id)",
        workspace,
        &emails,
        &ids,
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}
