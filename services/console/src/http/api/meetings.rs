//! `/meetings` and `/meetings/{id}`.

use axum::Json;
use axum::extract::State;
use events::rpc::Role;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asker::Asker;
use super::body::{Parameters, Segments, page_size};
use crate::ask::meetings;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::Page;
use crate::wire::matching::{ListedMeeting, Story};

/// Meetings on a page when none are asked for.
const PAGE_SIZE: u32 = 25;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    page_size: Option<u32>,
    #[serde(default)]
    page_token: String,
    /// As `matched,ambiguous`.
    #[serde(default)]
    outcome: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Which {
    id: String,
}

/// Meetings, newest first.
#[utoipa::path(
    get,
    path = "/meetings",
    params(Paging),
    responses((status = 200, body = Page<ListedMeeting>))
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<ListedMeeting>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let size = page_size(paging.page_size, PAGE_SIZE)?;
    let page = meetings::recent(
        &desk.owners,
        asking,
        size,
        paging.page_token,
        &paging.outcome,
    );
    Ok(Json(page.await?))
}

/// One meeting from event to records.
#[utoipa::path(
    get,
    path = "/meetings/{id}",
    params(Which),
    responses((status = 200, body = Story))
)]
pub(super) async fn show(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(which): Segments<Which>,
) -> Result<Json<Story>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(
        meetings::story(&desk.owners, asking, &which.id).await?,
    ))
}
