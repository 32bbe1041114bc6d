//! What browsers and programs ask of console.
//!
//! | under | who | answers |
//! |---|---|---|
//! | `/api/v1` | programs with a bearer token, or a signed-in browser | JSON, errors as problem+json |
//! | `/assets` | anybody | the stylesheet |
//! | everything else | a signed-in browser | pages without script |

mod api;
mod cookie;
mod headers;
mod identity;
mod origin;
mod page;
mod problem;

use axum::http::HeaderName;
use axum::{Router, middleware};
use chassis::Scope;
use chassis::bus::Quarantine;

use crate::app::password::Passwords;
use crate::config::PublicUrl;
use crate::owners::Owners;

/// What answering takes.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) scope: Scope,
    pub(crate) owners: Owners,
    pub(crate) quarantine: Quarantine,
    pub(crate) passwords: Passwords,
    pub(crate) public_url: PublicUrl,
    /// Header with the browser's address, where a proxy is trusted to set it.
    pub(crate) address_header: Option<HeaderName>,
}

/// All public routes.
pub(crate) fn router(desk: Desk) -> Router {
    Router::new()
        .nest("/api/v1", api::router())
        .merge(page::router())
        .layer(middleware::from_fn(headers::complete))
        .with_state(desk)
}
