//! Query jobs of Bulk API 2.0: for first loads, where one call brings thousands of rows (salesforce-api.md 5.4).

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use super::field_type::FieldType;
use super::query::Scope;
use super::{Org, call, decode, path};
use crate::error::Error;
use crate::id::Id;
use crate::soql::{Query, SOQL_CHARS_MAX};
use crate::value::{Record, Value};

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BulkState {
    /// Waits to be worked on.
    Queued,
    /// Is worked on.
    Running,
    /// Its results can be read.
    Done,
    /// Somebody ended it.
    Aborted,
    /// It failed.
    Failed,
    /// A state we do not know; neither an end nor results.
    Unknown(String),
}

impl<'de> Deserialize<'de> for BulkState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "Open" | "UploadComplete" => Self::Queued,
            "InProgress" => Self::Running,
            "JobComplete" => Self::Done,
            "Aborted" => Self::Aborted,
            "Failed" => Self::Failed,
            _ => Self::Unknown(text),
        })
    }
}

/// One query job.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkJob {
    /// Its id, `750...`.
    pub id: String,
    /// Where it stands.
    pub state: BulkState,
    /// Rows found so far.
    #[serde(default, rename = "numberRecordsProcessed")]
    pub records: u64,
    /// Why it failed.
    #[serde(default)]
    pub error_message: Option<String>,
}

/// One page of a job's results, still as CSV: rows are made one by one, so that a page costs its text and no more.
#[derive(Debug, Clone)]
pub struct BulkPage {
    text: Bytes,
    object: String,
    /// Where the next page is; none after the last.
    pub locator: Option<String>,
    /// Rows of this page, as Salesforce counts them.
    pub records: u64,
}

impl BulkPage {
    /// The rows. CSV knows only text: `kinds` says which columns hold something else. An empty value is null.
    ///
    /// # Errors
    /// Each row that has another number of values than the header.
    pub fn rows<'a>(
        &'a self,
        kinds: &'a BTreeMap<String, FieldType>,
    ) -> impl Iterator<Item = Result<Record, Error>> + 'a {
        let mut reader = csv::ReaderBuilder::new().from_reader(self.text.as_ref());
        let columns: Vec<(String, Option<&FieldType>)> = reader
            .headers()
            .map(|headers| {
                let named = headers
                    .iter()
                    .map(|name| (name.to_owned(), kinds.get(name)));
                named.collect()
            })
            .unwrap_or_default();
        reader.into_records().map(move |row| {
            let row = row.map_err(|_| Error::Inconsistent {
                operation: "bulk_results",
                reason: "a row is not CSV of the header's columns",
            })?;
            let fields = columns
                .iter()
                .zip(row.iter())
                .map(|((name, kind), text)| (name.clone(), value(*kind, text)));
            Ok(Record {
                object: self.object.clone(),
                fields: fields.collect(),
            })
        })
    }
}

fn value(kind: Option<&FieldType>, text: &str) -> Value {
    match kind {
        _ if text.is_empty() => Value::Null,
        Some(FieldType::Boolean) => Value::Bool(text.eq_ignore_ascii_case("true")),
        Some(
            FieldType::Int
            | FieldType::Long
            | FieldType::Double
            | FieldType::Currency
            | FieldType::Percent,
        ) => {
            let parsed = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
            parsed.map_or_else(|_| Value::NumberText(text.to_owned()), Value::Number)
        }
        Some(_) | None => Value::Text(text.to_owned()),
    }
}

#[derive(Serialize)]
struct JobBody {
    operation: &'static str,
    query: String,
}

#[derive(Deserialize)]
struct CountsSent {
    #[serde(rename = "sObjects", default)]
    objects: Vec<CountSent>,
}

#[derive(Deserialize)]
struct CountSent {
    name: String,
    count: u64,
}

impl Org {
    /// Starts a query job. Asking twice is harmless: a job changes no record and ends by itself.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn start_bulk_query(&self, scope: Scope, query: &Query) -> Result<BulkJob, Error> {
        let operation = match scope {
            Scope::Live => "query",
            Scope::WithDeleted => "queryAll",
            Scope::Tooling => {
                return Err(Error::Invalid("setup objects have no bulk queries".into()));
            }
        };
        let soql = query.to_soql();
        if soql.chars().count() > SOQL_CHARS_MAX {
            return Err(Error::Invalid(format!(
                "query is longer than {SOQL_CHARS_MAX} characters"
            )));
        }
        let name = "bulk_start";
        let request = call(name, Method::POST, self.data("/jobs/query"), true);
        let body = JobBody {
            operation,
            query: soql,
        };
        let reply = self.send_json(request, &body).await?;
        decode(name, &reply.body)
    }

    /// Where a job stands.
    ///
    /// # Errors
    /// See [`Error`]; a job that is no longer kept is refused with 404.
    pub async fn bulk_query(&self, job: &Id) -> Result<BulkJob, Error> {
        self.get("bulk_look", self.data(&format!("/jobs/query/{job}")))
            .await
    }

    /// A page of at most `records_max` rows of `object`, from `locator` on.
    ///
    /// # Errors
    /// See [`Error`]; a job or locator that is no longer kept is refused.
    pub async fn bulk_results(
        &self,
        object: &str,
        job: &Id,
        locator: Option<&str>,
        records_max: u32,
    ) -> Result<BulkPage, Error> {
        let mut target = format!("/jobs/query/{job}/results?maxRecords={records_max}");
        if let Some(locator) = locator {
            target.push_str("&locator=");
            target.push_str(&path::encode(locator));
        }
        let mut request = call("bulk_results", Method::GET, self.data(&target), true);
        request
            .headers
            .push((header::ACCEPT, HeaderValue::from_static("text/csv")));
        let reply = self.run(&request).await?;
        let locator = reply
            .header("sforce-locator")
            .filter(|locator| !locator.is_empty() && *locator != "null")
            .map(str::to_owned);
        let records = reply
            .header("sforce-numberofrecords")
            .and_then(|number| number.parse().ok())
            .unwrap_or_default();
        Ok(BulkPage {
            text: reply.body,
            object: object.to_owned(),
            locator,
            records,
        })
    }

    /// Forgets a job and its results; Salesforce would keep them for seven days.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete_bulk_query(&self, job: &Id) -> Result<(), Error> {
        let target = self.data(&format!("/jobs/query/{job}"));
        self.run(&call("bulk_delete", Method::DELETE, target, true))
            .await?;
        Ok(())
    }

    /// About how many rows each object has, by API name; one without rows is left out. One call, and cheap for the org:
    /// the numbers are from its own statistics.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn record_counts(&self, objects: &[&str]) -> Result<BTreeMap<String, u64>, Error> {
        let names = path::encode(&objects.join(","));
        let target = self.data(&format!("/limits/recordCount?sObjects={names}"));
        let sent: CountsSent = self.get("record_counts", target).await?;
        let counts = sent.objects.into_iter();
        Ok(counts.map(|count| (count.name, count.count)).collect())
    }
}
