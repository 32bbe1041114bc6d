//! Evidence through the real query: names, numbers, texts, look-alikes; thresholds; and the replay of what was frozen.

use crate::world::{World, account, admin, contact, meeting, org};
use events::crm::v1 as crm;
use events::matching::v1 as proto;
use events::meeting::v1 as meetings;

fn guest(name: &str, email: &str, phone: &str) -> meetings::Participant {
    meetings::Participant {
        name: name.into(),
        email: email.into(),
        phone: phone.into(),
        attended: true,
        ..Default::default()
    }
}

fn with(id: &str, title: &str, guests: Vec<meetings::Participant>) -> meetings::MeetingProcessed {
    let mut event = meeting("acme", id, 1, "x@unused.example");
    event.title = title.into();
    event.participants.truncate(1);
    event.participants.extend(guests);
    event
}

fn records() -> crm::RecordsChanged {
    let mut records = org("acme");
    records.accounts.push(account(
        "001000000000002AAA",
        "Nordwind Robotics GmbH",
        "https://nordwind.example",
        1,
    ));
    records.contacts.push(crm::Contact {
        first_name: "Robert".into(),
        last_name: "Müller".into(),
        phones: vec!["+49 (30) 901820".into()],
        ..contact(
            "003000000000002AAA",
            "001000000000002AAA",
            "rm@nordwind.example",
            1,
        )
    });
    records
}

#[tokio::test]
async fn names_numbers_and_texts_find_their_records_through_the_query() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&records()).await;
    for (id, title, guests) in [
        (
            "nickname",
            "Weekly",
            vec![guest("Bob Mueller", "b@nordwind.example", "")],
        ),
        ("telephone", "Weekly", vec![guest("", "", "0049 30 901820")]),
        (
            "name-and-title",
            "Nordwind Robotics: next steps",
            vec![guest("Robert Müller", "", "")],
        ),
        (
            "name-alone",
            "Weekly",
            vec![guest("Robert Müller", "rob@gmail.com", "")],
        ),
        (
            "title-alone",
            "Nordwind Robotics",
            vec![guest("Zoe Zed", "zoe@gmail.com", "")],
        ),
        (
            "misspelt",
            "Nordwnd Robotics / us",
            vec![guest("Robert Müler", "", "")],
        ),
        (
            "look-alike",
            "Acme weekly",
            vec![guest("The Boss", "boss@acrne.com", "")],
        ),
    ] {
        world.publish(id, &with(id, title, guests)).await;
    }
    let mut lines: Vec<String> = world
        .decided(7)
        .await
        .into_iter()
        .filter_map(|decided| decided.decision)
        .map(|decision| {
            format!(
                "{}: {} {:?}",
                decision.meeting_id,
                decision.outcome().as_str_name(),
                decision.contact_ids
            )
        })
        .collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    look-alike: OUTCOME_AMBIGUOUS []
    misspelt: OUTCOME_AMBIGUOUS []
    name-alone: OUTCOME_AMBIGUOUS []
    name-and-title: OUTCOME_MATCHED ["003000000000002AAA"]
    nickname: OUTCOME_MATCHED ["003000000000002AAA"]
    telephone: OUTCOME_MATCHED []
    title-alone: OUTCOME_AMBIGUOUS []
    "#);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_decision_replays_bit_for_bit_from_what_was_frozen_with_it() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&records()).await;
    let people = [
        vec![guest("", "ann@acme.com", "")],
        vec![
            guest("", "ann@acme.com", ""),
            guest("", "rm@nordwind.example", ""),
        ],
        vec![guest("Robert Müller", "rob@gmail.com", "")],
        vec![guest("", "joe@nowhere.example", "")],
    ];
    for (number, guests) in people.into_iter().enumerate() {
        let id = format!("m-{number}");
        world.publish(&id, &with(&id, "Nordwind", guests)).await;
    }
    for decided in world.decided(4).await {
        let decision = decided.decision.expect("a decision");
        let (verdict, record) = matching::wire::replayed(&decision).expect("weighed");
        assert_eq!(record, decision.account_id, "{decision:?}");
        let probability = matching::domain::weight::probability(verdict.total);
        assert_eq!(
            probability.to_bits(),
            decision.probability.to_bits(),
            "{decision:?}"
        );
        assert_eq!(matching::wire::settled(&decision).outcome, verdict.outcome);
    }
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn thresholds_are_the_workspaces_own_and_checked() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&records()).await;
    let client = world.client();
    let set = |account_threshold| proto::SetMatchingSettingsRequest {
        workspace: "acme".into(),
        settings: Some(proto::MatchingSettings {
            account_threshold,
            ..Default::default()
        }),
    };
    let refused = client
        .set_matching_settings(&admin(), set(0.5))
        .await
        .unwrap_err();
    insta::assert_snapshot!(refused, @"settings.account_threshold is not between 0.8 and 0.995, or 0 for the default");
    // A stranger at a known domain is sure to 0.96: enough by default, not for this workspace.
    world
        .publish(
            "e-1",
            &with("m-1", "Weekly", vec![guest("", "new@nordwind.example", "")]),
        )
        .await;
    world.decided(1).await;
    client
        .set_matching_settings(&admin(), set(0.99))
        .await
        .expect("set");
    world
        .publish(
            "e-2",
            &with("m-2", "Weekly", vec![guest("", "new@nordwind.example", "")]),
        )
        .await;
    let outcomes: Vec<_> = world
        .decided(2)
        .await
        .into_iter()
        .filter_map(|d| d.decision)
        .map(|d| d.outcome())
        .collect();
    assert_eq!(
        outcomes,
        [proto::Outcome::Matched, proto::Outcome::Ambiguous]
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn an_id_from_upstream_leads_to_the_record_it_was_merged_into() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&records()).await;
    let gone = |id: &str, master: &str, modstamp| crm::Deleted {
        record: Some(crm::RecordRef {
            object: "Account".into(),
            id: id.into(),
        }),
        master_record_id: master.into(),
        system_modstamp: crate::world::at(modstamp),
    };
    let mut merged = crate::world::changed(vec![], vec![]);
    merged.deleted = vec![gone("001000000000009AAA", "001000000000008AAA", 30)];
    world.publish("r-2", &merged).await;
    merged.deleted = vec![gone("001000000000008AAA", crate::world::ACME, 31)];
    world.publish("r-3", &merged).await;
    testkit::eventually(crate::world::LIMIT, || async {
        let known: i64 = sqlx::query_scalar("select count(*) from matching.merged")
            .fetch_one(&world.pool)
            .await
            .expect("a count");
        (known == 2).then_some(())
    })
    .await;
    let mut event = with("m-1", "Weekly", vec![guest("", "x@gmail.com", "")]);
    event.crm_hints = vec![meetings::CrmHint {
        object: "Account".into(),
        record_id: "001000000000009AAA".into(),
        source: "dialer".into(),
    }];
    world.publish("e-1", &event).await;
    let decision = world
        .decided(1)
        .await
        .remove(0)
        .decision
        .expect("a decision");
    assert_eq!(decision.account_id, crate::world::ACME);
    running.shutdown().await.expect("stops");
}
