//! `/changes/decide-alike`, `/refusals` and `/refusals/release`.

use axum::Json;
use axum::extract::State;
use events::rpc::Role;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asker::Asker;
use super::body::{Body, Parameters, page_size};
use crate::ask::review;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::refusals::{Refusals, Release, Released};
use crate::wire::review::{DecideAlike, DecidedAlike};

/// Groups when none are asked for.
const GROUPS: u32 = 50;

/// Decides about held changes that are alike; first, without `seen_at`, it only counts them.
#[utoipa::path(
    post,
    path = "/changes/decide-alike",
    request_body = DecideAlike,
    responses((status = 200, body = DecidedAlike))
)]
pub(super) async fn decide_alike(
    State(desk): State<Desk>,
    asker: Asker,
    wish: Result<Body<DecideAlike>, Problem>,
) -> Result<Json<DecidedAlike>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(wish) = wish?;
    Ok(Json(
        review::decide_alike(&desk.owners, asking, wish).await?,
    ))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Limit {
    page_size: Option<u32>,
}

/// What Salesforce refused, grouped by cause, the most frequent first.
#[utoipa::path(get, path = "/refusals", params(Limit), responses((status = 200, body = Refusals)))]
pub(super) async fn refusals(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(limit): Parameters<Limit>,
) -> Result<Json<Refusals>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let limit = page_size(limit.page_size, GROUPS)?;
    Ok(Json(review::refusals(&desk.owners, asking, limit).await?))
}

/// Has the changes of one cause tried again, after it was mended.
#[utoipa::path(
    post,
    path = "/refusals/release",
    request_body = Release,
    responses((status = 200, body = Released))
)]
pub(super) async fn release(
    State(desk): State<Desk>,
    asker: Asker,
    wish: Result<Body<Release>, Problem>,
) -> Result<Json<Released>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(wish) = wish?;
    Ok(Json(review::release(&desk.owners, asking, wish).await?))
}
