//! The OAuth endpoints: authorise, exchange, refresh, revoke, introspect, userinfo, identity.

mod assertion;
mod endpoint;
mod failure;
mod identity;
mod response;

pub use assertion::{ASSERTION_VALID_S, Assertion, KeyError, PRIVATE_KEY_BYTES_MAX, SigningKey};
pub use endpoint::{AuthorizeRequest, ClientCredentials, TokenEndpoint, TokenError, TokenKind};
pub use failure::{
    AuthorizeFailure, Confirm, OurFault, ReconnectCause, SuspendCause, TokenFailure,
    classify_authorize_error, classify_token_error,
};
pub use identity::{Identity, Introspection, UserInfo};
pub use response::{TokenResponse, signature_matches};

#[cfg(test)]
mod tests;
