//! How risky a change is: the order of the review queue, and what may be decided together.
//!
//! The score is a sum of weights, each a power of two, so that a facet weighs more than all after it together and the
//! facets can be read back from the score. What cannot be repaired by looking again weighs most: a value of somebody
//! else that is gone. The order is that of the design's review queue: overwrite, stage, amount, ambiguity, predicted block;
//! doubt about what was said comes last, because the quote beside the change settles it.

use super::change::{Reason, Verdict};

/// One thing that makes a change risky.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Facet {
    /// Replaces or deletes what is not ours.
    Overwrite,
    /// Moves a stage.
    Stage,
    /// Writes money.
    Amount,
    /// The match is ambiguous or unlikely.
    Ambiguity,
    /// Salesforce refused it, or is predicted to.
    PredictedBlock,
    /// The analysis is not sure enough.
    Unsure,
}

impl Facet {
    /// Every facet, the gravest first.
    pub const ALL: [Self; 6] = [
        Self::Overwrite,
        Self::Stage,
        Self::Amount,
        Self::Ambiguity,
        Self::PredictedBlock,
        Self::Unsure,
    ];

    /// Its share of the score.
    #[must_use]
    pub fn weight(self) -> i16 {
        match self {
            Self::Overwrite => 32,
            Self::Stage => 16,
            Self::Amount => 8,
            Self::Ambiguity => 4,
            Self::PredictedBlock => 2,
            Self::Unsure => 1,
        }
    }
}

/// A score, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Risk(i16);

impl Risk {
    /// The highest score that still counts as low: doubt about what was said, and nothing else.
    pub const LOW_MAX: i16 = 1;

    /// From its stored form.
    #[must_use]
    pub fn from_score(score: i16) -> Self {
        Self(score & Self::all().0)
    }

    /// As stored.
    #[must_use]
    pub fn score(self) -> i16 {
        self.0
    }

    /// Whether changes like this may be approved together.
    #[must_use]
    pub fn is_low(self) -> bool {
        self.0 <= Self::LOW_MAX
    }

    /// Its facets, the gravest first.
    #[must_use]
    pub fn facets(self) -> Vec<Facet> {
        Facet::ALL
            .into_iter()
            .filter(|facet| self.0 & facet.weight() != 0)
            .collect()
    }

    /// The same, with a facet.
    #[must_use]
    pub fn with(self, facet: Facet) -> Self {
        Self(self.0 | facet.weight())
    }

    fn all() -> Self {
        Facet::ALL.into_iter().fold(Self(0), Self::with)
    }
}

impl FromIterator<Facet> for Risk {
    fn from_iter<T: IntoIterator<Item = Facet>>(facets: T) -> Self {
        facets.into_iter().fold(Self(0), Self::with)
    }
}

/// A change, as far as its risk goes.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// sObject.
    pub object: &'a str,
    /// Field; empty for creations.
    pub field: &'a str,
    /// The field holds money.
    pub money: bool,
    /// What is there is neither empty, nor ours, nor kept beside the new value.
    pub replaces_others: bool,
    /// Everything said of it.
    pub reasons: &'a [Reason],
}

/// The risk of a change.
#[must_use]
pub fn of(subject: Subject<'_>) -> Risk {
    let mut risk = of_reasons(subject.reasons);
    if subject.replaces_others {
        risk = risk.with(Facet::Overwrite);
    }
    if subject.object == "Opportunity" && subject.field == "StageName" {
        risk = risk.with(Facet::Stage);
    }
    if subject.money {
        risk = risk.with(Facet::Amount);
    }
    risk
}

