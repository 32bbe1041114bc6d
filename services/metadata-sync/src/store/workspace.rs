//! Workspaces: the connection as auth last described it, and when runs are due.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

/// What auth last said about a workspace's connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The workspace.
    pub workspace: String,
    /// Higher is newer.
    pub generation: i64,
    /// Whether work may go through.
    pub connected: bool,
    /// It works, but our own review found something missing.
    pub limited: bool,
    /// 18-character organization id.
    pub organization_id: String,
    /// 18-character id of the connected user.
    pub user_id: String,
    /// Grows when the connected user or org changed.
    pub epoch: i64,
}

/// One workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Whether work may go through.
    pub connected: bool,
    /// 18-character organization id.
    pub organization_id: String,
    /// 18-character id of the connected user.
    pub user_id: String,
    /// Grows when the connected user or org changed.
    pub epoch: i64,
    /// Newest full load of records.
    pub load_generation: i64,
    /// Newest full load that was announced as complete.
    pub load_generation_complete: i64,
    /// When every describe was last read without a condition.
    pub schema_read_whole_at: Option<DateTime<Utc>>,
    /// Last-Modified of the list of objects, when it may be named in the next read.
    pub objects_modified: Option<DateTime<Utc>>,
    /// The same as it was when the snapshots were read, however recent.
    pub objects_seen_modified: Option<DateTime<Utc>>,
    /// Failed schema runs in a row.
    pub schema_failures: i32,
    /// Failed record runs in a row.
    pub records_failures: i32,
    /// Generation of the connection.
    pub connection_generation: i64,
    /// When an access review was last asked for.
    pub review_asked_at: Option<DateTime<Utc>>,
    /// By whom.
    pub review_asked_by: String,
}

impl Workspace {
    /// Whether a review was asked for that no run has made yet.
    #[must_use]
    pub fn review_due(&self) -> bool {
        self.review_asked_at > self.schema_read_whole_at
    }

    /// Who asked for it; none when nobody waits.
    #[must_use]
    pub fn asked_by(&self) -> Option<&str> {
        self.review_due().then_some(self.review_asked_by.as_str())
    }
}

/// What a connection message changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Another user or org than before, or the first.
    pub epoch: bool,
    /// Another org than before.
    pub organization: bool,
}

/// Reads a workspace.
///
/// # Errors
/// When Postgres fails.
pub async fn load(
    executor: impl PgExecutor<'_>,
    workspace: &str,
) -> Result<Option<Workspace>, sqlx::Error> {
    sqlx::query_as!(
        Workspace,
        "select connected, organization_id, user_id, epoch, load_generation, load_generation_complete,
            schema_read_whole_at, objects_modified, objects_seen_modified, schema_failures, records_failures, connection_generation,
            review_asked_at, review_asked_by
         from metadata_sync.workspace where workspace = $1",
        workspace
    )
    .fetch_optional(executor)
    .await
}

/// Reads a workspace and holds it against every other change of its snapshots, drift or mapping until the transaction ends.
///
/// # Errors
/// When Postgres fails.
pub async fn lock(
    connection: &mut PgConnection,
    workspace: &str,
) -> Result<Option<Workspace>, sqlx::Error> {
    sqlx::query_as!(
        Workspace,
        "select connected, organization_id, user_id, epoch, load_generation, load_generation_complete,
            schema_read_whole_at, objects_modified, objects_seen_modified, schema_failures, records_failures, connection_generation,
            review_asked_at, review_asked_by
         from metadata_sync.workspace where workspace = $1 for update",
        workspace
    )
    .fetch_optional(connection)
    .await
}

/// Takes over what auth says, unless something newer is known already; answers what it changed.
///
/// # Errors
/// When Postgres fails.
pub async fn save(
    connection: &mut PgConnection,
    said: &Connection,
) -> Result<Option<Moved>, sqlx::Error> {
    let before = sqlx::query!(
        "select connection_generation, organization_id, epoch from metadata_sync.workspace where workspace = $1 for update",
        said.workspace
    )
    .fetch_optional(&mut *connection)
    .await?;
    if before
        .as_ref()
        .is_some_and(|known| known.connection_generation >= said.generation)
    {
        return Ok(None);
    }
    // A message of a state without an org (disconnected) must not make us forget which org the snapshots are of.
    sqlx::query!(
        "insert into metadata_sync.workspace as known
            (workspace, connection_generation, connected, organization_id, user_id, epoch)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (workspace) do update set
            connection_generation = excluded.connection_generation,
            connected = excluded.connected,
            organization_id = case when excluded.organization_id = '' then known.organization_id else excluded.organization_id end,
            user_id = case when excluded.user_id = '' then known.user_id else excluded.user_id end,
            epoch = greatest(known.epoch, excluded.epoch),
            updated_at = now()
         where known.connection_generation < excluded.connection_generation",
        said.workspace,
        said.generation,
        said.connected,
        said.organization_id,
        said.user_id,
        said.epoch
    )
    .execute(connection)
    .await?;
    Ok(Some(match before {
        None => Moved {
            epoch: true,
            organization: false,
        },
        Some(known) => Moved {
            epoch: said.epoch > known.epoch,
            organization: !said.organization_id.is_empty()
                && !known.organization_id.is_empty()
                && said.organization_id != known.organization_id,
        },
    }))
}

