//! Recent meetings, and one meeting's story from event to record.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::{Code, Role, RpcError};
use serde::Deserialize;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{path_segment, render, see};
use crate::ask::{changes, matching, meetings};
use crate::http::Desk;
use crate::wire::Page as WirePage;
use crate::wire::change::Undo;
use crate::wire::matching::{ListedMeeting, Story};
use crate::wire::rule::Correction;

/// Meetings on a page.
const PAGE_SIZE: u32 = 25;

#[derive(Template)]
#[template(path = "meetings.html")]
struct List {
    chrome: Chrome,
    meetings: WirePage<ListedMeeting>,
}

#[derive(Template)]
#[template(path = "story.html")]
struct One {
    chrome: Chrome,
    story: Story,
}

#[derive(Deserialize)]
pub(super) struct Paging {
    #[serde(default)]
    page_token: String,
}

pub(super) async fn list(
    State(desk): State<Desk>,
    visitor: Visitor,
    Query(paging): Query<Paging>,
) -> Result<Response, Refusal> {
    let meetings = meetings::recent(
        &desk.owners,
        &visitor.asking,
        PAGE_SIZE,
        paging.page_token,
        "",
    )
    .await
    .map_err(|error| visitor.trouble(error))?;
    let page = List {
        chrome: visitor.chrome("meetings"),
        meetings,
    };
    Ok(render(StatusCode::OK, &page))
}

pub(super) async fn story(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(path): Path<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let id = path.get("id").map(String::as_str).unwrap_or_default();
    let story = meetings::story(&desk.owners, &visitor.asking, id)
        .await
        .map_err(|error| visitor.trouble(error))?;
    let page = One {
        chrome: visitor.chrome("meetings"),
        story,
    };
    Ok(render(StatusCode::OK, &page))
}

/// The meeting's story, to go back to.
fn back(visitor: &Visitor, meeting_id: &str) -> String {
    visitor.path(&format!("meetings/{}", path_segment(meeting_id)))
}

/// Says which records the meeting belongs to, or takes that back.
pub(super) async fn correct(
    State(desk): State<Desk>,
    Path(path): Path<HashMap<String, String>>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let id = path.get("id").map(String::as_str).unwrap_or_default();
    let chosen = (fields.get("action") != "revert").then(|| Correction {
        account_id: fields.get("account_id").trim().to_owned(),
        opportunity_id: fields.get("opportunity_id").trim().to_owned(),
    });
    matching::correct(&desk.owners, &visitor.asking, id.to_owned(), chosen)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&back(&visitor, id)))
}

/// Takes a change of the meeting back, out of Salesforce.
pub(super) async fn undo(
    State(desk): State<Desk>,
    Path(path): Path<HashMap<String, String>>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let wish = Undo {
        change_ids: vec![fields.get("change_id").to_owned()],
        change_set_id: String::new(),
        reason: fields.get("reason").to_owned(),
    };
    let undone = changes::undo(&desk.owners, &visitor.asking, wish)
        .await
        .map_err(|error| visitor.trouble(error))?;
    if let Some(refusal) = undone.refusals.into_iter().next() {
        let error = RpcError::new(Code::FailedPrecondition, refusal.message);
        return Err(visitor.trouble(error));
    }
    let id = path.get("id").map(String::as_str).unwrap_or_default();
    Ok(see(&back(&visitor, id)))
}
