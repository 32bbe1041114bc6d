//! A whole life in a process of its own: nothing it prints, exports, answers or shows holds a secret.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::{Duration, Instant};

use events::auth::v1::{
    AuthClient, BeginConnectRequest, ConnectJwtRequest, DisconnectRequest, Environment,
    GetAccessTokenRequest, GetConnectionRequest,
};
use events::crm::v1::ConnectionState;
use events::rpc::RpcError;
use salesforce_sim::config::{
    DEFAULT_CALLBACK_URL, DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET, DEFAULT_PRIVATE_KEY,
    INTEGRATION_USERNAME, OTHER_PRIVATE_KEY,
};
use salesforce_sim::{Fault, FaultKind};
use testkit::eventually;
use testkit::otlp::Sink;
use testkit::rpc::NatsTransport;
use tokio::process::{Child, Command};

use crate::browser::Browser;
use crate::jwt;
use crate::secrets::{ACCESS_MARK, REFRESH_PREFIX};
use crate::world::{LIMIT, WORKSPACE, World, admin, service, viewer};

/// The header every assertion begins with.
const ASSERTION_MARK: &str = "eyJhbGciOiJSUzI1NiJ9";
/// Pause between two looks at the state.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Prints into `lines`: a pipe nobody reads would stop the process when it is full.
fn spawn(world: &World, http: SocketAddr, sink: &Sink, lines: &File) -> Child {
    let own = || Stdio::from(lines.try_clone().expect("a file"));
    Command::new(env!("CARGO_BIN_EXE_ergo-auth"))
        .arg("serve")
        .env("DATABASE_URL", world.database.url())
        .env("NATS_URL", world.nats.url())
        .env("HTTP_ADDR", http.to_string())
        .env(
            "AUTH_PUBLIC_URL",
            DEFAULT_CALLBACK_URL.trim_end_matches("/oauth/callback"),
        )
        .env("SALESFORCE_LOGIN_URL", world.sim.base_url())
        .env("SALESFORCE_CONSUMER_KEY", DEFAULT_CONSUMER_KEY)
        .env("SALESFORCE_CONSUMER_SECRET", DEFAULT_CONSUMER_SECRET)
        .env("ERGO_SEAL_KEYS", &world.seal_keys)
        .env("AUTH_TOKEN_CALL_TIMEOUT_MS", "2000")
        .env("AUTH_TOKEN_ANSWER_MAX_MS", "2000")
        .env("AUTH_REFRESH_SETTLE_MS", "200")
        .env("AUTH_RETRY_PAUSE_MS", "20")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", sink.endpoint())
        .env("RUST_LOG", "trace")
        .stdout(own())
        .stderr(own())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary starts")
}

struct Life {
    client: AuthClient<NatsTransport>,
    browser_at: SocketAddr,
    /// Whatever people and services were shown.
    shown: Vec<String>,
    secrets: Vec<String>,
}

impl Life {
    async fn token(&mut self, rejected_generation: u64) -> Result<u64, RpcError> {
        let request = GetAccessTokenRequest {
            workspace: WORKSPACE.to_owned(),
            rejected_generation,
        };
        let answer = self.client.get_access_token(&service(), request).await;
        if let Ok(token) = &answer {
            self.shown.push(format!("{token:?}"));
            self.secrets.push(token.access_token.clone());
        }
        answer
            .map(|token| token.generation)
            .inspect_err(|error| self.shown.push(format!("{error:?} {error}")))
    }

    async fn connect(&mut self, world: &World, allow: bool) {
        let wish = BeginConnectRequest {
            workspace: WORKSPACE.to_owned(),
            environment: Environment::Production.into(),
            ..BeginConnectRequest::default()
        };
        let begun = self
            .client
            .begin_connect(&admin(), wish)
            .await
            .expect("begins");
        let mut browser = Browser::new(self.browser_at);
        let opened = browser.get(&begun.connect_url).await;
        let authorize_url = opened.location.expect("redirected");
        let callback = world
            .control
            .approve(&authorize_url, INTEGRATION_USERNAME, allow)
            .await
            .expect("approves");
        if let Some(code) = callback.split("code=").nth(1) {
            self.secrets
                .push(code.split('&').next().expect("a code").to_owned());
        }
        let seen = browser.get(&callback).await;
        self.shown
            .push(format!("{} {:?}", seen.body, seen.location));
        // Back and forth: a used answer has a page too.
        let again = browser.get(&callback).await;
        self.shown.push(again.body);
    }

    async fn by_key(&mut self, wish: ConnectJwtRequest) -> bool {
        self.shown.push(format!("{wish:?}"));
        let answer = self.client.connect_jwt(&admin(), wish).await;
        self.shown.push(format!("{answer:?}"));
        answer.is_ok()
    }

