//! `/sync`, `/drift`, `/projection`, `/domains`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use events::matching::v1 as matching;
use events::rpc::Role;
use serde::Deserialize;
use utoipa::IntoParams;

use super::asker::Asker;
use super::body::{Body, Parameters, Segments, page_size};
use crate::ask::org;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::wire::Page;
use crate::wire::drift::{DriftItem, Resolve};
use crate::wire::matching::{DomainRule, Projection};
use crate::wire::sync::{StartSync, SyncRun};

/// Runs answered when no number is asked for.
const RUNS: u32 = 20;
/// Drift items answered when no number is asked for.
const DRIFT_ITEMS: u32 = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Runs {
    page_size: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Drift {
    page_size: Option<u32>,
    #[serde(default)]
    include_resolved: bool,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Which {
    id: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct Domain {
    domain: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfAccount {
    #[serde(default)]
    account_id: String,
}

/// Readings of the org, newest first.
#[utoipa::path(get, path = "/sync", params(Runs), responses((status = 200, body = Page<SyncRun>)))]
pub(super) async fn sync_runs(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(runs): Parameters<Runs>,
) -> Result<Json<Page<SyncRun>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let limit = page_size(runs.page_size, RUNS)?;
    let runs = org::sync_runs(&desk.owners, asking, limit).await?;
    Ok(Json(Page::new(runs, String::new())))
}

/// Begins to read the org.
#[utoipa::path(
    post,
    path = "/sync",
    request_body = StartSync,
    responses((status = 202, body = SyncRun))
)]
pub(super) async fn start_sync(
    State(desk): State<Desk>,
    asker: Asker,
    start: Result<Body<StartSync>, Problem>,
) -> Result<(StatusCode, Json<SyncRun>), Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(start) = start?;
    let run = org::start_sync(&desk.owners, asking, &start).await?;
    Ok((StatusCode::ACCEPTED, Json(run)))
}

/// What changed in the org, open items first.
#[utoipa::path(
    get,
    path = "/drift",
    params(Drift),
    responses((status = 200, body = Page<DriftItem>))
)]
pub(super) async fn drift(
    State(desk): State<Desk>,
    asker: Asker,
    Parameters(drift): Parameters<Drift>,
) -> Result<Json<Page<DriftItem>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let limit = page_size(drift.page_size, DRIFT_ITEMS)?;
    let items = org::drift(&desk.owners, asking, drift.include_resolved, limit).await?;
    Ok(Json(Page::new(items, String::new())))
}

/// Decides about one difference.
#[utoipa::path(
    post,
    path = "/drift/{id}/resolve",
    request_body = Resolve,
    params(Which),
    responses((status = 200, body = DriftItem))
)]
pub(super) async fn resolve_drift(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(which): Segments<Which>,
    resolve: Result<Body<Resolve>, Problem>,
) -> Result<Json<DriftItem>, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(resolve) = resolve?;
    Ok(Json(
        org::resolve_drift(&desk.owners, asking, which.id, resolve).await?,
    ))
}

/// Makes the repair a difference proposes: publishes the mapping with it. The mapping is to be verified again then.
#[utoipa::path(
    post,
    path = "/drift/{id}/repair",
    params(Which),
    responses((status = 200, body = DriftItem))
)]
pub(super) async fn repair_drift(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(which): Segments<Which>,
) -> Result<Json<DriftItem>, Problem> {
    let asking = asker.least(Role::Admin)?;
    match org::repair_drift(&desk.owners, asking, which.id).await? {
        Ok(item) => Ok(Json(item)),
        Err(problems) => Err(Problem::many(
            "mapping_problems",
            "the repaired mapping was not published; mend every problem in errors and publish it",
            &problems,
        )),
    }
}

/// How much of the org matching knows.
#[utoipa::path(get, path = "/projection", responses((status = 200, body = Projection)))]
pub(super) async fn projection(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Projection>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    Ok(Json(org::projection(&desk.owners, asking).await?))
}

/// How domains are to be read.
#[utoipa::path(get, path = "/domains", responses((status = 200, body = Page<DomainRule>)))]
pub(super) async fn domains(
    State(desk): State<Desk>,
    asker: Asker,
) -> Result<Json<Page<DomainRule>>, Problem> {
    let asking = asker.least(Role::Viewer)?;
    let rules = org::domains(&desk.owners, asking).await?;
    Ok(Json(Page::new(rules, String::new())))
}

/// Sets how one domain is read.
#[utoipa::path(put, path = "/domains", request_body = DomainRule, responses((status = 204)))]
pub(super) async fn set_domain(
    State(desk): State<Desk>,
    asker: Asker,
    rule: Result<Body<DomainRule>, Problem>,
) -> Result<StatusCode, Problem> {
    let asking = asker.least(Role::Admin)?;
    let Body(rule) = rule?;
    org::set_domain(&desk.owners, asking, rule.try_into()?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets how one domain is read.
#[utoipa::path(
    delete,
    path = "/domains/{domain}",
    params(Domain, OfAccount),
    responses((status = 204))
)]
pub(super) async fn remove_domain(
    State(desk): State<Desk>,
    asker: Asker,
    Segments(domain): Segments<Domain>,
    Parameters(of): Parameters<OfAccount>,
) -> Result<StatusCode, Problem> {
    let asking = asker.least(Role::Admin)?;
    let rule = matching::DomainRule {
        domain: domain.domain,
        account_id: of.account_id,
        ..matching::DomainRule::default()
    };
    org::set_domain(&desk.owners, asking, rule, true).await?;
    Ok(StatusCode::NO_CONTENT)
}
