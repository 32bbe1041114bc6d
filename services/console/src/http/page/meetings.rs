//! Recent meetings, and one meeting's story from event to record.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::render;
use super::visitor::{Chrome, Refusal, Visitor};
use crate::ask::meetings;
use crate::http::Desk;
use crate::wire::Page as WirePage;
use crate::wire::matching::{ListedMeeting, Story};

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
