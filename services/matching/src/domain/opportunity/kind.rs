//! The type of deal a title speaks of.

use super::observed;
use crate::domain::account::Evidence;
use crate::domain::facts::Opportunity;
use crate::domain::weight;

/// Words that name a type of deal, as titles use them.
const RENEWAL: [&str; 3] = ["renewal", "renew", "extension"];
const EXPANSION: [&str; 5] = ["expansion", "upsell", "cross-sell", "add-on", "upgrade"];
const NEW_BUSINESS: [&str; 4] = ["new business", "new project", "discovery", "intro"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum DealType {
    Renewal,
    Expansion,
    NewBusiness,
}

fn deal_type(text: &str) -> Option<DealType> {
    let text = text.to_lowercase();
    let named = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match (named(&RENEWAL), named(&EXPANSION), named(&NEW_BUSINESS)) {
        (true, false, false) => Some(DealType::Renewal),
        (false, true, false) => Some(DealType::Expansion),
        (false, false, true) => Some(DealType::NewBusiness),
        _ => None,
    }
}

pub(super) fn type_word(title: &str, opportunity: &Opportunity) -> Option<Evidence> {
    let said = deal_type(title)?;
    let text = format!("{} {}", opportunity.deal_type, opportunity.name);
    let is = match deal_type(&text) {
        Some(is) => is,
        None if opportunity.deal_type.to_lowercase().contains("new") => DealType::NewBusiness,
        None => return None,
    };
    let weight = match (said, said == is) {
        (DealType::NewBusiness, true) => weight::NEW_BUSINESS_AGREES,
        (DealType::NewBusiness, false) => weight::NEW_BUSINESS_CONTRADICTS,
        (DealType::Renewal | DealType::Expansion, true) => weight::TYPE_AGREES,
        (DealType::Renewal | DealType::Expansion, false) => weight::TYPE_CONTRADICTS,
    };
    observed(
        "deal_type_in_title",
        if weight > 0 { "text" } else { "against" },
        text,
        opportunity,
        weight,
    )
}
