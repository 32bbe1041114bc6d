//! The refresh lease: who may call the token endpoint for a connection, and what the last call left behind.
//!
//! All times are the database's, so that replicas with different clocks agree. A lease is taken under the lock of the
//! connection's row and committed before the call: it must survive the crash of its holder.

use chassis::Scope;
use chrono::{DateTime, Utc};
use events::WorkspaceId;
use sqlx::PgConnection;

use super::StoreError;
use crate::domain::grant::{Grant, GrantKind};
use crate::domain::refresh::{Facts, Intent};
use crate::domain::state::{Loss, State};
use crate::domain::trouble::Evidence;

/// Everything a token request has to know, read in one statement.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What [`crate::domain::refresh::decide`] looks at.
    pub facts: Facts,
    /// Why the connection is in its state, for a person.
    pub detail: String,
    /// Base URL of the org's API.
    pub instance_url: String,
    /// The org.
    pub organization_id: String,
    /// The user.
    pub user_id: String,
    /// Epoch of the connection.
    pub epoch: i64,
    /// Whether the grant was seen rotating.
    pub rotates: bool,
    /// Login name of the user.
    pub username: String,
    /// What new tokens are asked for with.
    pub grant: Grant,
}

struct Row {
    now: DateTime<Utc>,
    state: String,
    detail: String,
    token_generation: i64,
    rotates: bool,
    instance_url: String,
    organization_id: String,
    user_id: String,
    epoch: i64,
    username: String,
    grant_kind: String,
    jwt_consumer_key: String,
    jwt_audience: String,
    has_access_token: bool,
    held_until: Option<DateTime<Utc>>,
    intent_generation: Option<i64>,
    intent_settles_at: Option<DateTime<Utc>>,
    not_before: Option<DateTime<Utc>>,
}

impl Row {
    fn into_standing(self, workspace: &WorkspaceId) -> Result<Standing, StoreError> {
        let state = State::parse(&self.state).ok_or_else(|| StoreError::Unknown {
            workspace: workspace.to_string(),
            what: "state",
        })?;
        let intent =
            self.intent_generation
                .zip(self.intent_settles_at)
                .map(|(generation, settles_at)| Intent {
                    generation,
                    settles_at,
                });
        let grant = Grant::parse(&self.grant_kind, self.jwt_consumer_key, self.jwt_audience)
            .ok_or_else(|| StoreError::Unknown {
                workspace: workspace.to_string(),
                what: "grant kind",
            })?;
        Ok(Standing {
            facts: Facts {
                now: self.now,
                state,
                generation: self.token_generation,
                has_access_token: self.has_access_token,
                held_until: self.held_until,
                intent,
                not_before: self.not_before,
            },
            detail: self.detail,
            instance_url: self.instance_url,
            organization_id: self.organization_id,
            user_id: self.user_id,
            epoch: self.epoch,
            rotates: self.rotates,
            username: self.username,
            grant,
        })
    }
}

/// How a token request stands, without locking anything.
///
/// # Errors
/// See [`StoreError`].
pub async fn standing(
    scope: &Scope,
    workspace: &WorkspaceId,
) -> Result<Option<Standing>, StoreError> {
    let mut db = scope.acquire().await?;
    standing_in(&mut db, workspace).await
}

/// [`standing`] on the caller's transaction; lock the connection first where a decision follows.
///
/// # Errors
/// See [`StoreError`].
pub async fn standing_in(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
) -> Result<Option<Standing>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select clock_timestamp() as \"now!\", c.state, c.detail, c.token_generation, c.rotates, c.instance_url, c.organization_id, c.user_id, c.epoch, \
           c.username, c.grant_kind, c.jwt_consumer_key, c.jwt_audience, \
           exists (select 1 from auth.sealed s where s.workspace = c.workspace and s.kind = 'access_token' and s.owner = '' \
             and s.generation = c.token_generation) as \"has_access_token!\", \
           l.until as \"held_until?\", l.intent_generation, l.intent_settles_at, l.not_before \
         from auth.connection c left join auth.refresh_lease l using (workspace) where c.workspace = $1",
        workspace.as_str()
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| row.into_standing(workspace)).transpose()
}

/// Takes the lease for `lease_ms`; the row of the connection must be locked. With `intent`, also records that the
/// refresh token of that generation is about to be sent, and for how long that call may run. Returns the fence.
///
/// # Errors
/// See [`StoreError`].
pub async fn take(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    holder: &str,
    lease_ms: f64,
    intent: Option<(i64, f64)>,
) -> Result<i64, StoreError> {
    let (generation, settle_ms) = intent.unzip();
    let fence = sqlx::query_scalar!(
        "insert into auth.refresh_lease as l (workspace, fence, holder, until, intent_generation, intent_settles_at) \
         values ($1, 1, $2, clock_timestamp() + $3 * interval '1 millisecond', $4, clock_timestamp() + $5 * interval '1 millisecond') \
         on conflict (workspace) do update set fence = l.fence + 1, holder = excluded.holder, until = excluded.until, \
           intent_generation = coalesce(excluded.intent_generation, l.intent_generation), \
           intent_settles_at = coalesce(excluded.intent_settles_at, l.intent_settles_at) \
         returning fence",
        workspace.as_str(),
        holder,
        lease_ms,
        generation,
        settle_ms
    )
    .fetch_one(db)
    .await?;
    Ok(fence)
}

