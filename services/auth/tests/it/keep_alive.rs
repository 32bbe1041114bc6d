//! The loop that uses idle grants before their org forgets them.

use std::sync::Arc;

use auth::app::access_token::{AccessTokens, Limits};
use auth::app::keep_alive::KeepAlive;
use auth::telemetry::Telemetry;
use chassis::{CancellationToken, Db};
use salesforce_sim::config::INTEGRATION_USERNAME;
use testkit::eventually;
use tokio_util::task::TaskTracker;

use crate::crash::Site;
use crate::jwt;
use crate::world::{LIMIT, World};

const LIMITS: Limits = Limits {
    call_ms: 2_000,
    answer_ms_max: 4_000,
    settle_ms: 200,
    retry_pause_ms: 20,
    lease_slack_ms: 2_000,
};

#[tokio::test]
async fn the_loop_refreshes_idle_grants_passes_those_that_fail_and_leaves_keys_alone() {
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    world
        .control
        .preauthorize(INTEGRATION_USERNAME, true)
        .await
        .expect("admits");
    let by_key = events::auth::v1::ConnectJwtRequest {
        workspace: "by-key".to_owned(),
        ..jwt::wish()
    };
    auth.client
        .connect_jwt(&crate::world::admin(), by_key)
        .await
        .expect("connects");
    // Thirty-two that fail for ever, all idle for longer than ours: a full page of them.
    world
        .execute(
            "insert into auth.connection (workspace, generation, epoch, state, cause, detail, organization_id, user_id, username, instance_url, is_sandbox, since, token_generation) \
             select 'broken-' || n, 1, 1, 'connected', 'none', '', organization_id, user_id, username, 'http://127.0.0.1:1', false, now(), 1 \
             from auth.connection, generate_series(1, 32) n where workspace = 'acme'",
        )
        .await;
    world
        .execute(
            "insert into auth.sealed (workspace, kind, owner, generation, kek_id, wrapped_dek, nonce, ciphertext) \
             select 'broken-' || n, 'access_token', '', 1, kek_id, wrapped_dek, nonce, ciphertext \
             from auth.sealed, generate_series(1, 32) n where workspace = 'acme' and kind = 'access_token'",
        )
        .await;
    world
        .execute(
            "insert into auth.sealed (workspace, kind, owner, generation, kek_id, wrapped_dek, nonce, ciphertext) \
             select 'broken-' || n, 'refresh_token', '', 1, kek_id, wrapped_dek, nonce, ciphertext \
             from auth.sealed, generate_series(1, 32) n where workspace = 'acme' and kind = 'refresh_token'",
        )
        .await;
    world
        .execute("update auth.sealed set sealed_at = now() - case when workspace like 'broken-%' then interval '20 days' else interval '8 days' end")
        .await;
    let before = auth.token(0).await.expect("a token").generation;

    let site = Site::new(&world, world.sim.base_url(), LIMITS);
    let (salesforce, endpoint) = site.salesforce();
    let db = Db::new(world.database.pool().await, "auth");
    let meter = opentelemetry::global::meter("test");
    let (telemetry, tasks) = (Telemetry::new(&meter), TaskTracker::new());
    let ring = Arc::clone(&site.ring);
    let keep_alive = KeepAlive {
        db: db.clone(),
        tokens: AccessTokens::new(db, salesforce, endpoint, ring, LIMITS, telemetry, tasks),
        days: 7,
        poll_ms: 20,
    };
    let stop = CancellationToken::new();
    let running = tokio::spawn(keep_alive.run(stop.clone()));
    eventually(LIMIT, async || {
        let token = auth.token(0).await.expect("a token");
        (token.generation == before + 1).then_some(())
    })
    .await;
    // Once is enough, and the key was not used.
    let by_key = "select token_generation from auth.connection where workspace = 'by-key'";
    assert_eq!(world.scalar(by_key).await, 1);
    assert_eq!(auth.token(0).await.expect("a token").generation, before + 1);
    let failed = "select count(*) from auth.refresh_lease where workspace like 'broken-%' and failed_at is not null";
    assert_eq!(world.scalar(failed).await, 32);
    let unchanged = "select count(*) from auth.connection where workspace like 'broken-%' and state = 'connected'";
    assert_eq!(world.scalar(unchanged).await, 32);
    stop.cancel();
    running.await.expect("ends").expect("ends well");
    auth.stop().await;
}
