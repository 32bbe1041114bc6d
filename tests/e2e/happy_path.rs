//! One meeting from publication to Salesforce.

use crate::world::World;
use events::writeback::v1::{Action, ChangeState};
use std::collections::BTreeSet;
use std::time::Duration;
use testkit::eventually;

/// Exporters send what they have every few seconds.
const EXPORTED_MAX: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_becomes_a_field_update_and_a_task_in_one_trace() {
    let world = World::live().await;
    let meeting = world.meeting(0);
    let trace = world.publish(&meeting).await;
    let set = world.settled(&meeting).await;

    let applied: BTreeSet<Action> = set
        .changes
        .iter()
        .filter(|change| change.state() == ChangeState::Applied)
        .map(|change| change.action())
        .collect();
    assert_eq!(
        applied,
        BTreeSet::from([Action::UpdateField, Action::CreateTask]),
        "{:?}",
        set.changes
    );
    assert!(
        set.changes
            .iter()
            .all(|change| change.trace_id == trace.trace_id),
        "changes know the trace of their meeting"
    );
    world.assert_applied_once(0..1).await;
    let opportunity = &world.opportunities[0];
    let found = world
        .rest
        .record("Opportunity", opportunity, &["NextStep"])
        .await
        .expect("is read");
    assert_eq!(found["NextStep"], "Step 0");

    let expected = ["matching", "writeback"];
    let spans = eventually(EXPORTED_MAX, || async {
        let spans = world.sink.of_trace(&trace.trace_id);
        let services: BTreeSet<&str> = spans.iter().map(|span| span.service.as_str()).collect();
        let salesforce = spans.iter().any(|span| {
            span.attributes
                .keys()
                .any(|key| key.starts_with("http.") || key.starts_with("url."))
        });
        let whole = expected
            .iter()
            .all(|name| services.iter().any(|service| service.contains(name)));
        (whole && salesforce).then_some(spans)
    });
    let spans = spans.await;
    assert!(
        spans
            .iter()
            .any(|span| span.name.contains("ergo.meeting.processed.v1")),
        "the meeting's own step is in its trace"
    );
}
