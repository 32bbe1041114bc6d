//! Decided again: by the key that changed; what is open is decided, what is matched is proposed, what a person said stands.

use crate::world::{
    ACME, DEAL, LIMIT, REP, World, account, admin, changed, contact, meeting, org, stamps,
};
use events::crm::v1 as crm;
use events::matching::v1 as proto;
use testkit::eventually;

const BETA: &str = "001000000000002AAA";
const JOE: &str = "003000000000002AAA";

async fn loaded() -> (World, chassis::Running) {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&org("acme")).await;
    (world, running)
}

fn decision(decided: &events::matching::v1::MatchDecided) -> &proto::Decision {
    decided.decision.as_ref().expect("a decision")
}

#[tokio::test]
async fn an_unmatched_meeting_is_decided_when_its_contact_appears() {
    let (world, running) = loaded().await;
    world
        .publish("e-1", &meeting("acme", "m-1", 1, "joe@beta.example"))
        .await;
    let first = world.decided(1).await;
    assert_eq!(decision(&first[0]).outcome(), proto::Outcome::Unmatched);
    let elsewhere = changed(
        vec![contact(
            "003000000000009AAA",
            ACME,
            "zoe@elsewhere.example",
            5,
        )],
        vec![],
    );
    world.publish("r-2", &elsewhere).await;
    let beta = account(BETA, "Beta", "https://beta.example", 6);
    world
        .publish(
            "r-3",
            &changed(vec![contact(JOE, BETA, "joe@beta.example", 6)], vec![beta]),
        )
        .await;
    let decided = world.decided(2).await;
    let again = decision(&decided[1]);
    assert_eq!((again.account_id.as_str(), again.sequence), (BETA, 2));
    assert_eq!(again.contact_ids, [JOE]);
    assert_eq!(world.decisions().await, 2);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_persons_choice_stands_against_every_change_and_is_kept_as_an_example() {
    let (world, running) = loaded().await;
    world
        .publish("e-1", &meeting("acme", "m-1", 1, "joe@beta.example"))
        .await;
    world.decided(1).await;
    let choose = |account: &str, revert| proto::CorrectDecisionRequest {
        workspace: "acme".into(),
        meeting_id: "m-1".into(),
        account_id: account.into(),
        opportunity_id: String::new(),
        revert,
    };
    let client = world.client();
    client
        .correct_decision(&admin(), choose(ACME, false))
        .await
        .expect("chosen");
    let labels = || async {
        sqlx::query_as::<_, (String, bool, bool)>(
            "select account_id, was_right, reverted_at is not null from matching.label",
        )
        .fetch_all(&world.pool)
        .await
        .expect("labels")
    };
    assert_eq!(labels().await, [(ACME.to_owned(), false, false)]);
    let beta = account(BETA, "Beta", "https://beta.example", 6);
    world
        .publish(
            "r-2",
            &changed(vec![contact(JOE, BETA, "joe@beta.example", 6)], vec![beta]),
        )
        .await;
    eventually(LIMIT, || async {
        let waiting: i64 = sqlx::query_scalar("select count(*) from matching.again")
            .fetch_one(&world.pool)
            .await
            .expect("a count");
        let known: i64 = sqlx::query_scalar("select count(*) from matching.contact")
            .fetch_one(&world.pool)
            .await
            .expect("a count");
        (waiting == 0 && known == 2).then_some(())
    })
    .await;
    assert_eq!(world.decisions().await, 2);
    let back = client
        .correct_decision(&admin(), choose("", true))
        .await
        .expect("reverted")
        .decision
        .expect("a decision");
    assert_eq!(back.account_id, BETA);
    assert_eq!(labels().await, [(ACME.to_owned(), false, true)]);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn our_own_contact_and_role_never_change_the_decision() {
    let (world, running) = loaded().await;
    world
        .publish("e-1", &meeting("acme", "m-1", 1, "joe@beta.example"))
        .await;
    world.decided(1).await;
    let ours = |modstamp| crm::Stamps {
        created_by_id: REP.into(),
        last_modified_by_id: REP.into(),
        ..stamps(modstamp).expect("stamps")
    };
    let created = crm::Contact {
        stamps: Some(ours(30)),
        ..contact(JOE, ACME, "joe@beta.example", 30)
    };
    let mut written = changed(vec![created], vec![]);
    written.contact_roles = vec![crm::OpportunityContactRole {
        id: "00K000000000002AAA".into(),
        opportunity_id: DEAL.into(),
        contact_id: JOE.into(),
        stamps: Some(ours(30)),
        ..Default::default()
    }];
    world.publish("r-2", &written).await;
    eventually(LIMIT, || async {
        sqlx::query("select 1 from matching.contact where id = $1 and is_ours")
            .bind(JOE)
            .fetch_optional(&world.pool)
            .await
            .expect("a contact")
    })
    .await;
    world
        .publish("e-2", &meeting("acme", "m-2", 1, "joe@beta.example"))
        .await;
    let decided = world.decided(2).await;
    assert_eq!(decision(&decided[1]).outcome(), proto::Outcome::Unmatched);
    assert_eq!(
        decision(&decided[0]).candidates,
        decision(&decided[1]).candidates
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_waiting_meeting_that_is_not_valid_is_set_aside_and_holds_up_nobody() {
    let world = World::new().await;
    let mut unloaded = org("acme");
    unloaded.load_complete = false;
    let running = world.start().await;
    world.publish("r-1", &unloaded).await;
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
    world
        .publish("e-2", &meeting("acme", "m-2", 1, "ann@acme.com"))
        .await;
    eventually(LIMIT, || async {
        let kept: i64 = sqlx::query_scalar("select count(*) from matching.meeting")
            .fetch_one(&world.pool)
            .await
            .expect("a count");
        (kept == 2).then_some(())
    })
    .await;
    // What an older release took, this one may refuse.
    sqlx::query("update matching.meeting set body = '\\x0a00' where id = 'm-1'")
        .execute(&world.pool)
        .await
        .expect("spoiled");
    let mut rest = org("acme");
    rest.contacts.clear();
    world.publish("r-2", &rest).await;
    let decided = world.decided(1).await;
    assert_eq!(decision(&decided[0]).meeting_id, "m-2");
    let problem: Option<String> =
        sqlx::query_scalar("select problem from matching.meeting where id = 'm-1'")
            .fetch_one(&world.pool)
            .await
            .expect("a row");
    assert!(problem.is_some_and(|problem| !problem.is_empty()));
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_rule_shows_what_it_would_flip_before_it_decides_again() {
    let (world, running) = loaded().await;
    world
        .publish("e-1", &meeting("acme", "m-1", 1, "joe@beta.example"))
        .await;
    world
        .publish("e-2", &meeting("acme", "m-2", 1, "ann@acme.com"))
        .await;
    world.decided(2).await;
    let rule = || {
        Some(proto::DomainRule {
            domain: "beta.example".into(),
            class: proto::DomainClass::Alternate.into(),
            account_id: ACME.into(),
        })
    };
    let client = world.client();
    let preview = proto::PreviewDomainRuleRequest {
        workspace: "acme".into(),
        rule: rule(),
        remove: false,
    };
    let shown = client
        .preview_domain_rule(&admin(), preview.clone())
        .await
        .expect("previewed");
    assert_eq!((shown.looked_at, shown.flips.len()), (1, 1));
    let flip = &shown.flips[0];
    assert_eq!(
        flip.before.as_ref().expect("before").outcome(),
        proto::Outcome::Unmatched
    );
    assert_eq!(flip.after.as_ref().expect("after").account_id, ACME);
    assert_eq!(world.decisions().await, 2);
    let set = proto::SetDomainRuleRequest {
        workspace: "acme".into(),
        rule: rule(),
        remove: false,
    };
    client.set_domain_rule(&admin(), set).await.expect("set");
    let decided = world.decided(3).await;
    assert_eq!(
        (
            decision(&decided[2]).meeting_id.as_str(),
            decision(&decided[2]).account_id.as_str()
        ),
        ("m-1", ACME)
    );
    assert!(
        client
            .preview_domain_rule(&admin(), preview)
            .await
            .expect("previewed")
            .flips
            .is_empty()
    );
    running.shutdown().await.expect("stops");
}
