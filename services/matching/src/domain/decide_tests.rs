//! The decision as a person would check it: one small world, one meeting, one line.

use super::address::Address;
use super::decide::{Decision, Outcome, decide};
use super::explain::explain;
use super::facts::*;
use super::meeting::{Hint, HintObject, Kind, Meeting, Participant};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

const ACME: &str = "001000000000001AAA";
const ACME_FR: &str = "001000000000002AAA";
const ANN: &str = "003000000000001AAA";
const DEAL: &str = "006000000000001AAA";
const RENEWAL: &str = "006000000000002AAA";
const REP: &str = "005000000000001AAA";

fn day() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_600_000, 0).unwrap()
}

fn meeting(addresses: &[&str]) -> Meeting {
    let participant = |address: &&str| Participant {
        name: String::new(),
        address: Address::parse(address).ok(),
        address_problem: String::new(),
        phones: Vec::new(),
        kind: Kind::Unknown,
        declined: false,
    };
    Meeting {
        workspace: "ours".parse().unwrap(),
        id: "m-1".into(),
        revision: 1,
        title: "Weekly".into(),
        started_at: day(),
        organizer: Address::parse("rep@ours.example").ok(),
        participants: addresses.iter().map(participant).collect(),
        participants_dropped: 0,
        mentions: Vec::new(),
        hints: Vec::new(),
    }
}

fn account(facts: &mut Facts, id: &str, name: &str, website: Option<&str>) {
    let account = Account {
        id: id.into(),
        name: name.into(),
        owner_id: REP.into(),
        ..Account::default()
    };
    facts.accounts.insert(id.into(), account);
    if let Some(domain) = website {
        facts
            .accounts_by_website
            .entry(domain.into())
            .or_default()
            .push(id.into());
    }
}

fn contact(facts: &mut Facts, id: &str, account: &str, address: &str) {
    let contact = Contact {
        id: id.into(),
        account_id: account.into(),
        first: "Ann".into(),
        last: "Lee".into(),
        touched_at: day(),
    };
    facts.contacts_by_id.insert(id.into(), contact.clone());
    facts
        .contacts_by_address
        .entry(address.into())
        .or_default()
        .push(contact);
    let domain = Address::parse(address).unwrap().domain_key().unwrap();
    let uses = facts.accounts_by_domain.entry(domain).or_default();
    match uses.iter_mut().find(|u| u.account_id == account) {
        Some(found) => found.contacts += 1,
        None => uses.push(DomainUse {
            account_id: account.into(),
            contacts: 1,
        }),
    }
}

fn deal(facts: &mut Facts, id: &str, name: &str, roles: &[&str]) {
    let opportunity = Opportunity {
        id: id.into(),
        account_id: ACME.into(),
        name: name.into(),
        deal_type: String::new(),
        owner_id: REP.into(),
        owner_active: true,
        record_type_id: String::new(),
        is_closed: false,
        close_date: (day() + TimeDelta::days(40)).date_naive(),
        created_at: day() - TimeDelta::days(40),
        role_contact_ids: roles.iter().map(|id| (*id).to_owned()).collect(),
    };
    facts
        .opportunities_by_account
        .entry(ACME.into())
        .or_default()
        .push(opportunity.clone());
    facts.opportunities_by_id.insert(id.into(), opportunity);
}

/// Our rep, Acme with Ann and one open deal on which she has a role.
fn world() -> Facts {
    let mut facts = Facts {
        loaded: true,
        ..Facts::default()
    };
    facts
        .users_by_address
        .insert("rep@ours.example".into(), User { id: REP.into() });
    facts.user_domains.insert("ours.example".into());
    account(&mut facts, ACME, "Acme GmbH", Some("acme.com"));
    contact(&mut facts, ANN, ACME, "ann@acme.com");
    deal(&mut facts, DEAL, "Acme 2026", &[ANN]);
    facts
}

fn line(meeting: &Meeting, facts: &Facts) -> String {
    explain(&decide(meeting, facts))
}

