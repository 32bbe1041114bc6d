//! `/mapping`, `/mapping/draft`, `/mapping/publish`.

use axum::Json;
use axum::extract::State;
use events::rpc::Role;
use serde::Serialize;
use utoipa::ToSchema;

use super::asker::Asker;
use super::body::Body;
use crate::ask::mapping;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::mapping::{Mapping, MappingProblem, Mappings};

/// What would keep a draft from being published.
#[derive(Serialize, ToSchema)]
pub(super) struct Saved {
    problems: Vec<MappingProblem>,
}

/// The draft and the published mapping.
#[utoipa::path(get, path = "/mapping", responses((status = 200, body = Mappings)))]
pub(super) async fn show(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Mappings>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(mapping::get(&desk.owners, asking).await?))
}

/// Replaces the draft; answers what would keep it from being published.
#[utoipa::path(
    put,
    path = "/mapping/draft",
    request_body = Mapping,
    responses((status = 200, body = Saved))
)]
pub(super) async fn save_draft(
    State(desk): State<Desk>,
    asker: Asker,
    draft: Result<Body<Mapping>, Problem>,
) -> Result<Json<Saved>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(draft) = draft?;
    let problems = mapping::save_draft(&desk.owners, asking, draft).await?;
    Ok(Json(Saved { problems }))
}

/// Publishes the draft, or answers everything in the way.
#[utoipa::path(post, path = "/mapping/publish", responses((status = 200, body = Mapping)))]
pub(super) async fn publish(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Mapping>, Problem> {
    let asking = asker.least(Role::Admin)?;
    match mapping::publish(&desk.owners, asking).await? {
        Ok(mapping) => Ok(Json(mapping)),
        Err(problems) => Err(Problem::many(
            "mapping_problems",
            "the draft was not published; mend every problem in errors and publish again",
            &problems,
        )),
    }
}
