//! How the workspace is doing: live or not, verified or not, what waits, the API budget, the latest syncs.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::Role;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::{org, settings};
use crate::http::Desk;
use crate::wire::settings::{Status, Verification};
use crate::wire::sync::{StartSync, SyncRun};

/// Sync runs shown.
const RUNS: u32 = 5;

#[derive(Template)]
#[template(path = "status.html")]
struct Page {
    chrome: Chrome,
    status: Status,
    verification: Option<Verification>,
    runs: Vec<SyncRun>,
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    let (status, verification, runs) = futures::join!(
        settings::status(&desk.owners, &visitor.asking),
        settings::verification(&desk.owners, &visitor.asking),
        org::sync_runs(&desk.owners, &visitor.asking, RUNS),
    );
    let page = Page {
        chrome: visitor.chrome("status"),
        status: status.map_err(|error| visitor.trouble(error))?,
        verification: verification.map_err(|error| visitor.trouble(error))?,
        runs: runs.map_err(|error| visitor.trouble(error))?,
    };
    Ok(render(StatusCode::OK, &page))
}

pub(super) async fn sync(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let start = StartSync {
        kind: fields.get("kind").to_owned(),
    };
    org::start_sync(&desk.owners, &visitor.asking, &start)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("status")))
}
