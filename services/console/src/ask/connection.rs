//! The connection: as it is, begun, ended.

use events::auth::v1 as proto;
use events::rpc::RpcError;
use utoipa::ToSchema;

use super::{Asking, incomplete};
use crate::owners::Owners;
use crate::wire;
use crate::wire::connection::{ConnectLink, Connection, Past};
use crate::wire::word;

/// How to connect. Every word may be left out.
#[derive(Debug, Default, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connect {
    /// `production` (also when empty), `sandbox` or `custom_domain`.
    #[serde(default)]
    pub(crate) environment: String,
    #[serde(default)]
    pub(crate) my_domain: String,
    #[serde(default)]
    pub(crate) different_user: bool,
    #[serde(default)]
    pub(crate) start_over: bool,
    /// Where the browser goes afterwards; the workspace's connection page when empty.
    #[serde(default)]
    pub(crate) return_path: String,
}

pub(crate) async fn get(owners: &Owners, asking: &Asking) -> Result<Connection, RpcError> {
    let request = proto::GetConnectionRequest {
        workspace: asking.workspace(),
    };
    let answer = owners.auth.get_connection(&asking.context, request).await?;
    Ok(Connection::new(answer.connection))
}

/// Newest first.
pub(crate) async fn history(
    owners: &Owners,
    asking: &Asking,
    limit: u32,
) -> Result<Vec<Past>, RpcError> {
    let request = proto::ListConnectionHistoryRequest {
        workspace: asking.workspace(),
        limit,
    };
    let answer = owners
        .auth
        .list_connection_history(&asking.context, request)
        .await?;
    Ok(answer.changes.into_iter().map(Into::into).collect())
}

pub(crate) async fn connect(
    owners: &Owners,
    asking: &Asking,
    connect: Connect,
) -> Result<ConnectLink, RpcError> {
    let environment = environment(&connect.environment)?;
    let return_path = match connect.return_path.as_str() {
        "" => format!("/w/{}/connection", asking.workspace),
        path => path.to_owned(),
    };
    let request = proto::BeginConnectRequest {
        workspace: asking.workspace(),
        environment: environment.into(),
        my_domain: connect.my_domain,
        different_user: connect.different_user,
        start_over: connect.start_over,
        return_path,
    };
    let answer = owners.auth.begin_connect(&asking.context, request).await?;
    Ok(ConnectLink {
        connect_url: answer.connect_url,
        expires_at: wire::time(answer.expires_at),
    })
}

/// How to connect by a key of the customer's own app.
#[derive(Default, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectJwt {
    /// `production` (also when empty), `sandbox` or `custom_domain`.
    #[serde(default)]
    pub(crate) environment: String,
    #[serde(default)]
    pub(crate) my_domain: String,
    pub(crate) consumer_key: String,
    pub(crate) username: String,
    /// RSA, PEM, without a passphrase. Passed on to auth and kept nowhere here.
    pub(crate) private_key: String,
    #[serde(default)]
    pub(crate) start_over: bool,
}

pub(crate) async fn connect_jwt(
    owners: &Owners,
    asking: &Asking,
    connect: ConnectJwt,
) -> Result<Connection, RpcError> {
    let request = proto::ConnectJwtRequest {
        workspace: asking.workspace(),
        environment: environment(&connect.environment)?.into(),
        my_domain: connect.my_domain,
        consumer_key: connect.consumer_key,
        username: connect.username,
        private_key: connect.private_key,
        start_over: connect.start_over,
    };
    let answer = owners.auth.connect_jwt(&asking.context, request).await?;
    let connection = answer
        .connection
        .ok_or_else(|| incomplete("auth", "a connection"))?;
    Ok(Connection::new(Some(connection)))
}

fn environment(word: &str) -> Result<proto::Environment, RpcError> {
    match word {
        "" => Ok(proto::Environment::Production),
        word => word::parse("environment", word),
    }
}

pub(crate) async fn disconnect(owners: &Owners, asking: &Asking) -> Result<Connection, RpcError> {
    let request = proto::DisconnectRequest {
        workspace: asking.workspace(),
    };
    let answer = owners.auth.disconnect(&asking.context, request).await?;
    let connection = answer
        .connection
        .ok_or_else(|| incomplete("auth", "a connection"))?;
    Ok(Connection::new(Some(connection)))
}

/// Workspaces that are or were connected, by id; at most 500. For those who may see all of them.
pub(crate) async fn workspaces(
    owners: &Owners,
    context: &events::rpc::CallContext,
) -> Result<Vec<String>, RpcError> {
    let request = proto::ListConnectionsRequest {
        page_size: 500,
        page_token: String::new(),
    };
    let answer = owners.auth.list_connections(context, request).await?;
    Ok(answer
        .connections
        .into_iter()
        .map(|connection| connection.workspace)
        .collect())
}
