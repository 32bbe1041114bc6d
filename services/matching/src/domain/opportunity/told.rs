//! What somebody said before: an admin by a phrase, earlier meetings of the series by how they were decided.

use super::observed;
use crate::domain::account::Evidence;
use crate::domain::facts::{Facts, Opportunity};
use crate::domain::meeting::Meeting;
use crate::domain::weight;

/// An admin's phrase that means this deal.
pub(super) fn phrase(
    meeting: &Meeting,
    opportunity: &Opportunity,
    facts: &Facts,
) -> Option<Evidence> {
    let mut found = facts.phrases.get(&meeting.id)?.iter();
    let phrase = found.find(|phrase| phrase.opportunity_id == opportunity.id)?;
    observed(
        "title_phrase",
        "text",
        phrase.words.clone(),
        opportunity,
        weight::PHRASE_OPPORTUNITY,
    )
}

/// Earlier meetings of the series that were about this deal: what a person said about one counts double.
pub(super) fn series(
    meeting: &Meeting,
    opportunity: &Opportunity,
    facts: &Facts,
) -> Option<Evidence> {
    let earlier: Vec<_> = facts
        .series
        .get(&meeting.id)?
        .iter()
        .filter(|earlier| earlier.opportunity_id == opportunity.id)
        .collect();
    let newest = earlier.first()?;
    let by_person = earlier.iter().find(|earlier| earlier.by_person);
    let (shown, weight) = match by_person {
        Some(said) => (said, weight::SERIES_BY_PERSON),
        None => (newest, weight::SERIES),
    };
    observed(
        "earlier_in_series",
        "context",
        shown.meeting_id.clone(),
        opportunity,
        weight,
    )
}
