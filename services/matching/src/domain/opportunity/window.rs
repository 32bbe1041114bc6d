//! Which opportunities may be meant at all: those open at the meeting, or within the windows around their opening and closing.

use crate::domain::facts::{Opportunity, Settings};
use crate::domain::meeting::Meeting;
use crate::domain::weight::{self, Millibits};
use chrono::TimeDelta;

/// What eligibility costs: nothing when open on the day, a little inside the windows around it; `None` outside.
pub(super) fn eligible(
    meeting: &Meeting,
    opportunity: &Opportunity,
    settings: &Settings,
) -> Option<Millibits> {
    if !settings.pipelines.is_empty() && !settings.pipelines.contains(&opportunity.record_type_id) {
        return None;
    }
    let window = TimeDelta::days(settings.window_days);
    let day = meeting.started_at.date_naive();
    if opportunity.created_at > meeting.started_at + window {
        return None;
    }
    if opportunity.is_closed && opportunity.close_date < day - window {
        return None;
    }
    // By days: a deal entered after the first meeting, on the same day, was meant in it.
    let was_open = opportunity.created_at.date_naive() <= day
        && (!opportunity.is_closed || opportunity.close_date >= day);
    Some(if was_open {
        0
    } else {
        weight::OPPORTUNITY_WINDOW
    })
}
