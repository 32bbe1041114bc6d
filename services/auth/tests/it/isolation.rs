//! A query that forgot its workspace finds nothing of another's.

use testkit::isolation::seen_of_another;

use crate::world::{WORKSPACE, World};

#[tokio::test]
async fn a_forgotten_workspace_finds_no_row_of_another() {
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    let workspace = WORKSPACE.parse().expect("a workspace");
    let db = auth.running.db().expect("has a store").clone();
    let scope = db.workspace(&workspace);
    let tables = seen_of_another(&world.admin, "auth", "umbrella", &scope).await;
    for table in [
        "connection",
        "connection_history",
        "sealed",
        "oauth_attempt",
    ] {
        assert!(tables[table].0 > 0, "{table} is empty: {tables:?}");
    }
    assert!(tables.values().all(|(_, seen)| *seen == 0), "{tables:?}");
    auth.stop().await;
}
