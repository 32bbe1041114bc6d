//! A query that forgot its workspace finds nothing of another's.

use events::metadata::v1::SyncKind;
use testkit::isolation::seen_of_another;

use crate::mapping::{entry, publish};
use crate::world::{WORKSPACE, World};

#[tokio::test]
async fn a_forgotten_workspace_finds_no_row_of_another() {
    let world = World::new().await;
    let running = world.connected().await;
    world.sync(SyncKind::Records).await;
    publish(&world, vec![entry("a", "Opportunity", "NextStep")]).await;
    let workspace = WORKSPACE.parse().expect("a workspace");
    let scope = running.db().expect("a store").workspace(&workspace);
    let admin = world.database.pool().await;
    let tables = seen_of_another(&admin, "metadata_sync", "umbrella", &scope).await;
    for table in [
        "workspace",
        "object",
        "mapping_version",
        "sync_run",
        "record_seen",
    ] {
        assert!(tables[table].0 > 0, "{table} is empty: {tables:?}");
    }
    assert!(tables.values().all(|(_, seen)| *seen == 0), "{tables:?}");
    running.shutdown().await.expect("stops");
}
