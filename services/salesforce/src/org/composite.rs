//! Composite requests: dependent subrequests in one call, optionally as one transaction.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::record::errors_of;
use super::subrequest::{Body, Subrequest};
use super::{Org, call, decode};
use crate::error::{ApiError, Error};
use crate::id::Id;
use crate::name::FieldName;
use crate::value::{Record, Value};
use crate::wire::Call;

/// Subrequests of one composite or batch request.
pub const COMPOSITE_REQUESTS_MAX: usize = 25;

/// Of which queries and collection calls.
pub const COMPOSITE_QUERIES_MAX: usize = 5;

/// A composite request being built.
#[derive(Debug, Clone)]
pub struct Composite {
    all_or_none: bool,
    subrequests: Vec<Subrequest>,
}

impl Composite {
    /// An empty request; with `all_or_none` one failure rolls everything back.
    pub fn new(all_or_none: bool) -> Self {
        Self {
            all_or_none,
            subrequests: Vec::new(),
        }
    }

    /// This request with one more subrequest, run after the earlier ones.
    #[must_use]
    pub fn push(mut self, subrequest: Subrequest) -> Self {
        self.subrequests.push(subrequest);
        self
    }

    /// How many subrequests there are.
    pub fn len(&self) -> usize {
        self.subrequests.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.subrequests.is_empty()
    }

    fn check(&self) -> Result<(), Error> {
        let invalid = |text: String| Err(Error::Invalid(text));
        if self.subrequests.len() > COMPOSITE_REQUESTS_MAX {
            return invalid(format!(
                "{} subrequests in one call, at most {COMPOSITE_REQUESTS_MAX} are allowed",
                self.subrequests.len()
            ));
        }
        let heavy = self.subrequests.iter().filter(|sub| sub.is_heavy).count();
        if heavy > COMPOSITE_QUERIES_MAX {
            return invalid(format!(
                "{heavy} queries and collections in one call, at most {COMPOSITE_QUERIES_MAX} are allowed"
            ));
        }
        let names: BTreeSet<&FieldName> =
            self.subrequests.iter().map(|sub| &sub.reference).collect();
        if names.len() != self.subrequests.len() {
            return invalid("two subrequests have the same reference".to_owned());
        }
        for subrequest in &self.subrequests {
            let records = subrequest.records();
            if records
                .iter()
                .flat_map(|r| r.fields.values())
                .any(looks_like_reference)
            {
                return invalid(
                    "text with @{ cannot travel in a composite request: salesforce would replace it"
                        .to_owned(),
                );
            }
        }
        Ok(())
    }
}

/// Salesforce replaces `@{name.field}` anywhere in a composite body, and documents no escape: text of
/// a meeting must not be able to pull another record's values in.
fn looks_like_reference(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.contains("@{"),
        Value::List(items) => items.iter().any(looks_like_reference),
        Value::Object(parts) => parts.values().any(looks_like_reference),
        Value::Record(record) => record.fields.values().any(looks_like_reference),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::NumberText(_)
        | Value::Children(_)
        | Value::Reference(_) => false,
    }
}

/// The answer to one subrequest.
#[derive(Debug, Clone)]
pub struct SubAnswer {
    /// The subrequest's name.
    pub reference: String,
    /// Its own status; judge this one, the outer status is 200 even when all failed.
    pub http_status: u16,
    body: Option<Box<RawValue>>,
}

impl SubAnswer {
    /// The body as JSON text; `null` when there is none.
    pub fn body_text(&self) -> &str {
        self.body.as_deref().map_or("null", RawValue::get)
    }

    /// Whether the subrequest succeeded.
    pub fn is_success(&self) -> bool {
        self.http_status < 300
    }

    /// Its errors; empty when it succeeded.
    pub fn errors(&self) -> Vec<ApiError> {
        if self.is_success() {
            return Vec::new();
        }
        errors_of(self.http_status, self.body_text())
    }

    /// The body as a record, for retrievals and creates (whose answer has an `id` field).
    ///
    /// # Errors
    /// When the body is no record.
    pub fn record(&self) -> Result<Record, Error> {
        decode("composite", self.body_text().as_bytes())
    }

    /// The body as the rows of a query.
    ///
    /// # Errors
    /// When the body is no page.
    pub fn page(&self) -> Result<super::Page, Error> {
        decode("composite", self.body_text().as_bytes())
    }

    /// The body as the outcomes of `rows` rows of a collection call.
    ///
    /// # Errors
    /// When the body has another shape or another number of rows.
    pub fn rows(&self, rows: usize) -> Result<Vec<super::RowOutcome>, Error> {
        super::collections::outcomes("composite", rows, self.body_text().as_bytes())
    }

    /// The id of a created record.
    pub fn created_id(&self) -> Option<Id> {
        #[derive(Deserialize)]
        struct Created {
            id: Id,
        }
        let created: Created = serde_json::from_str(self.body_text()).ok()?;
        Some(created.id)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CompositeBody<'a> {
    all_or_none: bool,
    collate_subrequests: bool,
    composite_request: Vec<SubBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubBody<'a> {
    method: &'a str,
    url: String,
    reference_id: &'a FieldName,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    http_headers: &'a BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CompositeSent {
    composite_response: Vec<SubSent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubSent {
    body: Option<Box<RawValue>>,
    http_status_code: u16,
    reference_id: String,
}

impl Org {
    /// Sends a composite request; the answers are in the order of the subrequests.
    ///
    /// # Errors
    /// Only when the whole call failed; a failed subrequest is an answer. See [`Error`].
    pub async fn composite(&self, composite: Composite) -> Result<Vec<SubAnswer>, Error> {
        let target = self.data("/composite");
        self.composite_as(call("composite", Method::POST, target, false), composite)
            .await
    }

    pub(super) async fn composite_as(
        &self,
        request: Call,
        composite: Composite,
    ) -> Result<Vec<SubAnswer>, Error> {
        composite.check()?;
        if composite.is_empty() {
            return Ok(Vec::new());
        }
        let operation = request.operation;
        let body = CompositeBody {
            all_or_none: composite.all_or_none,
            // Collating reorders independent subrequests; our order carries meaning.
            collate_subrequests: false,
            composite_request: composite
                .subrequests
                .iter()
                .map(|sub| SubBody {
                    method: sub.method.as_str(),
                    url: sub.url(|rest| self.data(rest)),
                    reference_id: &sub.reference,
                    http_headers: &sub.headers,
                    body: sub.body.as_ref(),
                })
                .collect(),
        };
        let reply = self.send_json(request, &body).await?;
        let sent: CompositeSent = decode(operation, &reply.body)?;
        if sent.composite_response.len() != composite.len() {
            return Err(Error::Inconsistent {
                operation,
                reason: "number of answers differs from the subrequests",
            });
        }
        Ok(sent
            .composite_response
            .into_iter()
            .map(|sub| SubAnswer {
                reference: sub.reference_id,
                http_status: sub.http_status_code,
                body: sub.body,
            })
            .collect())
    }
}
