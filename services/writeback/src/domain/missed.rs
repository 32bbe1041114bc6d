//! What was missed while there was no connection.
//!
//! Work queues up without a connection and resumes by itself when there is one again (design section 5). What waited in
//! one gap for longer than a limit is another matter: by then people have gone on working on the record, so it is listed
//! and held until a person releases it, never silently replayed.

use chrono::{DateTime, Utc};

use super::change::{Gated, Reason, State, Verdict};
use super::verdict;

/// The reason's code.
pub const CODE: &str = "missed_while_disconnected";

/// What a message about the connection means for the time without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Nothing: usable as before, unusable as before, or never connected.
    Same,
    /// The connection stopped to be usable.
    Begins,
    /// It is usable again, after a gap that began then.
    Ends(DateTime<Utc>),
}

/// Decides it from whether the connection `was` usable, `is` usable, and when an open gap began. The time before the
/// first connection is no gap: nothing was verified, so nothing could have been written.
#[must_use]
pub fn course(was: bool, is: bool, open_since: Option<DateTime<Utc>>) -> Course {
    match (was, is, open_since) {
        (true, false, _) => Course::Begins,
        (_, true, Some(since)) => Course::Ends(since),
        (true | false, true, None) | (false, false, _) => Course::Same,
    }
}

/// What is said of a missed change.
#[must_use]
pub fn reason() -> Reason {
    Reason::new(
        "connection",
        Verdict::Hold,
        CODE,
        "it waited too long without a connection to be written by itself; release it on the connection page, or decide it here",
    )
}

/// Holds a change that was missed, whatever else the gates say of it. One that has nothing left to do stays done.
#[must_use]
pub fn hold(gated: &Gated) -> Gated {
    match gated.state {
        State::Applied | State::Blocked => return gated.clone(),
        State::Proposed
        | State::Approved
        | State::Held
        | State::Executing
        | State::Refused
        | State::Failed
        | State::Uncertain
        | State::Dismissed
        | State::Expired
        | State::Superseded
        | State::Undone => {}
    }
    let mut reasons = gated.reasons.clone();
    reasons.push(reason());
    let sum = verdict::sum(reasons);
    Gated {
        state: sum.state,
        reasons: sum.reasons,
        regate: sum.regate,
        ..gated.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    #[test]
    fn a_gap_begins_when_a_working_connection_stops_and_ends_when_it_works_again() {
        for (was, is, open, expected) in [
            // The first connection.
            (false, true, None, Course::Same),
            (false, false, None, Course::Same),
            (true, true, None, Course::Same),
            (true, false, None, Course::Begins),
            // Suspended, then to be reconnected: one gap.
            (false, false, Some(at(1)), Course::Same),
            (false, true, Some(at(1)), Course::Ends(at(1))),
        ] {
            assert_eq!(course(was, is, open), expected, "{was} {is} {open:?}");
        }
    }

    fn gated(state: State, reasons: Vec<Reason>) -> Gated {
        Gated {
            state,
            reasons,
            regate: false,
            baseline: None,
            piece: None,
            proposed: None,
            risk: Default::default(),
            owner_id: String::new(),
        }
    }

    #[test]
    fn what_was_missed_is_held_whatever_the_gates_say() {
        let waits = Reason::new("verification", Verdict::Wait, "not_verified", "run one");
        for (state, reasons) in [
            (State::Approved, vec![]),
            (State::Proposed, vec![waits.clone()]),
            (State::Held, vec![waits]),
        ] {
            let held = hold(&gated(state, reasons.clone()));
            assert_eq!((held.state, held.regate), (State::Held, true), "{state:?}");
            assert_eq!(held.reasons[0].code, CODE);
            assert_eq!(held.reasons.len(), reasons.len() + 1);
        }
        for done in [State::Applied, State::Blocked] {
            assert_eq!(hold(&gated(done, vec![])).state, done);
        }
    }
}
