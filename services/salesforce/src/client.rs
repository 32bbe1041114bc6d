//! The process-wide client: hosts, HTTP connections and limits shared by all orgs.

use std::sync::Arc;

use crate::host::{AllowList, Base, DomainKind, HostError};
use crate::oauth::{ClientCredentials, TokenEndpoint};
use crate::options::{Options, OptionsError, is_api_version};
use crate::org::Org;
use crate::token::TokenSource;
use crate::wire::Wire;

/// Talks to Salesforce. Cheap to clone; make one per process.
#[derive(Clone)]
pub struct Salesforce {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub hosts: AllowList,
    pub wire: Wire,
    pub options: Options,
    pub login: Base,
    pub sandbox_login: Base,
}

/// Where a user wants to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginChoice {
    /// The production login host, or the one configured instead of it.
    Production,
    /// The sandbox login host.
    Sandbox,
    /// The customer's own domain: the label a user typed, and the kind of org it belongs to.
    CustomDomain {
        /// The part before the fixed suffix, such as `acme` or `acme--uat`.
        label: String,
        /// Which suffix to append.
        kind: DomainKind,
    },
}

impl Salesforce {
    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    /// The first option that cannot be used, by name.
    pub fn new(options: &Options) -> Result<Self, OptionsError> {
        let host = |option| move |source| OptionsError::Host { option, source };
        let mut allowed = options.salesforce_allowed_hosts.clone();
        // A loopback login address cannot leak a token to anyone: it is its own permission.
        for login in [
            &options.salesforce_login_url,
            &options.salesforce_sandbox_login_url,
        ] {
            allowed.extend(AllowList::loopback_authority(login));
        }
        let hosts = AllowList::new(&allowed, &options.salesforce_special_clouds)
            .map_err(host("SALESFORCE_ALLOWED_HOSTS"))?;
        let login = hosts
            .login(&options.salesforce_login_url)
            .map_err(host("SALESFORCE_LOGIN_URL"))?;
        let sandbox_login = hosts
            .login(&options.salesforce_sandbox_login_url)
            .map_err(host("SALESFORCE_SANDBOX_LOGIN_URL"))?;
        if !is_api_version(&options.salesforce_api_version) {
            return Err(OptionsError::ApiVersion(
                options.salesforce_api_version.clone(),
            ));
        }
        for (name, zero) in [
            (
                "SALESFORCE_CONNECT_TIMEOUT_S",
                options.salesforce_connect_timeout_s == 0,
            ),
            (
                "SALESFORCE_REQUEST_TIMEOUT_S",
                options.salesforce_request_timeout_s == 0,
            ),
            (
                "SALESFORCE_RESPONSE_BYTES_MAX",
                options.salesforce_response_bytes_max == 0,
            ),
            (
                "SALESFORCE_ORG_CONCURRENCY_MAX",
                options.salesforce_org_concurrency_max == 0,
            ),
            (
                "SALESFORCE_QUERY_PAGES_MAX",
                options.salesforce_query_pages_max == 0,
            ),
        ] {
            if zero {
                return Err(OptionsError::Zero(name));
            }
        }
        let wire = Wire::new(options, &hosts)?;
        Ok(Self {
            shared: Arc::new(Shared {
                hosts,
                wire,
                options: options.clone(),
                login,
                sandbox_login,
            }),
        })
    }

    /// The hosts that may receive tokens.
    pub fn hosts(&self) -> &AllowList {
        &self.shared.hosts
    }

    /// The pinned API version, such as `v67.0`.
    pub fn api_version(&self) -> &str {
        &self.shared.options.salesforce_api_version
    }

    /// The login address for a user's choice.
    ///
    /// # Errors
    /// When a custom domain label is not one.
    pub fn login(&self, choice: &LoginChoice) -> Result<Base, HostError> {
        match choice {
            LoginChoice::Production => Ok(self.shared.login.clone()),
            LoginChoice::Sandbox => Ok(self.shared.sandbox_login.clone()),
            LoginChoice::CustomDomain { label, kind } => {
                self.shared.hosts.custom_domain(label, *kind)
            }
        }
    }

    /// The OAuth endpoints, called as the app with these credentials.
    pub fn token_endpoint(&self, credentials: ClientCredentials) -> TokenEndpoint {
        TokenEndpoint::new(self.clone(), credentials)
    }

    /// One connected org. Keep it for as long as the connection lives: the concurrency limit and the
    /// API usage belong to this value and its clones.
    pub fn org(&self, tokens: impl TokenSource) -> Org {
        Org::new(self.clone(), tokens)
    }
}
