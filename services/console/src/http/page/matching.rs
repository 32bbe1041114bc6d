//! What matching knows of the org, and how domains are to be read.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::matching::v1 as proto;
use events::rpc::Role;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::org;
use crate::http::Desk;
use crate::wire::matching::{DomainRule, Projection};
use crate::wire::word;

#[derive(Template)]
#[template(path = "matching.html")]
struct Page {
    chrome: Chrome,
    projection: Projection,
    rules: Vec<DomainRule>,
}

impl Page {
    /// What a domain can be, in the words of the API.
    fn classes(&self) -> Vec<String> {
        word::words::<proto::DomainClass>().collect()
    }
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    let (chrome, projection, rules) = futures::join!(
        visitor.step(&desk, "matching"),
        org::projection(&desk.owners, &visitor.asking),
        org::domains(&desk.owners, &visitor.asking),
    );
    let page = Page {
        chrome,
        projection: projection.map_err(|error| visitor.trouble(error))?,
        rules: rules.map_err(|error| visitor.trouble(error))?,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Sets how one domain is read, or forgets it.
pub(super) async fn save(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let remove = fields.get("action") == "remove";
    let (domain, account_id) = (fields.get("domain"), fields.get("account_id"));
    let rule = if remove {
        proto::DomainRule {
            domain: domain.to_owned(),
            account_id: account_id.to_owned(),
            ..proto::DomainRule::default()
        }
    } else {
        let rule = DomainRule {
            domain: domain.trim().to_owned(),
            class: fields.get("class").to_owned(),
            account_id: account_id.trim().to_owned(),
        };
        rule.try_into().map_err(|error| visitor.trouble(error))?
    };
    org::set_domain(&desk.owners, &visitor.asking, rule, remove)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("matching")))
}
