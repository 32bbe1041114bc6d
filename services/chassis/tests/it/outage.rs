//! Postgres or NATS away: the service stays up, says what is missing, and catches up by itself.

use std::time::Duration;

use testkit::chaos::Proxy;

use crate::{
    probe::{DURABLE, Script},
    world::{World, get, until_missing, until_ready},
};

#[tokio::test]
async fn postgres_away_means_not_ready_and_nothing_lost() {
    let world = World::new().await;
    let (host, port) = world.database.server();
    let proxy = Proxy::to(&host, port).await;
    let url = world.database.url_through(proxy.port());
    let options = chassis::Options {
        database_url: Some(url.into()),
        ..world.options()
    };
    let running = world.start_with(options, &Script::default()).await;
    until_ready(&running).await;
    world.publish("before").await;
    world.until_seen(1).await;
    proxy.cut();
    world.publish("during").await;
    until_missing(&running, "postgres", "").await;
    until_missing(&running, DURABLE, "waits for postgres").await;
    let answer = get(running.admin_addr(), "/readyz").await;
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("postgres: "),
        "{answer}"
    );
    assert!(
        get(running.admin_addr(), "/livez")
            .await
            .starts_with("HTTP/1.1 200")
    );
    proxy.restore();
    assert_eq!(world.until_seen(2).await, ["before", "during"]);
    world.until_settled().await;
    world.until_relayed().await;
    until_ready(&running).await;
    assert_eq!(world.attempt_of("during").await, 1);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_restarted_nats_is_found_again() {
    let mut world = World::new().await;
    let running = world.start(&Script::default()).await;
    world.publish("before").await;
    world.until_seen(1).await;
    world.nats.stop();
    until_missing(&running, "nats", "").await;
    world.nats.restart().await;
    world.jetstream = async_nats::jetstream::new(world.nats.client().await);
    world.publish("after").await;
    world.until_seen(2).await;
    world.until_settled().await;
    until_ready(&running).await;
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_start_waits_for_dependencies_that_come_later() {
    let world = World::new().await;
    let proxy = Proxy::to("127.0.0.1", world.nats.port()).await;
    proxy.cut();
    let mut options = world.options();
    options.nats_url = format!("nats://127.0.0.1:{}", proxy.port());
    let script = Script::default();
    let later = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        proxy.restore();
    };
    let (running, ()) = tokio::join!(world.start_with(options, &script), later);
    until_ready(&running).await;
    running.shutdown().await.expect("stops");
}
