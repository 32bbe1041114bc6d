//! `/quarantine`: list, show, replay, forget.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use events::rpc::Role;
use serde::Deserialize;

use super::asker::Asker;
use super::body::{Parameters, Segments, page_size};
use crate::ask::quarantine;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::Page;
use crate::wire::quarantine::{QuarantineEntry, QuarantineItem};

/// Items on a page when none are asked for.
const PAGE_SIZE: u32 = 50;

#[derive(Deserialize)]
pub(super) struct Paging {
    service: Option<String>,
    page_size: Option<u32>,
    page_token: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Which {
    sequence: u64,
}

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

pub(super) async fn forget(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(which): Segments<Which>,
) -> Result<StatusCode, Problem> {
    let asking = asker.least(Role::Admin)?;
    quarantine::forget(&desk.quarantine, asking, which.sequence).await?;
    Ok(StatusCode::NO_CONTENT)
}
