//! A small REST client of the harness's own: it prepares and reads back what the product is judged by, so it must not
//! share the product's client.

use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Records of one collections request; Salesforce's limit.
const COLLECTION_RECORDS_MAX: usize = 200;
/// Pages of one query the harness reads.
const PAGES_MAX: usize = 500;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// No answer.
    #[error("salesforce did not answer")]
    Http(#[from] reqwest::Error),
    /// An error answer, as Salesforce wrote it.
    #[error("salesforce answered {status}: {body}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its text.
        body: String,
    },
    /// An answer that is not what the API promises.
    #[error("salesforce answered without {0}")]
    Shape(&'static str),
}

/// Calls one org with one access token.
#[derive(Debug)]
pub struct Rest {
    http: reqwest::Client,
    instance_url: String,
    version: String,
    token: String,
    /// From the last `Sforce-Limit-Info`.
    calls_used: AtomicU64,
}

impl Rest {
    /// A client for the org at `instance_url`; `version` as `v67.0`.
    #[must_use]
    pub fn new(instance_url: &str, version: &str, token: &str) -> Self {
        Self {
            http: crate::http::client(),
            instance_url: instance_url.trim_end_matches('/').to_owned(),
            version: version.to_owned(),
            token: token.to_owned(),
            calls_used: AtomicU64::new(0),
        }
    }

    /// API calls of the whole org in the last 24 hours, as told with the last answer.
    #[must_use]
    pub fn calls_used(&self) -> u64 {
        self.calls_used.load(Ordering::Relaxed)
    }

    /// Ends the session of an access token; its grant stays.
    ///
    /// # Errors
    /// When Salesforce refuses.
    pub async fn revoke(&self, access_token: &str) -> Result<(), RestError> {
        let url = format!("{}/services/oauth2/revoke", self.instance_url);
        let form = [("token", access_token)];
        let answer = self.http.post(url).form(&form).send().await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        Err(RestError::Refused {
            status: status.as_u16(),
            body: answer.text().await?,
        })
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// When Salesforce refuses it.
    pub async fn query(&self, soql: &str) -> Result<Vec<Value>, RestError> {
        let text: String = url::form_urlencoded::byte_serialize(soql.as_bytes()).collect();
        let mut path = format!("/services/data/{}/query?q={text}", self.version);
        let mut rows = Vec::new();
        for _ in 0..PAGES_MAX {
            let mut page = self.get(&path).await?;
            let Some(Value::Array(records)) = page.get_mut("records").map(Value::take) else {
                return Err(RestError::Shape("records"));
            };
            rows.extend(records);
            match page.get("nextRecordsUrl").and_then(Value::as_str) {
                Some(next) => next.clone_into(&mut path),
                None => break,
            }
        }
        Ok(rows)
    }

    /// Creates records, 200 to a call; answers their ids in order.
    ///
    /// # Errors
    /// When Salesforce refuses one.
    pub async fn create(
        &self,
        object: &str,
        rows: &[Map<String, Value>],
    ) -> Result<Vec<String>, RestError> {
        let mut ids = Vec::with_capacity(rows.len());
        for part in rows.chunks(COLLECTION_RECORDS_MAX) {
            let records: Vec<Value> = part.iter().map(|row| typed(object, row)).collect();
            let body = json!({ "allOrNone": true, "records": records });
            let answer = self
                .send(
                    reqwest::Method::POST,
                    &self.path("composite/sobjects"),
                    Some(&body),
                )
                .await?;
            ids.extend(saved(&answer)?);
        }
        Ok(ids)
    }

    /// Updates records, 200 to a call; each row names its `id`.
    ///
    /// # Errors
    /// When Salesforce refuses one.
    pub async fn update(&self, object: &str, rows: &[Map<String, Value>]) -> Result<(), RestError> {
        for part in rows.chunks(COLLECTION_RECORDS_MAX) {
            let records: Vec<Value> = part.iter().map(|row| typed(object, row)).collect();
            let body = json!({ "allOrNone": true, "records": records });
            let answer = self
                .send(
                    reqwest::Method::PATCH,
                    &self.path("composite/sobjects"),
                    Some(&body),
                )
                .await?;
            saved(&answer)?;
        }
        Ok(())
    }

    /// Some fields of one record.
    ///
    /// # Errors
    /// When the record or a field is out of reach.
    pub async fn record(
        &self,
        object: &str,
        id: &str,
        fields: &[&str],
    ) -> Result<Value, RestError> {
        self.get(&self.path(&format!(
            "sobjects/{object}/{id}?fields={}",
            fields.join(",")
        )))
        .await
    }

    /// One object's describe.
    ///
    /// # Errors
    /// When the object is not there for this user.
    pub async fn describe(&self, object: &str) -> Result<Value, RestError> {
        self.get(&self.path(&format!("sobjects/{object}/describe")))
            .await
    }

    /// A path under `/services/data/<version>/`.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/services/data/{}/{rest}", self.version)
    }

    /// Reads a path.
    ///
    /// # Errors
    /// When Salesforce refuses.
    pub async fn get(&self, path: &str) -> Result<Value, RestError> {
        self.send(reqwest::Method::GET, path, None).await
    }

    async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, RestError> {
        let url = format!("{}{path}", self.instance_url);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        if let Some(used) = answer
            .headers()
            .get("sforce-limit-info")
            .and_then(|value| value.to_str().ok())
        {
            self.calls_used
                .store(used_calls(used).unwrap_or_default(), Ordering::Relaxed);
        }
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            return Err(RestError::Refused {
                status: status.as_u16(),
                body: text.chars().take(500).collect(),
            });
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|_| RestError::Shape("JSON"))
    }
}

/// A text as a SOQL literal.
#[must_use]
pub fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
    format!("'{escaped}'")
}

fn typed(object: &str, row: &Map<String, Value>) -> Value {
    let mut record = row.clone();
    record.insert("attributes".to_owned(), json!({ "type": object }));
    Value::Object(record)
}

fn saved(answer: &Value) -> Result<Vec<String>, RestError> {
    let results = answer
        .as_array()
        .ok_or(RestError::Shape("a list of results"))?;
    let mut ids = Vec::with_capacity(results.len());
    for result in results {
        if result["success"] != Value::Bool(true) {
            return Err(RestError::Refused {
                status: 200,
                body: result["errors"].to_string(),
            });
        }
        ids.push(result["id"].as_str().unwrap_or_default().to_owned());
    }
    Ok(ids)
}

/// `api-usage=18/5000` means 18.
fn used_calls(header: &str) -> Option<u64> {
    let usage = header
        .split([';', ','])
        .find_map(|part| part.trim().strip_prefix("api-usage="))?;
    usage.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_cannot_end_a_literal() {
        assert_eq!(quoted(r"O'Neill \ x"), r"'O\'Neill \\ x'");
    }

    #[test]
    fn usage_is_read_beside_other_limits() {
        assert_eq!(used_calls("api-usage=18/5000"), Some(18));
        assert_eq!(
            used_calls("per-app-api-usage=3/250(appName=x); api-usage=7/100"),
            Some(7)
        );
        assert_eq!(used_calls("nothing"), None);
    }
}
