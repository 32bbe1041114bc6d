//! Tokens asked of the auth service over the bus.
//!
//! One answer is kept for a short while, so that a bulk run does not ask before every call. The
//! lock is held while asking: however many calls run at once, auth is asked once.

use std::time::{Duration, Instant};

use events::WorkspaceId;
use events::auth::v1::{
    AuthClient, GetAccessTokenRequest, GetAccessTokenResponse, GetConnectionRequest,
    ReportAccessProblemRequest,
};
use events::crm::v1::ConnectionState;
use events::rpc::{CallContext, Caller, Code, RpcError, Transport};
use tokio::sync::Mutex;

use crate::error::Error;
use crate::token::{AccessToken, TokenSource, TokenSourceError};

/// How long an answer is used. Short against a session's least lifetime of 15 minutes, and the bound
/// within which a token that replaced ours must have been issued.
const CACHE_TTL: Duration = Duration::from_secs(60);

/// How long auth may take: it may have to refresh at Salesforce first.
const ASK_TIMEOUT: Duration = Duration::from_secs(30);

/// A [`TokenSource`] of one workspace that asks the auth service.
pub struct AuthTokens<T> {
    auth: AuthClient<T>,
    workspace: WorkspaceId,
    caller: Caller,
    epoch: Option<u64>,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    token: AccessToken,
    since: Instant,
}

impl<T: Transport> AuthTokens<T> {
    /// Tokens of `workspace`, asked for as `caller`, usually [`Caller::service`].
    pub fn new(transport: T, workspace: WorkspaceId, caller: Caller) -> Self {
        Self {
            auth: AuthClient::new(transport),
            workspace,
            caller,
            epoch: None,
            kept: Mutex::new(None),
        }
    }

    /// Only tokens of the connection of `epoch`: once another user or org is connected there are none, until whoever
    /// asks has heard of it and asks for those of the new one.
    #[must_use]
    pub fn of_epoch(mut self, epoch: u64) -> Self {
        self.epoch = Some(epoch);
        self
    }

    /// Drops the kept token, for when the connection is known to have changed.
    pub async fn forget(&self) {
        *self.kept.lock().await = None;
    }

    /// Tells auth when `error` is a problem of the connection as a whole; does nothing otherwise.
    ///
    /// # Errors
    /// What auth refused, or how the call failed.
    pub async fn report(&self, error: &Error) -> Result<(), RpcError> {
        let Some(error_code) = error.access_problem() else {
            return Ok(());
        };
        let generation = self
            .kept
            .lock()
            .await
            .as_ref()
            .map_or(0, |kept| kept.token.generation);
        let request = ReportAccessProblemRequest {
            workspace: self.workspace.as_str().to_owned(),
            generation,
            error_code: error_code.to_owned(),
        };
        self.auth
            .report_access_problem(&self.context(), request)
            .await
            .map(|_noted| ())
    }

    fn context(&self) -> CallContext {
        CallContext {
            caller: self.caller.clone(),
            timeout: ASK_TIMEOUT,
        }
    }

    async fn ask(&self, rejected_generation: u64) -> Result<AccessToken, TokenSourceError> {
        let request = GetAccessTokenRequest {
            workspace: self.workspace.as_str().to_owned(),
            rejected_generation,
        };
        match self.auth.get_access_token(&self.context(), request).await {
            Ok(answer) if self.epoch.is_some_and(|epoch| epoch != answer.epoch) => {
                Err(TokenSourceError::Unavailable(Box::new(OtherEpoch)))
            }
            Ok(answer) => Ok(token_of(answer, rejected_generation > 0)),
            Err(error) => Err(self.explain(error).await),
        }
    }

