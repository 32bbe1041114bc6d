//! What Salesforce refused, by cause, and trying it again.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::Role;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::review;
use crate::http::Desk;
use crate::wire::refusals::{RefusalGroup, Refusals, Release};
use crate::wire::word::Word as _;

/// Causes on the page.
const GROUPS: u32 = 50;

#[derive(Template)]
#[template(path = "refusals.html")]
struct Page {
    chrome: Chrome,
    refusals: Refusals,
    /// Why the last wish was not done; empty otherwise.
    problem: String,
}

impl RefusalGroup {
    /// The rule, the field or the object it is about.
    pub(super) fn heading(&self) -> String {
        if !self.rule.is_empty() {
            return format!("{}: validation rule {}", self.object, self.rule);
        }
        match (self.object.as_str(), self.fields.first()) {
            ("", _) => "The org".to_owned(),
            (object, Some(field)) => format!("{object}.{field}"),
            (object, None) => object.to_owned(),
        }
    }

    /// Where it is mended, in words.
    pub(super) fn scope_words(&self) -> String {
        format!("mended at the {}", self.scope.word())
    }
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    page(&desk, &visitor, StatusCode::OK, String::new()).await
}

async fn page(
    desk: &Desk,
    visitor: &Visitor,
    status: StatusCode,
    problem: String,
) -> Result<Response, Refusal> {
    let refusals = review::refusals(&desk.owners, &visitor.asking, GROUPS)
        .await
        .map_err(|error| visitor.trouble(error))?;
    let page = Page {
        chrome: visitor.chrome("queue"),
        refusals,
        problem,
    };
    Ok(render(status, &page))
}

pub(super) async fn release(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let wish = Release {
        cause: fields.get("cause").to_owned(),
        reason: fields.get("reason").to_owned(),
        changes_max: 0,
    };
    match review::release(&desk.owners, &visitor.asking, wish).await {
        Ok(_) => Ok(see(&visitor.path("refusals"))),
        Err(error) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&desk, &visitor, status, error.to_string()).await
        }
    }
}
