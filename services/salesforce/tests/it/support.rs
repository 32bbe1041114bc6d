//! A fake org and a token source that counts what is asked of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use salesforce::{AccessToken, Id, Options, Org, Salesforce, TokenSource, TokenSourceError};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// Options for a server at `uri`, with pauses too short to notice.
pub(crate) fn options(uri: &str) -> Options {
    Options {
        salesforce_login_url: uri.to_owned(),
        salesforce_read_retry_delay_ms: 1,
        salesforce_request_timeout_s: 5,
        salesforce_read_retries_max: 2,
        ..Options::default()
    }
}

/// Tokens `token 1`, `token 2`, ...; a rejected current one is replaced by the next.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub instance_url: String,
    pub current: Arc<AtomicU64>,
    pub rejections: Arc<AtomicU64>,
    /// Whether replacements count as issued just now.
    pub fresh: bool,
}

impl Tokens {
    pub(crate) fn of(uri: &str) -> Self {
        Self {
            instance_url: uri.to_owned(),
            current: Arc::new(AtomicU64::new(1)),
            rejections: Arc::default(),
            fresh: true,
        }
    }

    fn token_at(&self, generation: u64, fresh: bool) -> AccessToken {
        AccessToken {
            secret: format!("token-{generation}").into(),
            generation,
            instance_url: self.instance_url.clone(),
            fresh,
        }
    }

    pub(crate) fn rejections(&self) -> u64 {
        self.rejections.load(Ordering::SeqCst)
    }
}

impl TokenSource for Tokens {
    async fn token(&self) -> Result<AccessToken, TokenSourceError> {
        Ok(self.token_at(self.current.load(Ordering::SeqCst), false))
    }

    async fn rejected(&self, rejected: &AccessToken) -> Result<AccessToken, TokenSourceError> {
        self.rejections.fetch_add(1, Ordering::SeqCst);
        let next = rejected.generation + 1;
        self.current.fetch_max(next, Ordering::SeqCst);
        Ok(self.token_at(self.current.load(Ordering::SeqCst), self.fresh))
    }
}

/// A server, an org on it, and its tokens.
pub(crate) async fn org() -> (MockServer, Org, Tokens) {
    let server = MockServer::start().await;
    let tokens = Tokens::of(&server.uri());
    let org = org_with(&options(&server.uri()), &tokens);
    (server, org, tokens)
}

pub(crate) fn org_with(options: &Options, tokens: &Tokens) -> Org {
    Salesforce::new(options)
        .expect("options are valid")
        .org(tokens.clone())
}

/// Matches a header whose value holds a comma, which the server's own matcher takes for a list.
pub(crate) fn dated(name: &'static str, date: &'static str) -> impl Fn(&Request) -> bool {
    move |request| {
        let value = request.headers.get(name);
        value.is_some_and(|value| value.as_bytes() == date.as_bytes())
    }
}

/// A body of Salesforce's JSON type.
pub(crate) fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_owned(), "application/json;charset=UTF-8")
}

/// Answers `status` and `body` to one method and path, for any token.
pub(crate) async fn answer(server: &MockServer, verb: &str, at: &str, status: u16, body: &str) {
    Mock::given(method(verb))
        .and(path(at))
        .respond_with(json(status, body))
        .mount(server)
        .await;
}

/// Answers an expired session to `token`.
pub(crate) async fn reject(server: &MockServer, token: &str) {
    Mock::given(header("authorization", format!("Bearer {token}").as_str()))
        .respond_with(json(401, EXPIRED))
        .with_priority(1)
        .mount(server)
        .await;
}

pub(crate) const EXPIRED: &str =
    r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#;

pub(crate) const OPPORTUNITY: &str = "/services/data/v67.0/sobjects/Opportunity";

pub(crate) fn id(n: u32) -> Id {
    Id::parse(&format!("006000000{n:06}")).expect("15 digits")
}

/// The bodies the server received, as text.
pub(crate) async fn bodies(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.expect("recording is on");
    requests
        .iter()
        .map(|request| String::from_utf8_lossy(&request.body).into_owned())
        .collect()
}

pub(crate) async fn calls(server: &MockServer) -> usize {
    server
        .received_requests()
        .await
        .expect("recording is on")
        .len()
}
