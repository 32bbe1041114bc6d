//! The JSON API, version 1: everything the pages do, for programs.
//!
//! Who asks is proved by `Authorization: Bearer ergo_<id>_<secret>` or by a signed-in browser's cookie. The least role of
//! each wish is checked here and again by its owner. Bodies are JSON; errors are problem+json, described once for all.
//! The document at `/api/v1/openapi.json` is written from the same lines that serve the routes.
//!
//! A new route of a workspace, in ten lines; its document comment is what the API's document says of it:
//!
//! ```ignore
//! /// How stages may move.                                            // in src/http/api/<subject>.rs
//! #[utoipa::path(get, path = "/stages", params(Paging), responses((status = 200, body = Page<Stage>)))]
//! pub(super) async fn list(
//!     State(desk): State<Desk>,
//!     asker: Asker,                                                   // the caller, in the workspace of the path
//!     Parameters(paging): Parameters<Paging>,                         // or wish: Result<Body<Wish>, Problem>, read after
//! ) -> Result<Json<Page<Stage>>, Problem> {
//!     let asking = asker.least(Role::Viewer)?;                        // the least role, before anything is said of a body
//!     Ok(Json(stages::list(&desk.owners, asking, paging).await?))     // src/ask/stages.rs asks the owner
//! }                                                                   // and in `workspace()` below: .routes(routes!(stages::list))
//! ```
//!
//! Answers and bodies derive `ToSchema` beside serde, parameters `IntoParams` with `#[into_params(parameter_in = Query)]`
//! (or `Path`); an enum of the contract takes `#[schema(schema_with = word::schema::<T>)]`. Handlers of one path stand in
//! one `routes!`.

mod access;
mod admit;
mod asker;
mod audit;
mod backfill;
mod body;
mod catalogue;
mod changes;
mod connection;
mod document;
mod mapping;
mod matching;
mod me;
mod meetings;
mod once;
mod org;
mod people;
mod pipelines;
mod quarantine;
mod review;
mod settings;
mod users;

use axum::http::StatusCode;
use axum::{Router, middleware};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Desk;
use super::problem::Problem;

/// Below `/api/v1`.
pub(super) fn router(desk: Desk) -> Router<Desk> {
    let (router, _) = documented().split_for_parts();
    router
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(desk, admit::admit))
}

/// Every route with what the document says of it.
fn documented() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(document::show))
        .routes(routes!(me::show))
        .routes(routes!(me::list_tokens, me::create_token))
        .routes(routes!(me::revoke_token))
        .routes(routes!(users::list, users::invite))
        .routes(routes!(users::set_disabled))
        .routes(routes!(users::leave))
        .nest("/w/{workspace}", workspace())
}

fn workspace() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(connection::show))
        .routes(routes!(connection::connect))
        .routes(routes!(connection::connect_jwt))
        .routes(routes!(connection::disconnect))
        .routes(routes!(connection::history))
        .routes(routes!(access::show, access::start))
        .routes(routes!(access::missed))
        .routes(routes!(access::release))
        .routes(routes!(meetings::list))
        .routes(routes!(meetings::show))
        .routes(routes!(changes::list))
        .routes(routes!(changes::decide))
        .routes(routes!(review::decide_alike))
        .routes(routes!(review::refusals))
        .routes(routes!(review::release))
        .routes(routes!(backfill::list, backfill::create))
        .routes(routes!(backfill::show))
        .routes(routes!(backfill::shift))
        .routes(routes!(backfill::approve))
        .routes(routes!(backfill::undo))
        .routes(routes!(changes::rehearse))
        .routes(routes!(changes::undo))
        .routes(routes!(changes::predictions))
        .routes(routes!(changes::why))
        .routes(routes!(mapping::show))
        .routes(routes!(mapping::save_draft))
        .routes(routes!(mapping::publish))
        .routes(routes!(catalogue::properties))
        .routes(routes!(catalogue::versions))
        .routes(routes!(catalogue::diff))
        .routes(routes!(catalogue::export, catalogue::import))
        .routes(routes!(settings::permissions, settings::set_permissions))
        .routes(routes!(
            settings::stage_controls,
            settings::set_stage_controls
        ))
        .routes(routes!(settings::verification, settings::verify))
        .routes(routes!(settings::set_live))
        .routes(routes!(settings::status))
        .routes(routes!(org::sync_runs, org::start_sync))
        .routes(routes!(org::drift))
        .routes(routes!(org::resolve_drift))
        .routes(routes!(org::repair_drift))
        .routes(routes!(people::list))
        .routes(routes!(people::save))
        .routes(routes!(pipelines::list))
        .routes(routes!(pipelines::describe))
        .routes(routes!(pipelines::objects, pipelines::select))
        .routes(routes!(org::projection))
        .routes(routes!(org::domains, org::set_domain))
        .routes(routes!(org::remove_domain))
        .routes(routes!(matching::preview_domain))
        .routes(routes!(matching::phrases, matching::set_phrase))
        .routes(routes!(matching::preview_phrase))
        .routes(routes!(matching::remove_phrase))
        .routes(routes!(matching::moves))
        .routes(routes!(matching::settle_move))
        .routes(routes!(matching::settings, matching::set_settings))
        .routes(routes!(matching::correct))
        .routes(routes!(matching::revert))
        .routes(routes!(audit::list))
        .routes(routes!(quarantine::list))
        .routes(routes!(quarantine::show, quarantine::forget))
        .routes(routes!(quarantine::replay))
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
