//! What happens to every request of the API before its handler: how often, who, and whether it was met before.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{asker, once};
use crate::http::problem::Problem;
use crate::http::{Desk, identity};

pub(super) async fn admit(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Err(wait) = desk.rates.address(identity::address(&desk, &parts)) {
        return too_often(wait);
    }
    // Nobody, or somebody unknown, is told so by what the route needs to know of them.
    let Ok(principal) = asker::proved(&parts, &desk).await else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    if let Err(wait) = desk.rates.caller(&principal.actor) {
        return too_often(wait);
    }
    let actor = principal.actor.clone();
    parts.extensions.insert(principal);
    let key = match once::key(&parts) {
        Ok(key) => key,
        Err(problem) => return problem.into_response(),
    };
    let request = Request::from_parts(parts, body);
    match key {
        None => next.run(request).await,
        Some(key) => once::answered(&desk.scope, &actor, key, request, next)
            .await
            .into_response(),
    }
}

fn too_often(wait: Duration) -> Response {
    let seconds = wait.as_secs() + 1;
    let problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_requests",
        format!("too many requests at once; ask again in {seconds} s"),
    );
    let mut response = problem.into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
