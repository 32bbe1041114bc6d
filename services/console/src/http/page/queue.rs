//! The review queue: held changes, to approve or to dismiss.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::Role;
use serde::Deserialize;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::changes::{self, Changes};
use crate::http::Desk;
use crate::wire::change::{Decide, DecideOne, Rehearse};

/// Changes on a page: with the longest texts in the widest script it stays below 200 KB.
const PAGE_SIZE: u32 = 10;

#[derive(Template)]
#[template(path = "queue.html")]
struct Page {
    chrome: Chrome,
    queue: Changes,
    /// What became of the last decision, when it was not taken; empty otherwise.
    problem: String,
}

impl Page {
    /// The changes a rehearsal can be asked about.
    fn rehearsed(&self) -> String {
        let ids: Vec<&str> = self
            .queue
            .page
            .items
            .iter()
            .filter(|change| change.can_be_rehearsed())
            .map(|change| change.id.as_str())
            .collect();
        ids.join(",")
    }
}

#[derive(Deserialize)]
pub(super) struct Paging {
    #[serde(default)]
    page_token: String,
}

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    Query(paging): Query<Paging>,
) -> Result<Response, Refusal> {
    page(
        &desk,
        &visitor,
        paging.page_token,
        StatusCode::OK,
        String::new(),
    )
    .await
}

async fn page(
    desk: &Desk,
    visitor: &Visitor,
    page_token: String,
    status: StatusCode,
    problem: String,
) -> Result<Response, Refusal> {
    let queue = changes::list(&desk.owners, &visitor.asking, "held", PAGE_SIZE, page_token)
        .await
        .map_err(|error| visitor.trouble(error))?;
    let page = Page {
        chrome: visitor.chrome("queue"),
        queue,
        problem,
    };
    Ok(render(status, &page))
}

pub(super) async fn decide(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let wish = Decide {
        decisions: vec![DecideOne {
            change_id: fields.get("change_id").to_owned(),
            version: fields.get("version").parse().unwrap_or(0),
            decision: fields.get("decision").to_owned(),
            edited: None,
            reason: fields.get("reason").to_owned(),
        }],
    };
    let problem = match changes::decide(&desk.owners, &visitor.asking, wish).await {
        Ok(decided) => match decided.refusals.into_iter().next() {
            None => return Ok(see(&visitor.path("queue"))),
            Some(refusal) => refusal.message,
        },
        Err(error) => error.to_string(),
    };
    page(
        &desk,
        &visitor,
        String::new(),
        StatusCode::UNPROCESSABLE_ENTITY,
        problem,
    )
    .await
}

/// Asks Salesforce about changes; what it said is then shown with each.
pub(super) async fn rehearse(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let wish = Rehearse {
        change_ids: fields
            .get("change_ids")
            .split(',')
            .filter(|id| !id.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    let problem = match changes::rehearse(&desk.owners, &visitor.asking, wish).await {
        Ok(rehearsed) => match rehearsed.refusals.into_iter().next() {
            None => return Ok(see(&visitor.path("queue"))),
            Some(refusal) => refusal.message,
        },
        Err(error) => error.to_string(),
    };
    page(
        &desk,
        &visitor,
        String::new(),
        StatusCode::UNPROCESSABLE_ENTITY,
        problem,
    )
    .await
}
