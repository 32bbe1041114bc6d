//! One console per test, with its owners, its first admin and the operator's token; and a browser that keeps cookies.

use chassis::{Config, Options, Running};
use console::Console;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use testkit::{nats::Nats, postgres::Database};

use crate::owners::{Owners, OwnersOptions, Script};

pub(crate) const EMAIL: &str = "admin@example.com";
pub(crate) const PASSWORD: &str = "local-only";
pub(crate) const TOKEN: &str = "ergo_demo_0123456789abcdef0123456789abcdef";

pub(crate) struct World {
    pub(crate) nats: Nats,
    pub(crate) database: Database,
    owners: Option<Running>,
    pub(crate) base: String,
    pub(crate) client: reqwest::Client,
    // Dropped last: the console runs while the test does.
    pub(crate) console: Running,
    _files: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new(script: &Script) -> Self {
        Self::with(script, |_| ()).await
    }

    /// With other options than the usual ones.
    pub(crate) async fn with(script: &Script, change: impl FnOnce(&mut console::Options)) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = files.path().join(name);
            std::fs::write(&path, text).expect("is written");
            path
        };
        let mut options = console::Options {
            console_bootstrap_email: Some(EMAIL.into()),
            console_bootstrap_password_file: Some(write("password", &format!("{PASSWORD}\n"))),
            console_bootstrap_workspace: Some("acme".into()),
            console_bootstrap_api_token_file: Some(write("token", TOKEN)),
            ..console::Options::default()
        };
        change(&mut options);
        Self::start(script, options, files).await
    }

    /// Without any user.
    pub(crate) async fn empty() -> Self {
        let files = tempfile::tempdir().expect("a folder");
        Self::start(&Script::default(), console::Options::default(), files).await
    }

    async fn start(script: &Script, service: console::Options, files: tempfile::TempDir) -> Self {
        let (nats, database) = (Nats::start().await, Database::create().await);
        let config = Config {
            chassis: Options::new(Some(&database.url()), &nats.url()),
            service,
        };
        chassis::migrate::<Console>(&config.chassis)
            .await
            .expect("migrates");
        let owners = chassis::start::<Owners>(Config {
            chassis: Options::new(None, &nats.url()),
            service: OwnersOptions {
                script: script.clone(),
            },
        });
        let owners = owners.await.expect("owners start");
        let console = chassis::start::<Console>(config).await.expect("starts");
        let base = format!("http://{}", console.http_addr().expect("serves http"));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self {
            nats,
            database,
            owners: Some(owners),
            base,
            client,
            console,
            _files: files,
        }
    }

    /// Nobody answers from now on.
    pub(crate) async fn stop_owners(&mut self) {
        if let Some(owners) = self.owners.take() {
            owners.shutdown().await.expect("stops");
        }
    }

    /// Asks the API with a token; status and JSON.
    pub(crate) async fn api(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let request = self
            .client
            .request(method, format!("{}/api/v1{path}", self.base))
            .bearer_auth(token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        answer(request.send().await.expect("answers")).await
    }

    /// A browser nobody has signed in with.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser {
            world: self,
            cookie: String::new(),
        }
    }

    /// A browser the first admin has signed in with.
    pub(crate) async fn admin(&self) -> Browser<'_> {
        let mut browser = self.browser();
        let response = browser.sign_in(EMAIL, PASSWORD).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        browser
    }
}

/// Status and JSON of an answer; `null` when it has no body.
pub(crate) async fn answer(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = response.bytes().await.expect("arrives");
    if bytes.is_empty() {
        return (status, Value::Null);
    }
    (status, serde_json::from_slice(&bytes).expect("is JSON"))
}

pub(crate) struct Browser<'a> {
    world: &'a World,
    pub(crate) cookie: String,
}

impl Browser<'_> {
    pub(crate) async fn get(&self, path: &str) -> Response {
        let request = self.world.client.get(format!("{}{path}", self.world.base));
        let request = request.header(COOKIE, &self.cookie);
        request.send().await.expect("answers")
    }

    /// A page's text.
    pub(crate) async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.expect("arrives")
    }

    /// The token of a page's forms.
    pub(crate) async fn form_token(&self, path: &str) -> String {
        let page = self.page(path).await;
        let (_, rest) = page
            .split_once("name=\"form_token\" value=\"")
            .expect("a form");
        rest.split('"').next().expect("a value").to_owned()
    }

    /// Sends a form from one of our own pages.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.post_from(path, fields, Some("same-origin")).await
    }

    /// Sends a form, as a page of `site` does; `None` for a browser that says nothing.
    pub(crate) async fn post_from(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        site: Option<&str>,
    ) -> Response {
        let request = self
            .world
            .client
            .post(format!("{}{path}", self.world.base))
            .header(COOKIE, &self.cookie)
            .form(fields);
        let request = match site {
            Some(site) => request.header("sec-fetch-site", site),
            None => request,
        };
        request.send().await.expect("answers")
    }

    /// Asks the API as a script of our own page would.
    pub(crate) async fn api(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let request = self
            .world
            .client
            .request(method, format!("{}/api/v1{path}", self.world.base))
            .header(COOKIE, &self.cookie)
            .header("origin", &self.world.base)
            .json(&body);
        answer(request.send().await.expect("answers")).await
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Response {
        let fields = [("email", email), ("password", password)];
        let response = self.post("/sign-in", &fields).await;
        self.keep(&response);
        response
    }

    /// Follows a one-time link and chooses a password.
    pub(crate) async fn welcome(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        let response = self.post(path, fields).await;
        self.keep(&response);
        response
    }

    fn keep(&mut self, response: &Response) {
        if let Some(value) = response.headers().get(SET_COOKIE) {
            let text = value.to_str().expect("is text");
            self.cookie = text.split(';').next().expect("a pair").to_owned();
        }
    }
}
