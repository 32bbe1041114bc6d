//! Who asks the API, and whether they may.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::{StatusCode, request::Parts};
use events::WorkspaceId;
use events::rpc::Role;

use crate::ask::Asking;
use crate::http::headers::RequestId;
use crate::http::identity::{self, Principal};
use crate::http::problem::Problem;
use crate::http::{Desk, origin};

/// Somebody, anywhere.
pub(super) struct Signed(pub(super) Principal);

/// Somebody in the workspace of the path.
pub(super) struct Asker {
    pub(super) asking: Asking,
}

impl Asker {
    /// Refuses those below `least`. Owners refuse them again.
    pub(super) fn least(&self, least: Role) -> Result<&Asking, Problem> {
        self.asking.context.require(least)?;
        Ok(&self.asking)
    }
}

/// Who a request proves to come from.
pub(super) async fn proved(parts: &Parts, desk: &Desk) -> Result<Principal, Problem> {
    if let Some(token) = identity::bearer(&parts.headers) {
        let principal = identity::of_token(desk, token).await?;
        return principal.ok_or_else(|| {
            unauthorized("the bearer token is not accepted; make a new one or check its workspace and expiry")
        });
    }
    let principal = identity::of_session(desk, &parts.headers)
        .await?
        .ok_or_else(|| {
            unauthorized(
                "nobody is signed in; send the header Authorization: Bearer ergo_<id>_<secret>",
            )
        })?;
    // A cookie travels by itself, so another site's page could have sent it; a bearer token cannot.
    if origin::changes(&parts.method) && !origin::is_own(&parts.headers, &desk.public_url.origin) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            "the request comes from another site; use the console's own pages or an API token",
        ));
    }
    Ok(principal)
}

impl FromRequestParts<Desk> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        // Known already, unless there was something to say against it.
        match parts.extensions.get::<Principal>() {
            Some(principal) => Ok(Self(principal.clone())),
            None => proved(parts, desk).await.map(Self),
        }
    }
}

impl FromRequestParts<Desk> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        let Signed(principal) = Signed::from_request_parts(parts, desk).await?;
        let Path(path) = Path::<HashMap<String, String>>::from_request_parts(parts, desk)
            .await
            .map_err(|error| Problem::new(error.status(), "invalid_argument", error.body_text()))?;
        let workspace: WorkspaceId = path
            .get("workspace")
            .map(String::as_str)
            .unwrap_or_default()
            .parse()
            .map_err(|_| {
                Problem::invalid(
                    "workspace",
                    "is not 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'; correct the path",
                )
            })?;
        // Says the same whether or not there is such a workspace.
        let role = principal.role_in(&workspace).ok_or_else(|| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "permission_denied",
                format!("you are not a member of workspace {workspace}; ask its admin"),
            )
        })?;
        let request_id = parts
            .extensions
            .get::<RequestId>()
            .map(|id| id.0.as_str())
            .unwrap_or_default();
        Ok(Self {
            asking: Asking::new(workspace, &principal.actor, role, request_id),
        })
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
}
