//! What lets us ask for access tokens: a refresh token of ours, or the right to sign for the customer's own app.

/// The kind of a grant; decides what a refresh sends and what its refusals mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrantKind {
    /// Web server flow: a refresh token, perhaps single-use.
    RefreshToken,
    /// JWT bearer: a new assertion each time, signed with the customer's key. Nothing of it can be used up or lost.
    JwtBearer,
}

/// A grant with what asking under it needs beside its sealed secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// Our own app's grant.
    RefreshToken,
    /// The customer's app.
    JwtBearer {
        /// Consumer key of the customer's app.
        consumer_key: String,
        /// The login host assertions are meant for.
        audience: String,
    },
}

impl GrantKind {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh_token",
            Self::JwtBearer => "jwt_bearer",
        }
    }

    /// Whether sending the secret twice can do harm: only then does a refresh record its intent first.
    #[must_use]
    pub fn may_be_used_up(self) -> bool {
        match self {
            Self::RefreshToken => true,
            Self::JwtBearer => false,
        }
    }
}

impl Grant {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> GrantKind {
        match self {
            Self::RefreshToken => GrantKind::RefreshToken,
            Self::JwtBearer { .. } => GrantKind::JwtBearer,
        }
    }

    /// The grant stored in these columns; `None` when a newer version wrote them.
    #[must_use]
    pub fn parse(kind: &str, consumer_key: String, audience: String) -> Option<Self> {
        match kind {
            "refresh_token" => Some(Self::RefreshToken),
            "jwt_bearer" => Some(Self::JwtBearer {
                consumer_key,
                audience,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_survives_its_columns() {
        let jwt = Grant::JwtBearer {
            consumer_key: "k".into(),
            audience: "a".into(),
        };
        for grant in [Grant::RefreshToken, jwt] {
            let parsed = Grant::parse(grant.kind().as_str(), "k".into(), "a".into());
            assert_eq!(parsed, Some(grant));
        }
        assert_eq!(Grant::parse("saml", String::new(), String::new()), None);
    }
}
