//! Messages that were set aside: to replay or to forget.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::{Role, RpcError};
use serde::Deserialize;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::quarantine;
use crate::http::Desk;
use crate::wire::Page as WirePage;
use crate::wire::quarantine::QuarantineItem;

/// Items on a page.
const PAGE_SIZE: usize = 25;

#[derive(Template)]
#[template(path = "quarantine.html")]
struct Page {
    chrome: Chrome,
    items: WirePage<QuarantineItem>,
}

#[derive(Deserialize)]
pub(super) struct Paging {
    #[serde(default)]
    page_token: u64,
}

pub(super) async fn list(
    State(desk): State<Desk>,
    visitor: Visitor,
    Query(paging): Query<Paging>,
) -> Result<Response, Refusal> {
    let items = quarantine::list(
        &desk.quarantine,
        &visitor.asking,
        None,
        paging.page_token,
        PAGE_SIZE,
    )
    .await
    .map_err(|error| visitor.trouble(error))?;
    let page = Page {
        chrome: visitor.chrome("quarantine"),
        items,
    };
    Ok(render(StatusCode::OK, &page))
}

pub(super) async fn act(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let sequence = fields
        .get("sequence")
        .parse()
        .map_err(|_| visitor.trouble(RpcError::invalid("sequence", "is not a number")))?;
    let done = match fields.get("action") {
        "replay" => quarantine::replay(&desk.quarantine, &visitor.asking, sequence)
            .await
            .map(|_| ()),
        "forget" => quarantine::forget(&desk.quarantine, &visitor.asking, sequence).await,
        _ => Err(RpcError::invalid("action", "is not replay or forget")),
    };
    done.map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("quarantine")))
}
