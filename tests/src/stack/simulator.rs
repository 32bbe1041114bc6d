//! The simulated org as a process, and its control API, which tests use to break things and to see what was written.

use super::{free_port, process::Process};
use crate::eventually::within;
use crate::org::Target;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Longest the simulator may take to seed its records and answer.
const START_MAX: Duration = Duration::from_secs(30);
/// The simulator's own defaults.
const DEFAULT_CONSUMER_KEY: &str = "3MVG9simulator.consumer.key";
const DEFAULT_CONSUMER_SECRET: &str = "simulator-consumer-secret";
const ADMIN_USERNAME: &str = "admin@northwind.example";
const INTEGRATION_USERNAME: &str = "integration@northwind.example";
const PASSWORD: &str = "simulator";

/// A running simulator.
#[derive(Debug)]
pub struct Simulator {
    process: Process,
    target: Target,
    control_url: String,
    http: reqwest::Client,
}

impl Simulator {
    /// Starts the program in `binaries`, with a connected app that sends browsers back to `callback`.
    ///
    /// # Errors
    /// When it is not built or does not answer; with the end of its log.
    pub async fn start(binaries: &Path, folder: &Path, callback: &str) -> anyhow::Result<Self> {
        let (port, control_port) = (free_port()?, free_port()?);
        let (port_text, control_text) = (port.to_string(), control_port.to_string());
        let arguments = [
            "--port",
            &port_text,
            "--control-port",
            &control_text,
            "--callback-url",
            callback,
        ];
        let mut process = Process::new(
            "salesforce-sim",
            &binaries.join("salesforce-sim"),
            &arguments,
            folder,
        );
        process.start()?;
        let http = crate::http::client();
        let url: url::Url = format!("http://127.0.0.1:{port}").parse()?;
        let versions = url.join("/services/data/")?;
        let answered = within(START_MAX, || {
            let asking = http.get(versions.clone()).send();
            async move { asking.await.ok().map(|_| ()) }
        });
        answered
            .await
            .with_context(|| format!("the simulator does not answer\n{}", process.log_end()))?;
        let target = Target {
            url,
            consumer_key: DEFAULT_CONSUMER_KEY.to_owned(),
            consumer_secret: DEFAULT_CONSUMER_SECRET.to_owned(),
            api_version: "v67.0".to_owned(),
            username: INTEGRATION_USERNAME.to_owned(),
            password: PASSWORD.to_owned(),
        };
        Ok(Self {
            process,
            target,
            control_url: format!("http://127.0.0.1:{control_port}"),
            http,
        })
    }

    /// The org, for those who connect as the integration user.
    #[must_use]
    pub fn target(&self) -> Target {
        self.target.clone()
    }

    /// The org, for those who log in as its administrator.
    #[must_use]
    pub fn admin(&self) -> Target {
        Target {
            username: ADMIN_USERNAME.to_owned(),
            ..self.target.clone()
        }
    }

    /// Its process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Address of the control API.
    #[must_use]
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// Tells the control API to do something, or asks it; the answer is the command's.
    ///
    /// # Errors
    /// When it refuses or does not answer.
    pub async fn command(&self, command: &Value) -> anyhow::Result<Value> {
        let url = format!("{}/command", self.control_url);
        let answer = self.http.post(url).json(command).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(
            status.is_success(),
            "the simulator answered {status} to {}: {text}",
            command["command"]
        );
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}
