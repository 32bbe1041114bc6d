//! Looking at a grant whose last refresh had no clear answer, without touching it.

use std::time::Duration;

use salesforce::host::Base;
use salesforce::oauth::{OurFault, TokenError, TokenFailure, TokenKind};
use secrecy::SecretString;
use tokio::time::timeout;

use super::access_token::AccessTokens;
use crate::domain::refresh::Sight;

/// Looks without a clear answer before an org counts as not allowing them.
const LOOKS_MAX: u32 = 5;

impl AccessTokens {
    /// Asks Salesforce whether the stored refresh token is alive; `failures` were seen in a row before.
    pub(super) async fn look(
        &self,
        host: &Base,
        refresh_token: &SecretString,
        failures: u32,
    ) -> Sight {
        let call = self
            .inner
            .endpoint
            .introspect(host, refresh_token, TokenKind::Refresh);
        let sight = match timeout(Duration::from_millis(self.inner.limits.call_ms), call).await {
            Ok(Ok(introspection)) if introspection.active => Sight::Alive,
            Ok(Ok(_)) => Sight::Dead,
            Ok(Err(error)) => sight_of(&error, failures),
            Err(_elapsed) => Sight::Unclear,
        };
        tracing::info!(sight = ?sight, "looked at a grant whose last refresh had no clear answer");
        sight
    }
}

/// What a failed introspection says. Only an answer of Salesforce's own that is not about our credentials or load means
/// that the org does not let us look; a gateway's page does so after several in a row.
fn sight_of(error: &TokenError, failures: u32) -> Sight {
    let TokenError::Refused {
        http_status,
        error: code,
        failure,
        ..
    } = error
    else {
        return Sight::Unclear;
    };
    let ours = matches!(
        failure,
        TokenFailure::OurFault {
            cause: OurFault::ClientSecret
        }
    );
    let busy = matches!(
        code.as_str(),
        "rate_limit_exceeded" | "server_error" | "unknown_error"
    );
    match http_status {
        400..=499 if ours || busy => Sight::Unclear,
        400..=499 if !code.is_empty() || failures >= LOOKS_MAX => Sight::Forbidden,
        _ => Sight::Unclear,
    }
}
