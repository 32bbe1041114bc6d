//! A process killed in the middle of a refresh, between recording its intent and storing the answer.

use std::process::Stdio;

use events::auth::v1::{AuthClient, GetAccessTokenRequest, GetConnectionRequest};
use events::crm::v1::{ConnectionCause, ConnectionState};
use salesforce_sim::config::{DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET};
use salesforce_sim::{Fault, FaultKind};
use testkit::eventually;
use testkit::rpc::NatsTransport;
use tokio::process::{Child, Command};

use crate::refresh::until_token;
use crate::world::{LIMIT, WORKSPACE, World, service, viewer};

/// Shorter than the call's timeout below, so that the process is killed while it waits.
const ANSWER_MS: u64 = 900;

fn spawn(world: &World) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ergo-auth"))
        .arg("serve")
        .env("DATABASE_URL", world.database.url())
        .env("NATS_URL", world.nats.url())
        .env("AUTH_PUBLIC_URL", "http://127.0.0.1:8081")
        .env("SALESFORCE_LOGIN_URL", world.sim.base_url())
        .env("SALESFORCE_CONSUMER_KEY", DEFAULT_CONSUMER_KEY)
        .env("SALESFORCE_CONSUMER_SECRET", DEFAULT_CONSUMER_SECRET)
        .env("ERGO_SEAL_KEYS", &world.seal_keys)
        .env("AUTH_TOKEN_CALL_TIMEOUT_MS", "1000")
        .env("AUTH_TOKEN_ANSWER_MAX_MS", "1000")
        .env("AUTH_REFRESH_SETTLE_MS", "200")
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary starts")
}

/// A connected world whose only auth is killed while Salesforce is answering; returns the generation it refreshed from.
async fn killed_in_the_call(world: &World) -> u64 {
    let replica = world.start().await;
    world.connect(&replica).await;
    let generation = replica.token(0).await.expect("a token").generation;
    replica.stop().await;

    let mut process = spawn(world);
    let client = AuthClient::new(NatsTransport(world.nats.client().await));
    eventually(LIMIT, async || {
        let request = GetConnectionRequest {
            workspace: WORKSPACE.to_owned(),
        };
        client.get_connection(&viewer(), request).await.ok()
    })
    .await;
    world.control.expire_sessions(None).await.expect("expires");
    let slow = Fault::new(FaultKind::LatencyMs(ANSWER_MS))
        .on_path("/services/oauth2/token")
        .times(1);
    world.control.fault(slow).await.expect("slows");
    let asked = client.clone();
    let call = tokio::spawn(async move {
        let request = GetAccessTokenRequest {
            workspace: WORKSPACE.to_owned(),
            rejected_generation: generation,
        };
        asked.get_access_token(&service(), request).await
    });
    eventually(LIMIT, async || {
        let intents = world
            .scalar("select count(*) from auth.refresh_lease where intent_generation is not null")
            .await;
        (intents == 1).then_some(())
    })
    .await;
    process.kill().await.expect("is killed");
    call.abort();
    // The request may have died before it reached the org.
    world.control.clear_faults().await.expect("mends");
    generation
}

#[tokio::test]
async fn a_process_killed_before_salesforce_rotated_costs_nothing() {
    let world = World::new().await;
    let generation = killed_in_the_call(&world).await;
    let replica = world.start().await;
    assert_eq!(until_token(&replica, generation).await, generation + 1);
    assert_eq!(
        replica.connection().await.state(),
        ConnectionState::Connected
    );
    replica.stop().await;
}

#[tokio::test]
async fn a_process_killed_after_salesforce_rotated_costs_one_reconnect() {
    let world = World::new().await;
    let generation = killed_in_the_call(&world).await;
    assert_eq!(world.control.rotate_silently().await.expect("rotates"), 1);
    let replica = world.start().await;
    eventually(LIMIT, async || {
        replica
            .token(generation)
            .await
            .expect_err("the new token is lost");
        let now = replica.connection().await;
        (now.state() == ConnectionState::ReconnectRequired)
            .then(|| assert_eq!(now.cause(), ConnectionCause::RotationLost))
    })
    .await;
    world.connect(&replica).await;
    assert!(replica.token(0).await.expect("a token").generation > generation);
    replica.stop().await;
}
