//! May this caller have the stored token, must somebody refresh, and who: the decision behind every access token.
//!
//! A refresh token may be single-use, and showing a rotated-out one kills the grant. So a refresh is a critical section
//! with memory: before the call its intent is recorded, and only a clear answer erases it. Whoever finds an intent left
//! behind (a crash, a lost answer) first waits until that call cannot be running any more, then *looks* whether the
//! stored token is still alive, and only then sends it. "Rotation lost" is what looking found out, never a guess.

use chrono::{DateTime, Utc};

use super::state::State;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A service with work to do.
    Serve,
    /// Our own look at a suspended connection.
    Probe,
}

/// A refresh that was announced and whose outcome is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intent {
    /// The generation whose refresh token may have been sent.
    pub generation: i64,
    /// When that call cannot be running any more.
    pub settles_at: DateTime<Utc>,
}

/// Everything the decision looks at. Times are the database's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Now.
    pub now: DateTime<Utc>,
    /// The connection's state.
    pub state: State,
    /// Generation of the stored tokens.
    pub generation: i64,
    /// Whether an access token of that generation is stored.
    pub has_access_token: bool,
    /// Until when somebody holds the lease; in the past when nobody does.
    pub held_until: Option<DateTime<Utc>>,
    /// An unresolved refresh.
    pub intent: Option<Intent>,
    /// No call before this moment.
    pub not_before: Option<DateTime<Utc>>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The connection is in no state to be used.
    Refuse,
    /// Hand out the stored access token.
    Use,
    /// Somebody is at it: look again shortly.
    Wait,
    /// Nobody may call before this moment.
    Pause(DateTime<Utc>),
    /// Take the lease and find out whether the stored refresh token is alive.
    Look,
    /// Take the lease, record the intent, refresh.
    Refresh,
}

/// Decides for a caller to whom Salesforce refused the token of generation `rejected` (0: none was refused).
#[must_use]
pub fn decide(facts: &Facts, purpose: Purpose, rejected: i64) -> Decision {
    let admitted =
        facts.state.is_usable() || (purpose == Purpose::Probe && facts.state == State::Suspended);
    if !admitted {
        return Decision::Refuse;
    }
    // Also the end of most races: somebody else refreshed while this caller was being refused.
    if facts.has_access_token && facts.generation > rejected {
        return Decision::Use;
    }
    if facts.held_until.is_some_and(|until| until > facts.now) {
        return Decision::Wait;
    }
    if let Some(not_before) = facts.not_before.filter(|moment| *moment > facts.now) {
        return Decision::Pause(not_before);
    }
    match facts
        .intent
        .filter(|intent| intent.generation == facts.generation)
    {
        Some(intent) if intent.settles_at > facts.now => Decision::Pause(intent.settles_at),
        Some(_) => Decision::Look,
        None => Decision::Refresh,
    }
}

/// What looking at the stored refresh token found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Salesforce knows it: the lost call did not rotate it.
    Alive,
    /// Salesforce does not know it any more.
    Dead,
    /// The org does not let our app look.
    Forbidden,
    /// No answer, or one that says nothing.
    Unclear,
}

/// What follows from looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterLook {
    /// Send the stored token.
    Refresh,
    /// The new token is lost; a person has to connect again.
    Lost,
    /// Look again later.
    Pause,
}

