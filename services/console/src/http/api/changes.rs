//! `/changes`, `/changes/decide`, `/changes/rehearse`, `/changes/undo` `/predictions` and `/why`.

use axum::Json;
use axum::extract::State;
use events::rpc::Role;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asker::Asker;
use super::body::{self, Body, Parameters, page_size};
use crate::ask::changes::{self, Changes, Wanted};
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::change::{Decide, Decided, Rehearse, Rehearsed, Undo};
use crate::wire::prediction::Predictions;
use crate::wire::review::Filter;
use crate::wire::why::Why;

/// Changes on a page when none are asked for.
const PAGE_SIZE: u32 = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// As `held,blocked`; empty for all.
    #[serde(default)]
    state: String,
    /// `risk` for the riskiest first, of what is held; else the oldest first.
    #[serde(default)]
    order: String,
    page_size: Option<u32>,
    #[serde(default)]
    page_token: String,
}

/// Changes, narrowed by what a reviewer looks for.
#[utoipa::path(
    get,
    path = "/changes",
    params(Paging, Filter),
    responses((status = 200, body = Changes))
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(paging): Parameters<Paging>,
    Parameters(filter): Parameters<Filter>,
) -> Result<Json<Changes>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let by_risk = match paging.order.as_str() {
        "" => false,
        "risk" => true,
        _ => {
            return Err(Problem::invalid(
                "order",
                "is not risk; leave it out for the oldest first",
            ));
        }
    };
    let wanted = Wanted {
        state: paging.state,
        by_risk,
        filter,
        page_size: page_size(paging.page_size, PAGE_SIZE)?,
        page_token: paging.page_token,
    };
    Ok(Json(changes::list(&desk.owners, asking, wanted).await?))
}

/// Approves, edits or dismisses changes; answers those refused with why.
#[utoipa::path(
    post,
    path = "/changes/decide",
    request_body = Decide,
    responses((status = 200, body = Decided))
)]
pub(super) async fn decide(
    State(desk): State<Desk>,
    asker: Asker,
    decide: Result<Body<Decide>, Problem>,
) -> Result<Json<Decided>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(decide) = decide?;
    Ok(Json(changes::decide(&desk.owners, asking, decide).await?))
}

/// Asks Salesforce what it would say, leaving nothing behind.
#[utoipa::path(
    post,
    path = "/changes/rehearse",
    request_body = Rehearse,
    responses((status = 200, body = Rehearsed))
)]
pub(super) async fn rehearse(
    State(desk): State<Desk>,
    asker: Asker,
    rehearse: Result<Body<Rehearse>, Problem>,
) -> Result<Json<Rehearsed>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(rehearse) = rehearse?;
    Ok(Json(
        changes::rehearse(&desk.owners, asking, rehearse).await?,
    ))
}

/// How predictions of validation rules fared.
#[utoipa::path(
    get,
    path = "/predictions",
    params(body::Paging),
    responses((status = 200, body = Predictions))
)]
pub(super) async fn predictions(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(paging): Parameters<body::Paging>,
) -> Result<Json<Predictions>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let size = paging.size(PAGE_SIZE)?;
    let predictions = changes::predictions(&desk.owners, asking, size, paging.page_token);
    Ok(Json(predictions.await?))
}

/// Takes changes back; answers the undos, on their way.
#[utoipa::path(
    post,
    path = "/changes/undo",
    request_body = Undo,
    responses((status = 200, body = Decided))
)]
pub(super) async fn undo(
    State(desk): State<Desk>,
    asker: Asker,
    undo: Result<Body<Undo>, Problem>,
) -> Result<Json<Decided>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(undo) = undo?;
    Ok(Json(changes::undo(&desk.owners, asking, undo).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Value {
    #[serde(default)]
    object: String,
    record_id: String,
    /// Empty for the record itself.
    #[serde(default)]
    field: String,
}

/// Why a value is in Salesforce.
#[utoipa::path(get, path = "/why", params(Value), responses((status = 200, body = Why)))]
pub(super) async fn why(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(value): Parameters<Value>,
) -> Result<Json<Why>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let (object, record_id, field) = (value.object, value.record_id, value.field);
    let why = changes::why(&desk.owners, asking, object, record_id, field);
    Ok(Json(why.await?))
}
