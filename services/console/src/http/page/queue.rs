//! The review queue: held changes, to approve or to dismiss.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::Role;
use serde::Deserialize;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::changes::{self, Changes, Wanted};
use crate::http::Desk;
use crate::wire::change::{Decide, DecideOne, Rehearse};
use crate::wire::review::Filter;

/// Changes on a page: with the longest texts in the widest script it stays below 200 KB.
const PAGE_SIZE: u32 = 10;

#[derive(Template)]
#[template(path = "queue.html")]
struct Page {
    chrome: Chrome,
    queue: Changes,
    /// What the queue is narrowed by.
    narrow: Filter,
    /// The same, for links.
    narrowed: String,
    /// What became of the last decision, when it was not taken; empty otherwise.
    problem: String,
}

impl Page {
    /// Facets of risk to choose from, with their words.
    fn risks(&self) -> [(&'static str, &'static str); 6] {
        RISKS
    }

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

/// Facets of risk to choose from, with their words.
const RISKS: [(&str, &str); 6] = [
    ("overwrite", "overwrites"),
    ("stage", "moves a stage"),
    ("amount", "writes money"),
    ("ambiguity", "ambiguous"),
    ("predicted_block", "predicted block"),
    ("unsure", "not sure"),
];

/// A filter as the query of a link; empty when it narrows nothing.
pub(super) fn narrowed(filter: &Filter) -> String {
    let low_risk = if filter.low_risk { "true" } else { "" };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, text) in [
        ("object", filter.object.as_str()),
        ("field", &filter.field),
        ("gate", &filter.gate),
        ("code", &filter.code),
        ("record_id", &filter.record_id),
        ("meeting_id", &filter.meeting_id),
        ("owner_id", &filter.owner_id),
        ("risk", &filter.risk),
        ("low_risk", low_risk),
        ("text", &filter.text),
        ("alike", &filter.alike),
        ("backfill_id", &filter.backfill_id),
        ("slice", &filter.slice),
    ] {
        if !text.is_empty() {
            query.append_pair(name, text);
        }
    }
    query.finish()
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
    Query(filter): Query<Filter>,
) -> Result<Response, Refusal> {
    let place = Place {
        filter,
        page_token: paging.page_token,
    };
    page(&desk, &visitor, place, StatusCode::OK, String::new()).await
}

/// Where in the queue somebody looks.
#[derive(Default)]
struct Place {
    filter: Filter,
    page_token: String,
}

async fn page(
    desk: &Desk,
    visitor: &Visitor,
    place: Place,
    status: StatusCode,
    problem: String,
) -> Result<Response, Refusal> {
    let wanted = Wanted {
        state: "held".to_owned(),
        by_risk: true,
        filter: place.filter.clone(),
        page_size: PAGE_SIZE,
        page_token: place.page_token,
    };
    let queue = changes::list(&desk.owners, &visitor.asking, wanted)
        .await
        .map_err(|error| visitor.trouble(error))?;
    let page = Page {
        chrome: visitor.chrome("queue"),
        queue,
        narrowed: narrowed(&place.filter),
        narrow: place.filter,
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
        Place::default(),
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
        Place::default(),
        StatusCode::UNPROCESSABLE_ENTITY,
        problem,
    )
    .await
}
