//! The requests auth answers on the bus: roles, wire, and what each failure is called there.

use std::sync::Arc;
use std::time::Duration;

use chassis::Db;
use chrono::Utc;
use events::auth::v1 as wire_auth;
use events::auth::v1::{
    BeginConnectRequest, BeginConnectResponse, ConnectJwtRequest, ConnectJwtResponse,
    DisconnectRequest, DisconnectResponse, GetAccessTokenRequest, GetAccessTokenResponse,
    GetConnectionRequest, GetConnectionResponse, ListConnectionHistoryRequest,
    ListConnectionHistoryResponse, ListConnectionsRequest, ListConnectionsResponse,
    ReportAccessProblemRequest, ReportAccessProblemResponse,
};
use events::rpc::{CallContext, Code, Role, RpcError};
use salesforce::Salesforce;
use secrecy::ExposeSecret as _;
use tokio::time::timeout;

use crate::app::access_token::{AccessTokens, Denied};
use crate::app::begin_connect::{self, Environment, Wish};
use crate::app::connect_jwt::{self, ConnectJwt};
use crate::app::revoke::Revoker;
use crate::app::{disconnect, report_problem};
use crate::domain::connection::Connection;
use crate::domain::refresh::Purpose;
use crate::seal::Ring;
use crate::{store, wire};

/// Page of connections when none is asked for.
const PAGE_SIZE_DEFAULT: u32 = 100;
/// Largest page of connections.
const PAGE_SIZE_MAX: u32 = 500;
/// Steps of history when no number is asked for.
const HISTORY_DEFAULT: u32 = 50;
/// Most steps of history.
const HISTORY_MAX: u32 = 200;
/// Longest error code accepted in a report, in characters.
const ERROR_CODE_CHARACTERS_MAX: usize = 100;
/// How long a disconnect waits for Salesforce to confirm the revocation before it answers, in seconds.
const REVOKE_WAIT_S: u64 = 2;

/// Answers `ergo.rpc.auth.*`.
pub struct AuthRpc {
    /// The store.
    pub db: Db,
    /// The client.
    pub salesforce: Salesforce,
    /// Connects by assertion.
    pub connect_jwt: ConnectJwt,
    /// Opens and seals.
    pub ring: Arc<Ring>,
    /// Hands out tokens.
    pub tokens: AccessTokens,
    /// Revokes at once what a disconnect lets go of.
    pub revoker: Revoker,
    /// Our public address, without a trailing slash.
    pub public_url: String,
}

fn denied(denied: Denied) -> RpcError {
    match denied {
        state @ Denied::State { .. } => RpcError::new(Code::FailedPrecondition, state.to_string()),
        Denied::Later(reason) => RpcError::new(Code::Unavailable, reason),
        Denied::Store(failure) => wire::unavailable(failure),
    }
}

/// Where to log in, as it was asked for.
fn environment(
    asked: wire_auth::Environment,
    my_domain: &str,
) -> Result<Environment<'_>, RpcError> {
    let environment = match asked {
        wire_auth::Environment::Production => Environment::Production,
        wire_auth::Environment::Sandbox => Environment::Sandbox,
        wire_auth::Environment::CustomDomain => Environment::CustomDomain(my_domain),
        wire_auth::Environment::Unspecified => {
            return Err(RpcError::invalid(
                "environment",
                "is missing; choose production, sandbox or custom domain",
            ));
        }
    };
    if !my_domain.is_empty() && !matches!(environment, Environment::CustomDomain(_)) {
        return Err(RpcError::invalid(
            "my_domain",
            "is only for the environment custom domain",
        ));
    }
    Ok(environment)
}

fn generation(field: &str, number: u64) -> Result<i64, RpcError> {
    i64::try_from(number).map_err(|_| RpcError::invalid(field, "is larger than any generation"))
}

fn page(field: &str, asked: u32, default: u32, max: u32) -> Result<i64, RpcError> {
    match asked {
        0 => Ok(i64::from(default)),
        asked if asked <= max => Ok(i64::from(asked)),
        _ => Err(RpcError::invalid(
            field,
            format!("must be 1 to {max}; 0 means {default}"),
        )),
    }
}

impl AuthRpc {
    async fn connection(&self, workspace: &events::WorkspaceId) -> Result<Connection, RpcError> {
        let found = store::connection::get(&self.db.workspace(workspace), workspace).await;
        let found = found.map_err(|error| wire::unavailable(error.into()))?;
        Ok(found.unwrap_or_else(|| Connection::never(workspace.clone(), Utc::now())))
    }
}

impl wire_auth::Auth for AuthRpc {
    async fn begin_connect(
        &self,
        context: &CallContext,
        request: BeginConnectRequest,
    ) -> Result<BeginConnectResponse, RpcError> {
        context.require(Role::Admin)?;
        let workspace = wire::workspace(&request.workspace)?;
        let environment = environment(request.environment(), &request.my_domain)?;
        let wish = Wish {
            workspace: &workspace,
            environment,
            different_user: request.different_user,
            start_over: request.start_over,
            return_path: &request.return_path,
            actor: &context.caller.actor,
        };
        let link = begin_connect::begin(&self.db, &self.salesforce, wish).await?;
        Ok(BeginConnectResponse {
            connect_url: format!(
                "{}/oauth/connect/{}",
                self.public_url,
                link.ticket.expose_secret()
            ),
            expires_at: Some(wire::timestamp(link.expires_at)),
        })
    }

