//! Held changes by kind, and decisions about one kind together.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, SecondsFormat, Utc};
use events::rpc::{Role, RpcError};

use super::queue::narrowed;
use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::review;
use crate::http::Desk;
use crate::wire::review::{AlikeChanges, DecideAlike, DecidedAlike, Filter};
use crate::wire::word::Word as _;

#[derive(Template)]
#[template(path = "alike.html")]
struct Page {
    chrome: Chrome,
    seen: DecidedAlike,
    /// What they are narrowed by, for links.
    narrowed: String,
    /// When they were counted: a decision means what was seen.
    seen_at: String,
    problem: String,
}

impl AlikeChanges {
    /// The field, or what is created.
    pub(super) fn heading(&self) -> String {
        if self.field.is_empty() {
            self.action.word().replace('_', " ")
        } else {
            format!("{}.{}", self.object, self.field)
        }
    }
}

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    Query(filter): Query<Filter>,
) -> Result<Response, Refusal> {
    page(&desk, &visitor, filter, StatusCode::OK, String::new()).await
}

async fn page(
    desk: &Desk,
    visitor: &Visitor,
    filter: Filter,
    status: StatusCode,
    problem: String,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let narrowed = narrowed(&filter);
    let preview = DecideAlike {
        filter,
        decision: "approve".to_owned(),
        reason: String::new(),
        changes_max: 0,
        seen_at: None,
    };
    let seen = review::decide_alike(&desk.owners, &visitor.asking, preview)
        .await
        .map_err(|error| visitor.trouble(error))?;
    let seen_at = seen.seen_at.map_or_else(String::new, |at| {
        at.to_rfc3339_opts(SecondsFormat::Nanos, true)
    });
    let page = Page {
        chrome: visitor.chrome("queue"),
        seen,
        narrowed,
        seen_at,
        problem,
    };
    Ok(render(status, &page))
}

/// Decides about one kind, as it was seen.
pub(super) async fn decide(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let filter = Filter {
        alike: fields.get("alike").to_owned(),
        ..Filter::default()
    };
    let decided = async {
        let seen_at = DateTime::parse_from_rfc3339(fields.get("seen_at"))
            .map_err(|_| RpcError::invalid("seen_at", "is missing; look at the page again"))?;
        let wish = DecideAlike {
            filter: filter.clone(),
            decision: fields.get("decision").to_owned(),
            reason: fields.get("reason").to_owned(),
            changes_max: 0,
            seen_at: Some(seen_at.with_timezone(&Utc)),
        };
        review::decide_alike(&desk.owners, &visitor.asking, wish).await
    };
    let problem = match decided.await {
        Ok(done) => match done.refusals.into_iter().next() {
            None => return Ok(see(&visitor.path("queue/alike"))),
            Some(refusal) => refusal.message,
        },
        Err(error) => error.to_string(),
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    page(&desk, &visitor, Filter::default(), status, problem).await
}
