//! Where a change set stands, from its changes alone.

use super::change::State;

/// Where a set stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetState {
    /// Something is on its way to Salesforce.
    Executing,
    /// Nothing is on its way, something waits.
    Waiting,
    /// Everything ended.
    Done,
    /// There was nothing to propose.
    Empty,
    /// A newer revision took its place.
    Superseded,
}

impl SetState {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Executing => "executing",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Empty => "empty",
            Self::Superseded => "superseded",
        }
    }

    /// From its stored form; anything unknown waits for a person.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "executing" => Self::Executing,
            "done" => Self::Done,
            "empty" => Self::Empty,
            "superseded" => Self::Superseded,
            _ => Self::Waiting,
        }
    }
}

/// Sums up. `planned` is false while no mapping was there to plan with.
#[must_use]
pub fn of(planned: bool, states: impl IntoIterator<Item = State>) -> SetState {
    if !planned {
        return SetState::Waiting;
    }
    let mut any = false;
    let mut executing = false;
    let mut waiting = false;
    let mut ended = false;
    for state in states {
        any = true;
        match state {
            State::Approved | State::Executing | State::Uncertain => executing = true,
            State::Proposed | State::Held | State::Failed => waiting = true,
            State::Blocked
            | State::Applied
            | State::Refused
            | State::Dismissed
            | State::Expired
            | State::Undone => ended = true,
            State::Superseded => {}
        }
    }
    match (any, executing, waiting, ended) {
        (false, ..) => SetState::Empty,
        (_, true, ..) => SetState::Executing,
        (_, _, true, _) => SetState::Waiting,
        (_, _, _, true) => SetState::Done,
        _ => SetState::Superseded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_stands_where_its_slowest_change_stands() {
        use State::{Applied, Approved, Blocked, Held, Refused, Superseded, Uncertain};
        for (planned, states, expected) in [
            (false, vec![], SetState::Waiting),
            (true, vec![], SetState::Empty),
            (true, vec![Applied, Approved, Held], SetState::Executing),
            (true, vec![Applied, Uncertain], SetState::Executing),
            (true, vec![Applied, Held], SetState::Waiting),
            (
                true,
                vec![Applied, Blocked, Refused, Superseded],
                SetState::Done,
            ),
            (true, vec![Superseded, Superseded], SetState::Superseded),
        ] {
            assert_eq!(of(planned, states.clone()), expected, "{states:?}");
        }
    }
}
