//! Connections and their history.
//!
//! Whoever changes a connection locks its row first and writes the history row in the same transaction, so that the
//! history is complete and the generations have no gaps.

use chassis::Scope;
use chrono::{DateTime, Utc};
use events::WorkspaceId;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::StoreError;
use crate::domain::access::Gap;
use crate::domain::connection::Connection;
use crate::domain::grant::Grant;
use crate::domain::state::{Cause, State};

struct Row {
    workspace: String,
    generation: i64,
    epoch: i64,
    state: String,
    cause: String,
    organization_id: String,
    user_id: String,
    username: String,
    instance_url: String,
    is_sandbox: bool,
    since: DateTime<Utc>,
    missing: Json<Vec<Gap>>,
}

impl Row {
    fn into_domain(self) -> Result<Connection, StoreError> {
        let unknown = |what| StoreError::Unknown {
            workspace: self.workspace.clone(),
            what,
        };
        let workspace: WorkspaceId = self.workspace.parse().map_err(|_| unknown("workspace"))?;
        let state = State::parse(&self.state).ok_or_else(|| unknown("state"))?;
        let cause = Cause::parse(&self.cause).ok_or_else(|| unknown("cause"))?;
        Ok(Connection {
            workspace,
            generation: self.generation,
            epoch: self.epoch,
            state,
            cause,
            organization_id: self.organization_id,
            user_id: self.user_id,
            username: self.username,
            instance_url: self.instance_url,
            is_sandbox: self.is_sandbox,
            since: self.since,
            missing: self.missing.0,
        })
    }
}

/// One step of the history: the connection as it became, and the state before.
#[derive(Debug, Clone)]
pub struct Past {
    /// As it became.
    pub connection: Connection,
    /// From where.
    pub previous_state: State,
}

/// The connection of a workspace.
///
/// # Errors
/// See [`StoreError`].
pub async fn get(scope: &Scope, workspace: &WorkspaceId) -> Result<Option<Connection>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select workspace, generation, epoch, state, cause, organization_id, user_id, username, instance_url, is_sandbox, since,
             missing as "missing: Json<Vec<Gap>>"
           from auth.connection where workspace = $1"#,
        workspace.as_str()
    )
    .fetch_optional(scope)
    .await?;
    row.map(Row::into_domain).transpose()
}

/// Connections of all workspaces after `after`, in the order of their ids.
///
/// # Errors
/// See [`StoreError`].
pub async fn list(
    scope: &Scope,
    after: &str,
    rows_max: i64,
) -> Result<Vec<Connection>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select workspace, generation, epoch, state, cause, organization_id, user_id, username, instance_url, is_sandbox, since,
             missing as "missing: Json<Vec<Gap>>"
           from auth.connection where workspace collate "C" > $1 order by workspace collate "C" limit $2"#,
        after,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter().map(Row::into_domain).collect()
}

/// The last steps of a workspace's connection, newest first.
///
/// # Errors
/// See [`StoreError`].
pub async fn history(
    scope: &Scope,
    workspace: &WorkspaceId,
    rows_max: i64,
) -> Result<Vec<Past>, StoreError> {
    let rows = sqlx::query!(
        r#"select workspace, generation, epoch, previous_state, state, cause, organization_id, user_id, username, instance_url,
             is_sandbox, since, missing as "missing: Json<Vec<Gap>>"
           from auth.connection_history where workspace = $1 order by generation desc limit $2"#,
        workspace.as_str(),
        rows_max
    )
    .fetch_all(scope)
    .await?;
    let mut past = Vec::with_capacity(rows.len());
    for row in rows {
        let previous_state =
            State::parse(&row.previous_state).ok_or_else(|| StoreError::Unknown {
                workspace: row.workspace.clone(),
                what: "previous state",
            })?;
        let connection = Row {
            workspace: row.workspace,
            generation: row.generation,
            epoch: row.epoch,
            state: row.state,
            cause: row.cause,
            organization_id: row.organization_id,
            user_id: row.user_id,
            username: row.username,
            instance_url: row.instance_url,
            is_sandbox: row.is_sandbox,
            since: row.since,
            missing: row.missing,
        }
        .into_domain()?;
        past.push(Past {
            connection,
            previous_state,
        });
    }
    Ok(past)
}

