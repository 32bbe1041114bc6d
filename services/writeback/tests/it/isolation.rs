//! A query that forgot its workspace finds nothing of another's.

use crate::world::{LIMIT, WORKSPACE, World, said, usual_mapping};
use events::crm::v1::ConnectionState;
use events::writeback::v1::ChangeState;
use testkit::eventually;
use testkit::isolation::seen_of_another;

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_workspace_finds_no_row_of_another() {
    let world = World::new().await;
    let service = world.start().await;
    world.set_up(usual_mapping()).await;
    world.live(true).await;
    world.decided(&said("m-1", "call")).await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    // Its source is kept for as long as it waits for something.
    world.connect(2, ConnectionState::Suspended).await;
    eventually(LIMIT, async || {
        let state: String = sqlx::query_scalar("select connection_state from writeback.workspace")
            .fetch_one(&world.pool)
            .await
            .expect("a workspace");
        (state == "suspended").then_some(())
    })
    .await;
    world.decided(&said("m-2", "write")).await;
    world.until("m-2", "NextStep", ChangeState::Proposed).await;
    let workspace = WORKSPACE.parse().expect("a workspace");
    let db = service.db().expect("a store").clone();
    let scope = db.workspace(&workspace);
    let tables = seen_of_another(&world.pool, "writeback", "umbrella", &scope).await;
    // What was said in a meeting has no workspace of its own: it follows its change set.
    for table in [
        "change_set",
        "source",
        "change",
        "audit",
        "provenance",
        "mapping",
    ] {
        assert!(tables[table].0 > 0, "{table} is empty: {tables:?}");
    }
    assert!(tables.values().all(|(_, seen)| *seen == 0), "{tables:?}");
    service.shutdown().await.expect("stops");
}
