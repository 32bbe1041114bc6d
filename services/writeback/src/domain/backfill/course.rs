//! Where a backfill stands and where it may go (design section 5).

/// Where a backfill stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Chosen, nothing belongs to it yet.
    Draft,
    /// Meetings of the window are gathered for an estimate.
    Sampling,
    /// The estimate waits for a person.
    ReadyForReview,
    /// Approved slices are written.
    Running,
    /// Nothing is written for now.
    Paused,
    /// Everything of it ended.
    Done,
    /// Given up.
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Sampling,
        Self::ReadyForReview,
        Self::Running,
        Self::Paused,
        Self::Done,
        Self::Cancelled,
    ];

    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Sampling => "sampling",
            Self::ReadyForReview => "ready_for_review",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// From its stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing more can come of it.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// What a person asks of a backfill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Gather meetings and estimate.
    Sample,
    /// Let approved slices be written.
    Start,
    /// Stop writing.
    Pause,
    /// Go on.
    Resume,
    /// Give up.
    Cancel,
}

/// Where a move leads.
///
/// # Errors
/// Why it leads nowhere, for a person.
pub fn after(state: State, asked: Move) -> Result<State, String> {
    match (state, asked) {
        (State::Draft | State::ReadyForReview, Move::Sample) => Ok(State::Sampling),
        (State::ReadyForReview, Move::Start) => Ok(State::Running),
        (State::Running, Move::Pause) => Ok(State::Paused),
        (State::Paused, Move::Resume) => Ok(State::Running),
        (
            State::Draft | State::Sampling | State::ReadyForReview | State::Running | State::Paused,
            Move::Cancel,
        ) => Ok(State::Cancelled),
        (state, Move::Start) if !state.is_over() && state != State::Running => Err(format!(
            "a backfill that is {} cannot start: take a sample and look at it first",
            state.as_str()
        )),
        (state, asked) => Err(format!(
            "a backfill that is {} cannot {}",
            state.as_str(),
            match asked {
                Move::Sample => "be sampled",
                Move::Start => "start",
                Move::Pause => "pause",
                Move::Resume => "resume",
                Move::Cancel => "be cancelled",
            }
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backfill_moves_as_the_design_says_and_never_starts_unseen() {
        use Move::{Cancel, Pause, Resume, Sample, Start};
        use State::{Cancelled, Done, Draft, Paused, ReadyForReview, Running, Sampling};
        for (state, asked, expected) in [
            (Draft, Sample, Some(Sampling)),
            (Draft, Start, None),
            (Sampling, Start, None),
            (Sampling, Sample, None),
            (ReadyForReview, Sample, Some(Sampling)),
            (ReadyForReview, Start, Some(Running)),
            (Running, Pause, Some(Paused)),
            (Running, Start, None),
            (Running, Sample, None),
            (Paused, Resume, Some(Running)),
            (Paused, Pause, None),
            (Done, Cancel, None),
            (Cancelled, Resume, None),
        ] {
            assert_eq!(after(state, asked).ok(), expected, "{state:?} {asked:?}");
        }
        for state in State::ALL {
            assert_eq!(after(state, Cancel).is_ok(), !state.is_over(), "{state:?}");
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }
}
