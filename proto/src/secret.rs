//! Messages that carry a secret never print it, whoever formats them.

use crate::auth::v1::{ConnectJwtRequest, GetAccessTokenResponse};
use std::fmt;

impl fmt::Debug for GetAccessTokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetAccessTokenResponse")
            .field("access_token", &"[redacted]")
            .field("generation", &self.generation)
            .field("instance_url", &self.instance_url)
            .field("organization_id", &self.organization_id)
            .field("user_id", &self.user_id)
            .field("epoch", &self.epoch)
            .finish()
    }
}

impl fmt::Debug for ConnectJwtRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectJwtRequest")
            .field("workspace", &self.workspace)
            .field("environment", &self.environment)
            .field("my_domain", &self.my_domain)
            .field("consumer_key", &self.consumer_key)
            .field("username", &self.username)
            .field("private_key", &"[redacted]")
            .field("start_over", &self.start_over)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        let answer = GetAccessTokenResponse {
            access_token: "00D!secret".into(),
            ..Default::default()
        };
        assert!(!format!("{answer:?}").contains("secret"));
        let request = ConnectJwtRequest {
            private_key: "a secret key".into(),
            ..Default::default()
        };
        assert!(!format!("{request:?}").contains("secret"));
    }
}
