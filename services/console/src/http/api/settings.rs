//! `/permissions`, `/stage-controls`, `/verification`, `/live`, `/status`.

use axum::Json;
use axum::extract::State;
use events::rpc::Role;
use serde::Serialize;

use super::asker::Asker;
use super::body::Body;
use crate::ask::settings;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::settings::{Live, Permissions, Rehearse, StageControls, Status, Verification};

pub(super) async fn permissions(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Permissions>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(settings::permissions(&desk.owners, asking).await?))
}

pub(super) async fn set_permissions(
    State(desk): State<Desk>,
    asker: Asker,
    Body(permissions): Body<Permissions>,
) -> Result<Json<Permissions>, Problem> {
    let asking = asker.least(Role::Admin)?;
    Ok(Json(
        settings::set_permissions(&desk.owners, asking, permissions).await?,
    ))
}

pub(super) async fn stage_controls(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<StageControls>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(settings::stage_controls(&desk.owners, asking).await?))
}

pub(super) async fn set_stage_controls(
    State(desk): State<Desk>,
    asker: Asker,
    Body(controls): Body<StageControls>,
) -> Result<Json<StageControls>, Problem> {
    let asking = asker.least(Role::Admin)?;
    Ok(Json(
        settings::set_stage_controls(&desk.owners, asking, controls).await?,
    ))
}

/// The newest run.
#[derive(Serialize)]
pub(super) struct Newest {
    run: Option<Verification>,
}

pub(super) async fn verification(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Newest>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let run = settings::verification(&desk.owners, asking).await?;
    Ok(Json(Newest { run }))
}

pub(super) async fn verify(
    State(desk): State<Desk>,
    asker: Asker,
    Body(rehearse): Body<Rehearse>,
) -> Result<Json<Verification>, Problem> {
    let asking = asker.least(Role::Admin)?;
    Ok(Json(
        settings::verify(&desk.owners, asking, rehearse).await?,
    ))
}

pub(super) async fn set_live(
    State(desk): State<Desk>,
    asker: Asker,
    Body(wish): Body<Live>,
) -> Result<Json<Live>, Problem> {
    let asking = asker.least(Role::Admin)?;
    settings::set_live(&desk.owners, asking, wish.live).await?;
    Ok(Json(wish))
}

pub(super) async fn status(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Status>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(settings::status(&desk.owners, asking).await?))
}
