//! How far the records of one object were read.
//!
//! A small full load walks the ids: `Id > last` needs no server-side cursor, so a crash resumes after the last page that was
//! committed and nothing expires. A large one reads the results of a bulk query, which outlive a crash for days. Afterwards changes are followed by SystemModstamp, which system jobs move too. The
//! watermark never trusts the last moment: rows of a transaction that commits late carry an earlier stamp, so each read
//! starts a few minutes before it and versions already sent are left out. Once a read that began those minutes after the
//! watermark moved has looked back, nothing older can appear any more: the watermark is settled, and a quiet org that
//! once changed a million rows is not read over and over. Only durations of our own clock are used, never its time.

use chrono::{DateTime, TimeDelta, Utc};

/// How far before the watermark an incremental read starts, in seconds (`salesforce-api.md` 3.1: at least 5 minutes).
pub const OVERLAP_S: i64 = 300;

/// Where reading an object stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The full load it belongs to.
    pub generation: i64,
    /// What is read next.
    pub phase: Phase,
    /// Newest SystemModstamp known to be covered. While loading: the newest when the load began.
    pub watermark: DateTime<Utc>,
    /// When, by our clock, the watermark last moved.
    pub moved_at: DateTime<Utc>,
    /// No row older than the watermark can appear any more.
    pub settled: bool,
    /// Fields selected so far, sorted.
    pub fields: Vec<String>,
}

/// What is read next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Everything, by id, after this one.
    Loading {
        /// Last id committed; none at the start.
        after_id: Option<String>,
    },
    /// Everything, from the results of a bulk query, which Salesforce keeps for seven days.
    Bulk {
        /// The job.
        job: String,
        /// Where the next page is; none for the first.
        locator: Option<String>,
    },
    /// What changed since the watermark.
    Following,
}

/// What to do with a cursor before reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Start from nothing: never read, read for an older load, or new fields are visible that were never sent.
    Load,
    /// Go on with the load it is in.
    Resume,
    /// Read what changed.
    Follow,
}

/// Decides how to go on with an object in full load `generation`, selecting `fields` (sorted).
#[must_use]
pub fn step(cursor: Option<&Cursor>, generation: i64, fields: &[String]) -> Step {
    let Some(cursor) = cursor else {
        return Step::Load;
    };
    let widened = fields
        .iter()
        .any(|field| cursor.fields.binary_search(field).is_err());
    if cursor.generation < generation || widened {
        return Step::Load;
    }
    match cursor.phase {
        Phase::Loading { .. } | Phase::Bulk { .. } => Step::Resume,
        Phase::Following => Step::Follow,
    }
}

/// Where an incremental read starts.
#[must_use]
pub fn window_start(cursor: &Cursor) -> DateTime<Utc> {
    if cursor.settled {
        return cursor.watermark;
    }
    cursor.watermark - overlap()
}

/// The cursor after rows up to `newest` were committed by a read that began at `began_at`; `whole` when it was the last
/// page. The watermark never goes back.
#[must_use]
pub fn advance(
    cursor: Cursor,
    newest: Option<DateTime<Utc>>,
    began_at: DateTime<Utc>,
    whole: bool,
) -> Cursor {
    match newest {
        Some(newest) if newest > cursor.watermark => Cursor {
            watermark: newest,
            moved_at: began_at,
            settled: false,
            ..cursor
        },
        Some(_) | None => Cursor {
            settled: cursor.settled || (whole && began_at - cursor.moved_at >= overlap()),
            ..cursor
        },
    }
}

fn overlap() -> TimeDelta {
    TimeDelta::seconds(OVERLAP_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cursor(generation: i64, phase: Phase) -> Cursor {
        Cursor {
            generation,
            phase,
            watermark: DateTime::UNIX_EPOCH,
            moved_at: DateTime::UNIX_EPOCH,
            settled: false,
            fields: vec!["Id".into(), "Name".into()],
        }
    }

    #[test]
    fn a_cursor_says_how_to_go_on() {
        let loading = || Phase::Loading {
            after_id: Some("001".into()),
        };
        let bulk = || Phase::Bulk {
            job: "750".into(),
            locator: None,
        };
        let same = vec!["Id".to_owned(), "Name".to_owned()];
        let fewer = vec!["Id".to_owned()];
        let more = vec!["Id".to_owned(), "Name".to_owned(), "Website".to_owned()];
        for (known, generation, fields, expected) in [
            (None, 1, &same, Step::Load),
            (Some(cursor(1, loading())), 1, &same, Step::Resume),
            (Some(cursor(1, loading())), 2, &same, Step::Load),
            (Some(cursor(1, bulk())), 1, &same, Step::Resume),
            (Some(cursor(1, bulk())), 2, &same, Step::Load),
            (Some(cursor(1, Phase::Following)), 1, &same, Step::Follow),
            (Some(cursor(1, Phase::Following)), 1, &fewer, Step::Follow),
            (Some(cursor(1, Phase::Following)), 1, &more, Step::Load),
            (Some(cursor(1, Phase::Following)), 2, &same, Step::Load),
        ] {
            assert_eq!(
                step(known.as_ref(), generation, fields),
                expected,
                "{known:?} {generation} {fields:?}"
            );
        }
    }

    #[test]
    fn a_watermark_settles_only_after_a_whole_read_begun_an_overlap_later() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("in range");
        let start = cursor(1, Phase::Following);
        let looks_back = |cursor: &Cursor| (cursor.watermark - window_start(cursor)).num_seconds();
        let early = advance(start.clone(), None, at(OVERLAP_S - 1), true);
        assert_eq!((early.settled, looks_back(&early)), (false, OVERLAP_S));
        let partial = advance(start.clone(), None, at(OVERLAP_S), false);
        assert_eq!((partial.settled, looks_back(&partial)), (false, OVERLAP_S));
        let settled = advance(start, None, at(OVERLAP_S), true);
        assert_eq!((settled.settled, looks_back(&settled)), (true, 0));
        let moved = advance(settled, Some(at(9_999)), at(10_000), true);
        assert_eq!(
            (moved.settled, moved.moved_at, looks_back(&moved)),
            (false, at(10_000), OVERLAP_S)
        );
    }

    proptest! {
        #[test]
        fn a_watermark_never_goes_back(watermark in 0_i64..2_000_000_000, newest in prop::option::of(0_i64..2_000_000_000), whole: bool) {
            let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("in range");
            let start = Cursor { watermark: at(watermark), ..cursor(1, Phase::Following) };
            let moved = advance(start, newest.map(at), at(0), whole);
            prop_assert!(moved.watermark >= at(watermark));
            prop_assert!(newest.is_none_or(|newest| moved.watermark >= at(newest)));
        }
    }
}
