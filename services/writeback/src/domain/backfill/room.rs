//! How much history may go to the executor now. Live work comes first, then late decisions, then history: history waits
//! while anything else does, and leaves a fifth of our calls of the day to what may still come.

/// Share of our calls of a day history may bring us to: the rest is kept for live work.
pub const HISTORY_SHARE: f64 = 0.8;
/// Changes of history on the queue at one time: two full requests, so that a pause has little to take back and live work
/// waits for one round at most.
const OUTSTANDING_MAX: u64 = 400;
/// Other changes on the queue beside which history may go: they fit into the same round.
const OTHERS_MAX: u64 = 100;

/// What is on the queue, and what was used of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Changes of live work and late decisions that are approved or on their way.
    pub others: u64,
    /// Changes of history that are approved or on their way.
    pub history: u64,
    /// Our calls of the last 24 hours.
    pub used: u64,
    /// Calls history may bring us to; `None` while the org's allowance is not known.
    pub history_max: Option<u64>,
}

/// How many changes of history may be put on the queue now.
#[must_use]
pub fn room(load: Load) -> u64 {
    let spent = load.history_max.is_some_and(|max| load.used >= max);
    if spent || load.others > OTHERS_MAX {
        return 0;
    }
    OUTSTANDING_MAX.saturating_sub(load.history)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn history_waits_for_live_work_and_for_calls() {
        let idle = Load {
            others: 0,
            history: 0,
            used: 0,
            history_max: Some(100),
        };
        for (name, load, expected) in [
            ("idle", idle, 400),
            (
                "some on their way",
                Load {
                    history: 150,
                    ..idle
                },
                250,
            ),
            (
                "enough on their way",
                Load {
                    history: 900,
                    ..idle
                },
                0,
            ),
            (
                "a few others",
                Load {
                    others: 100,
                    ..idle
                },
                400,
            ),
            (
                "live work waits",
                Load {
                    others: 101,
                    ..idle
                },
                0,
            ),
            ("its share is spent", Load { used: 100, ..idle }, 0),
            (
                "nothing is known of the allowance",
                Load {
                    used: 1_000,
                    history_max: None,
                    ..idle
                },
                400,
            ),
        ] {
            assert_eq!(room(load), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn more_work_or_fewer_calls_never_make_more_room(
            others in 0_u64..300, history in 0_u64..600, used in 0_u64..300, more in 0_u64..300
        ) {
            let load = Load { others, history, used, history_max: Some(200) };
            for busier in [
                Load { others: others + more, ..load },
                Load { history: history + more, ..load },
                Load { used: used + more, ..load },
            ] {
                prop_assert!(room(busier) <= room(load));
            }
        }
    }
}
