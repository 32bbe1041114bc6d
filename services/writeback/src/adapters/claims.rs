//! Fetches texts kept outside their event, from hosts an operator named and from the object stores of our own NATS.

use std::time::Duration;

use chassis::Bus;
use reqwest::redirect::Policy;

use crate::domain::claim::{self, Claim, Place, TEXT_BYTES_MAX};

/// Longest one text may take, in seconds.
const FETCH_TIMEOUT_S: u64 = 5;

/// Fetches claims. Cheap to clone.
#[derive(Clone)]
pub struct Claims {
    http: reqwest::Client,
    bus: Bus,
    hosts: Vec<String>,
}

impl Claims {
    /// Over the bus, asking these hosts (`host` or `host:port`) and no others.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(bus: Bus, hosts: Vec<String>) -> anyhow::Result<Self> {
        // A redirect leads where nobody allowed.
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(FETCH_TIMEOUT_S))
            .build()?;
        Ok(Self { http, bus, hosts })
    }

    /// The text of a claim.
    ///
    /// # Errors
    /// Why it cannot be had, for a person.
    pub async fn fetch(&self, claim: &Claim) -> Result<String, String> {
        let bytes = match claim::place(claim, &self.hosts)? {
            Place::Web(url) => self.get(url).await?,
            Place::Bucket { bucket, key } => {
                let reading = self.bus.object(&bucket, &key, TEXT_BYTES_MAX);
                let limit = Duration::from_secs(FETCH_TIMEOUT_S);
                match tokio::time::timeout(limit, reading).await {
                    Ok(read) => read.map_err(|error| error.to_string())?,
                    Err(_elapsed) => {
                        return Err("the object store did not answer in time".to_owned());
                    }
                }
            }
        };
        claim::verified(claim, bytes)
    }

    async fn get(&self, url: url::Url) -> Result<Vec<u8>, String> {
        let unreachable = |_| "its host does not answer".to_owned();
        let mut answer = self.http.get(url).send().await.map_err(unreachable)?;
        if !answer.status().is_success() {
            return Err(format!("its host answered {}", answer.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > TEXT_BYTES_MAX {
                return Err(format!("more than {TEXT_BYTES_MAX} bytes were there"));
            }
        }
        Ok(bytes)
    }
}
