//! The console's API: one request, one answer, and why there is none.

use std::fmt;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::arguments::Target;

/// Longest wait for an answer, in seconds: a rehearsal takes some calls to Salesforce.
const ANSWER_TIMEOUT_S: u64 = 60;
/// Longest wait for a connection, in seconds.
const CONNECT_TIMEOUT_S: u64 = 10;

/// Where the console is when nobody says otherwise.
const URL: &str = "http://127.0.0.1:8080";

/// The API of one workspace.
pub(crate) struct Api {
    client: reqwest::Client,
    base: Url,
    token: SecretString,
    /// What most questions are about; who asks can be asked without.
    workspace: Option<String>,
}

/// An answer as it came, so that `--json` changes no digit.
#[derive(Debug)]
pub(crate) struct Answer {
    /// JSON; empty when there is nothing to say.
    pub(crate) text: String,
}

impl Answer {
    /// The answer as a value or a struct.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.text).map_err(|source| Error::Unreadable { source })
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The console said no.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// Nobody answered.
    #[error("the console at {host} does not answer; check --url or ERGO_URL")]
    Away {
        host: String,
        #[source]
        source: reqwest::Error,
    },
    /// Something answered, but not the console.
    #[error("the answer is not the console's; check --url or ERGO_URL")]
    Unreadable {
        #[source]
        source: serde_json::Error,
    },
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
}

/// What the API says of a refusal (problem+json).
#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    /// HTTP status.
    pub(crate) status: u16,
    detail: String,
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    fix: Option<String>,
    #[serde(default)]
    errors: Vec<MappingProblem>,
    /// Names the request to the console's operator.
    #[serde(skip)]
    request_id: String,
}

/// Something wrong with a mapping.
#[derive(Debug, Deserialize)]
pub(crate) struct MappingProblem {
    entry_id: String,
    field: String,
    message: String,
    fix: String,
}

impl fmt::Display for MappingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place: Vec<&str> = [self.entry_id.as_str(), self.field.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        write!(f, "{}: {}", place.join("."), self.message)?;
        if !self.fix.is_empty() {
            write!(f, "; {}", self.fix)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The detail ends with the fix, which has a line of its own.
        let fix = self.fix.as_deref().unwrap_or_default();
        let detail = self.detail.strip_suffix(fix).unwrap_or(&self.detail);
        write!(f, "{}", detail.trim_end_matches("; "))?;
        if let Some(field) = &self.field {
            write!(f, "\n  field: {field}")?;
        }
        if let Some(fix) = &self.fix {
            write!(f, "\n  fix: {fix}")?;
        }
        for error in &self.errors {
            write!(f, "\n  {error}")?;
        }
        if !self.request_id.is_empty() {
            write!(f, "\n  request: {}", self.request_id)?;
        }
        Ok(())
    }
}

