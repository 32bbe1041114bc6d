//! After a full life of a connection no token is found anywhere in clear: tables, streams, log lines.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use events::auth::v1::DisconnectRequest;
use salesforce_sim::config::{DEFAULT_CONSUMER_SECRET, DEFAULT_PRIVATE_KEY, INTEGRATION_USERNAME};
use salesforce_sim::{Fault, FaultKind};
use testkit::eventually;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::{LIMIT, WORKSPACE, World, admin};

/// What the stand-in org's refresh tokens begin with; access tokens hold `!AQ`.
pub(crate) const REFRESH_PREFIX: &str = "5Aep861";
pub(crate) const ACCESS_MARK: &str = "!AQ";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_token_is_found_in_tables_streams_or_logs() {
    let lines = Lines::default();
    // Everything our crates say, spans and their fields included; one test per process, so a global one is fine.
    tracing_subscriber::fmt()
        .with_env_filter("trace,hyper=info,h2=info,sqlx=debug,reqwest=debug,async_nats=debug")
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(lines.clone())
        .init();
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    let first = auth.token(0).await.expect("a token");
    world.control.expire_sessions(None).await.expect("expires");
    let second = auth.token(first.generation).await.expect("refreshed");
    world
        .control
        .fault(
            Fault::new(FaultKind::CommitThenReset)
                .on_path("/services/oauth2/token")
                .times(1),
        )
        .await
        .expect("breaks");
    world.control.expire_sessions(None).await.expect("expires");
    auth.token(second.generation).await.expect_err("lost");
    world.connect(&auth).await;
    let third = auth.token(0).await.expect("a token");
    // A second workspace by key, whose sealed key stays behind as well.
    let by_key = events::auth::v1::ConnectJwtRequest {
        workspace: "by-key".to_owned(),
        ..crate::jwt::wish()
    };
    let admitted = world.control.preauthorize(INTEGRATION_USERNAME, true);
    admitted.await.expect("admits");
    auth.client
        .connect_jwt(&admin(), by_key)
        .await
        .expect("connects");
    // Leave some sealed secrets behind, then look.
    let mut haystacks: Vec<(String, Vec<u8>)> = Vec::new();
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'auth'")
            .fetch_all(&world.admin)
            .await
            .expect("tables");
    assert!(tables.len() >= 8);
    for table in &tables {
        let sql = format!("select t::text from auth.{table} t");
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_all(&world.admin)
            .await
            .expect("rows");
        haystacks.push((table.clone(), rows.join("\n").into_bytes()));
    }
    let request = DisconnectRequest {
        workspace: WORKSPACE.to_owned(),
    };
    auth.client
        .disconnect(&admin(), request)
        .await
        .expect("ends");
    eventually(LIMIT, async || {
        (world.scalar("select count(*) from auth.outbox").await == 0).then_some(())
    })
    .await;
    let jetstream = async_nats::jetstream::new(world.nats.client().await);
    let mut stream = jetstream.get_stream("CRM").await.expect("declared");
    let messages = stream.info().await.expect("info").state.messages;
    assert!(messages >= 4);
    for sequence in 1..=messages {
        let message = stream.get_raw_message(sequence).await.expect("stored");
        haystacks.push((
            format!("message {sequence}"),
            format!("{:?}", message.headers).into_bytes(),
        ));
        haystacks.push((format!("message {sequence}"), message.payload.to_vec()));
    }
    auth.stop().await;
    let log = lines
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    assert!(
        String::from_utf8_lossy(&log).contains("access token refreshed"),
        "the log is captured"
    );
    haystacks.push(("log".to_owned(), log));

    let key = world
        .seal_keys
        .split_once(':')
        .expect("a line")
        .1
        .to_owned();
    let tokens = [&first, &second, &third].map(|token| token.access_token.clone());
    let key_line = DEFAULT_PRIVATE_KEY.lines().nth(3).expect("lines");
    let assertion_mark = "eyJhbGciOiJSUzI1NiJ9";
    let needles = [
        REFRESH_PREFIX,
        ACCESS_MARK,
        DEFAULT_CONSUMER_SECRET,
        &key,
        key_line,
        assertion_mark,
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(tokens);
    for needle in needles {
        for (place, bytes) in &haystacks {
            let text = String::from_utf8_lossy(bytes);
            let found = text
                .find(&needle)
                .map(|at| text[at.saturating_sub(120)..at].to_owned());
            assert_eq!(found, None, "a secret was found in {place} after this text");
        }
    }
}
