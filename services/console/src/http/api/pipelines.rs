//! `/pipelines`, `/stage-descriptions`, `/objects`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use events::rpc::Role;

use super::asker::Asker;
use super::body::Body;
use crate::ask::pipelines;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::Page;
use crate::wire::org::{Descriptions, Pipeline, SelectableObject, Selection};

/// Pipelines with their stages.
#[utoipa::path(get, path = "/pipelines", responses((status = 200, body = Page<Pipeline>)))]
pub(super) async fn list(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Page<Pipeline>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let found = pipelines::list(&desk.owners, asking).await?;
    Ok(Json(Page::new(found, String::new())))
}

/// Replaces what the analysis is told about stages.
#[utoipa::path(
    put,
    path = "/stage-descriptions",
    request_body = Descriptions,
    responses((status = 204))
)]
pub(super) async fn describe(
    State(desk): State<Desk>,
    asker: Asker,
    descriptions: Result<Body<Descriptions>, Problem>,
) -> Result<StatusCode, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(descriptions) = descriptions?;
    let unknown = pipelines::describe(&desk.owners, asking, descriptions).await?;
    if unknown.is_empty() {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::many(
        "unknown_stages",
        "the org does not have every stage named; nothing was stored, take those in errors out",
        &unknown,
    ))
}

/// Objects of the org that may be read beside those always read. Asks the org.
#[utoipa::path(get, path = "/objects", responses((status = 200, body = Page<SelectableObject>)))]
pub(super) async fn objects(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Page<SelectableObject>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let found = pipelines::selectable(&desk.owners, asking).await?;
    Ok(Json(Page::new(found, String::new())))
}

/// Replaces which objects are read beside those always read, and reads the schema.
#[utoipa::path(put, path = "/objects", request_body = Selection, responses((status = 204)))]
pub(super) async fn select(
    State(desk): State<Desk>,
    asker: Asker,
    selection: Result<Body<Selection>, Problem>,
) -> Result<StatusCode, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(selection) = selection?;
    let problems = pipelines::select(&desk.owners, asking, selection).await?;
    if problems.is_empty() {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::many(
        "selection_problems",
        "the selection was not stored; mend every problem in errors",
        &problems,
    ))
}
