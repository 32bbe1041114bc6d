//! Backfills as messages, and their drafts.

use chrono::{DateTime, TimeDelta, Utc};
use events::writeback::v1 as proto;
use uuid::Uuid;

use super::{Invalid, invalid, moment, timestamp};
use crate::domain::backfill::course::{Move, State};
use crate::domain::backfill::estimate::Estimate;
use crate::domain::change;
use crate::domain::text;
use crate::store::backfill::Backfill;
use crate::store::slices::{Approval, Count};

/// Longest name, in UTF-16 code units.
const NAME_UNITS_MAX: usize = 200;
/// Longest window, in days: ten years.
const WINDOW_DAYS_MAX: i64 = 3_653;
/// Objects one backfill names.
const OBJECTS_MAX: usize = 50;
/// Meetings of a sample when nobody says how many.
const SAMPLE_MEETINGS_DEFAULT: u32 = 100;
/// Most meetings of a sample.
const SAMPLE_MEETINGS_MAX: u32 = 1_000;

/// A draft as asked for.
///
/// # Errors
/// Naming the field.
pub fn draft(
    sent: &proto::CreateBackfillRequest,
    id: Uuid,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Backfill, Invalid> {
    let name = text::cut(&text::clean(&sent.name), NAME_UNITS_MAX);
    if name.is_empty() {
        return Err(invalid("name", "is missing"));
    }
    let from = moment(sent.window_from.as_ref(), "window_from")?;
    let until = moment(sent.window_until.as_ref(), "window_until")?;
    if until <= from {
        return Err(invalid("window_until", "is not after window_from"));
    }
    if until - from > TimeDelta::days(WINDOW_DAYS_MAX) {
        return Err(invalid(
            "window_until",
            "is more than ten years after window_from",
        ));
    }
    if sent.objects.len() > OBJECTS_MAX {
        return Err(invalid(
            "objects",
            format!("has more than {OBJECTS_MAX} entries"),
        ));
    }
    let is_name = |name: &String| {
        !name.is_empty()
            && name.len() <= 80
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !sent.objects.iter().all(is_name) {
        return Err(invalid("objects", "has an entry that is no sObject's name"));
    }
    let sample = match sent.sample_meetings_max {
        0 => SAMPLE_MEETINGS_DEFAULT,
        1..=SAMPLE_MEETINGS_MAX => sent.sample_meetings_max,
        _ => {
            return Err(invalid(
                "sample_meetings_max",
                format!("is above {SAMPLE_MEETINGS_MAX}"),
            ));
        }
    };
    Ok(Backfill {
        id,
        workspace: sent.workspace.clone(),
        name,
        state: State::Draft,
        from,
        until,
        objects: sent.objects.clone(),
        sample_meetings_max: i32::try_from(sample).unwrap_or(i32::MAX),
        meetings_expected: i64::try_from(sent.meetings_expected).unwrap_or(i64::MAX),
        sample: None,
        created_by: by.to_owned(),
        cancelled_for: String::new(),
        created_at: now,
        changed_at: now,
    })
}

/// What is asked of a backfill; `None` when nothing is.
#[must_use]
pub fn asked(sent: proto::BackfillMove) -> Option<Move> {
    match sent {
        proto::BackfillMove::Unspecified => None,
        proto::BackfillMove::Sample => Some(Move::Sample),
        proto::BackfillMove::Start => Some(Move::Start),
        proto::BackfillMove::Pause => Some(Move::Pause),
        proto::BackfillMove::Resume => Some(Move::Resume),
        proto::BackfillMove::Cancel => Some(Move::Cancel),
    }
}

fn state(state: State) -> proto::BackfillState {
    match state {
        State::Draft => proto::BackfillState::Draft,
        State::Sampling => proto::BackfillState::Sampling,
        State::ReadyForReview => proto::BackfillState::ReadyForReview,
        State::Running => proto::BackfillState::Running,
        State::Paused => proto::BackfillState::Paused,
        State::Done => proto::BackfillState::Done,
        State::Cancelled => proto::BackfillState::Cancelled,
    }
}

/// A backfill with how far it is.
#[must_use]
pub fn backfill(backfill: Backfill, progress: proto::BackfillProgress) -> proto::Backfill {
    proto::Backfill {
        id: backfill.id.to_string(),
        state: state(backfill.state).into(),
        window_from: Some(timestamp(backfill.from)),
        window_until: Some(timestamp(backfill.until)),
        sample_meetings_max: u32::try_from(backfill.sample_meetings_max).unwrap_or(0),
        meetings_expected: u64::try_from(backfill.meetings_expected).unwrap_or(0),
        created_at: Some(timestamp(backfill.created_at)),
        changed_at: Some(timestamp(backfill.changed_at)),
        sample: backfill.sample.map(sample),
        progress: Some(progress),
        name: backfill.name,
        objects: backfill.objects,
        created_by: backfill.created_by,
    }
}

fn sample(found: Estimate) -> proto::BackfillSample {
    proto::BackfillSample {
        meetings: found.meetings,
        changes: found.changes,
        certainty: found.certainty.to_vec(),
        overwrites: found.overwrites,
        predicted_refusals: found.predicted_refusals,
        ambiguous: found.ambiguous,
        blocked: found.blocked,
        archived_activities: found.archived_activities,
        changes_expected: found.changes_expected,
        calls_expected: found.calls_expected,
        calls_per_day: found.calls_per_day,
        days_expected: found.days_expected,
        warnings: found.warnings,
        at: Some(timestamp(found.at)),
    }
}

/// How many changes are in a state.
#[must_use]
pub fn count(of: change::State, changes: u64) -> proto::BackfillCount {
    proto::BackfillCount {
        state: super::state(of).into(),
        changes,
    }
}

/// The months of a backfill with their approvals, the oldest first.
#[must_use]
pub fn slices(counts: &[Count], approvals: &[Approval]) -> Vec<proto::BackfillSlice> {
    counts
        .chunk_by(|a, b| a.month == b.month)
        .map(|of_month| {
            let month = of_month[0].month;
            let approval = approvals.iter().find(|approval| approval.month == month);
            proto::BackfillSlice {
                slice: month.format("%Y-%m").to_string(),
                // A meeting's changes may be in several states; the largest number is the nearest one.
                meetings: of_month
                    .iter()
                    .map(|count| count.meetings)
                    .max()
                    .unwrap_or(0),
                counts: of_month
                    .iter()
                    .map(|of_state| count(of_state.state, of_state.changes))
                    .collect(),
                held_low_risk: of_month
                    .iter()
                    .filter(|count| count.state == change::State::Held)
                    .map(|count| count.low)
                    .sum(),
                approved_by: approval
                    .map(|approval| approval.by.clone())
                    .unwrap_or_default(),
                approved_at: approval.map(|approval| timestamp(approval.at)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_for() -> proto::CreateBackfillRequest {
        let at = |seconds| Some(events::Timestamp { seconds, nanos: 0 });
        proto::CreateBackfillRequest {
            workspace: "acme".into(),
            name: "last year".into(),
            window_from: at(0),
            window_until: at(86_400),
            ..proto::CreateBackfillRequest::default()
        }
    }

    #[test]
    fn a_draft_names_what_is_wrong_with_it() {
        let read = |sent: &proto::CreateBackfillRequest| {
            draft(sent, Uuid::nil(), "user:a", DateTime::UNIX_EPOCH)
                .map_err(|problem| problem.field)
        };
        let drafted = read(&asked_for()).expect("a draft");
        assert_eq!(
            (drafted.state, drafted.sample_meetings_max),
            (State::Draft, 100)
        );
        let mut unnamed = asked_for();
        unnamed.name = " ".into();
        let mut turned = asked_for();
        std::mem::swap(&mut turned.window_from, &mut turned.window_until);
        let mut endless = asked_for();
        endless.window_until = Some(events::Timestamp {
            seconds: 20 * 366 * 86_400,
            nanos: 0,
        });
        let mut strange = asked_for();
        strange.objects = vec!["Account; drop".into()];
        let mut greedy = asked_for();
        greedy.sample_meetings_max = 1_001;
        for (sent, field) in [
            (unnamed, "name"),
            (turned, "window_until"),
            (endless, "window_until"),
            (strange, "objects"),
            (greedy, "sample_meetings_max"),
        ] {
            assert_eq!(read(&sent).expect_err("is refused"), field);
        }
    }
}
