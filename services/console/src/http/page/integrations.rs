//! Where a workspace begins: its sources as cards, and the way to live.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::render;
use super::visitor::{Chrome, Refusal, Visitor};
use crate::ask::{access, connection, settings};
use crate::domain::setup::Step;
use crate::http::Desk;
use crate::wire::access::Review;
use crate::wire::connection::Connection;
use crate::wire::settings::Status;

#[derive(Template)]
#[template(path = "integrations.html")]
struct Page {
    chrome: Chrome,
    connection: Connection,
    /// Absent when writeback does not answer.
    status: Option<Status>,
    review: Option<Review>,
}

impl Page {
    /// What is to be done now; `None` when everything is.
    fn next(&self) -> Option<&Step> {
        self.chrome.steps.iter().find(|step| step.is_next())
    }

    /// Steps done.
    fn done(&self) -> usize {
        self.chrome
            .steps
            .iter()
            .filter(|step| step.is_done())
            .count()
    }
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    let (chrome, connection, status, access) = futures::join!(
        visitor.step(&desk, "integrations"),
        connection::get(&desk.owners, &visitor.asking),
        settings::status(&desk.owners, &visitor.asking),
        access::review(&desk.owners, &visitor.asking),
    );
    let page = Page {
        chrome,
        connection: connection.map_err(|error| visitor.trouble(error))?,
        status: status.ok(),
        review: access.ok().and_then(|access| access.review),
    };
    Ok(render(StatusCode::OK, &page))
}
