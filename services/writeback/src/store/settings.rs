//! Reads a workspace's settings, all of one generation; the cache keeps them until the generation moves.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chassis::{Db, Failure, Scope};
use chrono_tz::Tz;
use events::crm;
use moka::future::Cache;
use prost::Message;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::unreadable;
use crate::domain::people::Creates;
use crate::domain::prediction::{self, Books};
use crate::domain::reads;
use crate::domain::schema::Schema;
use crate::domain::settings::{
    Connection, Mode, Permissions, Settings, StageControl, StageControls,
};
use crate::wire;

/// Workspaces kept in memory; a workspace's schema is a few MB at most.
const WORKSPACES_KEPT_MAX: u64 = 200;

/// Compiled validation rules kept in memory; one is some ten KB.
const RULES_KEPT_MAX: u64 = 20_000;

/// Hash of every schema part of a workspace: two snapshots with the same content are one.
type Snapshot = [u8; 32];
/// Compiled rules by workspace and snapshot: what else a workspace is set to moves more often than its rules.
type BookCache = moka::sync::Cache<(String, Snapshot), Arc<Books>>;

/// Settings by workspace, as of their generation.
#[derive(Clone)]
pub struct SettingsCache {
    db: Db,
    kept: Cache<String, Arc<Settings>>,
    books: BookCache,
    time_zone: Tz,
    key_field: String,
}

impl SettingsCache {
    /// Over a database; `time_zone` cuts days, `key_field` is the external id looked for on new records.
    #[must_use]
    pub fn new(db: Db, time_zone: Tz, key_field: String) -> Self {
        Self {
            db,
            kept: Cache::new(WORKSPACES_KEPT_MAX),
            books: moka::sync::Cache::builder()
                .max_capacity(RULES_KEPT_MAX)
                .weigher(|_, books: &Arc<Books>| {
                    let rules: usize = books.values().map(|book| book.rules.len()).sum();
                    u32::try_from(rules.max(1)).unwrap_or(u32::MAX)
                })
                .build(),
            time_zone,
            key_field,
        }
    }

    /// The settings of several workspaces as they are now: one query for their generations, more only for those
    /// that moved. A workspace that was never heard of gets its row first.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn load(
        &self,
        workspaces: &[String],
    ) -> Result<HashMap<String, Arc<Settings>>, Failure> {
        let scope = super::scope(&self.db, workspaces.iter().map(String::as_str))?;
        let mut found = generations(&scope, workspaces).await?;
        if found.len() < workspaces.len() {
            let mut connection = scope.acquire().await?;
            ensure(&mut connection, workspaces).await?;
            drop(connection);
            found = generations(&scope, workspaces).await?;
        }
        let mut settings = HashMap::with_capacity(found.len());
        for (workspace, generation) in found {
            let current = match self.kept.get(&workspace).await {
                Some(kept) if kept.generation == generation => kept,
                Some(_) | None => {
                    let read = Arc::new(self.read(&workspace).await?);
                    self.kept.insert(workspace.clone(), Arc::clone(&read)).await;
                    read
                }
            };
            settings.insert(workspace, current);
        }
        Ok(settings)
    }

    /// The settings of one workspace as they are now.
    ///
    /// # Errors
    /// When Postgres fails.
    pub async fn one(&self, workspace: &str) -> Result<Arc<Settings>, Failure> {
        self.load(&[workspace.to_owned()])
            .await?
            .remove(workspace)
            .ok_or_else(|| unreadable("workspace"))
    }

    async fn read(&self, workspace: &str) -> Result<Settings, Failure> {
        let scope = super::scope(&self.db, [workspace])?;
        let mut tx = scope.transaction().await?;
        // One snapshot for all statements: a generation never describes a mixture.
        sqlx::query("set transaction isolation level repeatable read, read only")
            .execute(&mut *tx)
            .await?;
        let settings = read(
            &mut tx,
            workspace,
            self.time_zone,
            &self.key_field,
            &self.books,
        )
        .await?;
        tx.commit().await?;
        Ok(settings)
    }
}

async fn generations(
    scope: &Scope,
    workspaces: &[String],
) -> Result<HashMap<String, i64>, Failure> {
    let rows = sqlx::query!(
        "select workspace, generation from writeback.workspace where workspace = any($1)",
        workspaces
    )
    .fetch_all(scope)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.workspace, row.generation))
        .collect())
}

