//! Connects a workspace to its org through the web server flow, as an admin's browser would.

use super::admin::Admin;
use crate::eventually::within;
use crate::org::{Arrival, Consent, Rest, Target};
use crate::rpc::{as_admin, as_service};
use anyhow::{Context, bail, ensure};
use events::auth::v1::{
    AuthClient, BeginConnectRequest, Environment, GetAccessTokenRequest, GetConnectionRequest,
    ListConnectionHistoryRequest,
};
use events::crm::v1::{Connection, ConnectionChanged, ConnectionState};
use std::time::Duration;

/// Longest a person may take on Salesforce's pages: what the connect address is good for.
const PERSON_MAX: Duration = Duration::from_secs(600);
/// Longest the connection may take to show once the browser is back.
const SHOWN_MAX: Duration = Duration::from_secs(15);

/// A connected workspace.
#[derive(Debug)]
pub struct Connected {
    /// The connection.
    pub connection: Connection,
    /// The connected user's access to the org, for the harness's own reading and preparing.
    pub rest: Rest,
}

impl Connected {
    /// The connected user's e-mail address.
    ///
    /// # Errors
    /// When Salesforce does not tell.
    pub async fn email(&self) -> anyhow::Result<String> {
        let user = self
            .rest
            .record("User", &self.connection.user_id, &["Email"])
            .await?;
        let email = user["Email"]
            .as_str()
            .context("the connected user has no e-mail address")?;
        Ok(email.to_lowercase())
    }
}

impl Admin {
    /// Connects. Pages that cannot be driven are left to a person, who is told the address through `tell`.
    ///
    /// # Errors
    /// When auth refuses, the log-in fails or takes too long.
    pub async fn connect(
        &self,
        org: &Target,
        console_url: &str,
        tell: impl Fn(&str),
    ) -> anyhow::Result<Connected> {
        org.check()?;
        let mut by_person = org.username.is_empty();
        let mut begun = self.begin_connect().await?;
        if !by_person {
            let arrival = Consent::new(&org.username, &org.password)
                .give(&begun, console_url)
                .await?;
            if let Arrival::Stuck { at, why } = arrival {
                // Nothing of the query: it carries the state of the log-in.
                let page = format!("{}{}", at.host_str().unwrap_or_default(), at.path());
                let ours = begun
                    .parse::<url::Url>()
                    .is_ok_and(|begun| begun.origin() == at.origin());
                ensure!(!ours, "the log-in ended at {page}: {why}");
                tell(&format!(
                    "the page {page} has to be answered by a person: {why}"
                ));
                by_person = true;
                // The first address was used up.
                begun = self.begin_connect().await?;
            }
        }
        if by_person {
            tell(&format!(
                "open {begun} in a browser and allow; waiting up to {} s",
                PERSON_MAX.as_secs()
            ));
        }
        let limit = if by_person { PERSON_MAX } else { SHOWN_MAX };
        let connection = within(limit, || self.connection_that_works()).await;
        let connection = match connection {
            Some(connection) => connection,
            None => bail!("not connected: {}", self.connection().await?.detail),
        };
        let rest = self.rest(&connection, &org.api_version).await?;
        Ok(Connected { connection, rest })
    }

    /// The address a browser must open.
    async fn begin_connect(&self) -> anyhow::Result<String> {
        let request = BeginConnectRequest {
            workspace: self.workspace.clone(),
            environment: Environment::Production.into(),
            return_path: "/".to_owned(),
            ..BeginConnectRequest::default()
        };
        let begun = AuthClient::new(self.rpc.clone())
            .begin_connect(&as_admin(), request)
            .await;
        Ok(begun.context("begin to connect")?.connect_url)
    }

    /// The connection as it is.
    ///
    /// # Errors
    /// When auth does not answer.
    pub async fn connection(&self) -> anyhow::Result<Connection> {
        let request = GetConnectionRequest {
            workspace: self.workspace.clone(),
        };
        let answer = AuthClient::new(self.rpc.clone())
            .get_connection(&as_admin(), request)
            .await?;
        answer
            .connection
            .context("auth answered without a connection")
    }

    /// The connection's past states, newest first.
    ///
    /// # Errors
    /// When auth does not answer.
    pub async fn connection_history(&self) -> anyhow::Result<Vec<ConnectionChanged>> {
        let request = ListConnectionHistoryRequest {
            workspace: self.workspace.clone(),
            ..ListConnectionHistoryRequest::default()
        };
        let answer = AuthClient::new(self.rpc.clone())
            .list_connection_history(&as_admin(), request)
            .await;
        Ok(answer.context("ask auth for the history")?.changes)
    }

    /// The access token our services are given now, and its generation.
    ///
    /// # Errors
    /// When auth has no token to give.
    pub async fn access_token(&self) -> anyhow::Result<(String, u64)> {
        let request = GetAccessTokenRequest {
            workspace: self.workspace.clone(),
            rejected_generation: 0,
        };
        let token = AuthClient::new(self.rpc.clone())
            .get_access_token(&as_service(), request)
            .await;
        let token = token.context("ask auth for an access token")?;
        Ok((token.access_token, token.generation))
    }

    async fn connection_that_works(&self) -> Option<Connection> {
        let connection = self.connection().await.ok()?;
        match connection.state() {
            ConnectionState::Connected | ConnectionState::AccessLimited => Some(connection),
            ConnectionState::Unspecified
            | ConnectionState::NotConnected
            | ConnectionState::Authorizing
            | ConnectionState::Suspended
            | ConnectionState::ReconnectRequired
            | ConnectionState::Disconnected => None,
        }
    }

    /// The org as the connected user sees it, with a token asked of auth as our services do.
    ///
    /// # Errors
    /// When auth has no token to give.
    pub async fn rest(&self, connection: &Connection, api_version: &str) -> anyhow::Result<Rest> {
        let (token, _) = self.access_token().await?;
        Ok(Rest::new(&connection.instance_url, api_version, &token))
    }
}