/// Forgets how far an org was read, when the workspace moved to another org or user: records another user sees are others,
/// and every describe is read again. Snapshots stay; they are history.
///
/// # Errors
/// When Postgres fails.
pub async fn start_over(connection: &mut PgConnection, workspace: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.workspace set schema_read_whole_at = null, objects_modified = null,
            objects_seen_modified = null where workspace = $1",
        workspace
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from metadata_sync.record_seen where workspace = $1",
        workspace
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Remembers that every describe was read without a condition.
///
/// # Errors
/// When Postgres fails.
pub async fn read_whole(
    connection: &mut PgConnection,
    workspace: &str,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.workspace set schema_read_whole_at = $2 where workspace = $1",
        workspace,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Remembers the Last-Modified of the list of objects: `trusted` to name in the next read, `seen` to ask by whether
/// anything moved since.
///
/// # Errors
/// When Postgres fails.
pub async fn objects_modified(
    connection: &mut PgConnection,
    workspace: &str,
    trusted: Option<DateTime<Utc>>,
    seen: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.workspace set objects_modified = $2, objects_seen_modified = $3 where workspace = $1",
        workspace,
        trusted,
        seen
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A workspace with a due run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The workspace.
    pub workspace: String,
    /// A schema run is due.
    pub schema: bool,
    /// A record run is due.
    pub records: bool,
}

/// Connected workspaces with a due run, at most `rows_max`; locked, and those another replica holds are left out.
///
/// # Errors
/// When Postgres fails.
pub async fn due(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    rows_max: i64,
) -> Result<Vec<Due>, sqlx::Error> {
    sqlx::query_as!(
        Due,
        r#"select workspace, schema_due_at <= $1 as "schema!", records_due_at <= $1 as "records!"
           from metadata_sync.workspace
           where connected and (schema_due_at <= $1 or records_due_at <= $1)
           order by least(schema_due_at, records_due_at) limit $2 for update skip locked"#,
        now,
        rows_max
    )
    .fetch_all(connection)
    .await
}

/// Sets when the next runs are due; an absent one stays as it is.
///
/// # Errors
/// When Postgres fails.
pub async fn set_due(
    connection: &mut PgConnection,
    workspace: &str,
    schema: Option<DateTime<Utc>>,
    records: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.workspace set
            schema_due_at = coalesce($2, schema_due_at), records_due_at = coalesce($3, records_due_at)
         where workspace = $1",
        workspace,
        schema,
        records
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts failed runs in a row; zero after a good one.
///
/// # Errors
/// When Postgres fails.
pub async fn set_failures(
    connection: &mut PgConnection,
    workspace: &str,
    lane: &str,
    failures: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.workspace set
            schema_failures = case when $2 = 'schema' then $3 else schema_failures end,
            records_failures = case when $2 = 'records' then $3 else records_failures end
         where workspace = $1",
        workspace,
        lane,
        failures
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Begins a full load of records and answers its generation.
///
/// # Errors
/// When Postgres fails.
pub async fn begin_load(
    connection: &mut PgConnection,
    workspace: &str,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "update metadata_sync.workspace set load_generation = load_generation + 1
         where workspace = $1 returning load_generation",
        workspace
    )
    .fetch_one(connection)
    .await
}

/// Remembers that a full load was announced as complete.
///
/// # Errors
/// When Postgres fails.
pub async fn complete_load(
    connection: &mut PgConnection,
    workspace: &str,
    generation: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update metadata_sync.workspace set load_generation_complete = $2 where workspace = $1",
        workspace,
        generation
    )
    .execute(connection)
    .await?;
    Ok(())
}