    async fn until_lost(&mut self, rejected: u64) {
        let client = self.client.clone();
        let end = Instant::now() + LIMIT;
        while self.token(rejected).await.is_err() {
            assert!(
                Instant::now() < end,
                "the state did not change within {LIMIT:?}"
            );
            let request = GetConnectionRequest {
                workspace: WORKSPACE.to_owned(),
            };
            let connection = client.get_connection(&viewer(), request).await;
            let connection = connection.expect("answers").connection.expect("there");
            if connection.state() == ConnectionState::ReconnectRequired {
                self.shown.push(connection.detail);
                return;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

#[tokio::test]
async fn a_whole_life_exports_prints_answers_and_shows_no_secret() {
    let world = World::new().await;
    let sink = Sink::start().await;
    let http = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr());
    let http = http.expect("a port");
    let mut lines = tempfile::tempfile().expect("a file");
    let mut process = spawn(&world, http, &sink, &lines);
    let client = AuthClient::new(NatsTransport(world.nats.client().await));
    eventually(LIMIT, async || {
        let request = GetConnectionRequest {
            workspace: WORKSPACE.to_owned(),
        };
        client.get_connection(&viewer(), request).await.ok()
    })
    .await;
    let mut life = Life {
        client,
        browser_at: http,
        shown: Vec::new(),
        secrets: Vec::new(),
    };
    life.connect(&world, false).await;
    life.connect(&world, true).await;
    let first = life.token(0).await.expect("a token");
    world.control.expire_sessions(None).await.expect("expires");
    let second = life.token(first).await.expect("refreshed");
    // A lost rotation, and a person.
    let lost = Fault::new(FaultKind::CommitThenReset)
        .on_path("/services/oauth2/token")
        .times(1);
    world.control.fault(lost).await.expect("breaks");
    world.control.expire_sessions(None).await.expect("expires");
    life.until_lost(second).await;
    life.connect(&world, true).await;
    let third = life.token(0).await.expect("a token");
    // Revoked in Salesforce.
    world.control.revoke_grants(None).await.expect("revokes");
    life.token(third).await.expect_err("revoked");
    // By key: refused for every reason, then connected, then refreshed.
    assert!(!life.by_key(jwt::wish()).await);
    let wrong = |private_key: &str| ConnectJwtRequest {
        private_key: private_key.to_owned(),
        ..jwt::wish()
    };
    assert!(!life.by_key(wrong(OTHER_PRIVATE_KEY)).await);
    assert!(
        !life
            .by_key(wrong(
                "-----BEGIN PRIVATE KEY-----\nhunter2hunter2hunter2\n-----END PRIVATE KEY-----"
            ))
            .await
    );
    world
        .control
        .preauthorize(INTEGRATION_USERNAME, true)
        .await
        .expect("admits");
    assert!(life.by_key(jwt::wish()).await);
    let fourth = life.token(0).await.expect("a token");
    world.control.expire_sessions(None).await.expect("expires");
    life.token(fourth).await.expect("a new assertion");
    let request = DisconnectRequest {
        workspace: WORKSPACE.to_owned(),
    };
    life.client
        .disconnect(&admin(), request)
        .await
        .expect("ends");

    // An orderly end: what is still to be exported is exported.
    let pid = process.id().expect("runs").to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status().await;
    assert!(told.expect("kill is there").success());
    assert!(process.wait().await.expect("ends").success());
    let mut printed = String::new();
    lines
        .rewind()
        .and_then(|()| lines.read_to_string(&mut printed))
        .expect("text");
    let spans = sink.spans();
    assert!(
        spans.iter().any(|span| span.name.contains("connect_jwt")),
        "spans arrive"
    );

    assert!(
        printed.contains("access token refreshed"),
        "the log is captured"
    );
    let mut places = vec![("what was printed".to_owned(), printed)];
    places.extend(
        spans
            .iter()
            .map(|span| (format!("span {}", span.name), format!("{span:?}"))),
    );
    places.extend(
        life.shown
            .iter()
            .map(|text| ("what was shown".to_owned(), text.clone())),
    );
    let key_line = |pem: &str| pem.lines().nth(3).expect("lines").to_owned();
    let needles = [
        REFRESH_PREFIX,
        ACCESS_MARK,
        DEFAULT_CONSUMER_SECRET,
        ASSERTION_MARK,
        "hunter2",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([key_line(DEFAULT_PRIVATE_KEY), key_line(OTHER_PRIVATE_KEY)])
    .chain([world
        .seal_keys
        .split_once(':')
        .expect("a line")
        .1
        .to_owned()])
    .chain(life.secrets);
    for needle in needles {
        for (place, text) in &places {
            let found = text
                .find(&needle)
                .map(|at| text[text.floor_char_boundary(at.saturating_sub(160))..at].to_owned());
            assert_eq!(found, None, "a secret was found in {place} after this text");
        }
    }
}
