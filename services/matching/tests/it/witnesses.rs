//! Further witnesses through the real query: teams, products, the series, the group, the country of numbers.

use crate::world::{ACME, DAY, DEAL, REP, World, admin, at, meeting, org, stamps};
use events::crm::v1 as crm;
use events::matching::v1 as proto;
use events::meeting::v1 as meetings;

pub(crate) const RENEWAL: &str = "006000000000002AAA";
pub(crate) const MATE: &str = "005000000000002AAA";

/// Acme with two deals that nothing tells apart, and a colleague of the rep.
pub(crate) fn two_deals() -> crm::RecordsChanged {
    let mut records = org("acme");
    records.contact_roles.clear();
    records.opportunities[0].owner_id = MATE.into();
    let mut renewal = records.opportunities[0].clone();
    renewal.id = RENEWAL.into();
    renewal.name = "Acme second".into();
    records.opportunities.push(renewal);
    let mut mate = records.users[0].clone();
    mate.id = MATE.into();
    mate.email = "mate@ours.example".into();
    records.users.push(mate);
    records
}

pub(crate) async fn decided_last(
    world: &World,
    event: &meetings::MeetingProcessed,
    count: usize,
) -> proto::Decision {
    world.publish(&format!("e-{}", event.id), event).await;
    world
        .decided(count)
        .await
        .pop()
        .and_then(|decided| decided.decision)
        .expect("a decision")
}

