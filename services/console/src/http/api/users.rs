//! `/users`: for super-admins.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::Utc;
use events::WorkspaceId;
use events::rpc::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::asker::Signed;
use super::body::Body;
use crate::app::invite;
use crate::domain::access::person_role;
use crate::domain::account;
use crate::http::Desk;
use crate::http::identity::Principal;
use crate::http::problem::Problem;
use crate::store::user;
use crate::wire::Page;

/// One user.
#[derive(Serialize, ToSchema)]
pub(super) struct ListedUser {
    id: Uuid,
    email: String,
    name: String,
    super_admin: bool,
    /// Has a password and is not disabled.
    can_sign_in: bool,
    workspaces: BTreeMap<String, String>,
}

/// All users.
#[utoipa::path(get, path = "/users", responses((status = 200, body = Page<ListedUser>)))]
pub(super) async fn list(
    State(desk): State<Desk>,
    Signed(principal): Signed,
) -> Result<Json<Page<ListedUser>>, Problem> {
    over_everything(&principal)?;
    let rows = user::list(&desk.scope).await?;
    let listed = |row: user::User| ListedUser {
        id: row.id,
        email: row.email,
        name: row.name,
        super_admin: row.super_admin,
        can_sign_in: row.can_sign_in,
        workspaces: row
            .memberships
            .into_iter()
            .map(|(workspace, role)| (workspace.into(), role.as_str().to_owned()))
            .collect(),
    };
    Ok(Json(Page::new(
        rows.into_iter().map(listed).collect(),
        String::new(),
    )))
}

/// Whom to invite, into which workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Invited {
    email: String,
    #[serde(default)]
    name: String,
    workspace: String,
    /// `viewer`, `operator` or `admin`.
    role: String,
}

/// The link to give to them, over a channel you trust: it sets their password.
#[derive(Serialize, ToSchema)]
pub(super) struct Link {
    id: Uuid,
    link: String,
}

/// Invites somebody into a workspace; answers the link to give to them.
#[utoipa::path(
    post,
    path = "/users",
    request_body = Invited,
    responses((status = 201, body = Link))
)]
pub(super) async fn invite(
    State(desk): State<Desk>,
    Signed(principal): Signed,
    Body(invited): Body<Invited>,
) -> Result<(StatusCode, Json<Link>), Problem> {
    over_everything(&principal)?;
    let email = account::email(&invited.email)
        .map_err(|problem| Problem::invalid("email", &problem.to_string()))?;
    let name = account::name(&invited.name)
        .map_err(|problem| Problem::invalid("name", &problem.to_string()))?;
    let workspace: WorkspaceId = invited.workspace.parse().map_err(|_| {
        Problem::invalid(
            "workspace",
            "is not 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'",
        )
    })?;
    let role = person_role(&invited.role)
        .filter(|role| *role < Role::SuperAdmin)
        .ok_or_else(|| Problem::invalid("role", "is not one of viewer, operator, admin"))?;
    let wish = invite::Invite {
        email: &email,
        name: &name,
        workspace: &workspace,
        role,
    };
    let (id, link) = invite::invite(&desk.scope, &wish, Utc::now()).await?;
    tracing::info!(user.id = %id, workspace = %workspace, role = %role, actor = principal.actor, "a user was invited");
    let link = format!("{}/welcome/{link}", desk.public_url.origin);
    Ok((StatusCode::CREATED, Json(Link { id, link })))
}

fn over_everything(principal: &Principal) -> Result<(), Problem> {
    if principal.access.over_everything() {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "permission_denied",
        "users are managed by super-admins; ask one",
    ))
}
