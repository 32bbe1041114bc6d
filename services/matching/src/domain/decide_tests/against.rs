//! What always holds of what speaks against a record, of equals, and of deals (matching guide, section 1).

use super::*;
use crate::domain::weight;
use proptest::prelude::*;

/// A subsidiary that shares Acme's domain; both have slept since the days given.
fn siblings(slept: [i64; 2]) -> Facts {
    let mut facts = world();
    account(&mut facts, ACME_FR, "Acme France", Some("acme.com"));
    contact(&mut facts, "003000000000002AAA", ACME_FR, "eve@acme.com");
    for (id, days) in [ACME, ACME_FR].into_iter().zip(slept) {
        let account = facts.accounts.get_mut(id).unwrap();
        account.last_activity = Some((day() - TimeDelta::days(days)).date_naive());
    }
    facts
}

fn of(candidates: &[crate::domain::account::Candidate], id: &str) -> i64 {
    let mut candidates = candidates.iter();
    let found = candidates.find(|candidate| candidate.id == id);
    found.map_or(i64::MIN, |candidate| candidate.total)
}

fn deals_of<'f>(facts: &'f mut Facts, id: &str) -> &'f mut Opportunity {
    let mut all = facts.opportunities_by_account.values_mut().flatten();
    all.find(|opportunity| opportunity.id == id).unwrap()
}

/// A deal as unlikely as an eligible one may be: of another owner, only within the window, nobody of its roles there.
fn unlikely(facts: &mut Facts, account: &str, number: usize) {
    let opportunity = Opportunity {
        id: format!("006{number:012}AAA"),
        account_id: account.into(),
        name: format!("Something {number}"),
        owner_id: "005000000000009AAA".into(),
        owner_active: true,
        is_closed: true,
        close_date: (day() - TimeDelta::days(3)).date_naive(),
        created_at: day() - TimeDelta::days(90),
        role_contact_ids: vec!["003000000000099AAA".into()],
        ..Opportunity::default()
    };
    facts
        .opportunities_by_account
        .entry(account.into())
        .or_default()
        .push(opportunity.clone());
    facts
        .opportunities_by_id
        .insert(opportunity.id.clone(), opportunity);
}

proptest! {
    #[test]
    fn removing_what_speaks_against_an_account_never_lowers_it(
        picked in prop::sample::subsequence(vec!["ann@acme.com", "eve@acme.com", "new@acme.com", "rep@ours.example"], 1..=4),
        slept in [0..900_i64, 0..900_i64],
    ) {
        let with = decide(&meeting(&picked), &siblings(slept));
        for (place, id) in [ACME, ACME_FR].into_iter().enumerate() {
            let mut woken = slept;
            woken[place] = 0;
            let without = decide(&meeting(&picked), &siblings(woken));
            prop_assert!(of(&without.candidates, id) >= of(&with.candidates, id), "{} {:?}", id, slept);
        }
    }

    #[test]
    fn removing_what_speaks_against_a_deal_never_lowers_it(
        with_holder in any::<bool>(),
        owner_there in any::<bool>(),
        title in prop::sample::select(vec!["Weekly", "Renewal call", "Discovery", "Falcon: open points"]),
    ) {
        let mut facts = world();
        deal(&mut facts, RENEWAL, "Acme Falcon renewal", if with_holder { &[ANN] } else { &["003000000000009AAA"] });
        if !owner_there {
            deals_of(&mut facts, RENEWAL).owner_id = "005000000000009AAA".into();
        }
        let mut held = meeting(&["ann@acme.com"]);
        held.title = title.into();
        let with = decide(&held, &facts);
        for found in with.opportunities.iter().find(|found| found.id == RENEWAL).unwrap().evidence.iter().filter(|e| e.weight < 0) {
            let mut less = facts.clone();
            let mut said = held.clone();
            match found.signal {
                "contact_roles_absent" => deals_of(&mut less, RENEWAL).role_contact_ids.clear(),
                "opportunity_owner_absent" => deals_of(&mut less, RENEWAL).owner_active = false,
                "deal_type_in_title" => said.title = "Weekly".into(),
                other => panic!("nothing here makes {other}"),
            }
            let without = decide(&said, &less);
            prop_assert!(of(&without.opportunities, RENEWAL) >= of(&with.opportunities, RENEWAL), "{}", found.signal);
        }
    }

    #[test]
    fn an_irrelevant_deal_changes_nothing(
        picked in prop::sample::subsequence(vec!["ann@acme.com", "bob@acme.com", "rep@ours.example"], 1..=3),
        more in 1..30_usize,
        elsewhere in any::<bool>(),
    ) {
        let mut facts = world();
        contact(&mut facts, "003000000000002AAA", ACME, "bob@acme.com");
        let before = decide(&meeting(&picked), &facts);
        for number in 0..more {
            unlikely(&mut facts, if elsewhere { ACME_FR } else { ACME }, 100 + number);
        }
        let after = decide(&meeting(&picked), &facts);
        prop_assert_eq!(
            (before.outcome, &before.account_id, before.opportunity_outcome, &before.opportunity_id, before.opportunity_total),
            (after.outcome, &after.account_id, after.opportunity_outcome, &after.opportunity_id, after.opportunity_total)
        );
    }

    #[test]
    fn equals_are_refused_and_not_drawn(strangers in 1..6_usize, contacts in 0..5_usize, swapped in any::<bool>()) {
        // Two accounts of which everything is alike but their ids, and two deals.
        let mut facts = world();
        facts.accounts.clear();
        facts.accounts_by_website.clear();
        facts.accounts_by_domain.clear();
        let mut twins = ["001000000000011AAA", "001000000000012AAA"];
        if swapped {
            twins.reverse();
        }
        for (place, twin) in twins.into_iter().enumerate() {
            account(&mut facts, twin, ["Otter East", "Otter West"][place], Some("otter.example"));
            for n in 0..contacts {
                contact(&mut facts, &format!("003{:012}AAA", 100 + 10 * place + n), twin, &format!("c{place}{n}@otter.example"));
            }
        }
        let addresses: Vec<String> = (0..strangers).map(|n| format!("new{n}@otter.example")).collect();
        let picked: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let decision = decide(&meeting(&picked), &facts);
        prop_assert_eq!(decision.outcome, Outcome::Ambiguous);
        prop_assert_eq!(decision.account_id, None);

        let mut facts = world();
        deal(&mut facts, RENEWAL, "Acme 2026", &[ANN]);
        let decision = decide(&meeting(&["ann@acme.com"]), &facts);
        prop_assert_eq!(decision.outcome, Outcome::Matched);
        prop_assert_eq!((decision.opportunity_outcome, decision.opportunity_id), (Outcome::Ambiguous, None));
    }

    #[test]
    fn a_threshold_asked_to_be_higher_never_decides_more(
        picked in prop::sample::subsequence(vec!["ann@acme.com", "eve@acme.com", "new@acme.com", "joe@gmail.com"], 1..=4),
        slept in [0..900_i64, 0..900_i64],
        threshold in 0.8..0.995_f64,
    ) {
        let facts = siblings(slept);
        let mut stricter = facts.clone();
        stricter.settings.account_matched = weight::total(threshold).max(facts.settings.account_matched);
        stricter.settings.opportunity_matched = weight::total(threshold).max(facts.settings.opportunity_matched);
        let (lax, strict) = (decide(&meeting(&picked), &facts), decide(&meeting(&picked), &stricter));
        prop_assert!(strict.account_id.is_none() || strict.account_id == lax.account_id);
        prop_assert!(strict.opportunity_id.is_none() || strict.opportunity_id == lax.opportunity_id);
    }
}