/// Makes rows for workspaces that have none.
///
/// # Errors
/// When Postgres fails.
pub async fn ensure(connection: &mut PgConnection, workspaces: &[String]) -> Result<(), Failure> {
    sqlx::query!(
        "insert into writeback.workspace (workspace)
         select workspace from unnest($1::text[]) as workspace order by workspace
         on conflict do nothing",
        workspaces
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether workspaces are still at these generations; they stay there until the transaction ends.
///
/// # Errors
/// When Postgres fails.
pub async fn still_current(
    connection: &mut PgConnection,
    generations: &HashMap<String, i64>,
) -> Result<bool, Failure> {
    let names: Vec<String> = generations.keys().cloned().collect();
    let rows = sqlx::query!(
        "select workspace, generation from writeback.workspace where workspace = any($1) order by workspace for share",
        &names
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .iter()
        .all(|row| generations.get(&row.workspace) == Some(&row.generation)))
}

async fn read(
    connection: &mut PgConnection,
    workspace: &str,
    time_zone: Tz,
    key_field: &str,
    books: &BookCache,
) -> Result<Settings, Failure> {
    let row = sqlx::query!(
        r#"select generation, connection_state, connection_detail, connection_epoch, user_id,
             mapping_version, pipeline_record_type_ids, match_probability_min,
             coalesce(verified_epoch = connection_epoch
               and verified_mapping_version = mapping_version
               and verified_settings_generation = settings_generation, false) as "verified!"
           from writeback.workspace where workspace = $1"#,
        workspace
    )
    .fetch_one(&mut *connection)
    .await?;
    let mapping = sqlx::query_scalar!(
        "select payload from writeback.mapping where workspace = $1 and version = $2",
        workspace,
        row.mapping_version
    )
    .fetch_optional(&mut *connection)
    .await?
    .map(|payload| {
        let sent =
            crm::v1::Mapping::decode(payload.as_slice()).map_err(|_| unreadable("mapping"))?;
        wire::mapping(&sent).map_err(|_| unreadable("mapping"))
    })
    .transpose()?;
    let Known {
        schema,
        versions,
        snapshot,
    } = schema(connection, workspace).await?;
    let permissions = permissions(connection, workspace).await?;
    let mut stages = stage_controls(connection, workspace).await?;
    stages.pipelines = row.pipeline_record_type_ids;
    let rules = books.get_with((workspace.to_owned(), snapshot), || {
        Arc::new(prediction::compile(&schema))
    });
    let reads = reads::plan(mapping.as_ref(), &schema, &stages, &rules);
    Ok(Settings {
        workspace: workspace.to_owned(),
        generation: row.generation,
        connection: Connection {
            usable: wire::is_usable(&row.connection_state),
            detail: row.connection_detail,
            epoch: u64::try_from(row.connection_epoch).unwrap_or(0),
            user_id: row.user_id,
        },
        mapping,
        creates: Creates::of(&permissions, &schema),
        schema,
        schema_versions: versions,
        rules,
        reads,
        permissions,
        stages,
        verified: row.verified,
        match_probability_min: row.match_probability_min,
        time_zone,
        key_field: key_field.to_owned(),
    })
}

/// The org as far as it was told.
struct Known {
    schema: Schema,
    /// Of each object, removed ones included.
    versions: BTreeMap<String, u64>,
    /// Tells this snapshot from any other.
    snapshot: Snapshot,
}

/// The highest version of each object of which every part arrived.
async fn schema(connection: &mut PgConnection, workspace: &str) -> Result<Known, Failure> {
    let rows = sqlx::query!(
        "with complete as (
           select object, version from writeback.schema_part where workspace = $1
           group by object, version having count(*) = max(parts)),
         newest as (select object, max(version) as version from complete group by object)
         select part.object, part.version, part.removed, part.payload
         from newest join writeback.schema_part part
           on part.workspace = $1 and part.object = newest.object and part.version = newest.version
         order by part.object, part.part",
        workspace
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut parts: BTreeMap<String, Vec<crm::v1::ObjectSchema>> = BTreeMap::new();
    let mut hash = Sha256::new();
    let mut versions = BTreeMap::new();
    for row in rows {
        versions.insert(row.object.clone(), u64::try_from(row.version).unwrap_or(0));
        if row.removed {
            continue;
        }
        hash.update(u64::try_from(row.payload.len()).unwrap_or(0).to_le_bytes());
        hash.update(&row.payload);
        let part = crm::v1::ObjectSchema::decode(row.payload.as_slice())
            .map_err(|_| unreadable("schema"))?;
        parts.entry(row.object).or_default().push(part);
    }
    let schema = parts
        .into_iter()
        .map(|(name, parts)| (name, wire::object(parts)))
        .collect();
    Ok(Known {
        schema,
        versions,
        snapshot: hash.finalize().into(),
    })
}

/// The workspace's permissions.
///
/// # Errors
/// When Postgres fails.
pub async fn permissions(
    connection: &mut PgConnection,
    workspace: &str,
) -> Result<Permissions, Failure> {
    let rows = sqlx::query!(
        "select object, field, mode, create_mode from writeback.property_permission where workspace = $1",
        workspace
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut permissions = Permissions::default();
    for row in rows {
        let mode = Mode::parse(&row.mode);
        if row.field.is_empty() {
            permissions
                .objects
                .insert(row.object, (mode, Mode::parse(&row.create_mode)));
        } else {
            permissions.fields.insert((row.object, row.field), mode);
        }
    }
    Ok(permissions)
}

/// The workspace's stage controls, without the pipelines.
///
/// # Errors
/// When Postgres fails.
pub async fn stage_controls(
    connection: &mut PgConnection,
    workspace: &str,
) -> Result<StageControls, Failure> {
    let rows = sqlx::query!(
        "select stage, allowed_exits, required_fields from writeback.stage_control where workspace = $1",
        workspace
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(StageControls {
        controls: rows
            .into_iter()
            .map(|row| {
                let control = StageControl {
                    allowed_exits: row.allowed_exits,
                    required_fields: row.required_fields,
                };
                (row.stage, control)
            })
            .collect(),
        pipelines: Vec::new(),
    })
}