/// Decides after looking; `rotates` tells whether this grant was ever seen rotating.
///
/// Where looking is forbidden, a grant that never rotated is tried (the answer decides), and one that rotates is given
/// up: sending a token that may have been rotated out is what Salesforce answers with killing the grant.
#[must_use]
pub fn after_look(sight: Sight, rotates: bool) -> AfterLook {
    match sight {
        Sight::Alive => AfterLook::Refresh,
        Sight::Dead => AfterLook::Lost,
        Sight::Forbidden if rotates => AfterLook::Lost,
        Sight::Forbidden => AfterLook::Refresh,
        Sight::Unclear => AfterLook::Pause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    fn facts() -> Facts {
        Facts {
            now: at(100),
            state: State::Connected,
            generation: 7,
            has_access_token: true,
            held_until: None,
            intent: None,
            not_before: None,
        }
    }

    fn intent(generation: i64, settles_at: i64) -> Option<Intent> {
        Some(Intent {
            generation,
            settles_at: at(settles_at),
        })
    }

    #[test]
    fn each_situation_has_its_decision() {
        for (name, facts, rejected, expected) in [
            ("first use", facts(), 0, Decision::Use),
            ("an older one was refused", facts(), 6, Decision::Use),
            ("this one was refused", facts(), 7, Decision::Refresh),
            (
                "none stored",
                Facts {
                    has_access_token: false,
                    ..facts()
                },
                0,
                Decision::Refresh,
            ),
            (
                "somebody is at it",
                Facts {
                    held_until: Some(at(101)),
                    ..facts()
                },
                7,
                Decision::Wait,
            ),
            (
                "the holder vanished, nothing was sent",
                Facts {
                    held_until: Some(at(99)),
                    ..facts()
                },
                7,
                Decision::Refresh,
            ),
            (
                "the holder vanished in the call",
                Facts {
                    held_until: Some(at(99)),
                    intent: intent(7, 110),
                    ..facts()
                },
                7,
                Decision::Pause(at(110)),
            ),
            (
                "and the call cannot be running",
                Facts {
                    held_until: Some(at(99)),
                    intent: intent(7, 100),
                    ..facts()
                },
                7,
                Decision::Look,
            ),
            (
                "an intent of an older generation is history",
                Facts {
                    intent: intent(6, 110),
                    ..facts()
                },
                7,
                Decision::Refresh,
            ),
            (
                "pausing",
                Facts {
                    not_before: Some(at(130)),
                    ..facts()
                },
                7,
                Decision::Pause(at(130)),
            ),
            (
                "pausing hides no stored token",
                Facts {
                    not_before: Some(at(130)),
                    ..facts()
                },
                6,
                Decision::Use,
            ),
        ] {
            assert_eq!(decide(&facts, Purpose::Serve, rejected), expected, "{name}");
        }
    }

    #[test]
    fn only_a_probe_may_use_a_suspended_connection() {
        for state in State::ALL {
            let facts = Facts { state, ..facts() };
            let served = decide(&facts, Purpose::Serve, 0) == Decision::Use;
            let probed = decide(&facts, Purpose::Probe, 0) == Decision::Use;
            assert_eq!(served, state.is_usable(), "{state:?}");
            assert_eq!(
                probed,
                state.is_usable() || state == State::Suspended,
                "{state:?}"
            );
        }
    }

    #[test]
    fn looking_decides_and_silence_decides_nothing() {
        for (sight, rotates, expected) in [
            (Sight::Alive, true, AfterLook::Refresh),
            (Sight::Dead, false, AfterLook::Lost),
            (Sight::Dead, true, AfterLook::Lost),
            (Sight::Forbidden, false, AfterLook::Refresh),
            (Sight::Forbidden, true, AfterLook::Lost),
            (Sight::Unclear, true, AfterLook::Pause),
            (Sight::Unclear, false, AfterLook::Pause),
        ] {
            assert_eq!(after_look(sight, rotates), expected, "{sight:?} {rotates}");
        }
    }

    proptest! {
        #[test]
        fn nobody_sends_while_another_may_be_sending(
            held in proptest::option::of(0_i64..200), settles in proptest::option::of(0_i64..200),
            not_before in proptest::option::of(0_i64..200), rejected in 0_i64..10, stored in any::<bool>(),
        ) {
            let facts = Facts {
                has_access_token: stored,
                held_until: held.map(at),
                intent: settles.and_then(|second| intent(7, second)),
                not_before: not_before.map(at),
                ..facts()
            };
            if decide(&facts, Purpose::Serve, rejected) == Decision::Refresh {
                prop_assert!(held.is_none_or(|second| second <= 100));
                prop_assert!(settles.is_none());
                prop_assert!(not_before.is_none_or(|second| second <= 100));
            }
        }

        #[test]
        fn a_refused_token_is_never_handed_out_again(rejected in 0_i64..10, generation in 0_i64..10) {
            let facts = Facts { generation, ..facts() };
            if decide(&facts, Purpose::Serve, rejected) == Decision::Use {
                prop_assert!(generation > rejected);
            }
        }
    }
}
