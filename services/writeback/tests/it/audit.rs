//! Who changed which setting stays as it was noted.

use crate::world::{World, usual_mapping};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_can_be_added_to_and_never_changed() {
    let world = World::new().await;
    let service = world.start().await;
    world.set_up(usual_mapping()).await;
    let before: i64 = sqlx::query_scalar("select count(*) from writeback.audit")
        .fetch_one(&world.pool)
        .await
        .expect("the table is there");
    assert!(before > 0, "setting up leaves an entry");
    // Not even by who owns the table.
    let refused = sqlx::query("update writeback.audit set actor = 'somebody else'")
        .execute(&world.pool)
        .await;
    let refused = refused.expect_err("is refused").to_string();
    assert!(
        refused.contains("audit rows are never changed"),
        "{refused}"
    );
    service.shutdown().await.expect("stops");
}
