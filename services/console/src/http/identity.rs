//! Who asks: the user of a session's cookie, or the holder of a bearer token.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use chrono::{TimeDelta, Utc};
use events::WorkspaceId;
use events::rpc::Role;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::{Desk, cookie};
use crate::app::sign_in::SESSION_IDLE_HOURS_MAX;
use crate::domain::access::{Access, Ceiling, person_role};
use crate::domain::secret::{self, ApiToken};
use crate::store::{api_token, session};

/// When a session or token was used is written at most this often, in seconds.
const USE_WRITTEN_S: i64 = 60;

/// Somebody who has proved who they are.
#[derive(Debug, Clone)]
pub(super) struct Principal {
    /// As owners audit it: `user:ann@acme.com` or `token:demo`.
    pub(super) actor: String,
    /// As pages greet them.
    pub(super) label: String,
    /// `None` for the operator's own token.
    pub(super) user_id: Option<Uuid>,
    pub(super) access: Access,
    /// The secret of the session; `None` for tokens.
    pub(super) session: Option<String>,
}

impl Principal {
    /// The role in a workspace; `None` for a stranger there.
    pub(super) fn role_in(&self, workspace: &WorkspaceId) -> Option<Role> {
        self.access.role_in(workspace)
    }

    /// What the forms of this session carry; empty for tokens, which no form accepts.
    pub(super) fn form_token(&self) -> String {
        self.session
            .as_deref()
            .map(secret::form_token)
            .unwrap_or_default()
    }
}

/// The holder of the bearer token; `None` when it is unknown, wrong, revoked or expired.
pub(super) async fn of_token(desk: &Desk, text: &str) -> sqlx::Result<Option<Principal>> {
    let Ok(token) = ApiToken::parse(text) else {
        return Ok(None);
    };
    let now = Utc::now();
    let Some(found) = api_token::find(&desk.scope, &token.id, now).await? else {
        return Ok(None);
    };
    let same: bool = found
        .secret_sha256
        .as_slice()
        .ct_eq(&token.secret_sha256)
        .into();
    // A workspace that cannot be read must not open all of them.
    let workspace = found.workspace.as_deref().map(str::parse).transpose();
    let (Some(role), Ok(workspace), true) = (person_role(&found.role), workspace, same) else {
        return Ok(None);
    };
    if found
        .used_at
        .is_none_or(|at| now - at > TimeDelta::seconds(USE_WRITTEN_S))
    {
        api_token::used(&desk.scope, &token.id, now).await?;
    }
    Ok(Some(Principal {
        actor: format!("token:{}", token.id),
        label: format!("token {}", token.id),
        user_id: found.user_id,
        access: Access {
            super_admin: found.super_admin,
            memberships: found.memberships,
            ceiling: Some(Ceiling { workspace, role }),
        },
        session: None,
    }))
}

/// The user of the session; `None` when there is no good one.
pub(super) async fn of_session(
    desk: &Desk,
    headers: &HeaderMap,
) -> sqlx::Result<Option<Principal>> {
    let Some(secret) = cookie::read(headers, desk.public_url.secure) else {
        return Ok(None);
    };
    let digest = secret::digest(&secret);
    let now = Utc::now();
    let idle_since = now - TimeDelta::hours(SESSION_IDLE_HOURS_MAX);
    let Some(found) = session::find(&desk.scope, &digest, now, idle_since).await? else {
        return Ok(None);
    };
    if now - found.seen_at > TimeDelta::seconds(USE_WRITTEN_S) {
        session::seen(&desk.scope, &digest, now).await?;
    }
    Ok(Some(Principal {
        actor: format!("user:{}", found.email),
        label: found.email,
        user_id: Some(found.user_id),
        access: Access {
            super_admin: found.super_admin,
            memberships: found.memberships,
            ceiling: None,
        },
        session: Some(secret),
    }))
}

/// Where a request comes from: what a trusted proxy says, else the peer.
pub(super) fn address(desk: &Desk, parts: &Parts) -> IpAddr {
    let told = desk
        .address_header
        .as_ref()
        .and_then(|name| parts.headers.get(name)?.to_str().ok()?.trim().parse().ok());
    let peer = || {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| {
            peer.ip()
        })
    };
    told.unwrap_or_else(peer)
}

/// The bearer token of a request; `Some("")` when the header is there and says something else.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .unwrap_or_default();
    let token = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    Some(token.unwrap_or_default())
}
