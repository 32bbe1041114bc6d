//! `/owners`, `/owner-overrides`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use events::rpc::Role;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asker::Asker;
use super::body::{Body, Parameters, page_size};
use crate::ask::people;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::org::{OwnerOverrides, Owners};

/// Owners answered when no number is asked for.
const OWNERS: u32 = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// Part of a name or address.
    #[serde(default)]
    search: String,
    page_size: Option<u32>,
}

/// Salesforce users, and what admins said about who of ours they are.
#[utoipa::path(get, path = "/owners", params(Search), responses((status = 200, body = Owners)))]
pub(super) async fn list(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(search): Parameters<Search>,
) -> Result<Json<Owners>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let limit = page_size(search.page_size, OWNERS)?;
    Ok(Json(
        people::list(&desk.owners, asking, search.search, limit).await?,
    ))
}

/// Replaces what admins said about who our users are.
#[utoipa::path(
    put,
    path = "/owner-overrides",
    request_body = OwnerOverrides,
    responses((status = 204))
)]
pub(super) async fn save(
    State(desk): State<Desk>,
    asker: Asker,
    overrides: Result<Body<OwnerOverrides>, Problem>,
) -> Result<StatusCode, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(overrides) = overrides?;
    let problems = people::save(&desk.owners, asking, overrides).await?;
    if problems.is_empty() {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::many(
        "override_problems",
        "the overrides were not stored; mend every problem in errors",
        &problems,
    ))
}
