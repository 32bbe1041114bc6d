//! `/properties`, `/mapping/versions`, `/mapping/diff`, `/mapping/document`.

use axum::Json;
use axum::extract::State;
use events::rpc::Role;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asker::Asker;
use super::body::{Body, Parameters, page_size};
use crate::ask::catalogue;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::Page;
use crate::wire::catalogue::{Catalogue, Difference, Document, Import, Imported, Version};

/// Versions answered when no number is asked for.
const VERSIONS: u32 = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Versions {
    page_size: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Between {
    /// The older version; 0 for nothing at all.
    #[serde(default)]
    from: u64,
    /// The newer version; 0 for the draft.
    #[serde(default)]
    to: u64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// A published version; 0 for the newest.
    #[serde(default)]
    version: u64,
}

/// What upstream's analysis is to look for.
#[utoipa::path(get, path = "/properties", responses((status = 200, body = Catalogue)))]
pub(super) async fn properties(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Catalogue>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(catalogue::properties(&desk.owners, asking).await?))
}

/// Published versions of the mapping, newest first.
#[utoipa::path(
    get,
    path = "/mapping/versions",
    params(Versions),
    responses((status = 200, body = Page<Version>))
)]
pub(super) async fn versions(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(versions): Parameters<Versions>,
) -> Result<Json<Page<Version>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let limit = page_size(versions.page_size, VERSIONS)?;
    let versions = catalogue::versions(&desk.owners, asking, limit).await?;
    Ok(Json(Page::new(versions, String::new())))
}

/// What differs between two versions of the mapping, or a version and the draft.
#[utoipa::path(
    get,
    path = "/mapping/diff",
    params(Between),
    responses((status = 200, body = Page<Difference>))
)]
pub(super) async fn diff(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(between): Parameters<Between>,
) -> Result<Json<Page<Difference>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let found = catalogue::differences(&desk.owners, asking, between.from, between.to).await?;
    Ok(Json(Page::new(found, String::new())))
}

/// A published version as YAML with all that belongs to it, to carry to another org.
#[utoipa::path(
    get,
    path = "/mapping/document",
    params(Which),
    responses((status = 200, body = Document))
)]
pub(super) async fn export(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(which): Parameters<Which>,
) -> Result<Json<Document>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(
        catalogue::export(&desk.owners, asking, which.version).await?,
    ))
}

/// Makes YAML of another org the draft, and sets its pipelines, exits and stage descriptions.
#[utoipa::path(
    put,
    path = "/mapping/document",
    request_body = Import,
    responses((status = 200, body = Imported))
)]
pub(super) async fn import(
    State(desk): State<Desk>,
    asker: Asker,
    document: Result<Body<Import>, Problem>,
) -> Result<Json<Imported>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(document) = document?;
    Ok(Json(
        catalogue::import(&desk.owners, asking, document.yaml).await?,
    ))
}
