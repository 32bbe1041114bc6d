//! `/connection`, `/connection/history`, `/connect`, `/connect/jwt`, `/disconnect`.

use axum::Json;
use axum::extract::State;
use events::rpc::Role;

use super::asker::Asker;
use super::body::{Body, Parameters, page_size};
use crate::ask::connection::{self, Connect, ConnectJwt};
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::Page;
use crate::wire::connection::{ConnectLink, Connection, Past};

/// Steps of history answered when no number is asked for.
const STEPS: u32 = 50;

#[derive(serde::Deserialize)]
pub(super) struct Steps {
    page_size: Option<u32>,
}

pub(super) async fn show(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Connection>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(connection::get(&desk.owners, asking).await?))
}

pub(super) async fn history(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(steps): Parameters<Steps>,
) -> Result<Json<Page<Past>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let limit = page_size(steps.page_size, STEPS)?;
    let past = connection::history(&desk.owners, asking, limit).await?;
    Ok(Json(Page::new(past, String::new())))
}

pub(super) async fn connect(
    State(desk): State<Desk>,
    asker: Asker,
    Body(connect): Body<Connect>,
) -> Result<Json<ConnectLink>, Problem> {
    let asking = asker.least(Role::Admin)?;
    Ok(Json(
        connection::connect(&desk.owners, asking, connect).await?,
    ))
}

pub(super) async fn connect_jwt(
    State(desk): State<Desk>,
    asker: Asker,
    Body(connect): Body<ConnectJwt>,
) -> Result<Json<Connection>, Problem> {
    let asking = asker.least(Role::Admin)?;
    Ok(Json(
        connection::connect_jwt(&desk.owners, asking, connect).await?,
    ))
}

pub(super) async fn disconnect(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Connection>, Problem> {
    let asking = asker.least(Role::Admin)?;
    Ok(Json(connection::disconnect(&desk.owners, asking).await?))
}
