//! Composite batches: up to 25 independent reads in one call.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::composite::COMPOSITE_REQUESTS_MAX;
use super::{Org, call, decode};
use crate::error::Error;
use crate::id::Id;
use crate::name::ObjectName;

/// One read of a composite batch, by its path below the data API.
#[derive(Debug, Clone)]
pub struct BatchGet(String);

impl BatchGet {
    /// An object's describe.
    pub fn describe(object: &ObjectName) -> Self {
        Self(format!("/sobjects/{object}/describe"))
    }

    /// A setup record, whole.
    pub fn tooling_retrieve(object: &ObjectName, id: &Id) -> Self {
        Self(format!("/tooling/sobjects/{object}/{id}"))
    }

    /// The picklist values of all fields of a record type.
    pub fn picklists(object: &ObjectName, record_type: &Id) -> Self {
        Self(format!(
            "/ui-api/object-info/{object}/picklist-values/{record_type}"
        ))
    }
}

/// The answer to one read of a batch.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    /// Its own status.
    #[serde(rename = "statusCode")]
    pub http_status: u16,
    result: Option<Box<RawValue>>,
}

impl BatchAnswer {
    /// The result as `T`, or its errors.
    ///
    /// # Errors
    /// [`Error::Refused`] with the read's own errors, [`Error::Decode`] when the result is no `T`.
    pub fn decode<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        let text = self.result.as_deref().map_or("null", RawValue::get);
        if self.http_status >= 300 {
            return Err(Error::refused("batch", self.http_status, text.as_bytes()));
        }
        decode("batch", text.as_bytes())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchBody {
    batch_requests: Vec<BatchItem>,
}

#[derive(Serialize)]
struct BatchItem {
    method: &'static str,
    url: String,
}

#[derive(Deserialize)]
struct BatchSent {
    results: Vec<BatchAnswer>,
}

impl Org {
    /// Makes up to 25 independent reads in one call; the answers are in their order.
    ///
    /// # Errors
    /// Only when the whole call failed. See [`Error`].
    pub async fn batch(&self, reads: &[BatchGet]) -> Result<Vec<BatchAnswer>, Error> {
        let operation = "batch";
        if reads.len() > COMPOSITE_REQUESTS_MAX {
            return Err(Error::Invalid(format!(
                "{} reads in one batch, at most {COMPOSITE_REQUESTS_MAX} are allowed",
                reads.len()
            )));
        }
        if reads.is_empty() {
            return Ok(Vec::new());
        }
        let body = BatchBody {
            batch_requests: reads
                .iter()
                .map(|BatchGet(rest)| BatchItem {
                    method: "GET",
                    // Relative to /services/data/, unlike composite's.
                    url: format!("{}{rest}", self.api_version()),
                })
                .collect(),
        };
        let request = call(operation, Method::POST, self.data("/composite/batch"), true);
        let reply = self.send_json(request, &body).await?;
        let sent: BatchSent = decode(operation, &reply.body)?;
        if sent.results.len() != reads.len() {
            return Err(Error::Inconsistent {
                operation,
                reason: "number of results differs from the reads",
            });
        }
        Ok(sent.results)
    }
}
