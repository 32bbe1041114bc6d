//! What browsers and programs ask of console.
//!
//! | under | who | answers |
//! |---|---|---|
//! | `/api/v1` | programs with a bearer token, or a signed-in browser | JSON, errors as problem+json |
//! | `/assets` | anybody | the stylesheet, our own scripts |
//! | everything else | a signed-in browser | pages, complete without script |

mod api;
mod cookie;
mod headers;
mod identity;
mod origin;
mod page;
mod problem;
mod rates;

use axum::http::HeaderName;
use axum::{Router, middleware};
use chassis::bus::Quarantine;
use chassis::{CancellationToken, Scope};

use crate::app::password::Passwords;
use crate::app::single_sign_on::SingleSignOn;
use crate::ask::pulse::Pulses;
use crate::config::PublicUrl;
use crate::owners::Owners;

pub(crate) use rates::Rates;

/// What answering takes.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) scope: Scope,
    pub(crate) owners: Owners,
    pub(crate) quarantine: Quarantine,
    pub(crate) passwords: Passwords,
    /// `None` when no provider is configured.
    pub(crate) single_sign_on: Option<SingleSignOn>,
    pub(crate) rates: Rates,
    pub(crate) pulses: Pulses,
    /// Cancelled when the process stops: what streams, ends.
    pub(crate) stop: CancellationToken,
    pub(crate) public_url: PublicUrl,
    /// Header with the browser's address, where a proxy is trusted to set it.
    pub(crate) address_header: Option<HeaderName>,
}

/// All public routes.
pub(crate) fn router(desk: Desk) -> Router {
    Router::new()
        .nest("/api/v1", api::router(desk.clone()))
        .merge(page::router())
        .layer(middleware::from_fn(headers::complete))
        .with_state(desk)
}