/// The risk that what was said of a change shows, whatever the change.
#[must_use]
pub fn of_reasons(reasons: &[Reason]) -> Risk {
    reasons
        .iter()
        .filter(|reason| reason.verdict >= Verdict::Hold)
        .filter_map(|reason| match reason.gate.as_str() {
            // The last is of a record we created and somebody touched.
            "overwrite_policy" | "undo" => Some(Facet::Overwrite),
            "stage_control" => Some(Facet::Stage),
            "match" => Some(Facet::Ambiguity),
            "validation_rules" | "salesforce" => Some(Facet::PredictedBlock),
            "confidence" => Some(Facet::Unsure),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reason(gate: &str, verdict: Verdict) -> Reason {
        Reason::new(gate, verdict, "code", "message")
    }

    #[test]
    fn each_kind_of_change_has_its_place_in_the_queue() {
        let plain = Subject {
            object: "Opportunity",
            field: "NextStep",
            money: false,
            replaces_others: false,
            reasons: &[],
        };
        let unsure = [reason("confidence", Verdict::Hold)];
        let predicted = [reason("validation_rules", Verdict::Hold)];
        let told = [reason("validation_rules", Verdict::Pass)];
        let ambiguous = [reason("match", Verdict::Hold)];
        let history = [reason("backfill", Verdict::Hold)];
        let moved = [reason("overwrite_policy", Verdict::Hold)];
        let refused = [reason("salesforce", Verdict::Block)];
        for (name, subject, expected) in [
            ("nothing", plain, vec![]),
            (
                "history alone",
                Subject {
                    reasons: &history,
                    ..plain
                },
                vec![],
            ),
            (
                "a rule that only might",
                Subject {
                    reasons: &told,
                    ..plain
                },
                vec![],
            ),
            (
                "unsure",
                Subject {
                    reasons: &unsure,
                    ..plain
                },
                vec![Facet::Unsure],
            ),
            (
                "predicted block",
                Subject {
                    reasons: &predicted,
                    ..plain
                },
                vec![Facet::PredictedBlock],
            ),
            (
                "refused",
                Subject {
                    reasons: &refused,
                    ..plain
                },
                vec![Facet::PredictedBlock],
            ),
            (
                "ambiguous",
                Subject {
                    reasons: &ambiguous,
                    ..plain
                },
                vec![Facet::Ambiguity],
            ),
            (
                "money",
                Subject {
                    field: "Amount",
                    money: true,
                    ..plain
                },
                vec![Facet::Amount],
            ),
            (
                "stage",
                Subject {
                    field: "StageName",
                    ..plain
                },
                vec![Facet::Stage],
            ),
            (
                "moved",
                Subject {
                    reasons: &moved,
                    ..plain
                },
                vec![Facet::Overwrite],
            ),
            (
                "money over another's",
                Subject {
                    field: "Amount",
                    money: true,
                    replaces_others: true,
                    ..plain
                },
                vec![Facet::Overwrite, Facet::Amount],
            ),
        ] {
            assert_eq!(of(subject).facets(), expected, "{name}");
        }
    }

    #[test]
    fn a_facet_weighs_more_than_all_after_it_together() {
        for (position, facet) in Facet::ALL.into_iter().enumerate() {
            let rest: i16 = Facet::ALL[position + 1..].iter().map(|f| f.weight()).sum();
            assert!(facet.weight() > rest, "{facet:?}");
        }
        assert!(Risk::default().with(Facet::Unsure).is_low());
        assert!(!Risk::default().with(Facet::PredictedBlock).is_low());
    }

    fn any_reasons() -> impl Strategy<Value = Vec<Reason>> {
        let gate = prop::sample::select(vec![
            "overwrite_policy",
            "match",
            "stage_control",
            "confidence",
            "salesforce",
            "backfill",
        ]);
        let verdict = prop::sample::select(vec![
            Verdict::Pass,
            Verdict::Wait,
            Verdict::Hold,
            Verdict::Block,
        ]);
        prop::collection::vec(
            (gate, verdict).prop_map(|(gate, verdict)| reason(gate, verdict)),
            0..6,
        )
    }

    proptest! {
        #[test]
        fn a_score_tells_its_facets(score in 0_i16..64) {
            prop_assert_eq!(Risk::from_score(score).facets().into_iter().collect::<Risk>().score(), score);
        }

        #[test]
        fn a_further_reason_never_lowers_the_risk_and_their_order_does_not_matter(
            reasons in any_reasons(), more in any_reasons()
        ) {
            let mut all = reasons.clone();
            all.extend(more.clone());
            let mut turned = more;
            turned.extend(reasons.clone());
            prop_assert!(of_reasons(&all) >= of_reasons(&reasons));
            prop_assert_eq!(of_reasons(&all), of_reasons(&turned));
        }
    }
}
