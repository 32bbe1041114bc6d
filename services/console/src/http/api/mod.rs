//! The JSON API, version 1: everything the pages do, for programs.
//!
//! Who asks is proved by `Authorization: Bearer ergo_<id>_<secret>` or by a signed-in browser's cookie. The least role of
//! each wish is checked here and again by its owner. Bodies are JSON; errors are problem+json.

mod access;
mod asker;
mod body;
mod changes;
mod connection;
mod mapping;
mod me;
mod meetings;
mod org;
mod quarantine;
mod settings;
mod users;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};

use super::Desk;
use super::problem::Problem;

/// Below `/api/v1`.
pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/me", get(me::show))
        .route("/tokens", get(me::tokens).post(me::create_token))
        .route("/tokens/{id}", delete(me::revoke_token))
        .route("/users", get(users::list).post(users::invite))
        .nest("/w/{workspace}", workspace())
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
}

fn workspace() -> Router<Desk> {
    Router::new()
        .route("/connection", get(connection::show))
        .route("/connect", post(connection::connect))
        .route("/connect/jwt", post(connection::connect_jwt))
        .route("/disconnect", post(connection::disconnect))
        .route("/connection/history", get(connection::history))
        .route("/access", get(access::show).post(access::start))
        .route("/missed", get(access::missed))
        .route("/missed/release", post(access::release))
        .route("/meetings", get(meetings::list))
        .route("/meetings/{id}", get(meetings::show))
        .route("/changes", get(changes::list))
        .route("/changes/decide", post(changes::decide))
        .route("/changes/rehearse", post(changes::rehearse))
        .route("/changes/undo", post(changes::undo))
        .route("/predictions", get(changes::predictions))
        .route("/why", get(changes::why))
        .route("/mapping", get(mapping::show))
        .route("/mapping/draft", put(mapping::save_draft))
        .route("/mapping/publish", post(mapping::publish))
        .route(
            "/permissions",
            get(settings::permissions).put(settings::set_permissions),
        )
        .route(
            "/stage-controls",
            get(settings::stage_controls).put(settings::set_stage_controls),
        )
        .route(
            "/verification",
            get(settings::verification).post(settings::verify),
        )
        .route("/live", put(settings::set_live))
        .route("/status", get(settings::status))
        .route("/sync", get(org::sync_runs).post(org::start_sync))
        .route("/drift", get(org::drift))
        .route("/drift/{id}/resolve", post(org::resolve_drift))
        .route("/projection", get(org::projection))
        .route("/domains", get(org::domains).put(org::set_domain))
        .route("/domains/{domain}", delete(org::remove_domain))
        .route("/quarantine", get(quarantine::list))
        .route(
            "/quarantine/{sequence}",
            get(quarantine::show).delete(quarantine::forget),
        )
        .route("/quarantine/{sequence}/replay", post(quarantine::replay))
}

async fn unknown() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "unknown_route",
        "there is nothing at this path; workspaces are at /api/v1/w/<workspace>/...",
    )
}

async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong_method",
        "this path does not take this method; the header allow names those it takes",
    )
}
