//! What auth says about a connection.

use chassis::Failure;
use events::crm::v1::{ConnectionChanged, ConnectionState};

use crate::store::workspace::Connection;

/// The connection of a message.
///
/// # Errors
/// Permanent, naming the field, when the message cannot be understood.
pub fn connection(message: &ConnectionChanged) -> Result<Connection, Failure> {
    let bad = |reason: &str| Failure::permanent("bad_connection", reason);
    let said = message
        .connection
        .as_ref()
        .ok_or_else(|| bad("connection is missing"))?;
    let connected = match said.state() {
        ConnectionState::Connected | ConnectionState::AccessLimited => true,
        ConnectionState::NotConnected
        | ConnectionState::Authorizing
        | ConnectionState::Suspended
        | ConnectionState::ReconnectRequired
        | ConnectionState::Disconnected => false,
        ConnectionState::Unspecified => {
            return Err(bad(
                "connection.state is not one this version knows; upgrade metadata-sync",
            ));
        }
    };
    let number = |value: u64, field: &str| {
        i64::try_from(value).map_err(|_| bad(&format!("connection.{field} is out of range")))
    };
    if connected && said.organization_id.is_empty() {
        return Err(bad(
            "connection.organization_id is missing though it is connected",
        ));
    }
    Ok(Connection {
        workspace: said.workspace.clone(),
        generation: number(said.generation, "generation")?,
        connected,
        limited: said.state() == ConnectionState::AccessLimited,
        organization_id: said.organization_id.clone(),
        user_id: said.user_id.clone(),
        epoch: number(said.epoch, "epoch")?,
    })
}
