//! Users and what they may do in each workspace: for super-admins.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Utc;
use events::WorkspaceId;
use uuid::Uuid;

use super::visitor::{Chrome, Refusal, SentByPerson, SignedIn};
use super::{render, see};
use crate::app::people::{self, Wish};
use crate::http::Desk;
use crate::store::user::{self, User};

#[derive(Template)]
#[template(path = "people.html")]
struct Page {
    chrome: Chrome,
    users: Vec<User>,
    /// The one-time link just made; empty otherwise. Shown this once.
    link: String,
    invited: String,
    problem: String,
    workspace: String,
}

pub(super) async fn show(
    State(desk): State<Desk>,
    signed_in: SignedIn,
) -> Result<Response, Refusal> {
    signed_in.over_everything()?;
    page(&desk, &signed_in, StatusCode::OK, Shown::default()).await
}

/// What the page shows besides the list.
#[derive(Default)]
struct Shown {
    link: String,
    invited: String,
    problem: String,
}

async fn page(
    desk: &Desk,
    signed_in: &SignedIn,
    status: StatusCode,
    shown: Shown,
) -> Result<Response, Refusal> {
    let users = user::list(&desk.scope, "", user::LIST_ROWS_MAX)
        .await
        .map_err(|error| Refusal::store(&error))?;
    // Most installations have one workspace: it is offered.
    let workspace = users
        .iter()
        .flat_map(|user| user.memberships.keys())
        .next()
        .map(|workspace| workspace.as_str().to_owned())
        .unwrap_or_default();
    let page = Page {
        chrome: Chrome {
            active: "people",
            ..signed_in.chrome()
        },
        users,
        link: shown.link,
        invited: shown.invited,
        problem: shown.problem,
        workspace,
    };
    Ok(render(status, &page))
}

pub(super) async fn invite(
    State(desk): State<Desk>,
    SentByPerson { signed_in, fields }: SentByPerson,
) -> Result<Response, Refusal> {
    signed_in.over_everything()?;
    let wish = Wish {
        email: fields.get("email").to_owned(),
        name: fields.get("name").to_owned(),
        workspace: fields.get("workspace").to_owned(),
        role: fields.get("role").to_owned(),
    };
    let made = people::invite(&desk.scope, &wish, &signed_in.principal.actor, Utc::now()).await;
    match made.map_err(|error| Refusal::store(&error))? {
        Ok((_, secret)) => {
            let shown = Shown {
                link: format!("{}/welcome/{secret}", desk.public_url.origin),
                invited: wish.email,
                ..Shown::default()
            };
            page(&desk, &signed_in, StatusCode::CREATED, shown).await
        }
        Err(problem) => {
            let shown = Shown {
                problem: problem.to_string(),
                ..Shown::default()
            };
            page(&desk, &signed_in, StatusCode::UNPROCESSABLE_ENTITY, shown).await
        }
    }
}

/// Disables or enables a user, or ends a membership.
pub(super) async fn change(
    State(desk): State<Desk>,
    SentByPerson { signed_in, fields }: SentByPerson,
) -> Result<Response, Refusal> {
    signed_in.over_everything()?;
    let Ok(id) = fields.get("user_id").parse::<Uuid>() else {
        return Ok(see("/people"));
    };
    let actor = &signed_in.principal.actor;
    let store = |error: sqlx::Error| Refusal::store(&error);
    match fields.get("action") {
        // Nobody locks themselves out.
        "disable" if signed_in.principal.user_id != Some(id) => {
            people::set_disabled(&desk.scope, id, true, actor)
                .await
                .map_err(store)?;
        }
        "enable" => {
            people::set_disabled(&desk.scope, id, false, actor)
                .await
                .map_err(store)?;
        }
        "leave" => {
            if let Ok(workspace) = fields.get("workspace").parse::<WorkspaceId>() {
                people::leave(&desk.scope, id, &workspace, actor)
                    .await
                    .map_err(store)?;
            }
        }
        _ => {}
    }
    Ok(see("/people"))
}
