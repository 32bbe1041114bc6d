//! The drill's meetings: each with a customer of its own, everything about it told by its number, so that two runs publish
//! the same and an effect in the org names its meeting.

use chrono::{DateTime, TimeDelta, Utc};
use events::Timestamp;
use events::meeting::v1::{Participant, Text, text};
use testkit::fixtures::{CrowdMeeting, Publication, crowd_meeting};

/// The workspace of the drill.
pub(crate) const WORKSPACE: &str = "drill";

/// What two runs have in common.
#[derive(Debug, Clone)]
pub(crate) struct Meetings {
    pub(crate) our_email: String,
    /// The first one's start; each begins a minute after the one before.
    pub(crate) first_at: DateTime<Utc>,
}

impl Meetings {
    /// The meeting of this number: a next step, notes, and a guest the org does not know.
    pub(crate) fn publication(&self, number: usize) -> Publication {
        let mut publication = crowd_meeting(&CrowdMeeting {
            workspace: WORKSPACE,
            id: &id(number),
            customer: number,
            our_email: &self.our_email,
            title: &title(number),
            notes: &format!("What was said in {}", title(number)),
            next_step: &next_step(number),
        });
        let started = self.first_at + TimeDelta::minutes(i64::try_from(number).unwrap_or_default());
        let event = &mut publication.event;
        event.started_at = at(started);
        event.ended_at = at(started + TimeDelta::minutes(30));
        event.processed_at = at(started + TimeDelta::minutes(40));
        event.recording_url = format!("https://recordings.example/{number}");
        event.participants.push(Participant {
            name: format!("Gast Guest{number}"),
            email: guest_email(number),
            invited: true,
            attended: true,
            ..Participant::default()
        });
        event.summary = Some(Text {
            source: Some(text::Source::Inline("Not for the org.".to_owned())),
        });
        publication
    }
}

fn at(moment: DateTime<Utc>) -> Option<Timestamp> {
    Some(Timestamp {
        seconds: moment.timestamp(),
        nanos: 0,
    })
}

/// Upstream's id.
pub(crate) fn id(number: usize) -> String {
    format!("drill-{number}")
}

fn title(number: usize) -> String {
    format!("Meeting [{number}]")
}

fn next_step(number: usize) -> String {
    format!("Step [{number}]")
}

/// Of a person at the customer who is no contact yet.
fn guest_email(number: usize) -> String {
    format!("guest-{number}@load-{number:06}.example")
}

/// The number in `[..]` of a title, next step or subject.
pub(crate) fn numbered(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once('[')?;
    rest.split_once(']')?.0.parse().ok()
}

/// The number of a guest's address.
pub(crate) fn guest_number(email: &str) -> Option<usize> {
    email
        .strip_prefix("guest-")?
        .split_once('@')?
        .0
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_names_its_meeting() {
        assert_eq!(numbered(&format!("Meeting: {}", title(17))), Some(17));
        assert_eq!(numbered(&next_step(4)), Some(4));
        assert_eq!(guest_number(&guest_email(208)), Some(208));
        assert_eq!(numbered("Meeting"), None);
        assert_eq!(guest_number("person@load-000001.example"), None);
    }
}