    /// Why there is no token: the connection's state says it better than an error code.
    async fn explain(&self, error: RpcError) -> TokenSourceError {
        match error.code {
            Code::NotFound => return TokenSourceError::NotConnected,
            Code::FailedPrecondition => {}
            Code::InvalidArgument
            | Code::PermissionDenied
            | Code::AlreadyExists
            | Code::ResourceExhausted
            | Code::Internal
            | Code::Unavailable
            | Code::DeadlineExceeded => return TokenSourceError::Unavailable(error.into()),
        }
        let request = GetConnectionRequest {
            workspace: self.workspace.as_str().to_owned(),
        };
        let connection = match self.auth.get_connection(&self.context(), request).await {
            Ok(answer) => answer.connection.unwrap_or_default(),
            Err(error) => return TokenSourceError::Unavailable(error.into()),
        };
        match connection.state() {
            ConnectionState::Suspended => TokenSourceError::Suspended(connection.detail),
            ConnectionState::ReconnectRequired => {
                TokenSourceError::ReconnectRequired(connection.detail)
            }
            ConnectionState::NotConnected
            | ConnectionState::Authorizing
            | ConnectionState::Disconnected => TokenSourceError::NotConnected,
            // It changed between the two questions: ask again later.
            ConnectionState::Unspecified
            | ConnectionState::Connected
            | ConnectionState::AccessLimited => TokenSourceError::Unavailable(error.into()),
        }
    }
}

/// The connection is not the one that was asked about.
#[derive(Debug, thiserror::Error)]
#[error("another user or org was connected meanwhile; what was verified for the one before waits")]
struct OtherEpoch;

/// A token that replaced one we got within [`CACHE_TTL`] was issued within it, whoever refreshed.
fn token_of(answer: GetAccessTokenResponse, fresh: bool) -> AccessToken {
    AccessToken {
        secret: answer.access_token.into(),
        generation: answer.generation,
        instance_url: answer.instance_url,
        fresh,
    }
}

