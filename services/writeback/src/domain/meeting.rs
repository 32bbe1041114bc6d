//! A meeting as writeback needs it.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::claim::Claim;
use super::mapping;

/// One revision of one meeting.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Meeting {
    /// Upstream's id.
    pub id: String,
    /// Grows with each analysis.
    pub revision: u64,
    /// Republished history: held for review, whatever else.
    pub backfill: bool,
    /// Calendar title; may be empty.
    pub title: String,
    /// Start.
    pub started_at: DateTime<Utc>,
    /// End.
    pub ended_at: DateTime<Utc>,
    /// Names (or addresses) of the people and organizer, in order.
    pub participants: Vec<String>,
    /// Everybody listed, as matching counts them.
    pub people: Vec<Person>,
    /// Address of whose calendar it was in; empty when not known.
    pub organizer: String,
    /// Where the recording is; empty when not recorded.
    pub recording_url: String,
    /// Notes.
    pub notes: Content,
    /// Summary.
    pub summary: Content,
    /// What the analysis found.
    pub values: Vec<Extracted>,
    /// The stage it suggests.
    pub suggested_stage: Option<SuggestedStage>,
    /// Texts kept outside the event.
    pub claims: Vec<Claim>,
    /// Why one of them could not be fetched; empty otherwise.
    pub unfetched: String,
}

impl Meeting {
    /// Puts a text in its place.
    pub fn set_text(&mut self, content: mapping::Content, text: Content) {
        match content {
            mapping::Content::Notes => self.notes = text,
            mapping::Content::Summary => self.summary = text,
            mapping::Content::Meeting | mapping::Content::RecordingLink => {}
        }
    }
}

/// Somebody, or something, listed as a participant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// As shown; may be empty.
    pub name: String,
    /// Address; may be empty.
    pub email: String,
    /// The platform saw them.
    pub attended: bool,
    /// They declined the invitation.
    pub declined: bool,
    /// No room, list or robot.
    pub is_human: bool,
}

/// A text of the meeting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Content {
    /// None.
    #[default]
    Absent,
    /// Here.
    Inline(String),
    /// Too long for the event, kept elsewhere.
    Elsewhere,
}

/// One value found for one property.
#[derive(Debug, Clone, PartialEq)]
pub struct Extracted {
    /// Property key.
    pub property: String,
    /// The value.
    pub value: Typed,
    /// 0 to 1.
    pub confidence: f64,
    /// What was said.
    pub evidence: Vec<Evidence>,
}

/// A suggested stage.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggestedStage {
    /// API name or label.
    pub stage: String,
    /// 0 to 1.
    pub confidence: f64,
    /// What was said.
    pub evidence: Vec<Evidence>,
}

/// What was said, by whom and when.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Evidence {
    /// The words.
    pub quote: String,
    /// Who; empty when not known.
    pub speaker: String,
    /// Milliseconds from the start of the recording.
    pub offset_ms: u64,
}

/// A value before it is fitted to a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Typed {
    /// Plain text.
    Text(String),
    /// A number.
    Number(Decimal),
    /// Yes or no.
    Bool(bool),
    /// A day.
    Date(NaiveDate),
    /// A moment.
    DateTime(DateTime<Utc>),
    /// Several texts.
    List(Vec<String>),
    /// An amount; the currency is empty when not said.
    Money {
        /// How much.
        amount: Decimal,
        /// ISO 4217.
        currency: String,
    },
    /// A text kept outside the event.
    Elsewhere,
}

/// Whether a meeting counts as history although upstream calls it live: it was analysed more than so many days after it
/// ended. 0 days believe upstream, and so does a meeting that does not say when it was analysed.
#[must_use]
pub fn is_late(
    ended_at: DateTime<Utc>,
    processed_at: Option<DateTime<Utc>>,
    history_after_days: i32,
) -> bool {
    history_after_days > 0
        && processed_at.is_some_and(|at| {
            at - ended_at > chrono::TimeDelta::days(i64::from(history_after_days))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_analysed_long_after_it_ended_is_history() {
        let day = |day: i64| DateTime::from_timestamp(day * 86_400, 0).expect("in range");
        for (ended, processed, days, expected) in [
            (0, Some(15), 14, true),
            (0, Some(14), 14, false),
            (0, Some(400), 0, false),
            (0, None, 14, false),
        ] {
            let late = is_late(day(ended), processed.map(day), days);
            assert_eq!(late, expected, "{processed:?} {days}");
        }
    }
}