impl Api {
    /// The API the command line names.
    pub(crate) fn new(target: &Target) -> anyhow::Result<Self> {
        let missing = |what: &str| Error::Usage(what.to_owned());
        let token = target.token.clone().ok_or_else(|| {
            missing("the token is missing; log in with ergoctl login, or set ERGO_TOKEN to an API token of the console")
        })?;
        let workspace = target.workspace.clone();
        let base = match &target.url {
            Some(url) => url.clone(),
            None => Url::parse(URL).map_err(|_| missing("the usual address is no URL"))?,
        };
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(ANSWER_TIMEOUT_S))
            .connect_timeout(Duration::from_secs(CONNECT_TIMEOUT_S))
            // A redirect could take the token to another host.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("ergoctl/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            base,
            token,
            workspace,
        })
    }

    /// Reads.
    pub(crate) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer, Error> {
        self.ask(Method::GET, path, query, None).await
    }

    /// Asks for something to be done.
    pub(crate) async fn post(&self, path: &[&str], body: Value) -> Result<Answer, Error> {
        self.ask(Method::POST, path, &[], Some(body)).await
    }

    /// Replaces something.
    pub(crate) async fn put(&self, path: &[&str], body: Value) -> Result<Answer, Error> {
        self.ask(Method::PUT, path, &[], Some(body)).await
    }

    /// Removes something.
    pub(crate) async fn delete(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer, Error> {
        self.ask(Method::DELETE, path, query, None).await
    }

    /// Reads what belongs to no workspace.
    pub(crate) async fn own(&self, path: &str) -> Result<Answer, Error> {
        let url = self.address(&[path])?;
        self.send(Method::GET, url, &[], None).await
    }

    /// Ends one of the caller's tokens.
    pub(crate) async fn revoke(&self, id: &str) -> Result<Answer, Error> {
        let url = self.address(&["tokens", id])?;
        self.send(Method::DELETE, url, &[], None).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<Value>,
    ) -> Result<Answer, Error> {
        self.send(method, self.url(path)?, query, body).await
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        query: &[(&str, String)],
        body: Option<Value>,
    ) -> Result<Answer, Error> {
        let mut request = self
            .client
            .request(method, url)
            .bearer_auth(self.token.expose_secret())
            .query(query);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let away = |source: reqwest::Error| Error::Away {
            host: self.base.host_str().unwrap_or_default().to_owned(),
            // Without its address, which `host` says already.
            source: source.without_url(),
        };
        let response = request.send().await.map_err(away)?;
        let status = response.status();
        let header = |name: &str| {
            let value = response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (kind, request_id) = (header(CONTENT_TYPE.as_str()), header("x-request-id"));
        let text = response.text().await.map_err(away)?;
        if status.is_success() {
            return Ok(Answer { text });
        }
        let problem = if kind.starts_with("application/problem+json") {
            serde_json::from_str(&text).map_err(|source| Error::Unreadable { source })?
        } else {
            // A proxy in between, or not the console at all.
            Problem {
                status: status.as_u16(),
                detail: format!("the answer is {status}; check --url or ERGO_URL"),
                field: None,
                fix: None,
                errors: Vec::new(),
                request_id: String::new(),
            }
        };
        Err(Error::Refused(Box::new(Problem {
            request_id,
            ..problem
        })))
    }

    /// Of something in the workspace.
    fn url(&self, path: &[&str]) -> Result<Url, Error> {
        let workspace = self.workspace.as_deref().ok_or_else(|| {
            Error::Usage(
                "the workspace is missing; name it with --workspace or ERGO_WORKSPACE".to_owned(),
            )
        })?;
        self.address(&[&["w", workspace], path].concat())
    }

    /// Segments are escaped, so that an id may contain anything.
    fn address(&self, path: &[&str]) -> Result<Url, Error> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::Usage("--url is not an address of the web".to_owned()))?
            .pop_if_empty()
            .extend(["api", "v1"])
            .extend(path);
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::{header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    async fn api(server: &MockServer) -> Api {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        Api::new(&Target {
            url: server.uri().parse().ok(),
            token: Some("ergo_a_b".into()),
            workspace: Some("acme".into()),
            login_file: None,
        })
        .expect("is complete")
    }

    #[tokio::test]
    async fn the_token_travels_and_ids_are_escaped() {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path("/api/v1/w/acme/meetings/a%2Fb%20c"))
            .and(header("authorization", "Bearer ergo_a_b"))
            .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"x":1.50}"#))
            .mount(&server)
            .await;
        let answer = api(&server).await.get(&["meetings", "a/b c"], &[]).await;
        assert_eq!(answer.expect("answers").text, r#"{"x":1.50}"#);
    }

    #[tokio::test]
    async fn a_refusal_says_field_fix_and_request() {
        let server = MockServer::start().await;
        let body = r#"{"status":422,"code":"mapping_problems","detail":"the draft was not published; mend it","fix":"mend it",
            "errors":[{"entry_id":"next_step","field":"field","message":"Opportunity has no field X","fix":"did you mean Y?"}]}"#;
        let problem = ResponseTemplate::new(422)
            .insert_header("x-request-id", "r-1")
            .set_body_raw(body, "application/problem+json");
        Mock::given(method("POST"))
            .respond_with(problem)
            .mount(&server)
            .await;
        let refused = api(&server)
            .await
            .post(&["mapping", "publish"], Value::Null)
            .await;
        let error = anyhow::Error::new(refused.expect_err("is refused"));
        assert_eq!(crate::exit::of(&error), crate::exit::NO);
        insta::assert_snapshot!(error, @"
        the draft was not published
          fix: mend it
          next_step.field: Opportunity has no field X; did you mean Y?
          request: r-1
        ");
    }

    #[tokio::test]
    async fn an_outage_and_a_wrong_token_have_their_own_exit_codes() {
        let server = MockServer::start().await;
        let body = r#"{"status":401,"detail":"the bearer token is not accepted"}"#;
        let denied = ResponseTemplate::new(401).set_body_raw(body, "application/problem+json");
        Mock::given(path("/api/v1/w/acme/status"))
            .respond_with(denied)
            .mount(&server)
            .await;
        let api = api(&server).await;
        let code = |error: Error| crate::exit::of(&anyhow::Error::new(error));
        let denied = api.get(&["status"], &[]).await.expect_err("is refused");
        assert_eq!(code(denied), crate::exit::DENIED);
        // A port nobody listens on any more.
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("is bound");
        let port = free.local_addr().expect("has an address").port();
        drop(free);
        let nobody = Api {
            base: format!("http://127.0.0.1:{port}")
                .parse()
                .expect("is an address"),
            ..api
        };
        let away = nobody.get(&["status"], &[]).await.expect_err("is away");
        assert_eq!(code(away), crate::exit::UNAVAILABLE);
    }
}
