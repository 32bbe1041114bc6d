//! The field mapping, to read.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::render;
use super::visitor::{Chrome, Refusal, Visitor};
use crate::ask::mapping;
use crate::http::Desk;
use crate::wire::mapping::Mapping;

#[derive(Template)]
#[template(path = "mapping.html")]
struct Page {
    chrome: Chrome,
    published: Option<Mapping>,
    draft: Option<Mapping>,
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    let (chrome, mappings) = futures::join!(
        visitor.step(&desk, "mapping"),
        mapping::get(&desk.owners, &visitor.asking),
    );
    let mappings = mappings.map_err(|error| visitor.trouble(error))?;
    let page = Page {
        chrome,
        published: mappings.published,
        draft: mappings.draft,
    };
    Ok(render(StatusCode::OK, &page))
}
