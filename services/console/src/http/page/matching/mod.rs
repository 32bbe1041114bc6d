//! What matching knows of the org, and what an admin tells it: domains, phrases, settings; and the moves it proposes.
//!
//! What a rule would change can be looked at before it is saved: nothing changes by looking.

pub(super) mod moves;
pub(super) mod phrases;
pub(super) mod settings;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::matching::v1 as proto;
use events::rpc::{Role, RpcError};

use super::visitor::{Chrome, Fields, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::{matching, org};
use crate::http::Desk;
use crate::wire::matching::{DomainRule, Projection};
use crate::wire::rule::Preview;
use crate::wire::word;

/// Flips shown of a preview.
const FLIPS: usize = 20;

/// What a rule would change, as shown.
pub(super) struct Foreseen {
    /// What was looked at, in words.
    what: String,
    preview: Preview,
    /// All of them; the first are shown.
    flips: usize,
}

impl Foreseen {
    fn new(what: String, mut preview: Preview) -> Self {
        let flips = preview.flips.len();
        preview.flips.truncate(FLIPS);
        Self {
            what,
            preview,
            flips,
        }
    }
}

#[derive(Template)]
#[template(path = "matching.html")]
struct Page {
    chrome: Chrome,
    projection: Projection,
    rules: Vec<DomainRule>,
    /// The rule looked at, to be saved with one press.
    wish: DomainRule,
    foreseen: Option<Foreseen>,
}

impl Page {
    /// What a domain can be, in the words of the API.
    fn classes(&self) -> Vec<String> {
        word::words::<proto::DomainClass>().collect()
    }
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    let nothing = DomainRule {
        domain: String::new(),
        class: String::new(),
        account_id: String::new(),
    };
    page(&desk, &visitor, nothing, None).await
}

async fn page(
    desk: &Desk,
    visitor: &Visitor,
    wish: DomainRule,
    foreseen: Option<Foreseen>,
) -> Result<Response, Refusal> {
    let (chrome, projection, rules) = futures::join!(
        visitor.step(desk, "matching"),
        org::projection(&desk.owners, &visitor.asking),
        org::domains(&desk.owners, &visitor.asking),
    );
    let page = Page {
        chrome,
        projection: projection.map_err(|error| visitor.trouble(error))?,
        rules: rules.map_err(|error| visitor.trouble(error))?,
        wish,
        foreseen,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Sets how one domain is read, forgets it, or looks at what either would change.
pub(super) async fn save(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let remove = matches!(fields.get("action"), "remove" | "preview_remove");
    let wish = DomainRule {
        domain: fields.get("domain").trim().to_owned(),
        class: fields.get("class").to_owned(),
        account_id: fields.get("account_id").trim().to_owned(),
    };
    let rule = rule(&fields, remove).map_err(|error| visitor.trouble(error))?;
    if fields.get("action").starts_with("preview") {
        let preview = matching::preview_domain(&desk.owners, &visitor.asking, rule, remove)
            .await
            .map_err(|error| visitor.trouble(error))?;
        let what = if remove {
            format!("Without the rule for {}", wish.domain)
        } else {
            format!(
                "With {} read as {}",
                wish.domain,
                wish.class.replace('_', " ")
            )
        };
        let foreseen = Foreseen::new(what, preview);
        return page(&desk, &visitor, wish, Some(foreseen)).await;
    }
    org::set_domain(&desk.owners, &visitor.asking, rule, remove)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("matching")))
}

/// The rule a form names; one that is removed needs no class.
fn rule(fields: &Fields, remove: bool) -> Result<proto::DomainRule, RpcError> {
    let (domain, account_id) = (fields.get("domain"), fields.get("account_id"));
    if remove {
        return Ok(proto::DomainRule {
            domain: domain.to_owned(),
            account_id: account_id.to_owned(),
            ..proto::DomainRule::default()
        });
    }
    let rule = DomainRule {
        domain: domain.trim().to_owned(),
        class: fields.get("class").to_owned(),
        account_id: account_id.trim().to_owned(),
    };
    rule.try_into()
}