    async fn connect_jwt(
        &self,
        context: &CallContext,
        request: ConnectJwtRequest,
    ) -> Result<ConnectJwtResponse, RpcError> {
        context.require(Role::Admin)?;
        let workspace = wire::workspace(&request.workspace)?;
        let asked = request.environment();
        let wish = connect_jwt::Wish {
            workspace: &workspace,
            environment: environment(asked, &request.my_domain)?,
            consumer_key: &request.consumer_key,
            username: &request.username,
            private_key: request.private_key.into(),
            start_over: request.start_over,
            actor: &context.caller.actor,
        };
        let connection = self.connect_jwt.connect(wish).await?;
        Ok(ConnectJwtResponse {
            connection: Some(wire::connection(&connection)),
        })
    }

    async fn get_connection(
        &self,
        context: &CallContext,
        request: GetConnectionRequest,
    ) -> Result<GetConnectionResponse, RpcError> {
        context.require(Role::Viewer)?;
        let workspace = wire::workspace(&request.workspace)?;
        let connection = self.connection(&workspace).await?;
        Ok(GetConnectionResponse {
            connection: Some(wire::connection(&connection)),
        })
    }

    async fn list_connections(
        &self,
        context: &CallContext,
        request: ListConnectionsRequest,
    ) -> Result<ListConnectionsResponse, RpcError> {
        // Across workspaces: nobody who belongs to one of them.
        context.require(Role::SuperAdmin)?;
        let rows_max = page(
            "page_size",
            request.page_size,
            PAGE_SIZE_DEFAULT,
            PAGE_SIZE_MAX,
        )?;
        if !request.page_token.is_empty() {
            wire::workspace(&request.page_token)
                .map_err(|_| RpcError::invalid("page_token", "is not from an earlier answer"))?;
        }
        // Only a super-admin's request gets here, and it asks for all.
        let all = self.db.all_workspaces();
        let mut found = store::connection::list(&all, &request.page_token, rows_max + 1)
            .await
            .map_err(|error| wire::unavailable(error.into()))?;
        let more = i64::try_from(found.len()).unwrap_or(i64::MAX) > rows_max;
        if more {
            found.pop();
        }
        let last = found
            .last()
            .filter(|_| more)
            .map(|connection| connection.workspace.to_string());
        Ok(ListConnectionsResponse {
            connections: found.iter().map(wire::connection).collect(),
            next_page_token: last.unwrap_or_default(),
        })
    }

    async fn list_connection_history(
        &self,
        context: &CallContext,
        request: ListConnectionHistoryRequest,
    ) -> Result<ListConnectionHistoryResponse, RpcError> {
        context.require(Role::Viewer)?;
        let workspace = wire::workspace(&request.workspace)?;
        let rows_max = page("limit", request.limit, HISTORY_DEFAULT, HISTORY_MAX)?;
        let past = store::connection::history(&self.db.workspace(&workspace), &workspace, rows_max)
            .await
            .map_err(|error| wire::unavailable(error.into()))?;
        let changes = past
            .iter()
            .map(|past| wire::changed(&past.connection, past.previous_state))
            .collect();
        Ok(ListConnectionHistoryResponse { changes })
    }

    async fn get_access_token(
        &self,
        context: &CallContext,
        request: GetAccessTokenRequest,
    ) -> Result<GetAccessTokenResponse, RpcError> {
        context.require(Role::Service)?;
        let workspace = wire::workspace(&request.workspace)?;
        let rejected = generation("rejected_generation", request.rejected_generation)?;
        let token = self
            .tokens
            .get(&workspace, rejected, Purpose::Serve)
            .await
            .map_err(denied)?;
        Ok(GetAccessTokenResponse {
            access_token: token.secret.expose_secret().to_owned(),
            generation: wire::count(token.generation),
            instance_url: token.instance_url,
            organization_id: token.organization_id,
            user_id: token.user_id,
            epoch: wire::count(token.epoch),
        })
    }

    async fn disconnect(
        &self,
        context: &CallContext,
        request: DisconnectRequest,
    ) -> Result<DisconnectResponse, RpcError> {
        context.require(Role::Admin)?;
        let workspace = wire::workspace(&request.workspace)?;
        let ended =
            disconnect::disconnect(&self.db, &self.ring, &workspace, &context.caller.actor).await;
        let ended = ended.map_err(wire::unavailable)?;
        // Usually Salesforce confirms at once; when it does not, the revoker goes on.
        if !matches!(
            timeout(Duration::from_secs(REVOKE_WAIT_S), self.revoker.step()).await,
            Ok(Ok(()))
        ) {
            self.revoker.wake.notify_one();
        }
        let connection = ended.unwrap_or_else(|| Connection::never(workspace, Utc::now()));
        Ok(DisconnectResponse {
            connection: Some(wire::connection(&connection)),
        })
    }

    async fn report_access_problem(
        &self,
        context: &CallContext,
        request: ReportAccessProblemRequest,
    ) -> Result<ReportAccessProblemResponse, RpcError> {
        context.require(Role::Service)?;
        let workspace = wire::workspace(&request.workspace)?;
        let generation = generation("generation", request.generation)?;
        if request.error_code.is_empty() || request.error_code.len() > ERROR_CODE_CHARACTERS_MAX {
            return Err(RpcError::invalid(
                "error_code",
                "must be Salesforce's error code, at most 100 characters",
            ));
        }
        let reported = report_problem::report(
            &self.db,
            &workspace,
            &request.error_code,
            generation,
            &context.caller.actor,
        )
        .await;
        let reported = reported.map_err(wire::unavailable)?;
        let connection = reported.unwrap_or_else(|| Connection::never(workspace, Utc::now()));
        Ok(ReportAccessProblemResponse {
            connection: Some(wire::connection(&connection)),
        })
    }
}
