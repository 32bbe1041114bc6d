//! Accounts the title and the conversation name, by their name or by an admin's phrase.

use super::Evidence;
use crate::domain::facts::{Facts, Fit, Source};
use crate::domain::meeting::Meeting;
use crate::domain::weight;

/// Adds what the texts say.
pub(super) fn weigh(meeting: &Meeting, facts: &Facts, add: &mut impl FnMut(&str, Evidence)) {
    for hit in facts.named.get(&meeting.id).into_iter().flatten() {
        let base = match hit.fit {
            Fit::Whole => weight::TEXT_WHOLE,
            Fit::Beginning => weight::TEXT_BEGINNING,
            Fit::Near => weight::TEXT_NEAR,
        };
        let shared = weight::shared_by(hit.shared_by);
        let (signal, weight) = match hit.source {
            Source::Title => ("title_company", base - shared),
            Source::Mention => (
                "mentioned_company",
                base * weight::MENTION_SHARE / 1_000 - shared,
            ),
            Source::Domain => continue,
        };
        if weight <= 0 {
            continue;
        }
        add(
            &hit.account_id,
            Evidence {
                signal,
                group: "text",
                value: hit.value.clone(),
                record_id: hit.account_id.clone(),
                participant: None,
                weight,
            },
        );
    }
    for phrase in facts.phrases.get(&meeting.id).into_iter().flatten() {
        let of_deal = facts.opportunities_by_id.get(&phrase.opportunity_id);
        let account = of_deal.map_or(&phrase.account_id, |deal| &deal.account_id);
        add(
            account,
            Evidence {
                signal: "title_phrase",
                group: "text",
                value: phrase.words.clone(),
                record_id: account.clone(),
                participant: None,
                weight: weight::PHRASE_ACCOUNT,
            },
        );
    }
}
