//! Making and revoking API tokens.

use chassis::Scope;
use chrono::{DateTime, TimeDelta, Utc};
use events::WorkspaceId;
use uuid::Uuid;

use super::people::Wrong;
use super::random;
use crate::domain::access::person_role;
use crate::domain::{account, secret};
use crate::store::api_token;

/// Longest life of a token, in days.
const TOKEN_DAYS_MAX: u32 = 366;
/// Life of a token when none is asked for, in days.
const TOKEN_DAYS: u32 = 90;

/// What a new token may do, as it was typed.
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) role: String,
    /// The only workspace; `None` for all of its maker's.
    pub(crate) workspace: Option<String>,
    pub(crate) days: Option<u32>,
}

/// A new token.
pub(crate) struct Made {
    pub(crate) id: String,
    /// Shown once; only its hash is kept.
    pub(crate) text: String,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Checks the wish and makes the token.
pub(crate) async fn make(
    scope: &Scope,
    user_id: Uuid,
    wish: &Wish,
    now: DateTime<Utc>,
) -> sqlx::Result<Result<Made, Wrong>> {
    let wrong = |field, problem: &str| {
        Ok(Err(Wrong {
            field,
            problem: problem.to_owned(),
        }))
    };
    let name = match account::name(&wish.name) {
        Ok(name) => name,
        Err(why) => return wrong("name", &why.to_string()),
    };
    let Some(role) = person_role(&wish.role) else {
        return wrong("role", "is not one of viewer, operator, admin, super-admin");
    };
    let Ok(workspace) = wish
        .workspace
        .as_deref()
        .map(str::parse::<WorkspaceId>)
        .transpose()
    else {
        return wrong("workspace", "is not a workspace id; leave it out for all");
    };
    let days = wish.days.unwrap_or(TOKEN_DAYS);
    if !(1..=TOKEN_DAYS_MAX).contains(&days) {
        let problem = format!("is not 1 to {TOKEN_DAYS_MAX}; make a new token when it ends");
        return wrong("expires_in_days", &problem);
    }
    let (id, secret) = (random::id(), random::secret());
    let expires_at = now + TimeDelta::days(i64::from(days));
    let token = api_token::NewToken {
        id: &id,
        secret_sha256: &secret::digest(&secret),
        name: &name,
        user_id,
        workspace: workspace.as_ref(),
        role,
        expires_at: Some(expires_at),
    };
    api_token::insert(scope, &token).await?;
    tracing::info!(token.id = id, user.id = %user_id, "an api token was made");
    Ok(Ok(Made {
        text: secret::ApiToken::text(&id, &secret),
        id,
        expires_at,
    }))
}

/// False when the user has no such token.
pub(crate) async fn revoke(scope: &Scope, user_id: Uuid, id: &str) -> sqlx::Result<bool> {
    let found = api_token::revoke(scope, user_id, id).await?;
    if found {
        tracing::info!(token.id = id, user.id = %user_id, "an api token was revoked");
    }
    Ok(found)
}
