//! What was said in meetings goes after its retention; what was decided stays.

use crate::world::{ACME, LIMIT, World, meeting, org};
use events::matching::v1 as proto;
use prost::Message;
use testkit::eventually;

#[tokio::test]
async fn old_meetings_lose_their_content_and_keep_their_decisions() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&org("acme")).await;
    world
        .publish("e-1", &meeting("acme", "m-1", 1, "ann@acme.com"))
        .await;
    world.decided(1).await;
    running.shutdown().await.expect("stops");
    for statement in [
        "update matching.meeting set received_at = now() - interval '400 days', open_until = null",
        "update matching.decision set decided_at = now() - interval '400 days'",
    ] {
        sqlx::query(statement)
            .execute(&world.pool)
            .await
            .expect("is older");
    }
    // A sweep runs when the service starts.
    let running = world.start().await;
    let body = eventually(LIMIT, async || {
        let row: (Option<Vec<u8>>, Vec<u8>, bool) = sqlx::query_as(
            "select m.body, d.body, d.purged_at is not null from matching.meeting m
             join matching.decision d on d.meeting_id = m.id",
        )
        .fetch_one(&world.pool)
        .await
        .expect("the meeting and its decision");
        (row.0.is_none() && row.2).then_some(row.1)
    })
    .await;
    let decision = proto::Decision::decode(body.as_slice()).expect("a decision");
    assert_eq!(decision.account_id, ACME);
    assert!(decision.candidates.is_empty());
    assert!(!format!("{decision:?}").contains("ann@acme.com"));
    let keys: i64 = sqlx::query_scalar("select count(*) from matching.meeting_key")
        .fetch_one(&world.pool)
        .await
        .expect("the keys");
    assert_eq!(keys, 0);
    running.shutdown().await.expect("stops");
}
