//! `/backfills`, one of them, its moves, its months, and its undoing.

use axum::Json;
use axum::extract::State;
use events::rpc::Role;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asker::Asker;
use super::body::{Body, Parameters, Segments};
use crate::ask::backfill;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::Page;
use crate::wire::backfill::{
    ApproveSlice, Backfill, Draft, Move, SliceApproval, Sliced, UndoBackfill, Undone,
};

/// Backfills when nobody says how many.
const BACKFILLS: u32 = 10;
/// Most backfills listed.
const BACKFILLS_MAX: u32 = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Limit {
    /// 1 to 50; 10 when absent.
    page_size: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct One {
    backfill_id: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Month {
    backfill_id: String,
    /// As `2025-03`.
    slice: String,
}

/// Backfills, newest first.
#[utoipa::path(
    get,
    path = "/backfills",
    params(Limit),
    responses((status = 200, body = Page<Backfill>))
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(limit): Parameters<Limit>,
) -> Result<Json<Page<Backfill>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let limit = limit.page_size.unwrap_or(BACKFILLS);
    if !(1..=BACKFILLS_MAX).contains(&limit) {
        return Err(Problem::invalid(
            "page_size",
            "is not 1 to 50; ask for fewer",
        ));
    }
    Ok(Json(backfill::list(&desk.owners, asking, limit).await?))
}

/// Drafts a backfill; a workspace has one open at a time.
#[utoipa::path(
    post,
    path = "/backfills",
    request_body = Draft,
    responses((status = 200, body = Backfill))
)]
pub(super) async fn create(
    State(desk): State<Desk>,
    asker: Asker,
    draft: Result<Body<Draft>, Problem>,
) -> Result<Json<Backfill>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(draft) = draft?;
    Ok(Json(backfill::create(&desk.owners, asking, draft).await?))
}

/// One backfill with its months and how far it is.
#[utoipa::path(
    get,
    path = "/backfills/{backfill_id}",
    params(One),
    responses((status = 200, body = Sliced))
)]
pub(super) async fn show(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(one): Segments<One>,
) -> Result<Json<Sliced>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(
        backfill::show(&desk.owners, asking, one.backfill_id).await?,
    ))
}

/// Samples, starts, pauses, resumes or cancels a backfill.
#[utoipa::path(
    post,
    path = "/backfills/{backfill_id}/move",
    params(One),
    request_body = Move,
    responses((status = 200, body = Backfill))
)]
pub(super) async fn shift(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(one): Segments<One>,
    wish: Result<Body<Move>, Problem>,
) -> Result<Json<Backfill>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(wish) = wish?;
    let moved = backfill::shift(&desk.owners, asking, one.backfill_id, wish);
    Ok(Json(moved.await?))
}

/// Approves a month of a backfill; first, without `seen_at`, it only counts it.
#[utoipa::path(
    post,
    path = "/backfills/{backfill_id}/slices/{slice}/approve",
    params(Month),
    request_body = ApproveSlice,
    responses((status = 200, body = SliceApproval))
)]
pub(super) async fn approve(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(month): Segments<Month>,
    wish: Result<Body<ApproveSlice>, Problem>,
) -> Result<Json<SliceApproval>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(wish) = wish?;
    let (id, slice) = (month.backfill_id, month.slice);
    Ok(Json(
        backfill::approve(&desk.owners, asking, id, slice, wish).await?,
    ))
}

/// Takes back what a backfill, or one month of it, wrote.
#[utoipa::path(
    post,
    path = "/backfills/{backfill_id}/undo",
    params(One),
    request_body = UndoBackfill,
    responses((status = 200, body = Undone))
)]
pub(super) async fn undo(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(one): Segments<One>,
    wish: Result<Body<UndoBackfill>, Problem>,
) -> Result<Json<Undone>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(wish) = wish?;
    let undone = backfill::undo(&desk.owners, asking, one.backfill_id, wish);
    Ok(Json(undone.await?))
}