impl<T: Transport> TokenSource for AuthTokens<T> {
    async fn token(&self) -> Result<AccessToken, TokenSourceError> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref()
            && kept.since.elapsed() < CACHE_TTL
        {
            return Ok(kept.token.clone());
        }
        // Emptied first: a failed question must not leave the old answer behind.
        *kept = None;
        let token = self.ask(0).await?;
        *kept = Some(Kept {
            token: token.clone(),
            since: Instant::now(),
        });
        Ok(token)
    }

    async fn rejected(&self, rejected: &AccessToken) -> Result<AccessToken, TokenSourceError> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref()
            && kept.token.generation > rejected.generation
        {
            // Another call had it replaced while this one waited.
            return Ok(kept.token.clone());
        }
        *kept = None;
        let token = self.ask(rejected.generation).await?;
        *kept = Some(Kept {
            token: token.clone(),
            since: Instant::now(),
        });
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Bytes;
    use events::auth::v1::GetConnectionResponse;
    use events::crm::v1::Connection;
    use events::rpc::{decode, encode};
    use secrecy::ExposeSecret;

    use super::*;

    /// An auth service in memory: counts questions, refreshes when its own generation is rejected.
    #[derive(Clone, Default)]
    struct FakeAuth {
        questions: Arc<AtomicU64>,
        generation: Arc<AtomicU64>,
        state: Option<ConnectionState>,
        reports: Arc<std::sync::Mutex<Vec<(u64, String)>>>,
    }

    impl Transport for FakeAuth {
        async fn call(
            &self,
            subject: &'static str,
            _context: &CallContext,
            payload: Vec<u8>,
        ) -> Result<Bytes, RpcError> {
            if subject == "ergo.rpc.auth.get_connection" {
                let connection = Connection {
                    state: self.state.unwrap_or_default().into(),
                    detail: "user is frozen".to_owned(),
                    ..Connection::default()
                };
                return Ok(encode(&GetConnectionResponse {
                    connection: Some(connection),
                }));
            }
            if subject == "ergo.rpc.auth.report_access_problem" {
                let request: ReportAccessProblemRequest = decode(payload.into())?;
                let mut reports = self
                    .reports
                    .lock()
                    .expect("no test panics while holding it");
                reports.push((request.generation, request.error_code));
                return Ok(Bytes::new());
            }
            self.questions.fetch_add(1, Ordering::SeqCst);
            if self.state.is_some() {
                return Err(RpcError::new(Code::FailedPrecondition, "not connected"));
            }
            let request: GetAccessTokenRequest = decode(payload.into())?;
            let current = self.generation.load(Ordering::SeqCst);
            if request.rejected_generation == current {
                self.generation.fetch_add(1, Ordering::SeqCst);
            }
            let generation = self.generation.load(Ordering::SeqCst);
            Ok(encode(&GetAccessTokenResponse {
                access_token: format!("token {generation}"),
                generation,
                instance_url: "https://acme.my.salesforce.com".to_owned(),
                ..GetAccessTokenResponse::default()
            }))
        }
    }

    fn tokens(auth: &FakeAuth) -> AuthTokens<FakeAuth> {
        let workspace = "acme".parse().expect("a workspace id");
        AuthTokens::new(auth.clone(), workspace, Caller::service("writeback"))
    }

    #[tokio::test]
    async fn many_calls_ask_once() {
        let auth = FakeAuth::default();
        let tokens = tokens(&auth);
        for _call in 0..10 {
            let token = tokens.token().await.expect("a token");
            assert_eq!(token.generation, 1);
            assert!(!token.fresh);
        }
        assert_eq!(auth.questions.load(Ordering::SeqCst), 1);
        tokens.forget().await;
        tokens.token().await.expect("a token");
        assert_eq!(auth.questions.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn calls_rejected_together_replace_the_token_once() {
        let auth = FakeAuth::default();
        let tokens = tokens(&auth);
        let dead = tokens.token().await.expect("a token");
        let (first, second) = tokio::join!(tokens.rejected(&dead), tokens.rejected(&dead));
        for newer in [first.expect("a token"), second.expect("a token")] {
            assert_eq!(newer.generation, 2);
            assert!(newer.fresh);
            assert_eq!(newer.secret.expose_secret(), "token 2");
        }
        assert_eq!(auth.questions.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn the_connection_state_explains_a_missing_token() {
        for (state, expected) in [
            (
                ConnectionState::Suspended,
                "connection is suspended: user is frozen",
            ),
            (
                ConnectionState::ReconnectRequired,
                "connection needs a person to reconnect it: user is frozen",
            ),
            (
                ConnectionState::Disconnected,
                "workspace is not connected to salesforce",
            ),
            (
                ConnectionState::Connected,
                "access token cannot be fetched right now",
            ),
        ] {
            let auth = FakeAuth {
                state: Some(state),
                ..FakeAuth::default()
            };
            let error = tokens(&auth).token().await.expect_err("no token");
            assert_eq!(error.to_string(), expected);
        }
    }

    #[tokio::test]
    async fn tokens_of_another_user_are_refused() {
        let auth = FakeAuth::default();
        let tokens = tokens(&auth).of_epoch(7);
        let error = tokens.token().await.expect_err("no token");
        assert_eq!(error.class(), crate::Class::Retry);
        let cause = std::error::Error::source(&error).expect("a cause");
        assert!(cause.to_string().starts_with("another user or org"));
    }

    #[tokio::test]
    async fn only_problems_of_the_connection_are_reported() {
        let auth = FakeAuth::default();
        let tokens = tokens(&auth);
        tokens.token().await.expect("a token");
        let refused = |code: &str| {
            let body = format!(r#"[{{"errorCode":"{code}","message":"x"}}]"#);
            Error::refused("query", 403, body.as_bytes())
        };
        for code in [
            "INSUFFICIENT_ACCESS",
            "REQUEST_LIMIT_EXCEEDED",
            "API_DISABLED_FOR_ORG",
        ] {
            tokens.report(&refused(code)).await.expect("auth answers");
        }
        let reports = auth
            .reports
            .lock()
            .expect("no test panics while holding it");
        assert_eq!(*reports, [(1, "API_DISABLED_FOR_ORG".to_owned())]);
    }
}