#[tokio::test]
async fn a_team_member_on_the_call_and_a_product_in_the_title_tell_deals_apart() {
    let world = World::new().await;
    let running = world.start().await;
    let mut records = two_deals();
    records.team_members = vec![crm::OpportunityTeamMember {
        id: "00q000000000001AAA".into(),
        opportunity_id: RENEWAL.into(),
        user_id: REP.into(),
        stamps: stamps(1),
        ..Default::default()
    }];
    records.products = vec![crm::OpportunityProduct {
        id: "00k000000000001AAA".into(),
        opportunity_id: DEAL.into(),
        name: "Acme 2026 Gyroscope".into(),
        product_code: "GYR-1".into(),
        stamps: stamps(1),
    }];
    world.load(&records).await;
    let plain = decided_last(&world, &meeting("acme", "m-1", 1, "ann@acme.com"), 1).await;
    let best = plain
        .candidates
        .iter()
        .find(|one| one.object == "Opportunity")
        .expect("a deal");
    assert_eq!(best.record_id, RENEWAL);
    assert_eq!(best.evidence[0].signal, "team_member_on_call");
    let mut titled = meeting("acme", "m-2", 1, "ann@acme.com");
    titled.title = "Gyroscope prices".into();
    titled.participants.truncate(2);
    titled.organizer = None;
    let named = decided_last(&world, &titled, 2).await;
    let best = named
        .candidates
        .iter()
        .find(|one| one.object == "Opportunity")
        .expect("a deal");
    assert_eq!(best.record_id, DEAL, "{}", named.explanation);
    assert!(
        best.evidence
            .iter()
            .any(|evidence| evidence.signal == "product_named")
    );
    let verdict = matching::wire::replayed_opportunity(&named).expect("weighed");
    assert_eq!(
        matching::domain::weight::probability(verdict.total).to_bits(),
        named.opportunity_probability.to_bits()
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn an_opportunitys_conclusion_replays_bit_for_bit_from_what_was_frozen() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&two_deals()).await;
    for (number, title) in ["Weekly", "second", "Renewal talk", "Acme 2026 second"]
        .iter()
        .enumerate()
    {
        let mut event = meeting("acme", &format!("m-{number}"), 1, "ann@acme.com");
        event.title = (*title).into();
        let decision = decided_last(&world, &event, number + 1).await;
        let verdict = matching::wire::replayed_opportunity(&decision).expect("weighed");
        assert_eq!(verdict.opportunity_id, decision.opportunity_id, "{title}");
        assert_eq!(
            matching::domain::weight::probability(verdict.total).to_bits(),
            decision.opportunity_probability.to_bits(),
            "{title}"
        );
        let runner_up = decision
            .opportunity_runner_up
            .expect("two deals were weighed");
        let totals: Vec<i64> = decision
            .candidates
            .iter()
            .filter(|one| one.object == "Opportunity")
            .map(|one| one.millibits)
            .collect();
        assert_eq!(runner_up.margin_millibits, totals[0] - totals[1]);
    }
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn what_a_person_said_of_one_meeting_of_a_series_decides_the_next() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&two_deals()).await;
    let of_series = |id: &str, week: i64| {
        let mut event = meeting("acme", id, 1, "ann@acme.com");
        event.series_id = "s-1".into();
        event.started_at = at(DAY + week * 604_800);
        event.ended_at = at(DAY + week * 604_800 + 1_800);
        event
    };
    let first = decided_last(&world, &of_series("m-1", 0), 1).await;
    let second = decided_last(&world, &of_series("m-2", 1), 2).await;
    for open in [&first, &second] {
        assert_eq!(
            open.opportunity_outcome(),
            proto::Outcome::Ambiguous,
            "{}",
            open.explanation
        );
    }
    let choice = proto::CorrectDecisionRequest {
        workspace: "acme".into(),
        meeting_id: "m-1".into(),
        account_id: ACME.into(),
        opportunity_id: RENEWAL.into(),
        revert: false,
    };
    world
        .client()
        .correct_decision(&admin(), choice)
        .await
        .expect("chosen");
    // The second meeting of the series was decided already: it is decided again.
    let again = world
        .decided(4)
        .await
        .pop()
        .and_then(|decided| decided.decision)
        .expect("a decision");
    assert_eq!(
        (again.meeting_id.as_str(), again.opportunity_id.as_str()),
        ("m-2", RENEWAL)
    );
    let third = decided_last(&world, &of_series("m-3", 2), 5).await;
    assert_eq!(third.opportunity_id, RENEWAL, "{}", third.explanation);
    let revert = proto::CorrectDecisionRequest {
        workspace: "acme".into(),
        meeting_id: "m-1".into(),
        revert: true,
        ..Default::default()
    };
    let back = world
        .client()
        .correct_decision(&admin(), revert)
        .await
        .expect("reverted");
    assert_eq!(
        back.decision.expect("a decision").decided_by(),
        proto::DecidedBy::Rules
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn group_deals_and_the_country_of_numbers_are_the_workspaces_own() {
    const CHILD: &str = "001000000000002AAA";
    let world = World::new().await;
    let running = world.start().await;
    let mut records = two_deals();
    let mut child = records.accounts[0].clone();
    child.id = CHILD.into();
    child.name = "Acme France".into();
    child.website = String::new();
    child.parent_id = ACME.into();
    records.accounts.push(child);
    records.opportunities.truncate(1);
    records.opportunities[0].account_id = CHILD.into();
    records.opportunities[0].owner_id = REP.into();
    records.contacts.push(crm::Contact {
        phones: vec!["030 901820".into()],
        ..crate::world::contact("003000000000002AAA", ACME, "kim@acme.com", 1)
    });
    world.load(&records).await;
    let client = world.client();
    let set = |group_deals, region: &str| proto::SetMatchingSettingsRequest {
        workspace: "acme".into(),
        settings: Some(proto::MatchingSettings {
            group_deals,
            phone_region: region.into(),
            ..Default::default()
        }),
    };
    let refused = client
        .set_matching_settings(&admin(), set(true, "Germany"))
        .await
        .unwrap_err();
    insta::assert_snapshot!(refused, @"settings.phone_region is no country of ISO 3166 in two capital letters, such as DE, or empty for none");
    let mut called = meeting("acme", "m-1", 1, "ann@acme.com");
    called.participants.truncate(1);
    called.participants.push(meetings::Participant {
        phone: "+49 30 901820".into(),
        attended: true,
        ..Default::default()
    });
    let before = decided_last(&world, &called, 1).await;
    assert_eq!(
        before.outcome(),
        proto::Outcome::Ambiguous,
        "{}",
        before.explanation
    );
    client
        .set_matching_settings(&admin(), set(true, "DE"))
        .await
        .expect("set");
    called.id = "m-2".into();
    let after = decided_last(&world, &called, 2).await;
    assert_eq!(
        (after.account_id.as_str(), after.opportunity_id.as_str()),
        (ACME, DEAL),
        "{}",
        after.explanation
    );
    let read = client
        .get_matching_settings(
            &admin(),
            proto::GetMatchingSettingsRequest {
                workspace: "acme".into(),
            },
        )
        .await
        .expect("read")
        .settings
        .expect("settings");
    assert_eq!((read.group_deals, read.phone_region.as_str()), (true, "DE"));
    running.shutdown().await.expect("stops");
}
