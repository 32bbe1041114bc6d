//! How the newest snapshot stands to the org, from what the org says about its list of objects.

use chrono::{DateTime, Utc};

/// What the org said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing moved since the moment that was named.
    NotModified,
    /// The list, with when anything in it last moved; not every host tells.
    Modified(Option<DateTime<Utc>>),
    /// It did not answer, or has no such list.
    None,
}

/// How the snapshot stands to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing moved.
    Current,
    /// Something did: nobody should write before it was read.
    Moved,
    /// It cannot be told, so nobody should wait for it.
    Unknown,
}

/// The standing. `seen` is what the org said when the snapshots were read. `read_due`: somebody met a refusal that makes
/// them doubt the snapshots, and the read they asked for has not been made. `failing`: reads fail, so waiting for one
/// could take for ever.
#[must_use]
pub fn of(seen: Option<DateTime<Utc>>, answer: Answer, read_due: bool, failing: bool) -> Standing {
    let moved = match answer {
        _ if read_due => true,
        Answer::NotModified => false,
        Answer::Modified(Some(at)) if seen == Some(at) => false,
        // Never read in a way that could be compared: the first read has not ended.
        Answer::Modified(Some(_)) => true,
        Answer::Modified(None) | Answer::None => return Standing::Unknown,
    };
    match (moved, failing) {
        (false, _) => Standing::Current,
        (true, false) => Standing::Moved,
        (true, true) => Standing::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_org_denies_is_waited_for() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        for (seen, answer, read_due, failing, expected) in [
            (at(5), Answer::NotModified, false, false, Standing::Current),
            (at(5), Answer::NotModified, false, true, Standing::Current),
            (at(5), Answer::NotModified, true, false, Standing::Moved),
            (at(5), Answer::NotModified, true, true, Standing::Unknown),
            (
                at(5),
                Answer::Modified(at(5)),
                false,
                false,
                Standing::Current,
            ),
            (
                at(5),
                Answer::Modified(at(6)),
                false,
                false,
                Standing::Moved,
            ),
            (
                at(5),
                Answer::Modified(at(6)),
                false,
                true,
                Standing::Unknown,
            ),
            (None, Answer::Modified(at(6)), false, false, Standing::Moved),
            (
                at(5),
                Answer::Modified(None),
                false,
                false,
                Standing::Unknown,
            ),
            (at(5), Answer::None, false, false, Standing::Unknown),
            (at(5), Answer::None, true, false, Standing::Moved),
        ] {
            let found = of(seen, answer, read_due, failing);
            assert_eq!(found, expected, "{seen:?} {answer:?} {read_due} {failing}");
        }
    }
}
