//! Words only one deal of the account has: of its name, or of a product on it.

use super::observed;
use crate::domain::account::Evidence;
use crate::domain::facts::Opportunity;
use crate::domain::name::company;
use crate::domain::weight;
use std::collections::BTreeSet;

/// Words of a deal's name that are neither the account's nor every deal's.
pub(super) fn telling_words(opportunity: &Opportunity, account: &str) -> BTreeSet<String> {
    const COMMON: [&str; 22] = [
        "new",
        "business",
        "renewal",
        "renew",
        "expansion",
        "upsell",
        "deal",
        "opportunity",
        "project",
        "annual",
        "licence",
        "license",
        "contract",
        "phase",
        "extension",
        "upgrade",
        "and",
        "the",
        "for",
        "add",
        "on",
        "cross",
    ];
    let of_account: BTreeSet<String> = company::words(account).into_iter().collect();
    company::words(&opportunity.name)
        .into_iter()
        .chain(
            opportunity
                .products
                .iter()
                .flat_map(|product| company::words(product)),
        )
        .filter(|word| word.len() >= 3 && !word.chars().all(|c| c.is_ascii_digit()))
        .filter(|word| !COMMON.contains(&word.as_str()) && !of_account.contains(word))
        .collect()
}

/// A product or a name only this deal has, in title or mentions.
pub(super) fn deal_named(
    said: &str,
    opportunity: &Opportunity,
    others: &[(&str, BTreeSet<String>)],
) -> Option<Evidence> {
    let words: BTreeSet<String> = company::words(said).into_iter().collect();
    let (_, own) = others.iter().find(|(id, _)| *id == opportunity.id)?;
    let word = own
        .iter()
        .filter(|word| words.contains(*word))
        .find(|word| {
            !others
                .iter()
                .any(|(id, theirs)| *id != opportunity.id && theirs.contains(*word))
        })?;
    let of_name = company::words(&opportunity.name).contains(word);
    observed(
        if of_name {
            "deal_named"
        } else {
            "product_named"
        },
        "text",
        word.clone(),
        opportunity,
        weight::DEAL_NAMED,
    )
}
