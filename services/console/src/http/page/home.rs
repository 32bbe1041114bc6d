//! Where one arrives: the choice of workspace, or the only one.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::WorkspaceId;
use events::rpc::Role;

use super::visitor::{Chrome, SignedIn, Visitor};
use super::{render, see};
use crate::ask::{Asking, connection};
use crate::http::Desk;

#[derive(Template)]
#[template(path = "home.html")]
struct Page {
    chrome: Chrome,
    workspaces: Vec<(String, &'static str)>,
    /// Why not all are listed; empty when they are.
    problem: String,
}

pub(super) async fn show(State(desk): State<Desk>, signed_in: SignedIn) -> Response {
    let access = &signed_in.principal.access;
    let mut workspaces: BTreeMap<WorkspaceId, Role> = access
        .memberships
        .keys()
        .filter_map(|workspace| Some((workspace.clone(), access.role_in(workspace)?)))
        .collect();
    let mut problem = String::new();
    if access.super_admin {
        match connected(&desk, &signed_in).await {
            Ok(connected) => {
                for workspace in connected.iter().filter_map(|text| text.parse().ok()) {
                    workspaces.entry(workspace).or_insert(Role::SuperAdmin);
                }
            }
            Err(error) => problem = error.to_string(),
        }
    }
    if problem.is_empty()
        && workspaces.len() == 1
        && let Some(only) = workspaces.keys().next()
    {
        return see(&format!("/w/{only}"));
    }
    let page = Page {
        chrome: signed_in.chrome(),
        workspaces: workspaces
            .into_iter()
            .map(|(workspace, role)| (workspace.into(), role.as_str()))
            .collect(),
        problem,
    };
    render(StatusCode::OK, &page)
}

async fn connected(
    desk: &Desk,
    signed_in: &SignedIn,
) -> Result<Vec<String>, events::rpc::RpcError> {
    // The call is about no workspace; `Asking` needs one all the same and the request does not carry it.
    let nowhere: WorkspaceId = "all".parse().expect("three letters are a workspace id");
    let asking = Asking::new(
        nowhere,
        &signed_in.principal.actor,
        Role::SuperAdmin,
        &signed_in.request_id,
    );
    connection::workspaces(&desk.owners, &asking.context).await
}

/// A workspace begins with what it is connected to: nothing works without.
pub(super) async fn enter(visitor: Visitor) -> Response {
    see(&visitor.path("integrations"))
}
