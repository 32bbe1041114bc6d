//! How far a workspace has come, as its owners say.

use events::crm::v1::ConnectionState;
use events::rpc::RpcError;

use super::{Asking, access, connection, mapping, org, settings};
use crate::domain::setup::{Facts, Reach};
use crate::owners::Owners;
use crate::wire::settings::Permission;

/// Open differences counted; more are said to be so many.
const DRIFT_COUNTED_MAX: u32 = 100;

/// Asks all owners at once. One that is away leaves its steps undone; without the connection there is no answer.
pub(crate) async fn facts(owners: &Owners, asking: &Asking) -> Result<Facts, RpcError> {
    let (connection, access, drift, controls, mapping, permissions, projection, status) = futures::join!(
        connection::get(owners, asking),
        access::review(owners, asking),
        org::drift(owners, asking, false, DRIFT_COUNTED_MAX),
        settings::stage_controls(owners, asking),
        mapping::get(owners, asking),
        settings::permissions(owners, asking),
        org::projection(owners, asking),
        settings::status(owners, asking),
    );
    let complete = access.is_ok_and(|access| access.review.is_none_or(|review| review.complete));
    let status = status.ok();
    Ok(Facts {
        reach: reach(connection?.state, complete),
        drift_open: drift.map_or(0, |items| items.len()),
        records_known: projection.is_ok_and(|known| known.loaded_at.is_some()),
        stage_controls: controls.map_or(0, |controls| controls.controls.len()),
        mapping_version: mapping
            .ok()
            .and_then(|mappings| mappings.published)
            .map_or(0, |published| published.version),
        permitted: permissions.map_or(0, |all| {
            all.permissions.iter().filter(|one| permits(one)).count()
        }),
        verified: status.as_ref().is_some_and(|status| status.verified),
        live: status.as_ref().is_some_and(|status| status.live),
    })
}

fn permits(permission: &Permission) -> bool {
    [&permission.mode, &permission.create_mode]
        .into_iter()
        .any(|mode| mode == "review" || mode == "automatic")
}

fn reach(state: ConnectionState, complete: bool) -> Reach {
    match state {
        ConnectionState::Connected if complete => Reach::Full,
        ConnectionState::Connected
        | ConnectionState::AccessLimited
        | ConnectionState::Suspended
        | ConnectionState::ReconnectRequired => Reach::Limited,
        ConnectionState::Unspecified
        | ConnectionState::NotConnected
        | ConnectionState::Authorizing
        | ConnectionState::Disconnected => Reach::None,
    }
}
