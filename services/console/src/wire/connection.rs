//! A workspace's connection.

use chrono::{DateTime, Utc};
use events::crm::v1 as proto;
use events::crm::v1::{ConnectionCause, ConnectionState};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Gap;
use super::word::{self, as_word};

/// As auth answers it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Connection {
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<ConnectionState>)]
    pub(crate) state: ConnectionState,
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<ConnectionCause>)]
    pub(crate) cause: ConnectionCause,
    pub(crate) detail: String,
    pub(crate) organization_id: String,
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) instance_url: String,
    pub(crate) is_sandbox: bool,
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) generation: u64,
    pub(crate) epoch: u64,
    /// What is out of reach while the connection is limited.
    pub(crate) missing: Vec<Gap>,
}

impl Connection {
    /// Auth may answer without one: nothing was ever connected.
    pub(crate) fn new(connection: Option<proto::Connection>) -> Self {
        let connection = connection.unwrap_or_else(|| proto::Connection {
            state: ConnectionState::NotConnected.into(),
            ..proto::Connection::default()
        });
        Self {
            state: connection.state(),
            cause: connection.cause(),
            since: super::time(connection.since),
            detail: connection.detail,
            organization_id: connection.organization_id,
            user_id: connection.user_id,
            username: connection.username,
            instance_url: connection.instance_url,
            is_sandbox: connection.is_sandbox,
            generation: connection.generation,
            epoch: connection.epoch,
            missing: connection.missing.into_iter().map(Into::into).collect(),
        }
    }

    /// Whether there is something to disconnect.
    pub(crate) fn is_held(&self) -> bool {
        match self.state {
            ConnectionState::Connected
            | ConnectionState::AccessLimited
            | ConnectionState::Suspended
            | ConnectionState::ReconnectRequired => true,
            ConnectionState::Unspecified
            | ConnectionState::NotConnected
            | ConnectionState::Authorizing
            | ConnectionState::Disconnected => false,
        }
    }
}

/// Where the browser must go to connect.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ConnectLink {
    pub(crate) connect_url: String,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// A step of the connection's history: as it became, and from where.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Past {
    #[serde(serialize_with = "as_word")]
    #[schema(schema_with = word::schema::<ConnectionState>)]
    pub(crate) previous_state: ConnectionState,
    #[serde(flatten)]
    pub(crate) connection: Connection,
}

impl From<proto::ConnectionChanged> for Past {
    fn from(step: proto::ConnectionChanged) -> Self {
        Self {
            previous_state: step.previous_state(),
            connection: Connection::new(step.connection),
        }
    }
}
