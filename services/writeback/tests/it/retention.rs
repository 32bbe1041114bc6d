//! What was said in meetings goes after its retention; what was decided stays.

use crate::world::{World, said, usual_mapping};
use events::WorkspaceId;
use events::writeback::v1::ChangeState;
use testkit::eventually;

/// The whole content of a workspace's tables, as text.
async fn everything(world: &World) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'writeback'
         and table_name not in ('inbox', 'outbox', 'audit', 'provenance')",
    )
    .fetch_all(&world.pool)
    .await
    .expect("the test's own servers answer");
    let mut text = String::new();
    for table in tables {
        let query =
            format!("select coalesce(string_agg(t::text, ' '), '') from writeback.{table} t");
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&world.pool)
            .await
            .expect("the test's own servers answer");
        text.push_str(&rows);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn old_meetings_lose_what_was_said_and_keep_what_was_decided() {
    let world = World::new().await;
    let service = world.start().await;
    world.set_up(usual_mapping()).await;
    world.live(true).await;
    world.decided(&said("m-old", "tell nobody")).await;
    world.until("m-old", "NextStep", ChangeState::Applied).await;
    world.until("m-old", "", ChangeState::Applied).await;
    let mut unsure = said("m-waits", "still waiting");
    unsure.confidence = 0.1;
    // On another deal: its baseline would be what the first meeting wrote.
    let other = world.deal("Other").await;
    world.decided_on(&unsure, &other).await;
    world.until("m-waits", "NextStep", ChangeState::Held).await;
    assert!(everything(&world).await.contains("tell nobody"));
    service.shutdown().await.unwrap();
    sqlx::query("update writeback.change_set set created_at = now() - interval '400 days'")
        .execute(&world.pool)
        .await
        .unwrap();
    // A sweep runs when the service starts.
    let service = world.start().await;
    eventually(crate::world::LIMIT, async || {
        (!everything(&world).await.contains("tell nobody")).then_some(())
    })
    .await;
    let set = world.set_of("m-old").await.expect("the set stays");
    assert_eq!(set.changes.len(), 2);
    assert!(
        set.changes
            .iter()
            .all(|change| change.state() == ChangeState::Applied)
    );
    // What waits for a person is still theirs to see.
    let waiting = world.until("m-waits", "NextStep", ChangeState::Held).await;
    assert_eq!(waiting.proposed_json, "\"still waiting\"");

    let workspace: WorkspaceId = crate::world::WORKSPACE.parse().unwrap();
    let db = service.db().expect("a database");
    let erased = db.erase_workspace(&workspace).await.expect("is erased");
    let rows = |name: &str| {
        let table = erased.iter().find(|table| table.table == name);
        table.map_or(0, |table| table.rows)
    };
    assert_eq!((rows("change_set"), rows("change")), (2, 4), "{erased:?}");
    assert!(rows("audit") > 0 && rows("provenance") > 0);
    assert!(!everything(&world).await.contains("still waiting"));
    let sources: i64 = sqlx::query_scalar("select count(*) from writeback.source")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(sources, 0);
}
