//! Following a one-time link: choosing a password.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Utc;
use secrecy::SecretString;

use super::render;
use super::sign_in::signed_in;
use super::visitor::{Chrome, Fields, Refusal};
use crate::app::{invite, sign_in};
use crate::domain::{account, secret};
use crate::http::Desk;
use crate::store::invitation::{self, Invitation};

/// Longest link looked up, in characters; ours have 43.
const LINK_CHARACTERS_MAX: usize = 64;

#[derive(Template)]
#[template(path = "welcome.html")]
struct Page {
    chrome: Chrome,
    /// Whether the link works.
    works: bool,
    /// Whose it is; `None` for the first super-admin, who says it themselves.
    email: Option<String>,
    problem: String,
    password_characters_min: usize,
}

fn page(status: StatusCode, invitation: Option<Invitation>, problem: String) -> Response {
    let page = Page {
        chrome: Chrome::default(),
        works: invitation.is_some(),
        email: invitation.and_then(|invitation| invitation.email),
        problem,
        password_characters_min: account::PASSWORD_CHARACTERS_MIN,
    };
    render(status, &page)
}

async fn find(desk: &Desk, link: &str) -> Result<Option<Invitation>, Refusal> {
    if link.len() > LINK_CHARACTERS_MAX {
        return Ok(None);
    }
    invitation::find(&desk.scope, &secret::digest(link), Utc::now())
        .await
        .map_err(|error| Refusal::store(&error))
}

/// Looking at a link does not use it up: previews of chat programs look too.
pub(super) async fn show(
    State(desk): State<Desk>,
    Path(link): Path<String>,
) -> Result<Response, Refusal> {
    Ok(match find(&desk, &link).await? {
        Some(invitation) => page(StatusCode::OK, Some(invitation), String::new()),
        None => page(StatusCode::NOT_FOUND, None, String::new()),
    })
}

pub(super) async fn accept(
    State(desk): State<Desk>,
    Path(link): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let Some(invitation) = find(&desk, &link).await? else {
        return Ok(page(StatusCode::NOT_FOUND, None, String::new()));
    };
    let password = fields.get("password");
    let email = match &invitation.email {
        Some(email) => Ok(email.clone()),
        None => account::email(fields.get("email")),
    };
    let problem = match (&email, account::password(password)) {
        (Err(problem), _) => Some(format!("The address {problem}.")),
        (Ok(_), Err(problem)) => Some(format!("The password {problem}.")),
        (Ok(_), Ok(())) if password != fields.get("again") => {
            Some("The two passwords differ. Type the same one twice.".to_owned())
        }
        (Ok(_), Ok(())) => None,
    };
    let (Ok(email), None) = (email, &problem) else {
        let problem = problem.unwrap_or_default();
        return Ok(page(
            StatusCode::UNPROCESSABLE_ENTITY,
            Some(invitation),
            problem,
        ));
    };
    let password = SecretString::from(password.to_owned());
    let accepted = invite::accept(
        &desk.scope,
        &desk.passwords,
        &link,
        &invitation,
        &email,
        password,
    )
    .await
    .map_err(|error| Refusal::store(&error))?;
    let Some(user_id) = accepted else {
        return Ok(page(StatusCode::NOT_FOUND, None, String::new()));
    };
    let secret = sign_in::open(&desk.scope, user_id, Utc::now())
        .await
        .map_err(|error| Refusal::store(&error))?;
    Ok(signed_in(&desk, &secret, "/"))
}
