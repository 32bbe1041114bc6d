//! Who looks at a page, what every page shows around its content, and what they see when it cannot be shown.

use std::collections::HashMap;
use std::convert::Infallible;

use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use events::WorkspaceId;
use events::rpc::{Role, RpcError};
use subtle::ConstantTimeEq as _;

use super::{query_value, render};
use crate::ask::{Asking, setup};
use crate::domain::setup::{Step, steps};
use crate::http::headers::RequestId;
use crate::http::identity::{self, Principal};
use crate::http::{Desk, origin, problem};

/// Largest form, in bytes.
const FORM_BYTES_MAX: usize = 128 * 1024;
/// Largest form of somebody signed in, in bytes: it may hold a whole document, and no request may be larger.
const OWN_FORM_BYTES_MAX: usize = 1024 * 1024;

/// What surrounds a page's content.
#[derive(Debug, Clone, Default)]
pub(super) struct Chrome {
    /// Empty where there is none.
    pub(super) workspace: String,
    /// The tab shown; empty for none.
    pub(super) active: &'static str,
    /// Who is signed in; empty for nobody.
    pub(super) label: String,
    pub(super) role: &'static str,
    pub(super) form_token: String,
    /// Whether to show what configures or decides.
    pub(super) may_decide: bool,
    /// Whether to show users.
    pub(super) over_everything: bool,
    /// The way to live, on the pages that are its steps.
    pub(super) steps: Vec<Step>,
}

impl Chrome {
    /// Whether the page is one of the way to live.
    pub(super) fn is_setup(&self) -> bool {
        !self.steps.is_empty() || self.active == "integrations"
    }
}

/// Somebody signed in, anywhere.
pub(super) struct SignedIn {
    pub(super) principal: Principal,
    pub(super) request_id: String,
}

/// Somebody signed in, in the workspace of the path.
pub(super) struct Visitor {
    pub(super) principal: Principal,
    pub(super) asking: Asking,
}

impl SignedIn {
    pub(super) fn chrome(&self) -> Chrome {
        Chrome {
            label: self.principal.label.clone(),
            form_token: self.principal.form_token(),
            over_everything: self.principal.access.over_everything(),
            ..Chrome::default()
        }
    }
}

impl SignedIn {
    /// Refuses everybody but super-admins.
    pub(super) fn over_everything(&self) -> Result<(), Refusal> {
        if self.principal.access.over_everything() {
            return Ok(());
        }
        Err(Refusal::denied(
            self.chrome(),
            "This is not yours to do",
            "Users are managed by super-admins; ask one.",
        ))
    }
}

impl Visitor {
    pub(super) fn chrome(&self, active: &'static str) -> Chrome {
        Chrome {
            workspace: self.asking.workspace(),
            active,
            label: self.principal.label.clone(),
            role: self.asking.role().as_str(),
            form_token: self.principal.form_token(),
            may_decide: self.asking.role() >= Role::Admin,
            over_everything: self.principal.access.over_everything(),
            steps: Vec::new(),
        }
    }

    /// Around a page that is a step of the setup: `active` is the step's path.
    pub(super) async fn step(&self, desk: &Desk, active: &'static str) -> Chrome {
        let facts = setup::facts(&desk.owners, &self.asking).await;
        Chrome {
            // Without them the page is still itself.
            steps: facts.map_or_else(|_| Vec::new(), |facts| steps(&facts)),
            ..self.chrome(active)
        }
    }

    /// A page of this workspace.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/w/{}/{rest}", self.asking.workspace)
    }

    /// Refuses those below `least`. Owners refuse them again.
    pub(super) fn require(&self, least: Role) -> Result<(), Refusal> {
        self.asking
            .context
            .require(least)
            .map_err(|error| self.trouble(error))
    }

    /// The page that says why an owner did not answer.
    pub(super) fn trouble(&self, error: RpcError) -> Refusal {
        Refusal::page(self.chrome(""), &error)
    }
}

/// What is shown instead of a page.
pub(super) struct Refusal(Box<Response>);

#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble {
    chrome: Chrome,
    title: &'static str,
    detail: String,
}

