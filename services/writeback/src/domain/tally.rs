//! Counts changes by where they stand and by what was said of them: what dashboards show of gates and refusals.

use std::collections::BTreeMap;

use super::change::{Reason, State, Verdict};

/// A reason without its words: gate, verdict and code are ours, a message may quote a record.
pub type Cause = (String, Verdict, String);

/// Counts of one batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Changes by where they stand.
    pub states: BTreeMap<&'static str, u64>,
    /// Reasons that stand in the way.
    pub causes: BTreeMap<Cause, u64>,
    /// What Salesforce refused, by who or what resolves it.
    pub refusals: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts a change.
    pub fn add(&mut self, state: State, reasons: &[Reason]) {
        *self.states.entry(state.as_str()).or_default() += 1;
        for reason in reasons {
            // Salesforce's own codes are an open set; its advice tells the class.
            if reason.verdict != Verdict::Pass && reason.gate != "salesforce" {
                let cause = (reason.gate.clone(), reason.verdict, reason.code.clone());
                *self.causes.entry(cause).or_default() += 1;
            }
        }
        if matches!(state, State::Refused | State::Failed) {
            let class = reasons
                .iter()
                .find(|reason| reason.gate == "advice")
                .map_or("unknown", |reason| reason.code.as_str());
            *self.refusals.entry(class.to_owned()).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_once_and_each_reason_that_stands_in_the_way() {
        let mut tally = Tally::default();
        tally.add(State::Approved, &[]);
        tally.add(
            State::Held,
            &[
                Reason::new("confidence", Verdict::Hold, "below_minimum", "0.4 of 0.8"),
                Reason::new("validation_rules", Verdict::Pass, "cannot_tell", ""),
            ],
        );
        tally.add(
            State::Refused,
            &[
                Reason::new("salesforce", Verdict::Block, "STRING_TOO_LONG", "NextStep"),
                Reason::new("advice", Verdict::Pass, "data", "shorten it"),
            ],
        );
        assert_eq!(
            tally.states,
            BTreeMap::from([("approved", 1), ("held", 1), ("refused", 1)])
        );
        let held = (
            "confidence".to_owned(),
            Verdict::Hold,
            "below_minimum".to_owned(),
        );
        assert_eq!(tally.causes, BTreeMap::from([(held, 1)]));
        assert_eq!(tally.refusals, BTreeMap::from([("data".to_owned(), 1)]));
    }
}
