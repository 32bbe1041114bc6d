//! A query that forgot its workspace finds nothing of another's.

use crate::world::{World, meeting, org};
use testkit::isolation::seen_of_another;

#[tokio::test]
async fn a_forgotten_workspace_finds_no_row_of_another() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&org("acme")).await;
    world
        .publish("m-1", &meeting("acme", "m-1", 1, "ann@acme.com"))
        .await;
    world.decided(1).await;
    let acme = "acme".parse().expect("a workspace");
    let scope = running.db().expect("a store").workspace(&acme);
    let tables = seen_of_another(&world.pool, "matching", "umbrella", &scope).await;
    for table in [
        "account",
        "contact",
        "contact_address",
        "meeting",
        "decision",
    ] {
        assert!(tables[table].0 > 0, "{table} is empty: {tables:?}");
    }
    assert!(tables.values().all(|(_, seen)| *seen == 0), "{tables:?}");
    running.shutdown().await.expect("stops");
}
