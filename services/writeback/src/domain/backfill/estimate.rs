//! What a sample of a backfill says about the whole: how sure, how risky, how many calls, how many days.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::change::{Action, State};
use crate::domain::risk::{Facet, Risk};

/// Records of one request (`salesforce-api.md` 5.2).
const ROWS_PER_CALL: u64 = 200;
/// Meetings judged with one read of their records.
const MEETINGS_PER_READ: u64 = 64;
/// Salesforce archives activities older than this, in days (`salesforce-api.md`, activities).
const ARCHIVED_AFTER_DAYS: i64 = 365;
/// Fewer meetings say little about the rest.
const MEETINGS_TELLING: u64 = 20;

/// One change of the sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// What it does.
    pub action: Action,
    /// Where it stands.
    pub state: State,
    /// 0 to 1.
    pub confidence: f64,
    /// How risky it is.
    pub risk: Risk,
    /// When its meeting began.
    pub meeting_at: DateTime<Utc>,
}

/// What the sample is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Meetings in the sample.
    pub meetings: u64,
    /// Meetings expected in the window; at least those known.
    pub meetings_expected: u64,
    /// Calls a day history may use; `None` while the org's allowance is not known.
    pub calls_per_day: Option<u64>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// The estimate, as stored and shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Estimate {
    /// Meetings in the sample.
    pub meetings: u64,
    /// Changes they propose.
    pub changes: u64,
    /// How sure the analysis is of them, by tenths from 0.
    pub certainty: [u64; 10],
    /// Would replace what is not ours.
    pub overwrites: u64,
    /// Predicted to be refused.
    pub predicted_refusals: u64,
    /// The record is not settled.
    pub ambiguous: u64,
    /// Ended at our own gates.
    pub blocked: u64,
    /// Activities that may be archived at once.
    pub archived_activities: u64,
    /// Changes expected of the whole window.
    pub changes_expected: u64,
    /// Calls expected of the whole window.
    pub calls_expected: u64,
    /// Calls a day history may use; 0 while not known.
    pub calls_per_day: u64,
    /// Days at that budget; 0 while not known.
    pub days_expected: u32,
    /// For a person.
    pub warnings: Vec<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Estimates.
#[must_use]
pub fn estimate(changes: &[Seen], frame: Frame) -> Estimate {
    let count = |wanted: &dyn Fn(&Seen) -> bool| {
        u64::try_from(changes.iter().filter(|seen| wanted(seen)).count()).unwrap_or(u64::MAX)
    };
    let has = |facet: Facet| move |seen: &Seen| seen.risk.facets().contains(&facet);
    let mut certainty = [0; 10];
    for seen in changes {
        certainty[tenth(seen.confidence)] += 1;
    }
    let archived_before = frame.now - TimeDelta::days(ARCHIVED_AFTER_DAYS);
    let is_activity = |seen: &Seen| matches!(seen.action, Action::CreateTask | Action::CreateEvent);
    // What our own gates ended costs no call.
    let written = |seen: &Seen| seen.state != State::Blocked;
    let scale = |sampled: u64| scaled(sampled, frame);
    let updates = scale(count(&|seen| written(seen) && !seen.action.creates()));
    let notes = scale(count(&|seen| {
        written(seen) && seen.action == Action::CreateNote
    }));
    let creations = scale(count(&|seen| {
        written(seen) && seen.action.creates() && seen.action != Action::CreateNote
    }));
    let expected = frame.meetings_expected.max(frame.meetings);
    let calls_expected = calls(updates, creations, notes, expected);
    let mut found = Estimate {
        meetings: frame.meetings,
        changes: count(&|_| true),
        certainty,
        overwrites: count(&has(Facet::Overwrite)),
        predicted_refusals: count(&has(Facet::PredictedBlock)),
        ambiguous: count(&has(Facet::Ambiguity)),
        blocked: count(&|seen| seen.state == State::Blocked),
        archived_activities: count(&|seen| is_activity(seen) && seen.meeting_at < archived_before),
        changes_expected: updates + creations + notes,
        calls_expected,
        calls_per_day: frame.calls_per_day.unwrap_or(0),
        days_expected: frame
            .calls_per_day
            .map_or(0, |a_day| days(calls_expected, a_day)),
        warnings: Vec::new(),
        at: frame.now,
    };
    found.warnings = warnings(&found, frame);
    found
}

/// Which tenth a certainty falls into; what is no number is not sure at all.
fn tenth(confidence: f64) -> usize {
    (1..10)
        .rev()
        .find(|step| confidence * 10.0 >= f64::from(*step))
        .and_then(|step| usize::try_from(step).ok())
        .unwrap_or(0)
}

/// A number of the sample for the whole window, rounded up.
fn scaled(sampled: u64, frame: Frame) -> u64 {
    let expected = frame.meetings_expected.max(frame.meetings);
    match frame.meetings {
        0 => 0,
        meetings => sampled.saturating_mul(expected).div_ceil(meetings),
    }
}

/// Calls for so many changes in full requests: an update is read, written and read back, a creation written and read
/// back, a note goes alone; before that the records of each batch of meetings are read once.
#[must_use]
pub fn calls(updates: u64, creations: u64, notes: u64, meetings: u64) -> u64 {
    3 * updates.div_ceil(ROWS_PER_CALL)
        + 2 * creations.div_ceil(ROWS_PER_CALL)
        + 2 * notes
        + meetings.div_ceil(MEETINGS_PER_READ)
}

