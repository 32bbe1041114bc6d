//! The review queue's filter and what makes a change risky, as messages.

use chrono::{DateTime, Months, NaiveDate, NaiveTime, Utc};
use events::writeback::v1 as proto;
use uuid::Uuid;

use super::{Invalid, clean, invalid, moment};
use crate::domain::risk::{Facet, Risk};
use crate::store::filtered::Filter;

/// Longest text searched for, in characters.
const TEXT_CHARACTERS_MAX: usize = 200;

/// What makes a change risky, the gravest first.
#[must_use]
pub fn risks(risk: Risk) -> Vec<i32> {
    risk.facets()
        .into_iter()
        .map(|facet| facet_sent(facet).into())
        .collect()
}

fn facet_sent(facet: Facet) -> proto::RiskFacet {
    match facet {
        Facet::Overwrite => proto::RiskFacet::Overwrite,
        Facet::Stage => proto::RiskFacet::Stage,
        Facet::Amount => proto::RiskFacet::Amount,
        Facet::Ambiguity => proto::RiskFacet::Ambiguity,
        Facet::PredictedBlock => proto::RiskFacet::PredictedBlock,
        Facet::Unsure => proto::RiskFacet::Unsure,
    }
}

/// A filter; none at all means every change.
///
/// # Errors
/// Naming the field.
pub fn filter(sent: Option<proto::ChangeFilter>) -> Result<Filter, Invalid> {
    let sent = sent.unwrap_or_default();
    let mut risks = Risk::default();
    for facet in sent.risks() {
        let known = Facet::ALL
            .into_iter()
            .find(|known| facet_sent(*known) == facet);
        risks = risks.with(
            known.ok_or_else(|| invalid("filter.risks", "names a facet that does not exist"))?,
        );
    }
    if sent.text.chars().count() > TEXT_CHARACTERS_MAX {
        return Err(invalid(
            "filter.text",
            format!("has more than {TEXT_CHARACTERS_MAX} characters"),
        ));
    }
    let at =
        |at: Option<&events::Timestamp>, field| at.map(|at| moment(Some(at), field)).transpose();
    let month = if sent.slice.is_empty() {
        None
    } else {
        Some(month(&sent.slice, "filter.slice")?)
    };
    let backfill_id = if sent.backfill_id.is_empty() {
        None
    } else {
        let id: Result<Uuid, _> = sent.backfill_id.parse();
        Some(id.map_err(|_| invalid("filter.backfill_id", "is not a backfill's id"))?)
    };
    Ok(Filter {
        proposed_from: at(sent.proposed_from.as_ref(), "filter.proposed_from")?,
        proposed_until: at(sent.proposed_until.as_ref(), "filter.proposed_until")?,
        risks: risks.score(),
        risk_max: if sent.low_risk {
            Risk::LOW_MAX
        } else {
            i16::MAX
        },
        object: clean(&sent.object),
        field: clean(&sent.field),
        gate: clean(&sent.gate),
        code: clean(&sent.code),
        record_id: clean(&sent.record_id),
        meeting_id: clean(&sent.meeting_id),
        owner_id: clean(&sent.owner_id),
        text: clean(&sent.text),
        alike: clean(&sent.alike),
        backfill_id,
        meeting_from: month.map(|(from, _)| from),
        meeting_until: month.map(|(_, until)| until),
        seen_at: None,
    })
}

/// A month as people write it, from its beginning up to the next one's, in UTC.
///
/// # Errors
/// When it is none.
pub fn month(text: &str, field: &'static str) -> Result<(DateTime<Utc>, DateTime<Utc>), Invalid> {
    let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
    let next = first
        .ok()
        .and_then(|first| Some((first, first.checked_add_months(Months::new(1))?)));
    let Some((first, next)) = next.filter(|_| text.len() == 7) else {
        return Err(invalid(field, "is not a month as 2025-03"));
    };
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    Ok((midnight(first), midnight(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_what_people_write() {
        let (from, until) = month("2024-12", "slice").expect("a month");
        assert_eq!(from.to_rfc3339(), "2024-12-01T00:00:00+00:00");
        assert_eq!(until.to_rfc3339(), "2025-01-01T00:00:00+00:00");
        for wrong in ["", "2024", "2024-13", "2024-1", "2024-12-01", "abcd-ef"] {
            assert!(month(wrong, "slice").is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_filter_narrows_only_by_what_is_named() {
        assert_eq!(filter(None).expect("a filter"), Filter::all());
        let sent = proto::ChangeFilter {
            risks: vec![
                proto::RiskFacet::Overwrite.into(),
                proto::RiskFacet::Unsure.into(),
            ],
            low_risk: true,
            ..proto::ChangeFilter::default()
        };
        let read = filter(Some(sent)).expect("a filter");
        assert_eq!((read.risks, read.risk_max), (33, 1));
        let wrong = proto::ChangeFilter {
            risks: vec![0],
            ..proto::ChangeFilter::default()
        };
        assert!(filter(Some(wrong)).is_err());
    }
}
