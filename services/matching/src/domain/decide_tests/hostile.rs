//! Texts that mean nothing or harm, and what a batch's neighbours bring along.

use super::*;

#[test]
fn texts_alone_never_decide_and_a_name_beside_them_does() {
    let mut facts = spoken_of(world());
    let mut titled = meeting(&["rep@ours.example", "zoe@gmail.com"]);
    titled.participants[1].name = "Ann Lee".into();
    let decision = decide(&titled, &facts);
    assert_eq!(decision.outcome, Outcome::Ambiguous);
    let ann = facts.contacts_by_id[ANN].clone();
    facts
        .namesakes_by_account
        .insert(ACME.into(), vec![ann.clone()]);
    facts
        .contacts_by_full_name
        .insert("lee|ann".into(), vec![ann]);
    let decision = decide(&titled, &facts);
    assert_eq!(
        (decision.outcome, decision.contact_ids.as_slice()),
        (Outcome::Matched, &[ANN.to_owned()][..])
    );
    insta::assert_snapshot!(explain(&decision), @r#"Acme GmbH, 1.00: "acme" in the title (+9.0), Ann Lee is the name of one contact only (+6.0), the organizer owns the account (+1.0). Opportunity: Acme 2026, 0.97: 1 of 1 contact roles present (+2.3), the organizer owns it (+3.0)."#);
}

#[test]
fn a_crowd_of_hostile_guests_is_read_within_bounds_and_the_contact_found() {
    let mut crowd = meeting(&["ann@acme.com"]);
    let hostile = Participant {
        name: "\u{202e}\u{0}x".repeat(80),
        address: None,
        address_problem: "is not of the form name@host".into(),
        ..crowd.participants[0].clone()
    };
    crowd
        .participants
        .extend(vec![hostile; crate::domain::meeting::PARTICIPANTS_MAX - 1]);
    crowd.title = "a ".repeat(2_048);
    crowd.mentions = vec!["(((".repeat(80); crate::domain::meeting::MENTIONS_MAX];
    let decision = decide(&crowd, &world());
    assert_eq!(decision.account_id.as_deref(), Some(ACME));
}

#[test]
fn what_was_loaded_for_a_neighbour_in_the_batch_is_no_evidence() {
    let facts = world();
    let mut alone = meeting(&["rep@ours.example", "zoe@acme.com"]);
    alone.participants[1].name = "Ann Leeb".into();
    let mut shared = facts.clone();
    let ann = facts.contacts_by_id[ANN].clone();
    let other = Contact {
        last: "Leet".into(),
        first: "Anm".into(),
        id: "003000000000007AAA".into(),
        ..ann.clone()
    };
    shared
        .namesakes_by_account
        .insert(ACME.into(), vec![other.clone()]);
    shared
        .contacts_by_full_name
        .insert("leet|anm".into(), vec![other]);
    assert_eq!(decide(&alone, &facts), decide(&alone, &shared));
}
