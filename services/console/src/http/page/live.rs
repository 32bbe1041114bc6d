//! Going live, and stopping.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::Role;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::settings;
use crate::domain::setup::Step;
use crate::http::Desk;
use crate::wire::settings::Status;

#[derive(Template)]
#[template(path = "live.html")]
struct Page {
    chrome: Chrome,
    status: Status,
}

impl Page {
    /// What stands in the way.
    fn missing(&self) -> Vec<&Step> {
        let missing = |step: &&Step| step.path != "live" && step.is_missing();
        self.chrome.steps.iter().filter(missing).collect()
    }
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    let (chrome, status) = futures::join!(
        visitor.step(&desk, "live"),
        settings::status(&desk.owners, &visitor.asking),
    );
    let page = Page {
        chrome,
        status: status.map_err(|error| visitor.trouble(error))?,
    };
    Ok(render(StatusCode::OK, &page))
}

pub(super) async fn set(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    settings::set_live(&desk.owners, &visitor.asking, fields.get("live") == "on")
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("live")))
}
