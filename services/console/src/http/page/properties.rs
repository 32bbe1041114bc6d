//! What changed in the org since it was mapped: before, after, what it hits, and what a person decides.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::{Code, Role, RpcError};

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::org;
use crate::http::Desk;
use crate::wire::drift::{DriftItem, Resolve};

/// Differences on the page.
const ITEMS: u32 = 50;

#[derive(Template)]
#[template(path = "properties.html")]
struct Page {
    chrome: Chrome,
    items: Vec<DriftItem>,
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    let (chrome, items) = futures::join!(
        visitor.step(&desk, "properties"),
        org::drift(&desk.owners, &visitor.asking, false, ITEMS),
    );
    let page = Page {
        chrome,
        items: items.map_err(|error| visitor.trouble(error))?,
    };
    Ok(render(StatusCode::OK, &page))
}

pub(super) async fn resolve(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let wish = Resolve {
        status: fields.get("status").to_owned(),
        reason: fields.get("reason").to_owned(),
    };
    let id = fields.get("id").to_owned();
    if fields.get("action") == "repair" {
        let repaired = org::repair_drift(&desk.owners, &visitor.asking, id)
            .await
            .map_err(|error| visitor.trouble(error))?;
        if let Err(problems) = repaired {
            let said: Vec<&str> = problems.iter().map(|one| one.message.as_str()).collect();
            let error = RpcError::new(Code::FailedPrecondition, said.join("; "));
            return Err(visitor.trouble(error));
        }
        return Ok(see(&visitor.path("properties")));
    }
    org::resolve_drift(&desk.owners, &visitor.asking, id, wish)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("properties")))
}
