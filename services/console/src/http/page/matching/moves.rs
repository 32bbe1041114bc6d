//! Better matches that appeared for matched meetings: a person takes or declines each.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::Role;

use crate::ask::matching;
use crate::http::Desk;
use crate::http::page::visitor::{Chrome, Posted, Refusal, Visitor};
use crate::http::page::{path_segment, render, see};
use crate::wire::rule::MoveProposal;

/// Proposals shown; the others follow when these are settled.
const PROPOSALS: usize = 20;
/// Changes shown of one.
const CHANGES: usize = 8;

#[derive(Template)]
#[template(path = "moves.html")]
struct Page {
    chrome: Chrome,
    proposals: Vec<MoveProposal>,
    total: usize,
}

impl MoveProposal {
    /// The meeting's id in a path.
    fn segment(&self) -> String {
        path_segment(&self.meeting_id)
    }
}

pub(in crate::http::page) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
) -> Result<Response, Refusal> {
    let (chrome, proposals) = futures::join!(
        visitor.step(&desk, "matching"),
        matching::moves(&desk.owners, &visitor.asking),
    );
    let mut proposals = proposals.map_err(|error| visitor.trouble(error))?;
    let total = proposals.len();
    proposals.truncate(PROPOSALS);
    for proposal in &mut proposals {
        proposal.changes.truncate(CHANGES);
    }
    let page = Page {
        chrome,
        proposals,
        total,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Takes or declines one.
pub(in crate::http::page) async fn settle(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let accept = fields.get("action") == "accept";
    let meeting = fields.get("meeting_id").to_owned();
    matching::settle_move(&desk.owners, &visitor.asking, meeting, accept)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("matching/moves")))
}