/// Days for so many calls, at least one; a budget of 0 never gets there.
fn days(calls: u64, a_day: u64) -> u32 {
    match a_day {
        0 => u32::MAX,
        a_day => u32::try_from(calls.div_ceil(a_day).max(1)).unwrap_or(u32::MAX),
    }
}

fn warnings(found: &Estimate, frame: Frame) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut warn = |when: bool, text: String| {
        if when {
            warnings.push(text);
        }
    };
    warn(
        frame.meetings < MEETINGS_TELLING,
        format!(
            "the sample has {} meetings, which says little about the rest",
            frame.meetings
        ),
    );
    warn(
        found.archived_activities > 0,
        format!(
            "{} activities of the sample are dated more than {ARCHIVED_AFTER_DAYS} days ago: Salesforce may archive them at once, and then they are neither in lists and reports nor can they be changed or taken back",
            found.archived_activities
        ),
    );
    warn(
        found.overwrites > 0,
        format!(
            "{} changes of the sample would replace values that are not ours; each is approved by itself",
            found.overwrites
        ),
    );
    warn(
        found.predicted_refusals > 0,
        format!(
            "Salesforce is predicted to refuse {} changes of the sample: mend the rules or the values first",
            found.predicted_refusals
        ),
    );
    warn(
        found.ambiguous > 0,
        format!(
            "the record of {} changes of the sample is not settled",
            found.ambiguous
        ),
    );
    warn(
        frame.calls_per_day.is_none(),
        "the org's daily allowance of calls is not known yet, so the days cannot be told"
            .to_owned(),
    );
    warn(
        frame.calls_per_day == Some(0),
        "live work leaves no calls for history at the present budget".to_owned(),
    );
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(days_ago: i64) -> DateTime<Utc> {
        now() - TimeDelta::days(days_ago)
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_445_600, 0).expect("in range")
    }

    fn seen(action: Action, confidence: f64, risk: &[Facet], days_ago: i64) -> Seen {
        Seen {
            action,
            state: State::Held,
            confidence,
            risk: risk.iter().copied().collect(),
            meeting_at: at(days_ago),
        }
    }

    #[test]
    fn a_sample_is_told_and_scaled() {
        let blocked = Seen {
            state: State::Blocked,
            ..seen(Action::UpdateField, 0.4, &[], 400)
        };
        let changes = [
            seen(Action::UpdateField, 0.95, &[], 400),
            seen(Action::UpdateField, 1.0, &[Facet::Overwrite], 400),
            seen(Action::UpdateField, f64::NAN, &[Facet::PredictedBlock], 10),
            seen(Action::CreateTask, 1.0, &[], 366),
            seen(Action::CreateTask, 1.0, &[], 365),
            blocked,
        ];
        let found = estimate(
            &changes,
            Frame {
                meetings: 20,
                meetings_expected: 20_000,
                calls_per_day: Some(100),
                now: now(),
            },
        );
        assert_eq!(found.certainty, [1, 0, 0, 0, 1, 0, 0, 0, 0, 4]);
        assert_eq!(
            (
                found.overwrites,
                found.predicted_refusals,
                found.blocked,
                found.archived_activities
            ),
            (1, 1, 1, 1)
        );
        // 3 of 20 meetings' updates and 2 creations, a thousand times over.
        assert_eq!(found.changes_expected, 5_000);
        assert_eq!(found.calls_expected, 3 * 15 + 2 * 10 + 313);
        assert_eq!(found.days_expected, 4);
        assert_eq!(found.warnings.len(), 3, "{:?}", found.warnings);
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let none = estimate(
            &[],
            Frame {
                meetings: 0,
                meetings_expected: 0,
                calls_per_day: None,
                now: now(),
            },
        );
        assert_eq!((none.calls_expected, none.days_expected), (0, 0));
        assert_eq!(none.warnings.len(), 2, "{:?}", none.warnings);
        assert_eq!(days(10, 0), u32::MAX);
    }

    proptest! {
        #[test]
        fn every_change_falls_into_one_tenth(confidences in prop::collection::vec(-1.0_f64..2.0, 0..50)) {
            let changes: Vec<Seen> = confidences.iter()
                .map(|confidence| seen(Action::UpdateField, *confidence, &[], 1)).collect();
            let frame = Frame { meetings: 1, meetings_expected: 1, calls_per_day: None, now: now() };
            let found = estimate(&changes, frame);
            prop_assert_eq!(found.certainty.iter().sum::<u64>(), found.changes);
        }

        #[test]
        fn more_meetings_never_cost_less(expected in 1_u64..100_000, more in 0_u64..100_000) {
            let changes = [seen(Action::UpdateField, 1.0, &[], 1), seen(Action::CreateNote, 1.0, &[], 1)];
            let of = |meetings_expected| estimate(&changes, Frame {
                meetings: 1, meetings_expected, calls_per_day: Some(50), now: now(),
            });
            let (few, many) = (of(expected), of(expected + more));
            prop_assert!(many.calls_expected >= few.calls_expected);
            prop_assert!(many.days_expected >= few.days_expected);
        }
    }
}
