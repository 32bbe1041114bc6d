//! API tokens of the person signed in.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Utc;

use super::visitor::{Chrome, Refusal, SentByPerson, SignedIn};
use super::{render, see};
use crate::app::tokens::{self, Wish};
use crate::http::Desk;
use crate::store::api_token::{self, Listed};

#[derive(Template)]
#[template(path = "tokens.html")]
struct Page {
    chrome: Chrome,
    tokens: Vec<Listed>,
    /// The text of the token just made; empty otherwise. Shown this once.
    made: String,
    problem: String,
}

async fn page(
    desk: &Desk,
    signed_in: &SignedIn,
    status: StatusCode,
    made: String,
    problem: String,
) -> Result<Response, Refusal> {
    let tokens = match signed_in.principal.user_id {
        Some(user_id) => api_token::list(&desk.scope, user_id)
            .await
            .map_err(|error| Refusal::store(&error))?,
        None => Vec::new(),
    };
    let page = Page {
        chrome: Chrome {
            active: "tokens",
            ..signed_in.chrome()
        },
        tokens,
        made,
        problem,
    };
    Ok(render(status, &page))
}

pub(super) async fn show(
    State(desk): State<Desk>,
    signed_in: SignedIn,
) -> Result<Response, Refusal> {
    page(
        &desk,
        &signed_in,
        StatusCode::OK,
        String::new(),
        String::new(),
    )
    .await
}

pub(super) async fn make(
    State(desk): State<Desk>,
    SentByPerson { signed_in, fields }: SentByPerson,
) -> Result<Response, Refusal> {
    let Some(user_id) = signed_in.principal.user_id else {
        return Ok(see("/tokens"));
    };
    let wish = Wish {
        name: fields.get("name").to_owned(),
        role: fields.get("role").to_owned(),
        workspace: Some(fields.get("workspace").to_owned()).filter(|text| !text.is_empty()),
        days: fields.get("days").parse().ok(),
    };
    let made = tokens::make(&desk.scope, user_id, &wish, Utc::now())
        .await
        .map_err(|error| Refusal::store(&error))?;
    match made {
        Ok(made) => {
            page(
                &desk,
                &signed_in,
                StatusCode::CREATED,
                made.text,
                String::new(),
            )
            .await
        }
        Err(wrong) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(&desk, &signed_in, status, String::new(), wrong.to_string()).await
        }
    }
}

pub(super) async fn revoke(
    State(desk): State<Desk>,
    SentByPerson { signed_in, fields }: SentByPerson,
) -> Result<Response, Refusal> {
    if let Some(user_id) = signed_in.principal.user_id {
        tokens::revoke(&desk.scope, user_id, fields.get("id"))
            .await
            .map_err(|error| Refusal::store(&error))?;
    }
    Ok(see("/tokens"))
}