impl Refusal {
    fn page(chrome: Chrome, error: &RpcError) -> Self {
        let (status, _) = problem::status(error.code);
        let title = match status {
            StatusCode::FORBIDDEN => "This is not yours to do",
            StatusCode::NOT_FOUND => "There is nothing here",
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                "A part of Ergo does not answer"
            }
            StatusCode::INTERNAL_SERVER_ERROR => "Something went wrong here",
            _ => "That did not work",
        };
        let detail = if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(%error, "a page failed");
            "The log of this installation knows more.".to_owned()
        } else {
            error.to_string()
        };
        Self::of(render(
            status,
            &Trouble {
                chrome,
                title,
                detail,
            },
        ))
    }

    fn denied(chrome: Chrome, title: &'static str, detail: &str) -> Self {
        let page = Trouble {
            chrome,
            title,
            detail: detail.to_owned(),
        };
        Self::of(render(StatusCode::FORBIDDEN, &page))
    }

    pub(super) fn of(response: Response) -> Self {
        Self(Box::new(response))
    }

    /// The store did not answer.
    pub(super) fn store(error: &sqlx::Error) -> Self {
        tracing::error!(%error, "the store did not answer");
        let page = Trouble {
            chrome: Chrome::default(),
            title: "A part of Ergo does not answer",
            detail: "The store does not answer. Try again shortly.".to_owned(),
        };
        Self::of(render(StatusCode::SERVICE_UNAVAILABLE, &page))
    }

    /// For somebody who is not signed in.
    pub(super) fn stranger(status: StatusCode, title: &'static str, detail: &str) -> Self {
        let page = Trouble {
            chrome: Chrome::default(),
            title,
            detail: detail.to_owned(),
        };
        Self::of(render(status, &page))
    }

    fn cross_site() -> Self {
        Self::denied(
            Chrome::default(),
            "This form was not sent from the console",
            "Nothing was changed. Open the page in the console and send the form again.",
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// Any path that is none of ours.
pub(super) async fn not_found() -> Response {
    let page = Trouble {
        chrome: Chrome::default(),
        title: "There is nothing here",
        detail: "The address is not one of the console's pages.".to_owned(),
    };
    render(StatusCode::NOT_FOUND, &page)
}

/// Where the browser is.
pub(super) struct ClientAddress(pub(super) String);

impl FromRequestParts<Desk> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Infallible> {
        Ok(Self(identity::address(desk, parts).to_string()))
    }
}

impl FromRequestParts<Desk> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Refusal> {
        let found = identity::of_session(desk, &parts.headers)
            .await
            .map_err(|error| Refusal::store(&error))?;
        let Some(principal) = found else {
            // After signing in, back to the page; a form is not sent again by itself.
            let next = if origin::changes(&parts.method) {
                "/"
            } else {
                parts.uri.path_and_query().map_or("/", |path| path.as_str())
            };
            let sign_in = format!("/sign-in?next={}", query_value(next));
            return Err(Refusal::of(Redirect::to(&sign_in).into_response()));
        };
        let request_id = parts
            .extensions
            .get::<RequestId>()
            .map(|id| id.0.clone())
            .unwrap_or_default();
        Ok(Self {
            principal,
            request_id,
        })
    }
}

impl FromRequestParts<Desk> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Refusal> {
        let signed_in = SignedIn::from_request_parts(parts, desk).await?;
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, desk).await;
        let workspace: Option<WorkspaceId> = path
            .ok()
            .and_then(|Path(path)| path.get("workspace")?.parse().ok());
        let role = workspace
            .as_ref()
            .and_then(|workspace| signed_in.principal.role_in(workspace));
        let (Some(workspace), Some(role)) = (workspace, role) else {
            return Err(Refusal::denied(
                signed_in.chrome(),
                "You are not a member of this workspace",
                "Ask its admin to invite you, or choose another one.",
            ));
        };
        let asking = Asking::new(
            workspace,
            &signed_in.principal.actor,
            role,
            &signed_in.request_id,
        );
        Ok(Self {
            principal: signed_in.principal,
            asking,
        })
    }
}

/// The fields of a form sent from one of our own pages.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// A field's value; empty when there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(found, _)| found == name)
            .map_or("", |(_, value)| value)
    }

    /// All fields, in the form's order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    async fn read(request: Request, bytes_max: usize) -> Result<Self, Refusal> {
        let bytes = axum::body::to_bytes(request.into_body(), bytes_max)
            .await
            .map_err(|_| Refusal::of(StatusCode::PAYLOAD_TOO_LARGE.into_response()))?;
        let pairs = url::form_urlencoded::parse(&bytes);
        Ok(Self(pairs.into_owned().collect()))
    }

    /// Whether the form is of this session.
    fn is_of(&self, principal: &Principal) -> bool {
        let expected = principal.form_token();
        let same = self.get("form_token").as_bytes().ct_eq(expected.as_bytes());
        principal.session.is_some() && bool::from(same)
    }
}

impl FromRequest<Desk> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Refusal> {
        own(request.headers(), desk)?;
        Self::read(request, FORM_BYTES_MAX).await
    }
}

fn own(headers: &HeaderMap, desk: &Desk) -> Result<(), Refusal> {
    if origin::is_own(headers, &desk.public_url.origin) {
        Ok(())
    } else {
        Err(Refusal::cross_site())
    }
}

/// A form sent by somebody signed in, about nothing of a workspace.
pub(super) struct SentByPerson {
    pub(super) signed_in: SignedIn,
    pub(super) fields: Fields,
}

impl FromRequest<Desk> for SentByPerson {
    type Rejection = Refusal;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Refusal> {
        // Before anything else: where the form comes from.
        own(request.headers(), desk)?;
        let (mut parts, body) = request.into_parts();
        let signed_in = SignedIn::from_request_parts(&mut parts, desk).await?;
        let fields = Fields::from_request(Request::from_parts(parts, body), desk).await?;
        if !fields.is_of(&signed_in.principal) {
            return Err(Refusal::cross_site());
        }
        Ok(Self { signed_in, fields })
    }
}

/// A form sent by a visitor from a page of their own session.
pub(super) struct Posted {
    pub(super) visitor: Visitor,
    pub(super) fields: Fields,
}

impl FromRequest<Desk> for Posted {
    type Rejection = Refusal;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Refusal> {
        // Before anything else: where the form comes from.
        own(request.headers(), desk)?;
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, desk).await?;
        let fields = Fields::read(Request::from_parts(parts, body), OWN_FORM_BYTES_MAX).await?;
        if !fields.is_of(&visitor.principal) {
            return Err(Refusal::cross_site());
        }
        Ok(Self { visitor, fields })
    }
}
