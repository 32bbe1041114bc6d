//! The same meeting again, and a newer revision of it.

use crate::world::World;
use events::meeting::v1::{ExtractedValue, Value, value};
use events::writeback::v1::ChangeState;
use testkit::fixtures::Publication;
use testkit::publish::Trace;

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_delivered_again_under_any_event_id_is_applied_once() {
    let world = World::live().await;
    let meeting = world.meeting(0);
    world.publish(&meeting).await;
    world.settled(&meeting).await;
    let dropped = world
        .publisher
        .publish(&meeting, &Trace::begin())
        .await
        .expect("is answered");
    assert!(
        dropped,
        "JetStream recognises the event id within its window"
    );
    let renamed = Publication {
        event_id: "meeting-0-again".to_owned(),
        ..meeting.clone()
    };
    world.publish(&renamed).await;
    // Published after it, so that it has been handled when this one is settled.
    let next = world.meeting(3);
    world.publish(&next).await;
    world.settled(&next).await;
    world.assert_applied_once([0, 3].into_iter()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_higher_revision_supersedes_what_still_waits() {
    let world = World::live().await;
    let close_date = |day: &str| ExtractedValue {
        property: "close_date".to_owned(),
        value: Some(Value {
            kind: Some(value::Kind::Date(day.to_owned())),
        }),
        confidence: 0.9,
        ..ExtractedValue::default()
    };
    let mut first = world.meeting(0);
    first.event.extracted_values = vec![close_date("2031-03-01")];
    world.publish(&first).await;
    let older = world.settled(&first).await;
    let held = older
        .changes
        .iter()
        .find(|change| change.field == "CloseDate")
        .expect("is proposed");
    assert_eq!(held.state(), ChangeState::Held, "{:?}", held.reasons);

    let mut second = first.clone();
    second.event_id = "meeting-0-r2".to_owned();
    second.event.revision = 2;
    second.event.extracted_values = vec![close_date("2031-04-01")];
    world.publish(&second).await;
    let newer = world.settled(&second).await;
    let held = newer
        .changes
        .iter()
        .find(|change| change.field == "CloseDate")
        .expect("is proposed");
    assert!(
        held.proposed_json.contains("2031-04-01"),
        "{}",
        held.proposed_json
    );
    let older = world
        .admin
        .change_set_by_id(&older.id)
        .await
        .expect("is answered");
    let older = older.expect("the older set is kept");
    let state = older
        .changes
        .iter()
        .find(|change| change.field == "CloseDate")
        .map(|change| change.state());
    assert_eq!(state, Some(ChangeState::Superseded));
    let tasks = world
        .writes()
        .await
        .into_iter()
        .filter(|write| write.object == "Task" && write.before.is_empty() && !write.automatic);
    assert_eq!(
        tasks.count(),
        1,
        "the meeting is logged once, not once per revision"
    );
}
