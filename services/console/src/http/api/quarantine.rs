//! `/quarantine`: list, show, replay, forget.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use events::rpc::Role;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asker::Asker;
use super::body::{Parameters, Segments, page_size};
use crate::ask::quarantine;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::Page;
use crate::wire::quarantine::{QuarantineEntry, QuarantineItem};

/// Items on a page when none are asked for.
const PAGE_SIZE: u32 = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    service: Option<String>,
    page_size: Option<u32>,
    page_token: Option<u64>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Which {
    sequence: u64,
}

/// Messages that were set aside, oldest first.
#[utoipa::path(
    get,
    path = "/quarantine",
    params(Paging),
    responses((status = 200, body = Page<QuarantineItem>))
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<QuarantineItem>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let page = quarantine::list(
        &desk.quarantine,
        asking,
        paging.service.as_deref(),
        paging.page_token.unwrap_or(0),
        page_size(paging.page_size, PAGE_SIZE)? as usize,
    );
    Ok(Json(page.await?))
}

/// With the payload, which is customer content: not for those who only watch.
#[utoipa::path(
    get,
    path = "/quarantine/{sequence}",
    params(Which),
    responses((status = 200, body = QuarantineEntry))
)]
pub(super) async fn show(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(which): Segments<Which>,
) -> Result<Json<QuarantineEntry>, Problem> {
    let asking = asker.least(Role::Admin)?;
    Ok(Json(
        quarantine::show(&desk.quarantine, asking, which.sequence).await?,
    ))
}

/// Publishes the message again on its own subject.
#[utoipa::path(
    post,
    path = "/quarantine/{sequence}/replay",
    params(Which),
    responses((status = 200, body = QuarantineItem))
)]
pub(super) async fn replay(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(which): Segments<Which>,
) -> Result<Json<QuarantineItem>, Problem> {
    let asking = asker.least(Role::Admin)?;
    Ok(Json(
        quarantine::replay(&desk.quarantine, asking, which.sequence).await?,
    ))
}

/// Removes the message for good.
#[utoipa::path(delete, path = "/quarantine/{sequence}", params(Which), responses((status = 204)))]
pub(super) async fn forget(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(which): Segments<Which>,
) -> Result<StatusCode, Problem> {
    let asking = asker.least(Role::Admin)?;
    quarantine::forget(&desk.quarantine, asking, which.sequence).await?;
    Ok(StatusCode::NO_CONTENT)
}
