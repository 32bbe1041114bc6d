//! One connected org: every call goes through [`Org::run`], which owns the token algorithm, the
//! concurrency limit, the repeats of reads and the API-use header.

mod batch;
mod bulk;
mod collections;
mod composite;
mod describe;
mod field_type;
mod limits;
mod path;
mod picklists;
mod query;
mod record;
mod subrequest;

pub use batch::{BatchAnswer, BatchGet};
pub use bulk::{BulkJob, BulkPage, BulkState};
pub use collections::{COLLECTION_ROWS_MAX, RETRIEVE_ROWS_MAX, RowOutcome};
pub use composite::{COMPOSITE_QUERIES_MAX, COMPOSITE_REQUESTS_MAX, Composite, SubAnswer};
pub use describe::{
    ChildRelationship, Conditional, Field, ObjectDescribe, ObjectSummary, PicklistEntry,
    RecordTypeInfo, valid_for,
};
pub use field_type::FieldType;
pub use limits::{Limit, Version};
pub use picklists::{FieldPicklist, PicklistChoice, RecordTypePicklists};
pub use query::{Page, Scope};
pub use record::{DeletedRecords, Saved, Upserted, WriteOptions};
pub use subrequest::Subrequest;

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use http::{HeaderName, HeaderValue, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, watch};

use crate::client::Salesforce;
use crate::error::{Code, Error};
use crate::token::{AccessToken, ErasedTokenSource, TokenSource};
use crate::usage::ApiUsage;
use crate::wire::{Call, Reply};

/// Names us in change events' `changeOrigin`, by which our own echoes are recognised.
pub const CALL_CLIENT: &str = "ergo/1.0";

/// [`CALL_CLIENT`] as the header's value.
const CALL_OPTIONS: &str = "client=ergo/1.0";

/// Longest pause between repeats of a read.
const READ_RETRY_DELAY_MAX: Duration = Duration::from_secs(8);

/// Tokens tried for one call: the cached one, the stored one, the refreshed one.
const TOKENS_MAX: u32 = 3;

/// A connected org. Clones share its limits.
#[derive(Clone)]
pub struct Org {
    inner: Arc<Inner>,
}

struct Inner {
    salesforce: Salesforce,
    tokens: Box<dyn ErasedTokenSource>,
    permits: Semaphore,
    usage: watch::Sender<Option<ApiUsage>>,
}

impl Org {
    pub(crate) fn new(salesforce: Salesforce, tokens: impl TokenSource) -> Self {
        let permits = salesforce.shared.options.salesforce_org_concurrency_max;
        Self {
            inner: Arc::new(Inner {
                salesforce,
                tokens: Box::new(tokens),
                permits: Semaphore::new(permits),
                usage: watch::Sender::new(None),
            }),
        }
    }

    /// What the org's last answer said about its API allowance.
    pub fn usage(&self) -> Option<ApiUsage> {
        *self.inner.usage.borrow()
    }

    /// Follows the org's API allowance, for gauges and budgets.
    pub fn watch_usage(&self) -> watch::Receiver<Option<ApiUsage>> {
        self.inner.usage.subscribe()
    }

    /// The pinned API version, such as `v67.0`.
    pub fn api_version(&self) -> &str {
        self.inner.salesforce.api_version()
    }

    /// `/services/data/{version}` followed by `rest`.
    pub(crate) fn data(&self, rest: &str) -> String {
        format!("/services/data/{}{rest}", self.api_version())
    }

    pub(crate) fn pages_max(&self) -> usize {
        self.inner
            .salesforce
            .shared
            .options
            .salesforce_query_pages_max
    }

