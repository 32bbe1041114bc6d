//! Messages that carry a secret never print it, whoever formats them.

use crate::auth::v1::GetAccessTokenResponse;
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
    }
}
