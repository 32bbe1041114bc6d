//! The connection: how it is, connecting, disconnecting.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::Role;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::access;
use crate::ask::connection::{self, Connect, ConnectJwt};
use crate::http::Desk;
use crate::wire::access::{Access, Missed, Release};
use crate::wire::connection::{Connection, Past};

#[derive(Template)]
#[template(path = "connection.html")]
struct Page {
    chrome: Chrome,
    connection: Connection,
    /// Absent when metadata-sync does not answer: the connection itself is shown all the same.
    access: Option<Access>,
    missed: Option<Missed>,
    history: Vec<Past>,
    may_review: bool,
}

/// Steps of history shown.
const STEPS: u32 = 10;

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    let (chrome, connection, access, missed, history) = futures::join!(
        visitor.step(&desk, "connection"),
        connection::get(&desk.owners, &visitor.asking),
        access::review(&desk.owners, &visitor.asking),
        access::missed(&desk.owners, &visitor.asking),
        connection::history(&desk.owners, &visitor.asking, STEPS),
    );
    let page = Page {
        chrome,
        connection: connection.map_err(|error| visitor.trouble(error))?,
        access: access.ok(),
        missed: missed.ok(),
        history: history.unwrap_or_default(),
        may_review: visitor.asking.role() >= Role::Operator,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Leads on to Salesforce by a page instead of a redirect: a form's redirects must stay on our own host, or the page's
/// own protection would have to allow forms to go anywhere.
#[derive(Template)]
#[template(path = "leaving.html")]
struct Leaving {
    chrome: Chrome,
    connect_url: String,
}

pub(super) async fn connect(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let wish = Connect {
        environment: fields.get("environment").to_owned(),
        my_domain: fields.get("my_domain").to_owned(),
        different_user: fields.get("different_user") == "on",
        start_over: fields.get("start_over") == "on",
        ..Connect::default()
    };
    let link = connection::connect(&desk.owners, &visitor.asking, wish)
        .await
        .map_err(|error| visitor.trouble(error))?;
    // It becomes a link and a refresh, so nothing but the web may be in it.
    let url = url::Url::parse(&link.connect_url)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http"));
    let Some(url) = url else {
        tracing::error!("auth answered a connect link that is no web address");
        return Ok(see(&visitor.path("connection")));
    };
    let page = Leaving {
        chrome: visitor.chrome("connection"),
        connect_url: url.into(),
    };
    Ok(render(StatusCode::OK, &page))
}

pub(super) async fn connect_jwt(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let wish = ConnectJwt {
        environment: fields.get("environment").to_owned(),
        my_domain: fields.get("my_domain").to_owned(),
        consumer_key: fields.get("consumer_key").to_owned(),
        username: fields.get("username").to_owned(),
        private_key: fields.get("private_key").to_owned(),
        start_over: false,
    };
    connection::connect_jwt(&desk.owners, &visitor.asking, wish)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("connection")))
}

pub(super) async fn disconnect(
    State(desk): State<Desk>,
    Posted { visitor, .. }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    connection::disconnect(&desk.owners, &visitor.asking)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("connection")))
}

pub(super) async fn review(
    State(desk): State<Desk>,
    Posted { visitor, .. }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Operator)?;
    access::start(&desk.owners, &visitor.asking)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("connection")))
}

pub(super) async fn release(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Operator)?;
    let meeting = fields.get("meeting_id");
    let wish = Release {
        gap_id: fields.get("gap_id").to_owned(),
        meeting_ids: match meeting {
            "" => Vec::new(),
            meeting => vec![meeting.to_owned()],
        },
    };
    access::release(&desk.owners, &visitor.asking, wish)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("connection")))
}
