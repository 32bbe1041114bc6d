//! The meeting's own event in a Salesforce calendar: there when the meeting comes, and appearing later.

use crate::witnesses::{RENEWAL, decided_last, two_deals};
use crate::world::{ACME, ANN, DAY, DEAL, LIMIT, REP, World, at, changed, meeting, stamps};
use events::crm::v1 as crm;
use events::matching::v1 as proto;
use testkit::eventually;

#[tokio::test]
async fn a_calendar_event_says_which_deal_and_is_named_for_enrichment() {
    let world = World::new().await;
    let running = world.start().await;
    let mut records = two_deals();
    records.calendar_events = vec![
        crm::CalendarEvent {
            id: "00U000000000001AAA".into(),
            subject: "Weekly".into(),
            starts_at: at(DAY + 300),
            ends_at: at(DAY + 2_100),
            owner_id: REP.into(),
            who_id: ANN.into(),
            what_id: RENEWAL.into(),
            account_id: ACME.into(),
            stamps: stamps(1),
            ..Default::default()
        },
        // A whole day, a copy in another calendar, another hour.
        crm::CalendarEvent {
            id: "00U000000000002AAA".into(),
            owner_id: REP.into(),
            stamps: stamps(1),
            ..Default::default()
        },
        crm::CalendarEvent {
            id: "00U000000000003AAA".into(),
            subject: "Weekly".into(),
            starts_at: at(DAY),
            owner_id: REP.into(),
            who_id: ANN.into(),
            is_child: true,
            stamps: stamps(1),
            ..Default::default()
        },
        crm::CalendarEvent {
            id: "00U000000000004AAA".into(),
            subject: "Weekly".into(),
            starts_at: at(DAY + 7_200),
            owner_id: REP.into(),
            who_id: ANN.into(),
            what_id: DEAL.into(),
            stamps: stamps(1),
            ..Default::default()
        },
    ];
    world.load(&records).await;
    let decision = decided_last(&world, &meeting("acme", "m-1", 1, "ann@acme.com"), 1).await;
    assert_eq!(decision.event_id, "00U000000000001AAA");
    assert_eq!(decision.opportunity_id, RENEWAL, "{}", decision.explanation);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_calendar_event_that_appears_later_decides_the_meeting_again() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&two_deals()).await;
    let open = decided_last(&world, &meeting("acme", "m-1", 1, "ann@acme.com"), 1).await;
    assert_eq!(open.opportunity_outcome(), proto::Outcome::Ambiguous);
    let mut later = changed(vec![], vec![]);
    later.calendar_events = vec![crm::CalendarEvent {
        id: "00U000000000001AAA".into(),
        subject: "Weekly".into(),
        starts_at: at(DAY),
        owner_id: REP.into(),
        who_id: ANN.into(),
        what_id: RENEWAL.into(),
        account_id: ACME.into(),
        stamps: stamps(5),
        ..Default::default()
    }];
    world.publish("r-2", &later).await;
    let again = world
        .decided(2)
        .await
        .pop()
        .and_then(|decided| decided.decision)
        .expect("a decision");
    assert_eq!(again.opportunity_id, RENEWAL, "{}", again.explanation);
    let gone = crm::Deleted {
        record: Some(crm::RecordRef {
            object: "Event".into(),
            id: "00U000000000001AAA".into(),
        }),
        master_record_id: String::new(),
        system_modstamp: at(9),
    };
    let mut after = changed(vec![], vec![]);
    after.deleted = vec![gone];
    world.publish("r-3", &after).await;
    eventually(LIMIT, || async {
        sqlx::query("select 1 from matching.calendar_event where is_deleted")
            .fetch_optional(&world.pool)
            .await
            .expect("a query")
    })
    .await;
    running.shutdown().await.expect("stops");
}
