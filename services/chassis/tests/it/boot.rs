//! Starting only where everything is as declared, stopping without losing work.

use std::sync::Arc;

use async_nats::jetstream::stream::RetentionPolicy;
use chassis::db::inbox_outbox_sql;
use testkit::eventually;
use tokio::sync::Semaphore;

use crate::{
    probe::{Probe, Script, Step},
    world::{LIMIT, World, get, until_ready},
};

#[tokio::test]
async fn a_ready_service_says_so_and_shows_its_metrics() {
    let world = World::new().await;
    let running = world.start(&Script::default()).await;
    until_ready(&running).await;
    world.publish("e1").await;
    world.until_seen(1).await;
    world.until_settled().await;
    assert!(
        get(running.admin_addr(), "/readyz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    let metrics = get(running.admin_addr(), "/metrics").await;
    for name in [
        "messaging_client_consumed_messages_total",
        "messaging_process_duration_seconds_bucket",
        "ergo_outbox_depth",
        "ergo_consumer_inflight",
    ] {
        assert!(metrics.contains(name), "{name} is not in {metrics}");
    }
    let http = running.http_addr().expect("routes");
    assert!(get(http, "/hello").await.ends_with("hello"));
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let world = World::new().await;
    chassis::migrate::<Probe>(&world.options())
        .await
        .expect("migrates again");
}

#[tokio::test]
async fn a_rolled_back_service_migrates_and_starts_on_the_newer_schema() {
    let world = World::new().await;
    // What a newer version would leave: a migration more, and a table this one has never heard of.
    sqlx::raw_sql(
        "insert into probe._sqlx_migrations (version, description, success, checksum, execution_time)
         values (9000, 'a newer version', true, '', 0);
         create table probe.later (id bigint primary key)",
    )
    .execute(&world.admin)
    .await
    .expect("the newer schema");
    chassis::migrate::<Probe>(&world.options())
        .await
        .expect("has nothing to do");
    let running = world.start(&Script::default()).await;
    until_ready(&running).await;
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_schema_that_another_program_migrated_is_refused() {
    let world = World::new().await;
    sqlx::query(
        "insert into probe._sqlx_migrations (version, description, success, checksum, execution_time)
         values (0, 'somebody else', true, '', 0)",
    )
    .execute(&world.admin)
    .await
    .expect("the history");
    let refused = chassis::migrate::<Probe>(&world.options()).await;
    let refused = format!("{:#}", refused.expect_err("is refused"));
    assert!(refused.contains("another program"), "{refused}");
}

#[tokio::test]
async fn a_service_that_was_not_migrated_refuses_to_start() {
    let world = World::bare().await;
    let mut options = world.options();
    options.startup_timeout_s = 0;
    let refused = world.try_start_with(options, &Script::default()).await;
    let refused = refused.err().expect("is refused");
    assert!(
        format!("{refused:#}").contains("run migrate"),
        "{refused:#}"
    );
}

#[tokio::test]
async fn a_stream_that_differs_is_refused_with_every_difference() {
    let world = World::new().await;
    world
        .jetstream
        .delete_stream("MATCHES")
        .await
        .expect("deletes");
    let other = async_nats::jetstream::stream::Config {
        name: "MATCHES".into(),
        subjects: vec!["ergo.match.>".into()],
        retention: RetentionPolicy::Interest,
        ..Default::default()
    };
    world.jetstream.create_stream(other).await.expect("creates");
    let mut options = world.options();
    options.startup_timeout_s = 0;
    let refused = world.try_start_with(options, &Script::default()).await;
    let refused = format!("{:#}", refused.err().expect("is refused"));
    for part in [
        "stream MATCHES",
        "subjects is",
        "retention is Interest",
        "run migrate",
    ] {
        assert!(refused.contains(part), "{part} is not in {refused}");
    }
}

#[tokio::test]
async fn a_consumer_that_differs_is_refused() {
    let world = World::new().await;
    let mut options = world.options();
    options.startup_timeout_s = 0;
    options.nats_ack_wait_s = Some(9);
    let script = Script::default();
    let refused = world.try_start_with(options.clone(), &script).await;
    let refused = format!("{:#}", refused.err().expect("is refused"));
    assert!(
        refused.contains("consumer probe__meeting_processed: ack_wait is 4s instead of 9s"),
        "{refused}"
    );
    chassis::migrate::<Probe>(&options).await.expect("migrates");
    let running = world.start_with(options, &script).await;
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn stopping_finishes_what_was_begun() {
    let world = World::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let inside = Arc::clone(&gate);
    let script = Script::new(move |_| Step::Wait(Arc::clone(&inside)));
    let running = world.start(&script).await;
    world.publish("e1").await;
    eventually(LIMIT, async || (script.calls() > 0).then_some(())).await;
    let release = async {
        tokio::task::yield_now().await;
        gate.add_permits(1);
    };
    let (stopped, ()) = tokio::join!(running.shutdown(), release);
    stopped.expect("stops");
    assert_eq!(world.seen().await, ["e1"]);
    // Acknowledged and published before the process was gone.
    world.until_settled().await;
    assert_eq!(world.messages_in("WRITEBACK").await, 1);
    assert_eq!(script.calls(), 1);
}

#[tokio::test]
async fn stopping_has_a_deadline() {
    let world = World::new().await;
    let script = Script::new(|_| Step::Hang);
    let mut options = world.options();
    options.shutdown_timeout_s = 1;
    let running = world.start_with(options, &script).await;
    world.publish("e1").await;
    eventually(LIMIT, async || (script.calls() > 0).then_some(())).await;
    let error = running.shutdown().await.expect_err("is cut off");
    assert!(error.to_string().contains("deadline"), "{error}");
}

#[tokio::test]
async fn a_task_that_fails_is_noticed() {
    let world = World::new().await;
    let mut running = world.start(&Script::with_broken_task()).await;
    let error = running.failed().await;
    assert_eq!(format!("{error:#}"), "task broken failed: out of ideas");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_service_acts_only_in_its_own_schema() {
    let world = World::new().await;
    for statement in ["create schema other", "create table other.secret (x int)"] {
        sqlx::query(statement)
            .execute(&world.admin)
            .await
            .expect("prepares");
    }
    let running = world.start(&Script::default()).await;
    let scope = running.db().expect("database").workspaces([]);
    let role: String = sqlx::query_scalar("select current_user::text")
        .fetch_one(&scope)
        .await
        .expect("asks");
    assert_eq!(role, "ergo_probe");
    for statement in [
        "select * from other.secret",
        "create table probe.extra (x int)",
        "drop table probe.seen",
    ] {
        let refused = sqlx::query(statement).execute(&scope).await;
        let refused = refused.expect_err(statement).to_string();
        assert!(
            refused.contains("permission denied") || refused.contains("must be owner"),
            "{statement}: {refused}"
        );
    }
    running.shutdown().await.expect("stops");
}

#[test]
fn the_migration_of_the_probe_is_the_documented_text() {
    let migration = include_str!("migrations/0001_probe.sql");
    assert!(migration.starts_with(&inbox_outbox_sql("probe")));
}
