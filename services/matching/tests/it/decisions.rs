//! Meetings in, decisions out.

use crate::world::{ACME, ANN, DEAL, LIMIT, World, admin, contact, meeting, org};
use events::matching::v1 as proto;
use events::matching::v1::Outcome;
use testkit::eventually;

#[tokio::test]
async fn a_meeting_is_decided_once_with_its_meeting_and_its_explanation() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&org("acme")).await;
    world
        .publish("e-1", &meeting("acme", "m-1", 1, "ann@acme.com"))
        .await;
    let decided = world.decided(1).await.remove(0);
    let decision = decided.decision.expect("a decision");
    assert_eq!(decision.outcome(), Outcome::Matched);
    assert_eq!(
        (
            decision.account_id.as_str(),
            decision.opportunity_id.as_str()
        ),
        (ACME, DEAL)
    );
    assert_eq!(decision.contact_ids, [ANN]);
    assert!(
        decision.explanation.contains("ann@acme.com is a contact"),
        "{}",
        decision.explanation
    );
    assert_eq!(
        decided.meeting.expect("the meeting travels along").id,
        "m-1"
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn the_same_revision_under_another_event_id_changes_nothing_and_a_higher_one_supersedes() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&org("acme")).await;
    world
        .publish("e-1", &meeting("acme", "m-1", 2, "ann@acme.com"))
        .await;
    world.decided(1).await;
    world
        .publish("e-2", &meeting("acme", "m-1", 2, "ann@acme.com"))
        .await;
    world
        .publish("e-3", &meeting("acme", "m-1", 1, "ann@acme.com"))
        .await;
    world
        .publish("e-4", &meeting("acme", "m-1", 3, "ann@acme.com"))
        .await;
    let revisions: Vec<u64> = world
        .decided(2)
        .await
        .into_iter()
        .filter_map(|d| d.decision)
        .map(|d| d.meeting_revision)
        .collect();
    assert_eq!(revisions, [2, 3]);
    let answer = world
        .client()
        .list_decisions(
            &admin(),
            proto::ListDecisionsRequest {
                workspace: "acme".into(),
                ..Default::default()
            },
        )
        .await
        .expect("a list");
    assert_eq!(answer.decisions.len(), 1);
    assert_eq!(world.decisions().await, 2);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_meeting_before_the_first_load_waits_and_is_decided_by_the_load() {
    let world = World::new().await;
    let running = world.start().await;
    let mut first = org("acme");
    first.load_complete = false;
    first.contacts.clear();
    world.publish("records-1", &first).await;
    eventually(LIMIT, || async {
        sqlx::query("select 1 from matching.workspace")
            .fetch_optional(&world.pool)
            .await
            .expect("a query")
    })
    .await;
    world
        .publish("e-1", &meeting("acme", "m-1", 1, "ann@acme.com"))
        .await;
    eventually(LIMIT, || async {
        sqlx::query("select 1 from matching.meeting where not decided")
            .fetch_optional(&world.pool)
            .await
            .expect("a query")
    })
    .await;
    assert_eq!(world.decisions().await, 0);
    world.publish("records-2", &org("acme")).await;
    let decision = world
        .decided(1)
        .await
        .remove(0)
        .decision
        .expect("a decision");
    assert_eq!(decision.contact_ids, [ANN]);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn an_unknown_workspace_and_a_bad_meeting_are_quarantined_and_their_neighbours_decided() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&org("acme")).await;
    world
        .publish("e-1", &meeting("nobody", "m-1", 1, "ann@acme.com"))
        .await;
    world
        .publish("e-2", &meeting("acme", "", 1, "ann@acme.com"))
        .await;
    world
        .publish("e-3", &meeting("acme", "m-3", 1, "ann@acme.com"))
        .await;
    let mut reasons = world.quarantined(2).await;
    reasons.sort();
    insta::assert_snapshot!(reasons.join("\n"), @"
    id is missing; set upstream's id of the meeting
    workspace nobody is not known; connect Salesforce for it, wait for its first sync, then replay this message
    ");
    assert_eq!(
        world
            .decided(1)
            .await
            .remove(0)
            .meeting
            .expect("a meeting")
            .id,
        "m-3"
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_person_corrects_a_decision_and_takes_it_back() {
    let world = World::new().await;
    let mut records = org("acme");
    let mut other = records.accounts[0].clone();
    other.id = "001000000000002AAA".into();
    other.name = "Beta".into();
    other.website = String::new();
    records.accounts.push(other);
    records.contacts.push(contact(
        "003000000000002AAA",
        "001000000000002AAA",
        "bob@beta.example",
        1,
    ));
    let running = world.start().await;
    world.load(&records).await;
    world
        .publish("e-1", &meeting("acme", "m-1", 1, "ann@acme.com"))
        .await;
    world.decided(1).await;
    let correct = |account: &str, opportunity: &str, revert| proto::CorrectDecisionRequest {
        workspace: "acme".into(),
        meeting_id: "m-1".into(),
        account_id: account.into(),
        opportunity_id: opportunity.into(),
        revert,
    };
    let client = world.client();
    let refused = client
        .correct_decision(&admin(), correct("001000000000002AAA", DEAL, false))
        .await
        .unwrap_err();
    insta::assert_snapshot!(refused, @"opportunity_id names an opportunity of another account; choose that account too");
    let chosen = client
        .correct_decision(&admin(), correct("001000000000002AAA", "", false))
        .await
        .expect("corrected");
    let decision = chosen.decision.expect("a decision");
    assert_eq!(
        (decision.account_id.as_str(), decision.sequence),
        ("001000000000002AAA", 2)
    );
    assert_eq!(decision.decided_by(), proto::DecidedBy::Person);
    let back = client
        .correct_decision(&admin(), correct("", "", true))
        .await
        .expect("reverted");
    let decision = back.decision.expect("a decision");
    assert_eq!(
        (
            decision.account_id.as_str(),
            decision.opportunity_id.as_str()
        ),
        (ACME, DEAL)
    );
    let sequences: Vec<u64> = world
        .decided(3)
        .await
        .into_iter()
        .filter_map(|d| d.decision)
        .map(|d| d.sequence)
        .collect();
    assert_eq!(sequences, [1, 2, 3]);
    running.shutdown().await.expect("stops");
}
