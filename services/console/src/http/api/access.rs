//! `/access`, `/missed`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use events::rpc::Role;

use super::asker::Asker;
use super::body::Body;
use crate::ask::access;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::access::{Access, Missed, Release, Released};
use crate::wire::sync::SyncRun;

/// The newest review of what the connected user can reach.
#[utoipa::path(get, path = "/access", responses((status = 200, body = Access)))]
pub(super) async fn show(State(desk): State<Desk>, asker: Asker) -> Result<Json<Access>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(access::review(&desk.owners, asking).await?))
}

/// Begins another review.
#[utoipa::path(post, path = "/access", responses((status = 202, body = SyncRun)))]
pub(super) async fn start(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<(StatusCode, Json<SyncRun>), Problem> {
    let asking = asker.least(Role::Operator)?;
    let run = access::start(&desk.owners, asking).await?;
    Ok((StatusCode::ACCEPTED, Json(run)))
}

/// What was missed in times without a connection.
#[utoipa::path(get, path = "/missed", responses((status = 200, body = Missed)))]
pub(super) async fn missed(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Missed>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(access::missed(&desk.owners, asking).await?))
}

/// Releases changes that wait because they were missed.
#[utoipa::path(
    post,
    path = "/missed/release",
    request_body = Release,
    responses((status = 200, body = Released))
)]
pub(super) async fn release(
    State(desk): State<Desk>,
    asker: Asker,
    wish: Result<Body<Release>, Problem>,
) -> Result<Json<Released>, Problem> {
    let asking = asker.least(Role::Operator)?;
    let Body(wish) = wish?;
    Ok(Json(access::release(&desk.owners, asking, wish).await?))
}
