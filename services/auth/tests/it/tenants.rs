//! Two thousand workspaces, a tenth of whose orgs hang: the others get their tokens as if nothing were wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth::store::{connection, lease, secret};
use chassis::CancellationToken;
use events::WorkspaceId;
use events::auth::v1::GetAccessTokenRequest;
use events::rpc::Code;
use futures::StreamExt as _;
use futures::future::join_all;
use testkit::eventually;
use tokio::net::TcpListener;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::world::{LIMIT, Replica, World, service};

const WORKSPACES: usize = 2_000;
/// Every tenth hangs.
const HANGING_EVERY: usize = 10;
const HANGING: usize = WORKSPACES / HANGING_EVERY;
/// Callers that may wait for a refresh at once, of all workspaces.
const SEATS: usize = 128;
/// Callers of each hanging workspace, all the time: with those of the others fewer than one process answers at once.
const CALLERS_PER_HANGING: usize = 1;
/// Between two questions of one of them.
const AGAIN: Duration = Duration::from_secs(2);
/// Healthy workspaces asked at once.
const CONCURRENCY: usize = 32;
const ORG: &str = "00D000000000001EAA";
const USER: &str = "005000000000001AAA";

fn name(number: usize) -> WorkspaceId {
    format!("w{number:04}").parse().expect("an id")
}

fn hangs(number: usize) -> bool {
    number.is_multiple_of(HANGING_EVERY)
}

/// Connections as they are after connecting, each with its own sealed tokens.
async fn connect_all(world: &World, healthy: &str, hanging: &str) {
    let ring = auth::seal::Ring::parse(&world.seal_keys).expect("a key line");
    let mut tx = world.admin.begin().await.expect("begins");
    for number in 0..WORKSPACES {
        let workspace = name(number);
        let before = connection::lock_or_create(&mut tx, &workspace).await;
        let before = before.expect("a row");
        let grantee = auth::domain::connection::Grantee {
            organization_id: ORG.to_owned(),
            user_id: USER.to_owned(),
            username: "u@acme.example".to_owned(),
            instance_url: if hangs(number) { hanging } else { healthy }.to_owned(),
            is_sandbox: false,
        };
        let after = before.authorized(grantee, chrono::Utc::now());
        connection::save(&mut tx, &after, before.state, "user:test")
            .await
            .expect("is stored");
        let generation = lease::advance(&mut tx, &workspace, Some(false)).await;
        let generation = generation.expect("advances");
        for kind in [secret::Kind::RefreshToken, secret::Kind::AccessToken] {
            let place = secret::Place {
                workspace: &workspace,
                kind,
                owner: "",
            };
            let text = format!("{}-{workspace}", kind.as_str()).into();
            secret::put(&mut tx, &ring, place, generation, &text)
                .await
                .expect("is sealed");
        }
    }
    tx.commit().await.expect("commits");
}

async fn ask(auth: &Replica, number: usize, rejected: u64) -> Result<u64, Code> {
    let request = GetAccessTokenRequest {
        workspace: name(number).to_string(),
        rejected_generation: rejected,
    };
    let answer = auth.client.get_access_token(&service(), request).await;
    answer
        .map(|token| token.generation)
        .map_err(|error| error.code)
}

/// Asks for the token of an org that hangs, again and again.
async fn hammer(auth: &Replica, number: usize, over: &CancellationToken, answered: &AtomicUsize) {
    // Not all at the same instant, as no two workspaces' work is.
    let offset = AGAIN.mul_f64(f64::from(u32::try_from(number).expect("small")) / 2_000.0);
    tokio::time::sleep(offset).await;
    while !over.is_cancelled() {
        tokio::select! {
            () = over.cancelled() => return,
            answer = ask(auth, number, 1) => {
                let code = answer.expect_err("hangs");
                assert!(code.retryable(), "{code:?}");
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orgs_that_hang_slow_nobody_elses_tokens() {
    let healthy = MockServer::start().await;
    let answer = serde_json::json!({"access_token": "00D000000000001!AQ.new", "instance_url": healthy.uri(),
        "id": format!("{}/id/{ORG}/{USER}", healthy.uri()), "token_type": "Bearer"});
    Mock::given(path("/services/oauth2/token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&healthy)
        .await;
    // Connections are taken by the system and never answered.
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let hanging = format!("http://{}", silent.local_addr().expect("bound"));

    let world = World::new().await;
    connect_all(&world, &healthy.uri(), &hanging).await;
    let mut config = world.config();
    let allowed = [healthy.uri(), hanging].map(|url| url.replace("http://", ""));
    config.service.salesforce.salesforce_allowed_hosts = allowed.to_vec();
    // As in production: whoever waits for such an org waits for long.
    config.service.auth_token_call_timeout_ms = 10_000;
    config.service.auth_token_answer_max_ms = 60_000;
    let auth = world.start_with(config).await;

    let auth = &auth;
    let (over, answered) = (CancellationToken::new(), AtomicUsize::new(0));
    let hangers = (0..WORKSPACES).filter(|number| hangs(*number));
    let hangers = hangers.flat_map(|number| std::iter::repeat_n(number, CALLERS_PER_HANGING));
    let hung = join_all(hangers.map(|number| hammer(auth, number, &over, &answered)));
    let others = async {
        // All that hang are on their way before the others begin: every seat is taken, the rest were sent away.
        eventually(LIMIT, async || {
            let sent_away = answered.load(Ordering::Relaxed);
            (sent_away >= HANGING * CALLERS_PER_HANGING - SEATS).then_some(())
        })
        .await;
        let numbers = (0..WORKSPACES).filter(|number| !hangs(*number));
        let asked = futures::stream::iter(numbers).map(|number| async move {
            // The stored token needs no waiting at all, not even a second question.
            assert_eq!(ask(auth, number, 0).await, Ok(1), "{number}");
            // A refresh may have to be asked for again while every seat is taken; it goes on meanwhile.
            let generation = eventually(LIMIT, async || match ask(auth, number, 1).await {
                Ok(generation) => Some(generation),
                Err(code) => {
                    assert!(code.retryable(), "{number}: {code:?}");
                    None
                }
            });
            assert_eq!(generation.await, 2);
        });
        asked
            .buffer_unordered(CONCURRENCY)
            .collect::<Vec<_>>()
            .await;
        over.cancel();
    };
    // The others are done while those that hang go on asking; then these end too.
    let (_, ()) = tokio::join!(hung, others);
    // What hangs holds no state either: nobody's connection changed.
    let changed = "select count(*) from auth.connection where state <> 'connected'";
    assert_eq!(world.scalar(changed).await, 0);
    drop(silent);
}
