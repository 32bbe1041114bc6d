//! A typed client of the control API, for tests.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::command::{Command, Stats};
use crate::access::{ObjectAccess, RecordAccess};
use crate::faults::Fault;
use crate::log::{Attempt, WriteLogEntry};
use crate::refusal::Refusal;

/// Longest wait for one command, in seconds; generating a million rows takes a while.
const COMMAND_TIMEOUT_S: u64 = 120;
/// Entries fetched per log request.
const LOG_PAGE: usize = 10_000;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The control port does not answer.
    #[error("calling the control api")]
    Http(#[from] reqwest::Error),
    /// The command was refused.
    #[error("the org refused the command: {0}")]
    Refused(String),
    /// The answer is not what the command returns.
    #[error("reading the answer of the control api")]
    Answer(#[from] serde_json::Error),
}

/// Result of a command.
pub type Result<T> = std::result::Result<T, ControlError>;

/// The client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Control {
    http: reqwest::Client,
    url: String,
}

impl Control {
    /// A client for a control address.
    pub fn new(control_url: &str) -> Control {
        // Needed once per process even though only plain HTTP is spoken; a second call is refused, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(std::time::Duration::from_secs(COMMAND_TIMEOUT_S))
            .no_proxy()
            .build()
            .expect("a client without certificates or proxies always builds");
        Control {
            http,
            url: control_url.trim_end_matches('/').into(),
        }
    }

    /// Sends a command and returns its result as JSON.
    ///
    /// # Errors
    /// The port does not answer, or the org refuses.
    pub async fn send(&self, command: &Command) -> Result<Json> {
        let response = self
            .http
            .post(format!("{}/command", self.url))
            .json(command)
            .send()
            .await?;
        let succeeded = response.status().is_success();
        let body = response.text().await?;
        if succeeded {
            return Ok(serde_json::from_str(&body)?);
        }
        let parsed: Option<Json> = serde_json::from_str(&body).ok();
        let text = parsed
            .and_then(|json| json["error"].as_str().map(str::to_owned))
            .unwrap_or(body);
        Err(ControlError::Refused(text))
    }

    async fn ask<T: DeserializeOwned>(&self, command: &Command) -> Result<T> {
        Ok(serde_json::from_value(self.send(command).await?)?)
    }

    async fn tell(&self, command: Command) -> Result<()> {
        self.send(&command).await.map(|_| ())
    }

    /// Starts over with fresh seed data, no faults, no tokens, empty logs.
    pub async fn reset(&self) -> Result<()> {
        self.tell(Command::Reset).await
    }

    /// Adds a transport fault.
    pub async fn fault(&self, fault: Fault) -> Result<()> {
        self.tell(Command::AddFault { fault }).await
    }

    /// Removes every fault, refusal and row lock.
    pub async fn clear_faults(&self) -> Result<()> {
        self.tell(Command::ClearFaults).await
    }

    /// Refuses saves with a given code.
    pub async fn refuse(&self, refusal: Refusal) -> Result<()> {
        self.tell(Command::AddRefusal { refusal }).await
    }

    /// Answers the next `saves` saves of an object with UNABLE_TO_LOCK_ROW.
    pub async fn lock_rows(&self, object: &str, saves: u32) -> Result<()> {
        self.refuse(Refusal {
            object: Some(object.into()),
            field: None,
            id: None,
            code: "UNABLE_TO_LOCK_ROW".into(),
            message: "unable to obtain exclusive access to this record".into(),
            fields: Vec::new(),
            remaining: Some(saves),
        })
        .await
    }

    /// Ends access tokens: of a user, or of all. Returns how many.
    pub async fn expire_sessions(&self, username: Option<&str>) -> Result<usize> {
        self.ask(&Command::ExpireSessions {
            username: username.map(str::to_owned),
        })
        .await
    }

    /// Revokes grants and their sessions: of a user, or of all. Returns how many.
    pub async fn revoke_grants(&self, username: Option<&str>) -> Result<usize> {
        self.ask(&Command::RevokeGrants {
            username: username.map(str::to_owned),
        })
        .await
    }

    /// Admits a user to the connected app beforehand, or takes that back.
    pub async fn preauthorize(&self, username: &str, on: bool) -> Result<()> {
        let username = username.into();
        self.tell(Command::Preauthorize { username, on }).await
    }

    /// Replaces the certificate of the connected app.
    pub async fn upload_certificate(&self, pem: &str) -> Result<()> {
        let pem = pem.into();
        self.tell(Command::UploadCertificate { pem }).await
    }

    /// Switches refresh token rotation.
    pub async fn set_rotation(&self, on: bool) -> Result<()> {
        self.tell(Command::SetRotation { on }).await
    }

    /// Rotates every refresh token without telling its holder. Returns how many.
    pub async fn rotate_silently(&self) -> Result<usize> {
        self.ask(&Command::RotateSilently).await
    }

    /// Changes the daily quota and how much of it is used.
    pub async fn set_api_limit(&self, max: Option<u64>, used: Option<u64>) -> Result<()> {
        self.tell(Command::SetApiLimit { max, used }).await
    }

    /// Moves the org's clock.
    pub async fn advance_clock(&self, by_ms: i64) -> Result<()> {
        self.tell(Command::AdvanceClock { by_ms }).await
    }

