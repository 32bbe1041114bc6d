//! What always holds (matching guide, section 1).

use super::*;
use proptest::prelude::*;

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
    fn an_irrelevant_account_changes_nothing(picked in prop::sample::subsequence(ADDRESSES.to_vec(), 0..=8)) {
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
