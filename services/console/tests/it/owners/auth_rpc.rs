//! What auth says.

use super::*;

fn connection(state: ConnectionState) -> crm::Connection {
    crm::Connection {
        workspace: "acme".into(),
        state: state.into(),
        username: "integration@acme.example".into(),
        organization_id: "00D000000000001EAA".into(),
        detail: "Works.".into(),
        ..crm::Connection::default()
    }
}

impl auth::Auth for Script {
    async fn begin_connect(
        &self,
        context: &CallContext,
        _: auth::BeginConnectRequest,
    ) -> Result<auth::BeginConnectResponse, RpcError> {
        self.change(context)?;
        Ok(auth::BeginConnectResponse {
            connect_url: CONNECT_URL.into(),
            expires_at: None,
        })
    }

    async fn connect_jwt(
        &self,
        context: &CallContext,
        request: auth::ConnectJwtRequest,
    ) -> Result<auth::ConnectJwtResponse, RpcError> {
        self.change(context)?;
        if request.private_key.is_empty() {
            return Err(RpcError::invalid("private_key", "is missing"));
        }
        Ok(auth::ConnectJwtResponse {
            connection: Some(connection(ConnectionState::Connected)),
        })
    }

    async fn get_connection(
        &self,
        _: &CallContext,
        _: auth::GetConnectionRequest,
    ) -> Result<auth::GetConnectionResponse, RpcError> {
        Ok(auth::GetConnectionResponse {
            connection: Some(connection(ConnectionState::Connected)),
        })
    }

    async fn list_connections(
        &self,
        _: &CallContext,
        _: auth::ListConnectionsRequest,
    ) -> Result<auth::ListConnectionsResponse, RpcError> {
        Ok(auth::ListConnectionsResponse::default())
    }

    async fn list_connection_history(
        &self,
        _: &CallContext,
        _: auth::ListConnectionHistoryRequest,
    ) -> Result<auth::ListConnectionHistoryResponse, RpcError> {
        let mut limited = connection(ConnectionState::AccessLimited);
        limited.detail = self.said();
        let step = crm::ConnectionChanged {
            connection: Some(limited),
            previous_state: ConnectionState::Connected.into(),
        };
        Ok(auth::ListConnectionHistoryResponse {
            changes: vec![step],
        })
    }

    async fn get_access_token(
        &self,
        _: &CallContext,
        _: auth::GetAccessTokenRequest,
    ) -> Result<auth::GetAccessTokenResponse, RpcError> {
        unasked()
    }

    async fn disconnect(
        &self,
        context: &CallContext,
        _: auth::DisconnectRequest,
    ) -> Result<auth::DisconnectResponse, RpcError> {
        self.change(context)?;
        Ok(auth::DisconnectResponse {
            connection: Some(connection(ConnectionState::Disconnected)),
        })
    }

    async fn report_access_problem(
        &self,
        _: &CallContext,
        _: auth::ReportAccessProblemRequest,
    ) -> Result<auth::ReportAccessProblemResponse, RpcError> {
        unasked()
    }
}
