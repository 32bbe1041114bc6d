//! How far a request got when no answer came, and the limits on answers.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use salesforce::{
    Class, Error, ObjectName, Options, Org, Outcome, Record, Salesforce, TransportError,
    WriteOptions,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use super::support::{OPPORTUNITY, Tokens, calls, options, org, org_with};

const LIMITS: &str = "/services/data/v67.0/limits";

async fn create(org: &Org) -> Error {
    let record = Record::new(&ObjectName::OPPORTUNITY);
    org.create(&ObjectName::OPPORTUNITY, &record, WriteOptions::default())
        .await
        .expect_err("no answer")
}

#[tokio::test]
async fn a_refused_connection_means_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let uri = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let error = create(&org_with(&options(&uri), &Tokens::of(&uri))).await;
    assert!(
        matches!(
            &error,
            Error::Transport {
                source: TransportError::NotSent(_),
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(
        (error.outcome(), error.class()),
        (Outcome::NotSent, Class::Retry)
    );
}

#[tokio::test]
async fn a_connection_reset_after_the_request_is_ambiguous() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let uri = format!("http://{}", listener.local_addr().expect("bound"));
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let mut buffer = [0_u8; 4096];
        let read = socket.read(&mut buffer).await.expect("a request");
        assert!(buffer[..read].starts_with(b"POST "));
    });
    let error = create(&org_with(&options(&uri), &Tokens::of(&uri))).await;
    assert!(
        matches!(
            &error,
            Error::Transport {
                source: TransportError::Broken(_),
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(error.outcome(), Outcome::Ambiguous);
    server.await.expect("the request arrived");
}

#[tokio::test]
async fn an_answer_cut_short_is_ambiguous() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let uri = format!("http://{}", listener.local_addr().expect("bound"));
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let mut buffer = [0_u8; 4096];
        let _read = socket.read(&mut buffer).await.expect("a request");
        socket
            .write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"id\":")
            .await
            .expect("written");
    });
    let error = create(&org_with(&options(&uri), &Tokens::of(&uri))).await;
    assert_eq!(error.outcome(), Outcome::Ambiguous, "{error:?}");
    server.await.expect("the request arrived");
}

#[tokio::test]
async fn no_answer_in_time_is_ambiguous() {
    let (server, _org, tokens) = org().await;
    let hasty = Options {
        salesforce_request_timeout_s: 1,
        ..options(&server.uri())
    };
    let org = org_with(&hasty, &tokens);
    Mock::given(path(OPPORTUNITY))
        .respond_with(ResponseTemplate::new(201).set_delay(Duration::from_secs(60)))
        .mount(&server)
        .await;
    let error = create(&org).await;
    assert!(
        matches!(
            &error,
            Error::Transport {
                source: TransportError::TimedOut,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(error.outcome(), Outcome::Ambiguous);
    assert_eq!(calls(&server).await, 1);
}

#[tokio::test]
async fn a_small_compressed_answer_cannot_become_a_huge_one() {
    let (server, _org, tokens) = org().await;
    let limited = Options {
        salesforce_response_bytes_max: 100_000,
        ..options(&server.uri())
    };
    let org = org_with(&limited, &tokens);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let bomb = format!("{{{}}}", " ".repeat(1_000_000));
    encoder.write_all(bomb.as_bytes()).expect("compresses");
    let compressed = encoder.finish().expect("compresses");
    assert!(compressed.len() < 10_000);
    Mock::given(path(LIMITS))
        .respond_with(
            ResponseTemplate::new(200)
                .insert_header("content-encoding", "gzip")
                .set_body_raw(compressed, "application/json"),
        )
        .mount(&server)
        .await;
    let error = org.limits().await.expect_err("too large");
    assert!(
        matches!(
            &error,
            Error::Transport {
                source: TransportError::TooLarge { bytes_max: 100_000 },
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(
        (error.class(), calls(&server).await),
        (Class::RetryNarrower, 1)
    );
}

#[tokio::test]
async fn a_compressed_answer_within_the_limit_is_read() {
    let (server, org, _tokens) = org().await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(br#"{"X":{"Max":1,"Remaining":1}}"#)
        .expect("compresses");
    Mock::given(path(LIMITS))
        .respond_with(
            ResponseTemplate::new(200)
                .insert_header("content-encoding", "gzip")
                .set_body_raw(encoder.finish().expect("compresses"), "application/json"),
        )
        .mount(&server)
        .await;
    assert_eq!(org.limits().await.expect("limits")["X"].max, 1);
}

#[tokio::test]
async fn no_more_calls_than_allowed_are_in_flight() {
    let (server, _org, tokens) = org().await;
    let narrow = Options {
        salesforce_org_concurrency_max: 1,
        salesforce_request_timeout_s: 1,
        ..options(&server.uri())
    };
    let org = org_with(&narrow, &tokens);
    Mock::given(path(OPPORTUNITY))
        .respond_with(ResponseTemplate::new(201).set_delay(Duration::from_secs(60)))
        .mount(&server)
        .await;
    let record = Record::new(&ObjectName::OPPORTUNITY);
    let object = ObjectName::OPPORTUNITY;
    let write = || org.create(&object, &record, WriteOptions::default());
    let (first, second, third) = tokio::join!(write(), write(), write());
    let outcomes = [first, second, third].map(|result| result.expect_err("no answer").outcome());
    // Those that never got the permit were not sent, and the server saw the others one by one.
    let sent = outcomes
        .iter()
        .filter(|outcome| **outcome == Outcome::Ambiguous)
        .count();
    assert!(
        outcomes.contains(&Outcome::NotSent) && sent == calls(&server).await,
        "{outcomes:?}"
    );
}

#[test]
fn plain_http_to_anything_but_loopback_does_not_start() {
    for login in [
        "http://sim.example.com",
        "http://10.0.0.1:8080",
        "https://evil.example",
        "https://login.salesforce.com/x",
    ] {
        let error = Salesforce::new(&options(login))
            .map(|_| ())
            .expect_err(login);
        assert!(
            error.to_string().starts_with("SALESFORCE_LOGIN_URL"),
            "{error}"
        );
    }
    for login in [
        "http://localhost:8080",
        "http://127.0.0.1:1",
        "http://[::1]:8080",
        "https://login.salesforce.com",
    ] {
        assert!(Salesforce::new(&options(login)).is_ok(), "{login}");
    }
}
