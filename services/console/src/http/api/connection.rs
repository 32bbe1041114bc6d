//! `/connection`, `/connection/history`, `/connect`, `/connect/jwt`, `/disconnect`.

use axum::Json;
use axum::extract::State;
use events::rpc::Role;
use utoipa::IntoParams;

use super::asker::Asker;
use super::body::{Body, Parameters, page_size};
use crate::ask::connection::{self, Connect, ConnectJwt};
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::Page;
use crate::wire::connection::{ConnectLink, Connection, Past};

/// Steps of history answered when no number is asked for.
const STEPS: u32 = 50;

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Steps {
    page_size: Option<u32>,
}

/// The connection.
#[utoipa::path(get, path = "/connection", responses((status = 200, body = Connection)))]
pub(super) async fn show(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Connection>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(connection::get(&desk.owners, asking).await?))
}

/// How it became so, newest first.
#[utoipa::path(
    get,
    path = "/connection/history",
    params(Steps),
    responses((status = 200, body = Page<Past>))
)]
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

/// Begins connecting: answers where the browser must go.
#[utoipa::path(
    post,
    path = "/connect",
    request_body = Connect,
    responses((status = 200, body = ConnectLink))
)]
pub(super) async fn connect(
    State(desk): State<Desk>,
    asker: Asker,
    connect: Result<Body<Connect>, Problem>,
) -> Result<Json<ConnectLink>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(connect) = connect?;
    Ok(Json(
        connection::connect(&desk.owners, asking, connect).await?,
    ))
}

/// Connects by a key of the customer's own app.
#[utoipa::path(
    post,
    path = "/connect/jwt",
    request_body = ConnectJwt,
    responses((status = 200, body = Connection))
)]
pub(super) async fn connect_jwt(
    State(desk): State<Desk>,
    asker: Asker,
    connect: Result<Body<ConnectJwt>, Problem>,
) -> Result<Json<Connection>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(connect) = connect?;
    Ok(Json(
        connection::connect_jwt(&desk.owners, asking, connect).await?,
    ))
}

/// Ends the connection; what waits is kept.
#[utoipa::path(post, path = "/disconnect", responses((status = 200, body = Connection)))]
pub(super) async fn disconnect(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Connection>, Problem> {
    let asking = asker.least(Role::Admin)?;
    Ok(Json(connection::disconnect(&desk.owners, asking).await?))
}
