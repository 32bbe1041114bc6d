//! Accounts, leads, ids, choices.

use super::*;

#[test]
fn a_known_contact_leads_to_the_account_and_its_deal() {
    let decision = decide(&meeting(&["rep@ours.example", "ann@acme.com"]), &world());
    assert_eq!(decision.outcome, Outcome::Matched);
    assert_eq!(decision.account_id.as_deref(), Some(ACME));
    assert_eq!(decision.contact_ids, [ANN]);
    assert_eq!(decision.opportunity_id.as_deref(), Some(DEAL));
    insta::assert_snapshot!(explain(&decision), @"Acme GmbH, 1.00: ann@acme.com is a contact (+12.0), acme.com is the account's domain (+10.5), the organizer owns the account (+1.0). Opportunity: Acme 2026, 0.97: 1 of 1 contact roles present (+2.3), the organizer owns it (+3.0).");
}

#[test]
fn an_unknown_colleague_is_known_by_the_domain() {
    let decision = decide(
        &meeting(&["rep@ours.example", "new@mail.acme.com"]),
        &world(),
    );
    assert_eq!(decision.account_id.as_deref(), Some(ACME));
    assert!(decision.contact_ids.is_empty());
}

#[test]
fn a_domain_of_two_accounts_is_not_guessed() {
    let mut facts = world();
    account(&mut facts, ACME_FR, "Acme France", Some("acme.com"));
    let decision = decide(&meeting(&["rep@ours.example", "new@acme.com"]), &facts);
    assert_eq!(decision.outcome, Outcome::Ambiguous);
    assert_eq!(decision.account_id, None);
    assert_eq!(
        decision.would_settle.as_deref(),
        Some("several accounts fit: a participant who is a contact of one of them")
    );
}

#[test]
fn nobody_from_outside_is_internal() {
    insta::assert_snapshot!(line(&meeting(&["rep@ours.example", "boss@ours.example"]), &world()), @"Internal: nobody from outside.");
}

#[test]
fn partners_alone_are_partner_only() {
    let mut facts = world();
    account(&mut facts, ACME_FR, "Helpers", Some("helpers.example"));
    facts.accounts.get_mut(ACME_FR).unwrap().is_partner = true;
    insta::assert_snapshot!(line(&meeting(&["rep@ours.example", "x@helpers.example"]), &facts), @"Partner only: everybody from outside is a partner.");
    let both = decide(&meeting(&["x@helpers.example", "ann@acme.com"]), &facts);
    assert_eq!(both.account_id.as_deref(), Some(ACME));
}

#[test]
fn an_unknown_company_says_what_was_looked_for() {
    insta::assert_snapshot!(line(&meeting(&["rep@ours.example", "joe@nowhere.example"]), &world()), @"Unmatched. Would settle: a contact, lead or account for the addresses (joe@nowhere.example) or domains (nowhere.example) of the people from outside.");
}

#[test]
fn consumer_mail_says_nothing_about_a_company() {
    let mut facts = world();
    facts
        .accounts_by_website
        .insert("gmail.com".into(), vec![ACME.into()]);
    assert_eq!(
        decide(&meeting(&["joe@gmail.com"]), &facts).outcome,
        Outcome::Unmatched
    );
    contact(&mut facts, "003000000000009AAA", ACME, "joe@gmail.com");
    assert_eq!(
        decide(&meeting(&["joe@gmail.com"]), &facts)
            .account_id
            .as_deref(),
        Some(ACME)
    );
}

#[test]
fn a_contact_who_changed_employer_follows_the_new_domain() {
    let mut facts = world();
    account(&mut facts, ACME_FR, "Beta", Some("beta.example"));
    facts.contacts_by_address.insert(
        "ann@beta.example".into(),
        facts.contacts_by_address["ann@acme.com"].clone(),
    );
    let decision = decide(&meeting(&["ann@beta.example", "bob@beta.example"]), &facts);
    assert_eq!(decision.account_id.as_deref(), Some(ACME_FR));
    assert!(
        decision
            .ignored
            .iter()
            .any(|ignored| ignored.why.contains("other employer"))
    );
}

#[test]
fn upstreams_ids_decide_and_contradictions_are_refused() {
    let mut facts = world();
    account(&mut facts, ACME_FR, "Acme France", None);
    let hint = |object, id: &str| Hint {
        object,
        record_id: id.into(),
        source: "dialer".into(),
    };
    let mut hinted = meeting(&["rep@ours.example"]);
    hinted.hints = vec![hint(HintObject::Opportunity, DEAL)];
    let decision = decide(&hinted, &facts);
    assert_eq!(
        (
            decision.account_id.as_deref(),
            decision.opportunity_id.as_deref()
        ),
        (Some(ACME), Some(DEAL))
    );
    hinted.hints.push(hint(HintObject::Account, ACME_FR));
    assert_eq!(decide(&hinted, &facts).outcome, Outcome::Ambiguous);
    hinted.hints = vec![hint(HintObject::Account, "001000000000009AAA")];
    insta::assert_snapshot!(line(&hinted, &facts), @"Internal: nobody from outside. Ignored: Account 001000000000009AAA named by dialer (not known: deleted, merged, or out of the connected user's reach).");
}

#[test]
fn a_lead_is_found_where_no_account_is() {
    let mut facts = world();
    let lead = Lead {
        id: "00Q000000000001AAA".into(),
        name: "Joe Doe".into(),
        company: "Nowhere".into(),
        converted: None,
    };
    facts
        .leads_by_address
        .insert("joe@nowhere.example".into(), vec![lead.clone()]);
    let decision = decide(&meeting(&["joe@nowhere.example"]), &facts);
    assert_eq!(
        (decision.outcome, decision.lead_id),
        (Outcome::Matched, Some(lead.id.clone()))
    );
    let converted = Converted {
        account_id: ACME.into(),
        contact_id: ANN.into(),
    };
    facts.leads_by_address.insert(
        "joe@nowhere.example".into(),
        vec![Lead {
            converted: Some(converted),
            ..lead
        }],
    );
    let decision = decide(&meeting(&["joe@nowhere.example"]), &facts);
    assert_eq!(
        (
            decision.account_id.as_deref(),
            decision.contact_ids.as_slice()
        ),
        (Some(ACME), &[ANN.to_owned()][..])
    );
}

#[test]
fn a_persons_choice_holds_against_the_evidence() {
    let mut facts = world();
    account(&mut facts, ACME_FR, "Acme France", None);
    let choice = Choice {
        account_id: Some(ACME_FR.into()),
        opportunity_id: None,
        chosen_by: "user:pat".into(),
    };
    facts.choices.insert("m-1".into(), choice);
    let decision = decide(&meeting(&["ann@acme.com"]), &facts);
    assert_eq!(
        (decision.account_id.as_deref(), decision.opportunity_id),
        (Some(ACME_FR), None)
    );
    assert_eq!(decision.chosen_by.as_deref(), Some("user:pat"));
}

#[test]
fn a_room_and_a_robot_are_no_people() {
    let mut with_room = meeting(&[
        "rep@ours.example",
        "room1@resource.calendar.google.com",
        "noreply@acme.com",
    ]);
    with_room.participants.push(Participant {
        kind: Kind::Bot,
        ..with_room.participants[0].clone()
    });
    let decision = decide(&with_room, &world());
    assert_eq!(
        (decision.outcome, decision.ignored.len()),
        (Outcome::Internal, 3)
    );
}
