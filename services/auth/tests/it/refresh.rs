//! Refreshing: once, whoever asks; never on a guess; never again with an old token.

use std::time::Duration;

use events::crm::v1::{ConnectionCause, ConnectionState};
use events::rpc::Code;
use futures::future::join_all;
use salesforce_sim::{Fault, FaultBody, FaultKind};
use testkit::eventually;

use crate::world::{LATE_MS, LIMIT, Replica, TOO_LATE_MS, World};

const TOKEN_PATH: &str = "/services/oauth2/token";

fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind).on_path(TOKEN_PATH)
}

/// Asks until there is a token; every refusal on the way must be one that passes.
pub(crate) async fn until_token(auth: &Replica, rejected: u64) -> u64 {
    let token = eventually(LIMIT, async || match auth.token(rejected).await {
        Ok(token) => Some(token),
        Err(error) => {
            assert_eq!(error.code, Code::Unavailable, "{error}");
            None
        }
    })
    .await;
    token.generation
}

#[tokio::test]
async fn forty_eight_refused_callers_on_three_replicas_cause_one_refresh() {
    const ROUNDS: usize = 30;
    let world = World::new().await;
    let replicas = [
        world.start().await,
        world.start().await,
        world.start().await,
    ];
    world.connect(&replicas[0]).await;
    let mut generation = replicas[0].token(0).await.expect("a token").generation;
    for round in 0..ROUNDS {
        world.control.expire_sessions(None).await.expect("expires");
        let before = world.requests().await;
        let asked = replicas
            .iter()
            .flat_map(|auth| (0..16).map(|_| auth.token(generation)));
        let answers = join_all(asked).await;
        assert_eq!(
            world.requests().await - before,
            1,
            "round {round}: one refresh"
        );
        for answer in answers {
            assert_eq!(
                answer.expect("a token").generation,
                generation + 1,
                "round {round}"
            );
        }
        generation += 1;
    }
    let token = replicas[1].token(0).await.expect("a token");
    assert!(world.accepts(&token.access_token).await);
    for replica in replicas {
        replica.stop().await;
    }
}

#[tokio::test]
async fn transient_trouble_never_changes_a_connection() {
    let world = World::new().await;
    let auth = world.start().await;
    let connected = world.connect(&auth).await;
    let mut generation = auth.token(0).await.expect("a token").generation;
    for (name, kind) in [
        (
            "server error",
            FaultKind::Status {
                status: 500,
                body: FaultBody::Empty,
            },
        ),
        (
            "gateway page",
            FaultKind::Status {
                status: 503,
                body: FaultBody::Html,
            },
        ),
        (
            "gateway page with a client error",
            FaultKind::Status {
                status: 400,
                body: FaultBody::Html,
            },
        ),
        (
            "other json",
            FaultKind::Status {
                status: 400,
                body: FaultBody::Json,
            },
        ),
        (
            "gateway page that looks like a success",
            FaultKind::Status {
                status: 200,
                body: FaultBody::Html,
            },
        ),
        ("reset", FaultKind::ResetBeforeCommit),
        ("no answer in time", FaultKind::LatencyMs(TOO_LATE_MS)),
    ] {
        world.control.expire_sessions(None).await.expect("expires");
        world.control.fault(fault(kind)).await.expect("breaks");
        for _attempt in 0..6 {
            let error = auth.token(generation).await.expect_err(name);
            assert_eq!(error.code, Code::Unavailable, "{name}: {error}");
        }
        // A caller whose token was not refused is not disturbed by any of this.
        assert_eq!(auth.token(0).await.expect(name).generation, generation);
        assert_eq!(auth.connection().await, connected, "{name}");
        world.control.clear_faults().await.expect("mends");
        generation = until_token(&auth, generation).await;
        assert_eq!(auth.connection().await, connected, "{name}");
    }
    auth.stop().await;
}

#[tokio::test]
async fn a_rotation_whose_answer_was_lost_is_named_and_a_reconnect_resumes() {
    let world = World::new().await;
    let auth = world.start().await;
    let connected = world.connect(&auth).await;
    let token = auth.token(0).await.expect("a token");
    world.control.expire_sessions(None).await.expect("expires");
    world
        .control
        .fault(fault(FaultKind::CommitThenReset).times(1))
        .await
        .expect("breaks");
    let error = auth
        .token(token.generation)
        .await
        .expect_err("the answer is lost");
    assert_eq!(error.code, Code::Unavailable);
    assert_eq!(auth.connection().await, connected, "not known yet");
    eventually(LIMIT, async || {
        auth.token(token.generation)
            .await
            .expect_err("no token to be had");
        let now = auth.connection().await;
        (now.state() == ConnectionState::ReconnectRequired)
            .then(|| assert_eq!(now.cause(), ConnectionCause::RotationLost))
    })
    .await;
    let again = world.connect(&auth).await;
    assert_eq!(again.epoch, connected.epoch);
    assert!(
        auth.token(token.generation)
            .await
            .expect("a token")
            .generation
            > token.generation
    );
    auth.stop().await;
}

