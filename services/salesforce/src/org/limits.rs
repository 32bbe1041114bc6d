//! Versions and limits of the org; limits double as the health probe that proves API access.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Org;
use crate::error::Error;

/// One limit of the org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Limit {
    /// Allowed.
    #[serde(rename = "Max")]
    pub max: i64,
    /// Left; lags by minutes.
    #[serde(rename = "Remaining")]
    pub remaining: i64,
}

/// An API version the org answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Version {
    /// Release name, such as `Summer '26`.
    pub label: String,
    /// Path, such as `/services/data/v67.0`.
    pub url: String,
    /// Number as text, such as `67.0`; compare with [`Version::number`].
    pub version: String,
}

impl Version {
    /// Major and minor number: as text, 9.0 would sort after 67.0.
    pub fn number(&self) -> Option<(u32, u32)> {
        let (major, minor) = self.version.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }
}

impl Org {
    /// The versions the org answers, oldest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn versions(&self) -> Result<Vec<Version>, Error> {
        self.get("versions", "/services/data".to_owned()).await
    }

    /// Whether the org answers the pinned version; check it at connect time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn supports_api_version(&self) -> Result<bool, Error> {
        let pinned = self.api_version().trim_start_matches('v').to_owned();
        let versions = self.versions().await?;
        Ok(versions.iter().any(|version| version.version == pinned))
    }

    /// Every limit by name, such as `DailyApiRequests`. Costs one call; [`Org::usage`] is free.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn limits(&self) -> Result<BTreeMap<String, Limit>, Error> {
        self.get("limits", self.data("/limits")).await
    }
}
