//! Aliases of accounts and phrases in titles: words that mean an account or a deal.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::matching::v1 as proto;
use events::rpc::Role;

use super::Foreseen;
use crate::ask::matching;
use crate::http::Desk;
use crate::http::page::visitor::{Chrome, Posted, Refusal, Visitor};
use crate::http::page::{render, see};
use crate::wire::rule::TitlePhrase;

#[derive(Template)]
#[template(path = "phrases.html")]
struct Page {
    chrome: Chrome,
    phrases: Vec<TitlePhrase>,
    /// The phrase looked at, to be saved with one press.
    wish: TitlePhrase,
    foreseen: Option<Foreseen>,
}

pub(in crate::http::page) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
) -> Result<Response, Refusal> {
    page(&desk, &visitor, proto::TitlePhrase::default().into(), None).await
}

async fn page(
    desk: &Desk,
    visitor: &Visitor,
    wish: TitlePhrase,
    foreseen: Option<Foreseen>,
) -> Result<Response, Refusal> {
    let (chrome, phrases) = futures::join!(
        visitor.step(desk, "matching"),
        matching::phrases(&desk.owners, &visitor.asking),
    );
    let page = Page {
        chrome,
        phrases: phrases.map_err(|error| visitor.trouble(error))?,
        wish,
        foreseen,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Sets what one phrase means, forgets it, or looks at what either would change.
pub(in crate::http::page) async fn save(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let action = fields.get("action");
    let remove = matches!(action, "remove" | "preview_remove");
    let phrase = proto::TitlePhrase {
        phrase: fields.get("phrase").trim().to_owned(),
        account_id: fields.get("account_id").trim().to_owned(),
        opportunity_id: fields.get("opportunity_id").trim().to_owned(),
    };
    if action.starts_with("preview") {
        let preview =
            matching::preview_phrase(&desk.owners, &visitor.asking, phrase.clone(), remove)
                .await
                .map_err(|error| visitor.trouble(error))?;
        let with = if remove { "Without" } else { "With" };
        let what = format!("{with} the phrase \u{201c}{}\u{201d}", phrase.phrase);
        let foreseen = Foreseen::new(what, preview);
        return page(&desk, &visitor, phrase.into(), Some(foreseen)).await;
    }
    matching::set_phrase(&desk.owners, &visitor.asking, phrase, remove)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("matching/phrases")))
}