/// Makes sure the workspace has a row, then locks it until the transaction ends.
///
/// # Errors
/// See [`StoreError`].
pub async fn lock_or_create(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
) -> Result<Connection, StoreError> {
    sqlx::query!(
        "insert into auth.connection (workspace, generation, epoch, state, cause, detail, organization_id, user_id, username, instance_url, is_sandbox, since) \
         values ($1, 0, 0, 'not_connected', 'none', '', '', '', '', '', false, now()) on conflict do nothing",
        workspace.as_str()
    )
    .execute(&mut *db)
    .await?;
    lock(db, workspace)
        .await?
        .ok_or_else(|| StoreError::Database(sqlx::Error::RowNotFound))
}

/// Locks the workspace's row until the transaction ends.
///
/// # Errors
/// See [`StoreError`].
pub async fn lock(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
) -> Result<Option<Connection>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select workspace, generation, epoch, state, cause, organization_id, user_id, username, instance_url, is_sandbox, since,
             missing as "missing: Json<Vec<Gap>>"
           from auth.connection where workspace = $1 for update"#,
        workspace.as_str()
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::into_domain).transpose()
}

/// Stores the connection as it became and the step of the history. The row must be locked by this transaction.
///
/// # Errors
/// See [`StoreError`].
pub async fn save(
    db: &mut PgConnection,
    connection: &Connection,
    previous_state: State,
    actor: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with saved as (\
           update auth.connection set generation = $2, epoch = $3, state = $4, cause = $5, detail = $6, organization_id = $7, \
             user_id = $8, username = $9, instance_url = $10, is_sandbox = $11, since = $12, missing = $15, \
             probe_at = case when $4 = 'suspended' then probe_at end \
           where workspace = $1) \
         insert into auth.connection_history (workspace, generation, epoch, state, cause, detail, organization_id, user_id, username, \
           instance_url, is_sandbox, since, previous_state, actor, missing) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        connection.workspace.as_str(),
        connection.generation,
        connection.epoch,
        connection.state.as_str(),
        connection.cause.as_str(),
        connection.detail(),
        connection.organization_id,
        connection.user_id,
        connection.username,
        connection.instance_url,
        connection.is_sandbox,
        connection.since,
        previous_state.as_str(),
        actor,
        Json(&connection.missing) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The newest access review applied to a connection; the row must be locked by this transaction.
///
/// # Errors
/// See [`StoreError`].
pub async fn access_revision(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
) -> Result<i64, StoreError> {
    let revision = sqlx::query_scalar!(
        "select access_revision from auth.connection where workspace = $1",
        workspace.as_str()
    )
    .fetch_optional(db)
    .await?;
    Ok(revision.unwrap_or_default())
}

/// Remembers which access review was applied.
///
/// # Errors
/// See [`StoreError`].
pub async fn set_access_revision(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    revision: i64,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update auth.connection set access_revision = $2 where workspace = $1",
        workspace.as_str(),
        revision
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Stores what new tokens of a locked connection are asked for with.
///
/// # Errors
/// See [`StoreError`].
pub async fn set_grant(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    grant: &Grant,
) -> Result<(), StoreError> {
    let (consumer_key, audience) = match grant {
        Grant::RefreshToken => ("", ""),
        Grant::JwtBearer {
            consumer_key,
            audience,
        } => (consumer_key.as_str(), audience.as_str()),
    };
    sqlx::query!(
        "update auth.connection set grant_kind = $2, jwt_consumer_key = $3, jwt_audience = $4 where workspace = $1",
        workspace.as_str(),
        grant.kind().as_str(),
        consumer_key,
        audience
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets when a suspended connection is looked at next, in seconds from now.
///
/// # Errors
/// See [`StoreError`].
pub async fn probe_in(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    seconds: f64,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update auth.connection set probe_at = now() + make_interval(secs => $2) where workspace = $1 and state = 'suspended'",
        workspace.as_str(),
        seconds
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Claims suspended connections whose time has come, at most `rows_max`, and puts their next look off by `seconds`.
/// Another replica asking meanwhile gets others.
///
/// An org that has been inactive for `days_max` days is not claimed any more (the reference: probe daily, stop after 30).
///
/// # Errors
/// See [`StoreError`].
pub async fn claim_due_probes(
    scope: &Scope,
    seconds: f64,
    days_max: i32,
    rows_max: i64,
) -> Result<Vec<WorkspaceId>, StoreError> {
    let rows = sqlx::query_scalar!(
        "update auth.connection set probe_at = now() + make_interval(secs => $1) where workspace in (\
           select workspace from auth.connection where probe_at <= now() and state = 'suspended' \
             and (cause <> 'organization_inactive' or since > now() - make_interval(days => $2)) \
           order by probe_at limit $3 for update skip locked) returning workspace",
        seconds,
        days_max,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter()
        .map(|text| {
            text.parse().map_err(|_| StoreError::Unknown {
                workspace: text,
                what: "workspace",
            })
        })
        .collect()
}

/// Workspaces that wait for a person without an attempt that could still succeed, at most `rows_max`.
///
/// # Errors
/// See [`StoreError`].
pub async fn abandoned(scope: &Scope, rows_max: i64) -> Result<Vec<WorkspaceId>, StoreError> {
    let rows = sqlx::query_scalar!(
        "select workspace from auth.connection c where state = 'authorizing' and not exists (\
           select 1 from auth.oauth_attempt a where a.workspace = c.workspace and a.used_at is null and a.expires_at > now()) \
         order by workspace limit $1",
        rows_max
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter()
        .map(|text| {
            text.parse().map_err(|_| StoreError::Unknown {
                workspace: text,
                what: "workspace",
            })
        })
        .collect()
}

/// Usable connections with a refresh token whose access token is older than `days`, with its generation, oldest first, at most `rows_max`.
/// One that failed lately comes again later: it must not keep the others from their turn.
///
/// # Errors
/// See [`StoreError`].
pub async fn idle(
    scope: &Scope,
    days: i32,
    rows_max: i64,
) -> Result<Vec<(WorkspaceId, i64)>, StoreError> {
    let rows = sqlx::query!(
        "select c.workspace, c.token_generation from auth.connection c \
         join auth.sealed s on s.workspace = c.workspace and s.kind = 'access_token' and s.owner = '' \
         left join auth.refresh_lease l on l.workspace = c.workspace \
         where (l.failed_at is null or l.failed_at < now() - interval '6 hours') and c.state in ('connected', 'access_limited') and c.grant_kind = 'refresh_token' and s.sealed_at < now() - make_interval(days => $1) \
         order by s.sealed_at limit $2",
        days,
        rows_max
    )
    .fetch_all(scope)
    .await?;
    rows.into_iter()
        .map(|row| {
            let workspace = row.workspace.parse().map_err(|_| StoreError::Unknown {
                workspace: row.workspace,
                what: "workspace",
            })?;
            Ok((workspace, row.token_generation))
        })
        .collect()
}

/// How many connections there are per state, for gauges.
///
/// # Errors
/// See [`StoreError`].
pub async fn count_by_state(scope: &Scope) -> Result<Vec<(State, i64)>, StoreError> {
    let rows =
        sqlx::query!("select state, count(*) as \"count!\" from auth.connection group by state")
            .fetch_all(scope)
            .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((State::parse(&row.state)?, row.count)))
        .collect())
}