    /// Makes a call; reads are repeated on transient failures.
    pub(crate) async fn run(&self, call: &Call) -> Result<Reply, Error> {
        if !call.is_read {
            return self.with_token(call, 0).await;
        }
        let options = &self.inner.salesforce.shared.options;
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(
                options.salesforce_read_retry_delay_ms,
            ))
            .with_max_delay(READ_RETRY_DELAY_MAX)
            .with_max_times(options.salesforce_read_retries_max)
            .with_jitter();
        let mut resend_count = 0;
        let attempt = || {
            let nth = resend_count;
            resend_count += 1;
            self.with_token(call, nth)
        };
        attempt
            .retry(backoff)
            .when(Error::read_retryable)
            .notify(|error: &Error, delay: Duration| {
                tracing::info!(
                    salesforce.operation = call.operation,
                    error.class = error.class().as_str(),
                    delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
                    "repeating a read from salesforce"
                );
            })
            .await
    }

    /// Makes a call with the current token; a dead one is replaced and the call made again. That is
    /// safe for writes: a request answered 401 was not executed.
    async fn with_token(&self, call: &Call, resend_count: u32) -> Result<Reply, Error> {
        let mut token = self.inner.tokens.token().await.map_err(Error::Token)?;
        let mut nth = 0;
        loop {
            let refused = match self.once(call, &token, resend_count + nth).await {
                Err(error) if is_dead_session(&error) => error,
                result => return result,
            };
            nth += 1;
            // A fresh token refused is no expiry. The first one may be fresh by chance (another call
            // had it refreshed a moment ago), so it always gets one replacement.
            if (nth > 1 && token.fresh) || nth == TOKENS_MAX {
                return Err(session_rejected(refused));
            }
            let newer = self.inner.tokens.rejected(&token).await;
            let newer = newer.map_err(Error::Token)?;
            if newer.generation <= token.generation {
                return Err(session_rejected(refused));
            }
            token = newer;
        }
    }

    /// One exchange under a permit.
    async fn once(
        &self,
        call: &Call,
        token: &AccessToken,
        resend_count: u32,
    ) -> Result<Reply, Error> {
        let shared = &self.inner.salesforce.shared;
        let base = shared.hosts.api(&token.instance_url).map_err(Error::Host)?;
        let wait = Duration::from_secs(shared.options.salesforce_request_timeout_s);
        let _permit = match tokio::time::timeout(wait, self.inner.permits.acquire()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) | Err(_) => return Err(Error::Busy),
        };
        let reply = shared
            .wire
            .exchange(
                &base.join(&call.path),
                call,
                Some(&token.secret),
                resend_count,
            )
            .await
            .map_err(|source| Error::Transport {
                operation: call.operation,
                source,
            })?;
        if let Some(usage) = reply.header("sforce-limit-info").and_then(ApiUsage::parse) {
            self.inner.usage.send_replace(Some(usage));
        }
        // 300 (several matches) and 304 (unchanged) are answers; redirects are never followed here.
        if reply.status <= 300 || reply.status == 304 {
            return Ok(reply);
        }
        Err(Error::refused(call.operation, reply.status, &reply.body))
    }

    /// A GET of JSON.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: String,
    ) -> Result<T, Error> {
        let reply = self.run(&call(operation, Method::GET, path, true)).await?;
        decode(operation, &reply.body)
    }

    /// A request with a JSON body.
    pub(crate) async fn send_json(
        &self,
        mut call: Call,
        body: &impl Serialize,
    ) -> Result<Reply, Error> {
        let body = serde_json::to_vec(body)
            .map_err(|_| Error::Invalid("the body does not serialise to JSON".to_owned()))?;
        call.body = Some(body.into());
        call.headers.push((
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=UTF-8"),
        ));
        self.run(&call).await
    }
}

/// A call with the headers every data call carries.
pub(crate) fn call(operation: &'static str, method: Method, path: String, is_read: bool) -> Call {
    Call {
        operation,
        method,
        path,
        headers: vec![(
            HeaderName::from_static("sforce-call-options"),
            HeaderValue::from_static(CALL_OPTIONS),
        )],
        body: None,
        is_read,
    }
}

pub(crate) fn decode<T: DeserializeOwned>(
    operation: &'static str,
    body: &[u8],
) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|source| Error::Decode {
        operation,
        source: source.into(),
    })
}

/// Only these two codes on a 401: never refresh on a 403, and a locked org is not an expiry.
fn is_dead_session(error: &Error) -> bool {
    match error {
        Error::Refused {
            http_status: 401, ..
        } => error.has_code(&Code::InvalidSessionId) || error.has_code(&Code::InvalidAuthHeader),
        _ => false,
    }
}

fn session_rejected(error: Error) -> Error {
    match error {
        Error::Refused { first, .. } => Error::SessionRejected(first),
        other => other,
    }
}