#[test]
fn a_known_contact_leads_to_the_account_and_its_deal() {
    let decision = decide(&meeting(&["rep@ours.example", "ann@acme.com"]), &world());
    assert_eq!(decision.outcome, Outcome::Matched);
    assert_eq!(decision.account_id.as_deref(), Some(ACME));
    assert_eq!(decision.contact_ids, [ANN]);
    assert_eq!(decision.opportunity_id.as_deref(), Some(DEAL));
    insta::assert_snapshot!(explain(&decision), @"Acme GmbH, 1.00: ann@acme.com is a contact (+12.0), acme.com is the account's domain (+10.5), the organizer owns the account (+1.0). Opportunity: Acme 2026, 0.98: 1 of 1 contact roles present (+3.0), the organizer owns it (+3.0).");
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
fn two_open_deals_are_ambiguous_unless_the_title_names_one() {
    let mut facts = world();
    deal(&mut facts, RENEWAL, "Acme renewal", &[ANN]);
    let mut weekly = meeting(&["rep@ours.example", "ann@acme.com"]);
    let decision = decide(&weekly, &facts);
    assert_eq!(
        (decision.outcome, decision.opportunity_outcome),
        (Outcome::Matched, Outcome::Ambiguous)
    );
    assert_eq!(decision.opportunity_id, None);
    weekly.title = "Acme renewal talk".into();
    assert_eq!(
        decide(&weekly, &facts).opportunity_id.as_deref(),
        Some(RENEWAL)
    );
}

#[test]
fn a_deal_entered_later_that_day_was_open_and_one_entered_next_week_was_not() {
    let weekly = meeting(&["rep@ours.example", "ann@acme.com"]);
    let total = |created_after: TimeDelta| {
        let mut facts = world();
        let deals = facts.opportunities_by_account.get_mut(ACME).unwrap();
        deals[0].created_at = day() + created_after;
        decide(&weekly, &facts)
            .opportunities
            .first()
            .map(|deal| deal.total)
    };
    let open = total(TimeDelta::days(-40));
    assert_eq!(total(TimeDelta::hours(3)), open);
    assert_eq!(total(TimeDelta::days(7)), open.map(|total| total - 1_500));
    assert_eq!(total(TimeDelta::days(15)), None);
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

/// Addresses of the worlds below: contacts, colleagues, strangers, partners, consumer mail.
const ADDRESSES: [&str; 8] = [
    "ann@acme.com",
    "bob@acme.com",
    "new@acme.com",
    "cy@beta.example",
    "joe@nowhere.example",
    "joe@gmail.com",
    "rep@ours.example",
    "x@helpers.example",
];

fn rich_world() -> Facts {
    let mut facts = world();
    contact(&mut facts, "003000000000002AAA", ACME, "bob@acme.com");
    account(&mut facts, ACME_FR, "Beta", Some("beta.example"));
    contact(&mut facts, "003000000000003AAA", ACME_FR, "cy@beta.example");
    account(
        &mut facts,
        "001000000000003AAA",
        "Helpers",
        Some("helpers.example"),
    );
    facts
        .accounts
        .get_mut("001000000000003AAA")
        .unwrap()
        .is_partner = true;
    deal(&mut facts, RENEWAL, "Acme renewal", &["003000000000002AAA"]);
    facts
}

fn result(
    decision: &Decision,
) -> (
    Outcome,
    Option<String>,
    Option<String>,
    Outcome,
    Option<String>,
) {
    let d = decision.clone();
    (
        d.outcome,
        d.account_id,
        d.lead_id,
        d.opportunity_outcome,
        d.opportunity_id,
    )
}

proptest! {
    #[test]
    fn the_order_of_people_and_records_never_matters(
        picked in prop::sample::subsequence(ADDRESSES.to_vec(), 0..=8),
        seed in any::<u64>(),
    ) {
        let mut shuffled = picked.clone();
        let turn = usize::try_from(seed % 8).unwrap() % shuffled.len().max(1);
        shuffled.rotate_left(turn);
        let facts = rich_world();
        let mut reversed = facts.clone();
        for found in reversed.contacts_by_address.values_mut() { found.reverse(); }
        for found in reversed.accounts_by_domain.values_mut() { found.reverse(); }
        for found in reversed.accounts_by_website.values_mut() { found.reverse(); }
        for found in reversed.opportunities_by_account.values_mut() { found.reverse(); }
        let one = decide(&meeting(&picked), &facts);
        let other = decide(&meeting(&shuffled), &reversed);
        prop_assert_eq!(result(&one), result(&other));
        prop_assert_eq!(one.total, other.total);
    }

    #[test]
    fn an_irrelevant_account_or_deal_changes_nothing(picked in prop::sample::subsequence(ADDRESSES.to_vec(), 0..=8)) {
        let facts = rich_world();
        let mut more = facts.clone();
        account(&mut more, "001000000000008AAA", "Elsewhere", Some("elsewhere.example"));
        contact(&mut more, "003000000000008AAA", "001000000000008AAA", "z@elsewhere.example");
        prop_assert_eq!(decide(&meeting(&picked), &facts), decide(&meeting(&picked), &more));
    }

    #[test]
    fn removing_a_supporting_person_never_raises_the_account(
        picked in prop::sample::subsequence(vec!["ann@acme.com", "bob@acme.com", "new@acme.com"], 2..=3),
    ) {
        let facts = rich_world();
        let with = decide(&meeting(&picked), &facts);
        let without = decide(&meeting(&picked[1..]), &facts);
        prop_assert!(without.total <= with.total);
    }

    #[test]
    fn removing_what_speaks_for_an_account_never_raises_it(
        picked in prop::sample::subsequence(ADDRESSES.to_vec(), 1..=8),
        left_out in 0..9_usize,
        titled in any::<bool>(),
    ) {
        let facts = spoken_of(rich_world());
        let of = |decision: &Decision, id: &str| {
            decision.candidates.iter().find(|candidate| candidate.id == id).map_or(i64::MIN, |candidate| candidate.total)
        };
        let with = decide(&meeting(&picked), &facts);
        let (without, less) = if titled {
            (picked.clone(), Facts { named: std::collections::HashMap::new(), ..facts.clone() })
        } else {
            let mut fewer = picked.clone();
            fewer.remove(left_out % picked.len());
            (fewer, facts.clone())
        };
        let without = decide(&meeting(&without), &less);
        prop_assert!(of(&without, ACME) <= of(&with, ACME));
        prop_assert!(of(&without, ACME_FR) <= of(&with, ACME_FR));
    }

    #[test]
    fn a_decision_made_twice_is_the_same_to_the_bit(picked in prop::sample::subsequence(ADDRESSES.to_vec(), 0..=8)) {
        let facts = spoken_of(rich_world());
        prop_assert_eq!(decide(&meeting(&picked), &facts), decide(&meeting(&picked), &facts.clone()));
    }
}

/// The same world, and a title that names Acme.
fn spoken_of(mut facts: Facts) -> Facts {
    facts.named.insert(
        "m-1".into(),
        vec![Named {
            account_id: ACME.into(),
            value: "acme".into(),
            source: Source::Title,
            fit: Fit::Whole,
            shared_by: 1,
        }],
    );
    facts
}

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
    insta::assert_snapshot!(explain(&decision), @r#"Acme GmbH, 1.00: "acme" in the title (+9.0), Ann Lee is the name of one contact only (+6.0), the organizer owns the account (+1.0). Opportunity: Acme 2026, 0.98: 1 of 1 contact roles present (+3.0), the organizer owns it (+3.0)."#);
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
        .extend(vec![hostile; super::meeting::PARTICIPANTS_MAX - 1]);
    crowd.title = "a ".repeat(2_048);
    crowd.mentions = vec!["(((".repeat(80); super::meeting::MENTIONS_MAX];
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
