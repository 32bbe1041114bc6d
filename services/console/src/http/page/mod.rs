//! The pages: rendered here, complete without a script, calm at 390 and at 1280 pixels.
//!
//! A page shows what owners answered. A form changes one thing, says in its answer what became of it, and carries the
//! session's form token besides the browser's own word about where it comes from.

mod alike;
mod assets;
mod audit;
mod backfill;
mod connection;
mod events;
mod home;
mod integrations;
mod live;
mod looks;
mod mapping;
mod matching;
mod meetings;
mod people;
mod permissions;
mod properties;
mod quarantine;
mod queue;
mod refusals;
mod sign_in;
mod single;
mod stages;
mod status;
mod tokens;
mod verification;
mod visitor;
mod welcome;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::Desk;
use crate::app::single_sign_on::CALLBACK;

/// Everything but the API.
pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/", get(home::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-in/single", get(single::begin))
        .route(CALLBACK, get(single::back))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/welcome/{link}", get(welcome::show).post(welcome::accept))
        .route("/w/{workspace}", get(home::enter))
        .route("/w/{workspace}/connection", get(connection::show))
        .route(
            "/w/{workspace}/connection/connect",
            post(connection::connect),
        )
        .route(
            "/w/{workspace}/connection/connect-jwt",
            post(connection::connect_jwt),
        )
        .route(
            "/w/{workspace}/connection/disconnect",
            post(connection::disconnect),
        )
        .route("/w/{workspace}/connection/review", post(connection::review))
        .route(
            "/w/{workspace}/connection/release",
            post(connection::release),
        )
        .route("/w/{workspace}/meetings", get(meetings::list))
        .route("/w/{workspace}/meetings/{id}", get(meetings::story))
        .route(
            "/w/{workspace}/meetings/{id}/correct",
            post(meetings::correct),
        )
        .route("/w/{workspace}/meetings/{id}/undo", post(meetings::undo))
        .route("/w/{workspace}/queue", get(queue::show).post(queue::decide))
        .route("/w/{workspace}/queue/rehearse", post(queue::rehearse))
        .route(
            "/w/{workspace}/queue/alike",
            get(alike::show).post(alike::decide),
        )
        .route(
            "/w/{workspace}/refusals",
            get(refusals::show).post(refusals::release),
        )
        .route(
            "/w/{workspace}/backfills",
            get(backfill::list).post(backfill::create),
        )
        .route(
            "/w/{workspace}/backfills/{id}",
            get(backfill::show).post(backfill::shift),
        )
        .route(
            "/w/{workspace}/backfills/{id}/approve",
            post(backfill::approve),
        )
        .route("/w/{workspace}/backfills/{id}/undo", post(backfill::undo))
        .route(
            "/w/{workspace}/mapping",
            get(mapping::show).post(mapping::act),
        )
        .route("/w/{workspace}/mapping/document", get(mapping::document))
        .route(
            "/w/{workspace}/mapping/edit",
            get(mapping::show_editor).post(mapping::save),
        )
        .route("/w/{workspace}/status", get(status::show))
        .route("/w/{workspace}/status/sync", post(status::sync))
        .route("/w/{workspace}/audit", get(audit::show))
        .route("/w/{workspace}/quarantine", get(quarantine::list))
        .route("/w/{workspace}/quarantine/act", post(quarantine::act))
        .route("/w/{workspace}/integrations", get(integrations::show))
        .route(
            "/w/{workspace}/permissions",
            get(permissions::show).post(permissions::save),
        )
        .route(
            "/w/{workspace}/verification",
            get(verification::show).post(verification::run),
        )
        .route(
            "/w/{workspace}/properties",
            get(properties::show).post(properties::resolve),
        )
        .route(
            "/w/{workspace}/stages",
            get(stages::show).post(stages::save),
        )
        .route(
            "/w/{workspace}/matching",
            get(matching::show).post(matching::save),
        )
        .route(
            "/w/{workspace}/matching/phrases",
            get(matching::phrases::show).post(matching::phrases::save),
        )
        .route(
            "/w/{workspace}/matching/moves",
            get(matching::moves::show).post(matching::moves::settle),
        )
        .route(
            "/w/{workspace}/matching/settings",
            get(matching::settings::show).post(matching::settings::save),
        )
        .route("/w/{workspace}/live", get(live::show).post(live::set))
        .route("/people", get(people::show).post(people::invite))
        .route("/people/change", post(people::change))
        .route("/tokens", get(tokens::show).post(tokens::make))
        .route("/tokens/revoke", post(tokens::revoke))
        .route("/w/{workspace}/events", get(events::stream))
        .route("/assets/{name}", get(assets::show))
        .fallback(visitor::not_found)
}

fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// After a form: the browser asks for the page again, so that reloading does not repeat the wish.
fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// Text as one query value.
fn query_value(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Text as one segment of a path: a meeting's id may hold a slash.
fn path_segment(text: &str) -> String {
    // `+` means a blank in queries only.
    query_value(text).replace('+', "%20")
}
