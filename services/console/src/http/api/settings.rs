//! `/permissions`, `/stage-controls`, `/verification`, `/live`, `/status`.

use axum::Json;
use axum::extract::State;
use events::rpc::Role;
use serde::Serialize;
use utoipa::ToSchema;

use super::asker::Asker;
use super::body::Body;
use crate::ask::settings;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::settings::{Live, Permissions, StageControls, Status, Verification, Verify};

/// Our permissions on objects and fields.
#[utoipa::path(get, path = "/permissions", responses((status = 200, body = Permissions)))]
pub(super) async fn permissions(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Permissions>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(settings::permissions(&desk.owners, asking).await?))
}

/// Sets the permissions named; answers all.
#[utoipa::path(
    put,
    path = "/permissions",
    request_body = Permissions,
    responses((status = 200, body = Permissions))
)]
pub(super) async fn set_permissions(
    State(desk): State<Desk>,
    asker: Asker,
    permissions: Result<Body<Permissions>, Problem>,
) -> Result<Json<Permissions>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(permissions) = permissions?;
    Ok(Json(
        settings::set_permissions(&desk.owners, asking, permissions).await?,
    ))
}

/// How stages may move.
#[utoipa::path(get, path = "/stage-controls", responses((status = 200, body = StageControls)))]
pub(super) async fn stage_controls(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<StageControls>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(settings::stage_controls(&desk.owners, asking).await?))
}

/// Replaces how stages may move.
#[utoipa::path(
    put,
    path = "/stage-controls",
    request_body = StageControls,
    responses((status = 200, body = StageControls))
)]
pub(super) async fn set_stage_controls(
    State(desk): State<Desk>,
    asker: Asker,
    controls: Result<Body<StageControls>, Problem>,
) -> Result<Json<StageControls>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(controls) = controls?;
    Ok(Json(
        settings::set_stage_controls(&desk.owners, asking, controls).await?,
    ))
}

/// The newest run.
#[derive(Serialize, ToSchema)]
pub(super) struct Newest {
    run: Option<Verification>,
}

/// The newest verification run.
#[utoipa::path(get, path = "/verification", responses((status = 200, body = Newest)))]
pub(super) async fn verification(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Newest>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let run = settings::verification(&desk.owners, asking).await?;
    Ok(Json(Newest { run }))
}

/// Rehearses the mapping on a few records.
#[utoipa::path(
    post,
    path = "/verification",
    request_body = Verify,
    responses((status = 200, body = Verification))
)]
pub(super) async fn verify(
    State(desk): State<Desk>,
    asker: Asker,
    verify: Result<Body<Verify>, Problem>,
) -> Result<Json<Verification>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(verify) = verify?;
    Ok(Json(settings::verify(&desk.owners, asking, verify).await?))
}

/// Starts or stops writing.
#[utoipa::path(put, path = "/live", request_body = Live, responses((status = 200, body = Live)))]
pub(super) async fn set_live(
    State(desk): State<Desk>,
    asker: Asker,
    wish: Result<Body<Live>, Problem>,
) -> Result<Json<Live>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(wish) = wish?;
    settings::set_live(&desk.owners, asking, wish.live).await?;
    Ok(Json(wish))
}

/// How the workspace is doing.
#[utoipa::path(get, path = "/status", responses((status = 200, body = Status)))]
pub(super) async fn status(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Status>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(settings::status(&desk.owners, asking).await?))
}
