//! One HTTP exchange: send, bound the answer, and say how far a failed one got.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use tracing::Instrument;

use crate::dns::PublicResolver;
use crate::error::{Class, Outcome};
use crate::host::AllowList;
use crate::options::{Options, OptionsError};
use crate::telemetry::{self, Metrics};

/// Names us in the org's API logs.
const USER_AGENT: &str = concat!("ergo/", env!("CARGO_PKG_VERSION"));

/// Connections kept open per host while idle; more than the per-org concurrency is never used.
const IDLE_CONNECTIONS_MAX: usize = 16;

/// A request that got no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The connection could not be made, or the request could not be built.
    #[error("connection could not be established")]
    NotSent(#[source] reqwest::Error),
    /// The time was over after the request had gone out.
    #[error("no answer within the request timeout")]
    TimedOut,
    /// The connection broke after the request had gone out.
    #[error("connection broke before the answer was complete")]
    Broken(#[source] reqwest::Error),
    /// The answer is larger than we accept.
    #[error("answer is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit, `SALESFORCE_RESPONSE_BYTES_MAX`.
        bytes_max: usize,
    },
}

impl TransportError {
    /// What is known about the request's effect.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::NotSent(_) => Outcome::NotSent,
            Self::TimedOut | Self::Broken(_) | Self::TooLarge { .. } => Outcome::Ambiguous,
        }
    }

    /// Who or what resolves it.
    pub fn class(&self) -> Class {
        match self {
            Self::NotSent(_) | Self::TimedOut | Self::Broken(_) => Class::Retry,
            Self::TooLarge { .. } => Class::RetryNarrower,
        }
    }

    /// A stable name for metrics.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::NotSent(_) => "not_sent",
            Self::TimedOut => "timed_out",
            Self::Broken(_) => "broken",
            Self::TooLarge { .. } => "too_large",
        }
    }

    /// Sorts a client error by how far the request got. The URL is dropped: it may hold SOQL.
    fn after(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_connect() || error.is_builder() {
            Self::NotSent(error)
        } else if error.is_timeout() {
            Self::TimedOut
        } else {
            Self::Broken(error)
        }
    }
}

/// What to send, without host and token, so that it can be sent again with another.
#[derive(Clone)]
pub(crate) struct Call {
    /// Low-cardinality name for spans, metrics and errors.
    pub operation: &'static str,
    pub method: Method,
    /// Absolute path with query, already encoded.
    pub path: String,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Option<Bytes>,
    /// Reads are repeated on transient failures.
    pub is_read: bool,
}

/// A complete answer.
pub(crate) struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The HTTP client with its limits.
pub(crate) struct Wire {
    client: reqwest::Client,
    response_bytes_max: usize,
    metrics: Metrics,
}

impl Wire {
    pub(crate) fn new(options: &Options, hosts: &AllowList) -> Result<Self, OptionsError> {
        // The process-wide provider; a second installation is refused and changes nothing.
        let _already = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .user_agent(USER_AGENT)
                .connect_timeout(Duration::from_secs(options.salesforce_connect_timeout_s))
                .timeout(Duration::from_secs(options.salesforce_request_timeout_s))
                // A redirect could carry the bearer elsewhere; the two calls that may follow one
                // do so themselves, through the allow-list.
                .redirect(reqwest::redirect::Policy::none())
                // Proxies resolve names themselves, which would void the address check.
                .no_proxy()
                .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
                // Closing before the server does keeps a write from meeting a dying connection, which
                // would make its outcome ambiguous for nothing.
                .pool_idle_timeout(Duration::from_secs(30))
                .tcp_nodelay(true)
                .gzip(true)
                .dns_resolver(Arc::new(PublicResolver::new(hosts.clone())))
        };
        let client = builder().build().or_else(|error| {
            // A machine without CA certificates can still talk http to a loopback simulator; with
            // an empty store every https call fails, which is the safe side.
            tracing::warn!(error = %error, "no CA certificates found: https calls will fail");
            builder()
                .tls_certs_only(std::iter::empty::<reqwest::Certificate>())
                .build()
                .map_err(OptionsError::Client)
        })?;
        Ok(Self {
            client,
            response_bytes_max: options.salesforce_response_bytes_max,
            metrics: Metrics::new(),
        })
    }

    /// Sends `call` to `url` and reads the whole answer, within the limits.
    pub(crate) async fn exchange(
        &self,
        url: &str,
        call: &Call,
        bearer: Option<&SecretString>,
        resend_count: u32,
    ) -> Result<Reply, TransportError> {
        let span = telemetry::span(call, url, resend_count);
        let started = Instant::now();
        let result = self.send(url, call, bearer).instrument(span.clone()).await;
        let elapsed = started.elapsed();
        let status = result.as_ref().ok().map(|reply| reply.status);
        let failure = result.as_ref().err().map(TransportError::as_str);
        telemetry::finish(&span, status, failure);
        self.metrics.record(call, status, failure, elapsed);
        result
    }

    async fn send(
        &self,
        url: &str,
        call: &Call,
        bearer: Option<&SecretString>,
    ) -> Result<Reply, TransportError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &call.headers {
            headers.insert(name, value.clone());
        }
        telemetry::inject(&mut headers);
        let mut request = self.client.request(call.method.clone(), url);
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer.expose_secret());
        }
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let mut response = request
            .headers(headers)
            .send()
            .await
            .map_err(TransportError::after)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut body = BytesMut::new();
        // The limit holds for the decompressed stream: a small gzip can be a very large answer.
        while let Some(chunk) = response.chunk().await.map_err(TransportError::after)? {
            if body.len() + chunk.len() > self.response_bytes_max {
                return Err(TransportError::TooLarge {
                    bytes_max: self.response_bytes_max,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply {
            status,
            headers,
            body: body.freeze(),
        })
    }
}