    /// Object permissions of one user.
    pub async fn set_object_permission(
        &self,
        username: &str,
        object: &str,
        access: ObjectAccess,
    ) -> Result<()> {
        self.tell(Command::SetObjectPermission {
            username: username.into(),
            object: object.into(),
            access,
        })
        .await
    }

    /// Field permissions of one user.
    pub async fn set_field_permission(
        &self,
        username: &str,
        object: &str,
        field: &str,
        read: bool,
        edit: bool,
    ) -> Result<()> {
        let (username, object, field) = (username.into(), object.into(), field.into());
        self.tell(Command::SetFieldPermission {
            username,
            object,
            field,
            read,
            edit,
        })
        .await
    }

    /// Limits the sharing of one record with one user; none restores it.
    pub async fn share_record(
        &self,
        username: &str,
        id: &str,
        access: Option<RecordAccess>,
    ) -> Result<()> {
        self.tell(Command::ShareRecord {
            username: username.into(),
            id: id.into(),
            access,
        })
        .await
    }

    /// Adds or replaces an active validation rule.
    pub async fn put_rule(
        &self,
        object: &str,
        name: &str,
        formula: &str,
        message: &str,
        error_field: Option<&str>,
    ) -> Result<()> {
        self.tell(Command::PutRule {
            object: object.into(),
            name: name.into(),
            formula: formula.into(),
            message: message.into(),
            error_field: error_field.map(str::to_owned),
            active: true,
        })
        .await
    }

    /// Removes a validation rule.
    pub async fn remove_rule(&self, object: &str, name: &str) -> Result<()> {
        self.tell(Command::RemoveRule {
            object: object.into(),
            name: name.into(),
        })
        .await
    }

    /// Activates or deactivates a user.
    pub async fn set_user_active(&self, username: &str, active: bool) -> Result<()> {
        self.tell(Command::SetUserActive {
            username: username.into(),
            active,
        })
        .await
    }

    /// Creates or updates a record as a person would, through every check. Returns its id.
    pub async fn save_as(
        &self,
        username: &str,
        object: &str,
        id: Option<&str>,
        fields: Json,
    ) -> Result<String> {
        let fields = fields.as_object().cloned().unwrap_or_default();
        let (username, object) = (username.into(), object.into());
        self.ask(&Command::SaveAs {
            username,
            object,
            id: id.map(str::to_owned),
            fields,
        })
        .await
    }

    /// Loads records without checks or log entries. Returns their ids.
    pub async fn load(&self, object: &str, records: Vec<Map<String, Json>>) -> Result<Vec<String>> {
        self.ask(&Command::Load {
            object: object.into(),
            records,
        })
        .await
    }

    /// Generates accounts, each with contacts and opportunities.
    pub async fn generate(
        &self,
        accounts: u64,
        contacts_per_account: u64,
        opportunities_per_account: u64,
    ) -> Result<()> {
        self.tell(Command::Generate {
            accounts,
            contacts_per_account,
            opportunities_per_account,
        })
        .await
    }

    /// A record as stored, deleted ones included.
    pub async fn record(&self, id: &str) -> Result<Map<String, Json>> {
        self.ask(&Command::Record { id: id.into() }).await
    }

    /// Records selected by SOQL, as the administrator.
    pub async fn query(&self, soql: &str) -> Result<Vec<Map<String, Json>>> {
        let mut page = self
            .send(&Command::Query {
                soql: soql.into(),
                all_rows: false,
            })
            .await?;
        Ok(serde_json::from_value(page["records"].take())?)
    }

    /// Committed saves after a position, all of them.
    pub async fn write_log(&self, after_seq: u64) -> Result<Vec<WriteLogEntry>> {
        let mut all: Vec<WriteLogEntry> = Vec::new();
        loop {
            let after_seq = all.last().map_or(after_seq, |entry| entry.seq);
            let page: Vec<WriteLogEntry> = self
                .ask(&Command::WriteLog {
                    after_seq,
                    limit: LOG_PAGE,
                })
                .await?;
            let last = page.len() < LOG_PAGE;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    /// Attempts that left nothing, after a position, all of them.
    pub async fn attempts(&self, after_seq: u64) -> Result<Vec<Attempt>> {
        let mut all: Vec<Attempt> = Vec::new();
        loop {
            let after_seq = all.last().map_or(after_seq, |entry| entry.seq);
            let page: Vec<Attempt> = self
                .ask(&Command::Attempts {
                    after_seq,
                    limit: LOG_PAGE,
                })
                .await?;
            let last = page.len() < LOG_PAGE;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    /// Counters.
    pub async fn stats(&self) -> Result<Stats> {
        self.ask(&Command::Stats).await
    }

    /// Presses Allow or Deny on the consent page of an authorisation URL; returns where it redirects.
    pub async fn approve(
        &self,
        authorize_url: &str,
        username: &str,
        allow: bool,
    ) -> Result<String> {
        self.ask(&Command::Approve {
            url: authorize_url.into(),
            username: username.into(),
            allow,
        })
        .await
    }

    /// An access token for a user, without any OAuth flow.
    pub async fn token_for(&self, username: &str) -> Result<String> {
        self.ask(&Command::TokenFor {
            username: username.into(),
        })
        .await
    }
}
