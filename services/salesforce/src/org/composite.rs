//! Composite requests: dependent subrequests in one call, optionally as one transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::record::{errors_of, joined};
use super::{Org, call, decode, path};
use crate::error::{ApiError, Error};
use crate::id::Id;
use crate::name::{FieldName, ObjectName};
use crate::soql::Query;
use crate::time;
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

/// One subrequest. Paths are relative to the data API until it is sent.
#[derive(Debug, Clone)]
pub struct Subrequest {
    reference: FieldName,
    method: Method,
    target: Target,
    headers: BTreeMap<&'static str, String>,
    body: Option<Body>,
    /// Queries and collections have a lower limit per request.
    is_heavy: bool,
}

#[derive(Debug, Clone)]
enum Target {
    /// Below `/services/data/{version}`.
    Versioned(String),
    /// From the root.
    Absolute(String),
}

#[derive(Debug, Clone)]
enum Body {
    Fields(Record),
    Rows {
        all_or_none: bool,
        records: Vec<Record>,
    },
}

impl Serialize for Body {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Rows<'a> {
            all_or_none: bool,
            records: &'a [Record],
        }
        match self {
            Self::Fields(record) => record.fields_only().serialize(serializer),
            Self::Rows {
                all_or_none,
                records,
            } => Rows {
                all_or_none: *all_or_none,
                records,
            }
            .serialize(serializer),
        }
    }
}

impl Subrequest {
    /// Creates a record.
    pub fn create(reference: FieldName, object: &ObjectName, record: Record) -> Self {
        let target = format!("/sobjects/{object}");
        Self::new(reference, Method::POST, target).with_body(Body::Fields(record))
    }

    /// Updates a record. Its answer has no body, so later subrequests cannot refer to it.
    pub fn update(reference: FieldName, object: &ObjectName, id: &Id, record: Record) -> Self {
        let target = format!("/sobjects/{object}/{id}");
        Self::new(reference, Method::PATCH, target).with_body(Body::Fields(record))
    }

    /// Creates or updates a record by an external id.
    pub fn upsert(
        reference: FieldName,
        object: &ObjectName,
        key: &FieldName,
        key_value: &str,
        record: Record,
    ) -> Self {
        let target = format!("/sobjects/{object}/{key}/{}", path::encode(key_value));
        Self::new(reference, Method::PATCH, target).with_body(Body::Fields(record))
    }

    /// Deletes a record.
    pub fn delete(reference: FieldName, object: &ObjectName, id: &Id) -> Self {
        Self::new(
            reference,
            Method::DELETE,
            format!("/sobjects/{object}/{id}"),
        )
    }

    /// Reads fields of a record.
    pub fn retrieve(
        reference: FieldName,
        object: &ObjectName,
        id: &Id,
        fields: &[FieldName],
    ) -> Self {
        let mut target = format!("/sobjects/{object}/{id}");
        if !fields.is_empty() {
            target.push_str("?fields=");
            target.push_str(&joined(fields));
        }
        Self::new(reference, Method::GET, target)
    }

    /// Reads a setup record whole.
    pub fn tooling_retrieve(reference: FieldName, object: &ObjectName, id: &Id) -> Self {
        let target = format!("/tooling/sobjects/{object}/{id}");
        Self::new(reference, Method::GET, target)
    }

    /// Runs a query; only its first page.
    pub fn query(reference: FieldName, query: &Query) -> Self {
        let target = format!("/query?q={}", path::encode(&query.to_soql()));
        Self {
            is_heavy: true,
            ..Self::new(reference, Method::GET, target)
        }
    }

    /// Creates up to 200 rows.
    pub fn create_many(reference: FieldName, records: Vec<Record>, all_or_none: bool) -> Self {
        Self::rows(reference, Method::POST, records, all_or_none)
    }

    /// Updates up to 200 rows, each with its `Id`.
    pub fn update_many(reference: FieldName, records: Vec<Record>, all_or_none: bool) -> Self {
        Self::rows(reference, Method::PATCH, records, all_or_none)
    }

    /// Refuses the subrequest when the record changed after this moment.
    #[must_use]
    pub fn if_unmodified_since(mut self, moment: DateTime<Utc>) -> Self {
        self.headers
            .insert("If-Unmodified-Since", time::format_http_date(moment));
        self
    }

    pub(super) fn get_path(reference: FieldName, target: String) -> Self {
        Self {
            target: Target::Absolute(target),
            is_heavy: true,
            ..Self::new(reference, Method::GET, String::new())
        }
    }

    fn rows(reference: FieldName, method: Method, records: Vec<Record>, all_or_none: bool) -> Self {
        let body = Body::Rows {
            all_or_none,
            records,
        };
        Self {
            is_heavy: true,
            ..Self::new(reference, method, "/composite/sobjects".to_owned()).with_body(body)
        }
    }

    fn new(reference: FieldName, method: Method, target: String) -> Self {
        Self {
            reference,
            method,
            target: Target::Versioned(target),
            headers: BTreeMap::new(),
            body: None,
            is_heavy: false,
        }
    }

    fn with_body(self, body: Body) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }
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
            let records = match &subrequest.body {
                None => &[][..],
                Some(Body::Fields(record)) => std::slice::from_ref(record),
                Some(Body::Rows { records, .. }) => records,
            };
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
                    url: match &sub.target {
                        Target::Versioned(rest) => self.data(rest),
                        Target::Absolute(path) => path.clone(),
                    },
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
