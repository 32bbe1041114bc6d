//! Requests and answers, free of any HTTP library, so that subrequests are the same thing.

use serde_json::{Map, Value as Json};

use crate::error::ApiError;

/// HTTP methods the API knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the usual ones")]
pub enum Method {
    Get,
    Post,
    Patch,
    Put,
    Delete,
    Head,
    Other,
}

impl Method {
    /// Reads a method name.
    pub fn parse(name: &str) -> Method {
        match name {
            "GET" => Method::Get,
            "POST" => Method::Post,
            "PATCH" => Method::Patch,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            "HEAD" => Method::Head,
            _ => Method::Other,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Head => "HEAD",
            Method::Other => "OTHER",
        }
    }
}

/// Headers that matter to the API.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    /// `Sforce-Query-Options: batchSize=`.
    pub batch_size: Option<usize>,
    /// `If-Modified-Since`, in seconds since 1970.
    pub modified_since_s: Option<i64>,
    /// `If-None-Match`.
    pub none_match: Option<String>,
}

/// A request below `/services/data/vXX.X`.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Decoded path segments after the version.
    pub path: Vec<String>,
    /// Decoded query parameters.
    pub query: Vec<(String, String)>,
    /// Parsed body; null when there is none.
    pub body: Json,
    /// Headers.
    pub headers: Headers,
    /// API calls used before this one, for `/limits`.
    pub calls_used: u64,
}

impl Request {
    /// A query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as an object.
    ///
    /// # Errors
    /// `JSON_PARSER_ERROR` when it is anything else.
    pub fn object(&self) -> Result<&Map<String, Json>, ApiError> {
        self.body.as_object().ok_or_else(|| {
            ApiError::json("Unexpected end of input: expected a JSON object at [line:1, column:1]")
        })
    }

    /// Splits a relative or absolute URL of a subrequest.
    pub fn split_url(url: &str) -> (Vec<String>, Vec<(String, String)>) {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decode)
            .collect();
        let query = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        (segments, query)
    }
}

/// An answer's body.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// JSON text.
    Json(String),
    /// Plain text.
    Text(String),
    /// A page.
    Html(String),
    /// Rows.
    Csv(String),
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Extra headers.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Body,
}

impl Response {
    /// 200 with JSON.
    pub fn json(body: &Json) -> Response {
        Response::text(200, body.to_string())
    }

    /// A status with JSON text.
    pub fn text(status: u16, body: String) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: Body::Json(body),
        }
    }

    /// 200 with rows.
    pub fn csv(text: String) -> Response {
        Response {
            status: 200,
            headers: Vec::new(),
            body: Body::Csv(text),
        }
    }

    /// A status without body.
    pub fn empty(status: u16) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: Body::Empty,
        }
    }

    /// One error in an array.
    pub fn error(error: &ApiError) -> Response {
        Response::errors(std::slice::from_ref(error))
    }

    /// Several errors in an array, under the status of the first.
    pub fn errors(errors: &[ApiError]) -> Response {
        let status = errors.first().map_or(500, |error| error.status);
        let body = Json::Array(errors.iter().map(ApiError::rest).collect());
        Response::text(status, body.to_string())
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Response {
        self.headers.push((name, value.into()));
        self
    }

    /// Whether a subrequest with this answer counts as failed.
    pub fn failed(&self) -> bool {
        self.status >= 400 || self.status == 300
    }
}
