//! Where access tokens come from.
//!
//! The auth service answers from its own store; every other service asks auth over the bus. Both
//! are a [`TokenSource`]; [`crate::Org`] decides when a token is dead and what to do then.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use secrecy::SecretString;

use crate::error::Class;

/// An access token and what is needed to use it.
#[derive(Clone)]
pub struct AccessToken {
    /// The bearer. Opaque, up to 8 KiB.
    pub secret: SecretString,
    /// Counts the tokens of a connection: a higher one is newer.
    pub generation: u64,
    /// Where to call. Checked against the allow-list before every use, whoever stored it.
    pub instance_url: String,
    /// Whether it was issued in answer to this very request. A session refused with a fresh token
    /// did not expire; refreshing again would only burn logins.
    pub fresh: bool,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("generation", &self.generation)
            .field("instance_url", &self.instance_url)
            .field("fresh", &self.fresh)
            .finish_non_exhaustive()
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenSourceError {
    /// A person must connect the org again.
    #[error("connection needs a person to reconnect it: {0}")]
    ReconnectRequired(String),
    /// The connection is suspended and heals by itself.
    #[error("connection is suspended: {0}")]
    Suspended(String),
    /// There is no connection, or it was disconnected.
    #[error("workspace is not connected to salesforce")]
    NotConnected,
    /// Whoever knows cannot be asked right now.
    #[error("access token cannot be fetched right now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl TokenSourceError {
    /// Who or what resolves it.
    pub fn class(&self) -> Class {
        match self {
            Self::ReconnectRequired(_) | Self::NotConnected => Class::Admin,
            Self::Suspended(_) => Class::RetrySlowly,
            Self::Unavailable(_) => Class::Retry,
        }
    }
}

/// Hands out access tokens of one connection.
pub trait TokenSource: Send + Sync + 'static {
    /// The token to use now.
    ///
    /// # Errors
    /// When the connection is not usable, or its keeper cannot be asked.
    fn token(&self) -> impl Future<Output = Result<AccessToken, TokenSourceError>> + Send;

    /// A newer token than `rejected`, which Salesforce refused: the stored one when it differs,
    /// otherwise the outcome of one refresh under the connection's lease.
    ///
    /// # Errors
    /// When the connection is not usable, or its keeper cannot be asked.
    fn rejected(
        &self,
        rejected: &AccessToken,
    ) -> impl Future<Output = Result<AccessToken, TokenSourceError>> + Send;
}

/// Shared, so that its owner can still reach it once an [`crate::Org`] uses it.
impl<T: TokenSource> TokenSource for Arc<T> {
    async fn token(&self) -> Result<AccessToken, TokenSourceError> {
        TokenSource::token(self.as_ref()).await
    }

    async fn rejected(&self, rejected: &AccessToken) -> Result<AccessToken, TokenSourceError> {
        TokenSource::rejected(self.as_ref(), rejected).await
    }
}

/// [`TokenSource`] behind a pointer, so that [`crate::Org`] has no type parameter.
pub(crate) trait ErasedTokenSource: Send + Sync {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>>;
    fn rejected<'a>(
        &'a self,
        rejected: &'a AccessToken,
    ) -> BoxFuture<'a, Result<AccessToken, TokenSourceError>>;
}

impl<T: TokenSource> ErasedTokenSource for T {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
        Box::pin(TokenSource::token(self))
    }

    fn rejected<'a>(
        &'a self,
        rejected: &'a AccessToken,
    ) -> BoxFuture<'a, Result<AccessToken, TokenSourceError>> {
        Box::pin(TokenSource::rejected(self, rejected))
    }
}
