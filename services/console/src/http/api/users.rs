//! `/users`: for super-admins.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::asker::Signed;
use super::body::{Body, Paging, Parameters, Segments};
use crate::app::people::{self, Wish};
use crate::http::Desk;
use crate::http::identity::Principal;
use crate::http::problem::Problem;
use crate::store::user;
use crate::wire::Page;

/// Users on a page when none are asked for.
const PAGE_SIZE: u32 = 100;

/// One user.
#[derive(Serialize, ToSchema)]
pub(super) struct ListedUser {
    id: Uuid,
    email: String,
    name: String,
    super_admin: bool,
    /// Has a password and is not disabled.
    can_sign_in: bool,
    disabled: bool,
    workspaces: BTreeMap<String, String>,
}

/// All users.
#[utoipa::path(get, path = "/users", params(Paging), responses((status = 200, body = Page<ListedUser>)))]
pub(super) async fn list(
    State(desk): State<Desk>,
    Signed(principal): Signed,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<ListedUser>>, Problem> {
    over_everything(&principal)?;
    let size = paging.size(PAGE_SIZE)?;
    let rows = user::list(&desk.scope, &paging.page_token, i64::from(size)).await?;
    // A page that is full may have a next one, which begins after its last address.
    let next = match rows.last() {
        Some(last) if rows.len() == size as usize => last.email.clone(),
        Some(_) | None => String::new(),
    };
    let listed = |row: user::User| ListedUser {
        id: row.id,
        email: row.email,
        name: row.name,
        super_admin: row.super_admin,
        can_sign_in: row.can_sign_in,
        disabled: row.disabled,
        workspaces: row
            .memberships
            .into_iter()
            .map(|(workspace, role)| (workspace.into(), role.as_str().to_owned()))
            .collect(),
    };
    Ok(Json(Page::new(
        rows.into_iter().map(listed).collect(),
        next,
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
    let wish = Wish {
        email: invited.email,
        name: invited.name,
        workspace: invited.workspace,
        role: invited.role,
    };
    let made = people::invite(&desk.scope, &wish, &principal.actor, Utc::now()).await?;
    let (id, link) = made.map_err(|wrong| Problem::invalid(wrong.field, &wrong.problem))?;
    let link = format!("{}/welcome/{link}", desk.public_url.origin);
    Ok((StatusCode::CREATED, Json(Link { id, link })))
}

/// Whether somebody may sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Disabled {
    disabled: bool,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Which {
    id: Uuid,
}

/// Disables a user, whose sessions and tokens open nothing from then on, or enables them again.
#[utoipa::path(
    put,
    path = "/users/{id}/disabled",
    request_body = Disabled,
    params(Which),
    responses((status = 204))
)]
pub(super) async fn set_disabled(
    State(desk): State<Desk>,
    Signed(principal): Signed,
    Segments(which): Segments<Which>,
    Body(wish): Body<Disabled>,
) -> Result<StatusCode, Problem> {
    over_everything(&principal)?;
    if wish.disabled && principal.user_id == Some(which.id) {
        return Err(Problem::invalid(
            "id",
            "is your own; nobody disables themselves, ask another super-admin",
        ));
    }
    let found =
        people::set_disabled(&desk.scope, which.id, wish.disabled, &principal.actor).await?;
    found_or_unknown(found)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Membership {
    id: Uuid,
    workspace: String,
}

/// Takes a user out of a workspace.
#[utoipa::path(
    delete,
    path = "/users/{id}/workspaces/{workspace}",
    params(Membership),
    responses((status = 204))
)]
pub(super) async fn leave(
    State(desk): State<Desk>,
    Signed(principal): Signed,
    Segments(which): Segments<Membership>,
) -> Result<StatusCode, Problem> {
    over_everything(&principal)?;
    let workspace = which
        .workspace
        .parse()
        .map_err(|_| Problem::invalid("workspace", "is not a workspace id; correct the path"))?;
    let found = people::leave(&desk.scope, which.id, &workspace, &principal.actor).await?;
    found_or_unknown(found)
}

fn found_or_unknown(found: bool) -> Result<StatusCode, Problem> {
    if found {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is no such user or membership; list them at /api/v1/users",
    ))
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