#[tokio::test]
async fn a_refresh_that_never_arrived_is_looked_at_and_repeated() {
    let world = World::new().await;
    let auth = world.start().await;
    let connected = world.connect(&auth).await;
    let token = auth.token(0).await.expect("a token");
    world.control.expire_sessions(None).await.expect("expires");
    world
        .control
        .fault(fault(FaultKind::ResetBeforeCommit).times(1))
        .await
        .expect("breaks");
    let error = auth.token(token.generation).await.expect_err("no answer");
    assert_eq!(error.code, Code::Unavailable);
    assert_eq!(
        until_token(&auth, token.generation).await,
        token.generation + 1
    );
    assert_eq!(auth.connection().await, connected);
    auth.stop().await;
}

#[tokio::test]
async fn a_holder_that_died_in_the_call_leaves_an_intent_that_is_resolved() {
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    let token = auth.token(0).await.expect("a token");
    world.control.expire_sessions(None).await.expect("expires");
    // As left behind by a process that was killed between recording its intent and storing the answer.
    world
        .execute(
            "insert into auth.refresh_lease (workspace, fence, holder, until, intent_generation, intent_settles_at) \
             select workspace, 7, 'dead', now() + interval '300 milliseconds', token_generation, now() + interval '500 milliseconds' from auth.connection \
             on conflict (workspace) do update set fence = excluded.fence, until = excluded.until, \
               intent_generation = excluded.intent_generation, intent_settles_at = excluded.intent_settles_at",
        )
        .await;
    assert_eq!(
        until_token(&auth, token.generation).await,
        token.generation + 1
    );
    auth.stop().await;
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_stop_the_refresh() {
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    let token = auth.token(0).await.expect("a token");
    world.control.expire_sessions(None).await.expect("expires");
    world
        .control
        .fault(fault(FaultKind::LatencyMs(250)).times(1))
        .await
        .expect("slows");
    let request = events::auth::v1::GetAccessTokenRequest {
        workspace: crate::world::WORKSPACE.to_owned(),
        rejected_generation: token.generation,
    };
    let mut impatient = crate::world::service();
    impatient.timeout = Duration::from_millis(50);
    let error = auth
        .client
        .get_access_token(&impatient, request)
        .await
        .expect_err("gives up");
    assert_eq!(error.code, Code::DeadlineExceeded);
    // Stopping waits for the call in the air, and its answer is stored.
    auth.stop().await;
    assert_eq!(
        world
            .scalar("select token_generation from auth.connection")
            .await,
        i64::try_from(token.generation).expect("small") + 1
    );
    assert_eq!(
        world
            .scalar("select count(*) from auth.refresh_lease where intent_generation is not null")
            .await,
        0
    );
}

#[tokio::test]
async fn a_wrong_consumer_secret_is_our_fault_and_disconnects_nobody() {
    let world = World::new().await;
    let auth = world.start().await;
    let connected = world.connect(&auth).await;
    let token = auth.token(0).await.expect("a token");
    auth.stop().await;
    let mut config = world.config();
    config.service.salesforce_consumer_secret = "rotated-by-someone".to_owned().into();
    let auth = world.start_with(config).await;
    world.control.expire_sessions(None).await.expect("expires");
    let error = auth.token(token.generation).await.expect_err("refused");
    assert_eq!(error.code, Code::Unavailable);
    assert!(
        error.message.contains("SALESFORCE_CONSUMER_SECRET"),
        "{error}"
    );
    assert_eq!(auth.connection().await, connected);
    auth.stop().await;
}

#[tokio::test]
async fn an_idle_grant_is_used_before_its_org_forgets_it() {
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    let token = auth.token(0).await.expect("a token");
    let db = auth.running.db().expect("has a store").clone();
    let idle = async || {
        auth::store::connection::idle(&db.all_workspaces(), 7, 10)
            .await
            .expect("reads")
            .len()
    };
    assert_eq!(idle().await, 0);
    world
        .execute("update auth.sealed set sealed_at = now() - interval '8 days'")
        .await;
    assert_eq!(idle().await, 1);
    // What the round does with each of them.
    let newer = auth.token(token.generation).await.expect("refreshed");
    assert_eq!(newer.generation, token.generation + 1);
    assert_eq!(idle().await, 0);
    auth.stop().await;
}

#[tokio::test]
async fn a_late_answer_is_stored_when_it_comes() {
    let world = World::new().await;
    let replicas = [world.start().await, world.start().await];
    let connected = world.connect(&replicas[0]).await;
    let token = replicas[0].token(0).await.expect("a token");
    world.control.expire_sessions(None).await.expect("expires");
    let before = world.requests().await;
    let slow = fault(FaultKind::LatencyMs(LATE_MS)).times(1);
    world.control.fault(slow).await.expect("slows");
    let error = replicas[0]
        .token(token.generation)
        .await
        .expect_err("is late");
    assert_eq!(error.code, Code::Unavailable);
    // Neither replica sends anything while the first call may be running.
    assert_eq!(
        until_token(&replicas[1], token.generation).await,
        token.generation + 1
    );
    assert_eq!(world.requests().await - before, 1);
    assert_eq!(replicas[0].connection().await, connected);
    for replica in replicas {
        replica.stop().await;
    }
}
