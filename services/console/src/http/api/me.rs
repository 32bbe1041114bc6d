//! `/me` and `/tokens`: who the caller is, and the tokens they made.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::asker::Signed;
use super::body::{Body, Segments};
use crate::app::tokens;
use crate::http::Desk;
use crate::http::identity::Principal;
use crate::http::problem::Problem;
use crate::store::api_token;
use crate::wire::Page;

/// The caller.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    actor: String,
    super_admin: bool,
    /// The role in each workspace one belongs to; a super-admin may enter all others too.
    workspaces: BTreeMap<String, String>,
}

/// Who asks, and what they may do.
#[utoipa::path(get, path = "/me", responses((status = 200, body = Me)))]
pub(super) async fn show(Signed(principal): Signed) -> Json<Me> {
    let workspaces = principal
        .access
        .memberships
        .keys()
        .filter_map(|workspace| {
            let role = principal.role_in(workspace)?;
            Some((workspace.as_str().to_owned(), role.as_str().to_owned()))
        })
        .collect();
    Json(Me {
        super_admin: principal.access.over_everything(),
        actor: principal.actor,
        workspaces,
    })
}

/// A token in a list: never its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct ListedToken {
    id: String,
    name: String,
    workspace: Option<String>,
    role: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    used_at: Option<DateTime<Utc>>,
}

/// The caller's tokens.
#[utoipa::path(get, path = "/tokens", responses((status = 200, body = Page<ListedToken>)))]
pub(super) async fn list_tokens(
    State(desk): State<Desk>,
    Signed(principal): Signed,
) -> Result<Json<Page<ListedToken>>, Problem> {
    let rows = api_token::list(&desk.scope, person(&principal)?).await?;
    let listed = |row: api_token::Listed| ListedToken {
        id: row.id,
        name: row.name,
        workspace: row.workspace,
        role: row.role,
        created_at: row.created_at,
        expires_at: row.expires_at,
        used_at: row.used_at,
    };
    Ok(Json(Page::new(
        rows.into_iter().map(listed).collect(),
        String::new(),
    )))
}

/// What a new token may do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    name: String,
    /// The most it may do; never more than its maker.
    role: String,
    /// The only workspace it opens; all of its maker's when absent.
    workspace: Option<String>,
    expires_in_days: Option<u32>,
}

/// A new token: the only time its text is shown.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeToken {
    id: String,
    token: String,
    expires_at: DateTime<Utc>,
}

/// Makes a token; its text is answered this once.
#[utoipa::path(
    post,
    path = "/tokens",
    request_body = NewToken,
    responses((status = 201, body = MadeToken))
)]
pub(super) async fn create_token(
    State(desk): State<Desk>,
    Signed(principal): Signed,
    Body(wish): Body<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    // A token that makes tokens would outlive its own end.
    if principal.session.is_none() {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "permission_denied",
            "a token cannot make tokens; sign in to the console with a password",
        ));
    }
    let user_id = person(&principal)?;
    let wish = tokens::Wish {
        name: wish.name,
        role: wish.role,
        workspace: wish.workspace,
        days: wish.expires_in_days,
    };
    let made = tokens::make(&desk.scope, user_id, &wish, Utc::now())
        .await?
        .map_err(|wrong| Problem::invalid(wrong.field, &wrong.problem))?;
    let made = MadeToken {
        id: made.id,
        token: made.text,
        expires_at: made.expires_at,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Which {
    id: String,
}

/// Ends a token.
#[utoipa::path(delete, path = "/tokens/{id}", params(Which), responses((status = 204)))]
pub(super) async fn revoke_token(
    State(desk): State<Desk>,
    Signed(principal): Signed,
    Segments(which): Segments<Which>,
) -> Result<StatusCode, Problem> {
    let user_id = person(&principal)?;
    if !tokens::revoke(&desk.scope, user_id, &which.id).await? {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "you have no such token; list them at /api/v1/tokens",
        ));
    }
    Ok(StatusCode::NO_CONTENT)
}

fn person(principal: &Principal) -> Result<Uuid, Problem> {
    principal.user_id.ok_or_else(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "permission_denied",
            "the operator's token belongs to nobody; sign in as a person",
        )
    })
}
