//! What to do when a meeting, decided again, comes out differently.

use super::decide::Outcome;

/// What a decision settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Of the account or lead.
    pub outcome: Outcome,
    /// The account or lead; empty for none.
    pub record_id: String,
    /// Of the opportunity.
    pub opportunity_outcome: Outcome,
    /// The opportunity; empty for none.
    pub opportunity_id: String,
    /// A person chose: for ever, until taken back.
    pub by_person: bool,
    /// What the best candidates add up to: the reasons may have changed though the outcome has not.
    pub contenders: Vec<String>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing changed that matters.
    Same,
    /// What was open is decided, or open for other reasons: a new decision.
    Decide,
    /// What was matched would match better elsewhere: a person is asked.
    Propose,
}

/// Compares the decision that stands with the one that would be made now.
#[must_use]
pub fn compare(before: &Settled, now: &Settled) -> Verdict {
    if before.by_person {
        return Verdict::Same;
    }
    if before.outcome != Outcome::Matched {
        return if before == now {
            Verdict::Same
        } else {
            Verdict::Decide
        };
    }
    if now.outcome != Outcome::Matched {
        // Less is known than before: nothing better to propose.
        return Verdict::Same;
    }
    if now.record_id != before.record_id {
        return Verdict::Propose;
    }
    match (
        before.opportunity_outcome == Outcome::Matched,
        now.opportunity_outcome == Outcome::Matched,
    ) {
        (true, true) if now.opportunity_id != before.opportunity_id => Verdict::Propose,
        (false, true) => Verdict::Decide,
        _ => Verdict::Same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(outcome: Outcome, record: &str, deal: &str) -> Settled {
        Settled {
            outcome,
            record_id: record.into(),
            opportunity_outcome: if deal.is_empty() {
                Outcome::Ambiguous
            } else {
                Outcome::Matched
            },
            opportunity_id: deal.into(),
            by_person: false,
            contenders: Vec::new(),
        }
    }

    #[test]
    fn the_open_is_decided_the_matched_is_proposed_and_a_persons_choice_stands() {
        let open = settled(Outcome::Unmatched, "", "");
        let acme = settled(Outcome::Matched, "acme", "");
        let deal = settled(Outcome::Matched, "acme", "deal");
        let beta = settled(Outcome::Matched, "beta", "");
        let chosen = Settled {
            by_person: true,
            ..acme.clone()
        };
        for (before, now, verdict) in [
            (&open, &open, Verdict::Same),
            (&open, &acme, Verdict::Decide),
            (&acme, &deal, Verdict::Decide),
            (&acme, &beta, Verdict::Propose),
            (
                &deal,
                &settled(Outcome::Matched, "acme", "other"),
                Verdict::Propose,
            ),
            (&deal, &acme, Verdict::Same),
            (&acme, &open, Verdict::Same),
            (&chosen, &beta, Verdict::Same),
        ] {
            assert_eq!(compare(before, now), verdict, "{before:?} {now:?}");
        }
    }
}
