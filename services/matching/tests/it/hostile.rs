//! Input that wants to harm, at every entry: refused or cut with a reason, and never in the way of what comes after it.

use crate::world::{ACME, ANN, LIMIT, World, account, admin, changed, contact, meeting, org};
use events::crm::v1 as crm;
use events::matching::v1 as proto;
use events::meeting::v1 as meetings;
use testkit::eventually;

/// Letters no index can shorten.
fn noise(letters: usize, seed: u64) -> String {
    let mut state = seed | 1;
    let letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + u8::try_from(state % 26).expect("a letter"))
    };
    (0..letters).map(letter).collect()
}

#[tokio::test]
async fn hostile_meetings_are_decided_within_bounds_and_hold_up_nobody() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&org("acme")).await;
    let guest = |name: String, email: String| meetings::Participant {
        name,
        email,
        phone: noise(200, 3),
        attended: true,
        ..Default::default()
    };
    let mut long = meeting("acme", "long", 1, "zoe@nowhere.example");
    long.title = format!("\u{0}{}", noise(100_000, 5));
    long.series_id = noise(10_000, 7);
    long.company_mentions = (0..1_000)
        .map(|n| meetings::CompanyMention {
            name: noise(300, n),
            count: 1,
        })
        .collect();
    let mut crowd = meeting("acme", "crowd", 1, "zoe@nowhere.example");
    crowd.participants = (0..10_000_u64)
        .map(|n| meetings::Participant {
            phone: String::new(),
            ..guest(format!("{}\u{0}\u{202e}", noise(8, n)), "a@b@@c".into())
        })
        .collect();
    let mut names = meeting("acme", "names", 1, "zoe@nowhere.example");
    names.participants = (0..200_u64)
        .map(|n| {
            guest(
                format!("{} {}", noise(600, n), noise(600, n + 1)),
                String::new(),
            )
        })
        .collect();
    let mut alike = meeting("acme", "alike", 1, "boss@аcme.com");
    alike
        .participants
        .push(guest(String::new(), "boss@acme.com.".into()));
    let plain = meeting("acme", "plain", 1, "ann@acme.com");
    for event in [&long, &crowd, &names, &alike, &plain] {
        world.publish(&event.id, event).await;
    }
    let mut decided: Vec<proto::Decision> = world
        .decided(5)
        .await
        .into_iter()
        .filter_map(|decided| decided.decision)
        .collect();
    decided.sort_by(|a, b| a.meeting_id.cmp(&b.meeting_id));
    let of = |id: &str| {
        decided
            .iter()
            .find(|decision| decision.meeting_id == id)
            .expect("decided")
    };
    assert_eq!(of("plain").account_id, ACME);
    assert!(
        of("crowd")
            .ignored
            .iter()
            .any(|left| left.why.contains("first 500"))
    );
    assert_eq!(of("long").outcome(), proto::Outcome::Unmatched);
    assert_ne!(of("names").outcome(), proto::Outcome::Matched);
    let longest: i32 = sqlx::query_scalar("select max(length(key)) from matching.meeting_key")
        .fetch_one(&world.pool)
        .await
        .expect("a length");
    assert!(longest <= 512, "{longest}");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn hostile_records_are_kept_as_far_as_they_mean_something() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&org("acme")).await;
    let mut records = changed(
        vec![],
        vec![account(
            ACME,
            "Acme \u{0}\u{202e}\u{7}",
            "javascript:alert(1)",
            9,
        )],
    );
    records.contacts = vec![
        crm::Contact {
            first_name: noise(20_000, 1),
            last_name: noise(20_000, 2),
            emails: vec![
                "not an address".into(),
                "\u{0}@acme.com".into(),
                "kim@acme.com".into(),
            ],
            phones: vec![noise(1_000, 3); 100],
            ..contact("003000000000005AAA", ACME, "", 9)
        },
        contact(ANN, ACME, "Ann@acme.com", 9),
    ];
    // Postgres holds no zero character; what people typed may have one.
    records.contacts[0].title = "\u{0}".into();
    world.publish("r-2", &records).await;
    eventually(LIMIT, || async {
        sqlx::query("select 1 from matching.contact_address where address = 'kim@acme.com'")
            .fetch_optional(&world.pool)
            .await
            .expect("a query")
    })
    .await;
    world
        .publish("e-1", &meeting("acme", "m-1", 1, "kim@acme.com"))
        .await;
    let decision = world
        .decided(1)
        .await
        .remove(0)
        .decision
        .expect("a decision");
    assert_eq!(decision.account_id, ACME);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn hostile_requests_are_refused_with_a_reason() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&org("acme")).await;
    let client = world.client();
    let phrase = |text: String| proto::SetTitlePhraseRequest {
        workspace: "acme".into(),
        phrase: Some(proto::TitlePhrase {
            phrase: text,
            account_id: ACME.into(),
            opportunity_id: String::new(),
        }),
        remove: false,
    };
    let refused = client
        .set_title_phrase(&admin(), phrase(noise(10_000, 1)))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("phrase.phrase"), "{refused}");
    let rule = |domain: &str| proto::SetDomainRuleRequest {
        workspace: "acme".into(),
        rule: Some(proto::DomainRule {
            domain: domain.into(),
            class: proto::DomainClass::Partner.into(),
            account_id: String::new(),
        }),
        remove: false,
    };
    for domain in [
        "",
        "co.uk",
        "a b",
        "\u{0}",
        "'; drop table",
        &noise(5_000, 1),
    ] {
        let refused = client
            .set_domain_rule(&admin(), rule(domain))
            .await
            .unwrap_err();
        assert!(
            refused.to_string().contains("rule.domain"),
            "{domain}: {refused}"
        );
    }
    let choice = proto::CorrectDecisionRequest {
        workspace: "acme".into(),
        meeting_id: noise(5_000, 1),
        account_id: "'--".into(),
        ..Default::default()
    };
    client.correct_decision(&admin(), choice).await.unwrap_err();
    running.shutdown().await.expect("stops");
}
