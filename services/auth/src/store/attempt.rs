//! Attempts to connect. Tickets, states and cookies are known here only by their SHA-256.

use chassis::Scope;
use chrono::{DateTime, Utc};
use events::WorkspaceId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;

/// SHA-256 of something given to a browser.
pub type Hash = [u8; 32];

/// An attempt as it was asked for.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its id; names the cookie, never a secret.
    pub id: Uuid,
    /// For whom.
    pub workspace: WorkspaceId,
    /// Where the browser logs in.
    pub login_url: String,
    /// Whether log-in and approval pages are forced.
    pub different_user: bool,
    /// Whether the org connected before is given up.
    pub start_over: bool,
    /// Whether a sandbox was asked for.
    pub is_sandbox: bool,
    /// Where the browser goes afterwards.
    pub return_path: String,
    /// Who asked.
    pub requested_by: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Whether an answer was taken.
    pub used: bool,
    /// The bound browser.
    pub browser_hash: Option<Vec<u8>>,
}

struct Row {
    id: Uuid,
    workspace: String,
    login_url: String,
    different_user: bool,
    start_over: bool,
    is_sandbox: bool,
    return_path: String,
    requested_by: String,
    expires_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
    browser_hash: Option<Vec<u8>>,
}

impl Row {
    fn into_domain(self) -> Result<Attempt, StoreError> {
        let workspace = self.workspace.parse().map_err(|_| StoreError::Unknown {
            workspace: self.workspace.clone(),
            what: "workspace",
        })?;
        Ok(Attempt {
            id: self.id,
            workspace,
            login_url: self.login_url,
            different_user: self.different_user,
            start_over: self.start_over,
            is_sandbox: self.is_sandbox,
            return_path: self.return_path,
            requested_by: self.requested_by,
            expires_at: self.expires_at,
            used: self.used_at.is_some(),
            browser_hash: self.browser_hash,
        })
    }
}

/// Stores a new attempt.
///
/// # Errors
/// See [`StoreError`].
pub async fn create(
    db: &mut PgConnection,
    attempt: &Attempt,
    ticket_hash: &Hash,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into auth.oauth_attempt (id, workspace, ticket_hash, login_url, different_user, start_over, is_sandbox, return_path, requested_by, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        attempt.id,
        attempt.workspace.as_str(),
        ticket_hash.as_slice(),
        attempt.login_url,
        attempt.different_user,
        attempt.start_over,
        attempt.is_sandbox,
        attempt.return_path,
        attempt.requested_by,
        attempt.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Attempts of a workspace that may still succeed.
///
/// # Errors
/// See [`StoreError`].
pub async fn open_count(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        "select count(*) as \"count!\" from auth.oauth_attempt where workspace = $1 and used_at is null and expires_at > now()",
        workspace.as_str()
    )
    .fetch_one(db)
    .await?)
}

/// Locks the attempt with this ticket.
///
/// # Errors
/// See [`StoreError`].
pub async fn lock_by_ticket(
    db: &mut PgConnection,
    ticket_hash: &Hash,
) -> Result<Option<Attempt>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, workspace, login_url, different_user, start_over, is_sandbox, return_path, requested_by, expires_at, used_at, browser_hash \
         from auth.oauth_attempt where ticket_hash = $1 for update",
        ticket_hash.as_slice()
    )
    .fetch_optional(db)
    .await?;
    row.map(Row::into_domain).transpose()
}

/// The attempt with this state.
///
/// # Errors
/// See [`StoreError`].
pub async fn by_state(scope: &Scope, state_hash: &Hash) -> Result<Option<Attempt>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, workspace, login_url, different_user, start_over, is_sandbox, return_path, requested_by, expires_at, used_at, browser_hash \
         from auth.oauth_attempt where state_hash = $1",
        state_hash.as_slice()
    )
    .fetch_optional(scope)
    .await?;
    row.map(Row::into_domain).transpose()
}

/// Binds a browser and a state to a locked attempt.
///
/// # Errors
/// See [`StoreError`].
pub async fn bind(
    db: &mut PgConnection,
    id: Uuid,
    state_hash: &Hash,
    browser_hash: &Hash,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update auth.oauth_attempt set state_hash = $2, browser_hash = $3 where id = $1",
        id,
        state_hash.as_slice(),
        browser_hash.as_slice()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the one answer of an attempt; false when somebody was faster, or its time is over.
///
/// # Errors
/// See [`StoreError`].
pub async fn use_up(scope: &Scope, id: Uuid) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update auth.oauth_attempt set used_at = now() where id = $1 and used_at is null and expires_at > now()",
        id
    )
    .execute(scope)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets attempts that ended more than a day ago, and verifiers whose attempt is over; at most `rows_max` each.
///
/// # Errors
/// See [`StoreError`].
pub async fn prune(scope: &Scope, rows_max: i64) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from auth.oauth_attempt where id in (select id from auth.oauth_attempt where expires_at < now() - interval '1 day' limit $1)",
        rows_max
    )
    .execute(scope)
    .await?;
    sqlx::query!(
        "delete from auth.sealed where (workspace, kind, owner) in (\
           select s.workspace, s.kind, s.owner from auth.sealed s \
           where s.kind = 'code_verifier' and s.sealed_at < now() - interval '1 hour' limit $1)",
        rows_max
    )
    .execute(scope)
    .await?;
    Ok(())
}