/// Records the intent of a holder that has looked first. False when the lease is no longer the holder's, or too short
/// for the call: then nothing may be sent.
///
/// # Errors
/// See [`StoreError`].
pub async fn intend(
    scope: &Scope,
    workspace: &WorkspaceId,
    fence: i64,
    generation: i64,
    settle_ms: f64,
    call_ms: f64,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update auth.refresh_lease set intent_generation = $3, intent_settles_at = clock_timestamp() + $4 * interval '1 millisecond' \
         where workspace = $1 and fence = $2 and until > clock_timestamp() + $5 * interval '1 millisecond'",
        workspace.as_str(),
        fence,
        generation,
        settle_ms,
        call_ms
    )
    .execute(scope)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the lease after a success: nothing is in doubt any more.
///
/// # Errors
/// See [`StoreError`].
pub async fn settle(db: &mut PgConnection, workspace: &WorkspaceId) -> Result<(), StoreError> {
    sqlx::query!(
        "update auth.refresh_lease set until = clock_timestamp(), intent_generation = null, intent_settles_at = null, not_before = null, \
           failures = 0, doubt = null, failed_at = null, succeeded_at = clock_timestamp() where workspace = $1",
        workspace.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What a failed call leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residue {
    /// A clear answer, or nothing was sent: no intent remains.
    Nothing,
    /// Salesforce answered without saying what happened to the token: look before sending again.
    Look,
    /// The call may still be running: wait until it has settled, then look.
    Settle,
}

/// Ends the lease of `fence` after a failure: no call for `pause_ms`, `doubt` is remembered. False when the lease has
/// passed to another holder, whose record must not be touched.
///
/// # Errors
/// See [`StoreError`].
pub async fn fail(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    fence: i64,
    residue: Residue,
    pause_ms: f64,
    doubt: Option<Loss>,
) -> Result<bool, StoreError> {
    let (clear, settled) = match residue {
        Residue::Nothing => (true, false),
        Residue::Look => (false, true),
        Residue::Settle => (false, false),
    };
    let done = sqlx::query!(
        "update auth.refresh_lease set until = clock_timestamp(), \
           intent_generation = case when $3 then null else intent_generation end, \
           intent_settles_at = case when $3 then null when $4 then clock_timestamp() else intent_settles_at end, \
           not_before = clock_timestamp() + $5 * interval '1 millisecond', \
           failures = least(failures + 1, 1000), doubt = $6, failed_at = clock_timestamp() \
         where workspace = $1 and fence = $2",
        workspace.as_str(),
        fence,
        clear,
        settled,
        pause_ms,
        doubt.map(Loss::as_str)
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Failures in a row, and the loss that was seen once and waits to be seen again.
///
/// # Errors
/// See [`StoreError`].
pub async fn memory(
    scope: &Scope,
    workspace: &WorkspaceId,
) -> Result<(u32, Option<Loss>), StoreError> {
    let row = sqlx::query!(
        "select failures, doubt from auth.refresh_lease where workspace = $1",
        workspace.as_str()
    )
    .fetch_optional(scope)
    .await?;
    Ok(row.map_or((0, None), |row| {
        let failures = u32::try_from(row.failures).unwrap_or(0);
        (failures, row.doubt.as_deref().and_then(Loss::parse))
    }))
}

/// How the other connections of a kind fare, for the few refusals that may be our own fault; `doubted` is passed on.
///
/// # Errors
/// See [`StoreError`].
pub async fn others(
    scope: &Scope,
    workspace: &WorkspaceId,
    kind: GrantKind,
    doubted: Option<Loss>,
) -> Result<Evidence, StoreError> {
    let suspected = match kind {
        GrantKind::RefreshToken => Loss::AppUninstalled,
        GrantKind::JwtBearer => Loss::AssertionRefused,
    };
    let row = sqlx::query!(
        "select exists (select 1 from auth.connection o where o.workspace <> $1 and o.grant_kind = $2 \
             and o.state in ('connected', 'access_limited')) as \"others!\", \
           coalesce(bool_or((l.doubt = $3 or (c.state = 'reconnect_required' and c.cause = $3)) \
             and l.failed_at > now() - interval '1 hour'), false) as \"others_refused!\", \
           coalesce(bool_or(l.succeeded_at > now() - interval '1 hour'), false) as \"others_work!\" \
         from auth.refresh_lease l join auth.connection c using (workspace) \
         where l.workspace <> $1 and c.grant_kind = $2 \
           and (l.failed_at > now() - interval '1 hour' or l.succeeded_at > now() - interval '1 hour')",
        workspace.as_str(),
        kind.as_str(),
        suspected.as_str()
    )
    .fetch_one(scope)
    .await?;
    Ok(Evidence {
        doubted,
        others: row.others,
        others_refused: row.others_refused,
        others_work: row.others_work,
    })
}

/// Advances the token generation of a locked connection and remembers whether the grant rotates. Returns the new one.
///
/// # Errors
/// See [`StoreError`].
pub async fn advance(
    db: &mut PgConnection,
    workspace: &WorkspaceId,
    rotates: Option<bool>,
) -> Result<i64, StoreError> {
    let generation = sqlx::query_scalar!(
        "update auth.connection set token_generation = token_generation + 1, rotates = coalesce($2, rotates) where workspace = $1 returning token_generation",
        workspace.as_str(),
        rotates
    )
    .fetch_one(db)
    .await?;
    Ok(generation)
}
