//! The meeting's own event in a Salesforce calendar (matching guide, section 4): entered by a person for an account or a deal,
//! it says which.

use super::facts::{CalendarEvent, Facts};
use super::meeting::Meeting;
use super::name::company::words;
use super::person::{Ignored, Person};
use std::collections::BTreeSet;

/// How far an event's beginning may be from the meeting's: people are early and late, and recordings begin when they come.
pub const MINUTES_MAX: i64 = 15;
/// Marks an event must have: its owner in the room, its contact in the room, the meeting's title.
const MARKS_MIN: usize = 2;

/// The event, when exactly one has the most marks; several that have are said, and none is taken.
#[must_use]
pub fn event<'f>(
    meeting: &Meeting,
    people: &[Person<'_>],
    facts: &'f Facts,
    ignored: &mut Vec<Ignored>,
) -> Option<&'f CalendarEvent> {
    let found = facts.calendar_events.get(&meeting.id)?;
    let room: BTreeSet<&str> = people
        .iter()
        .filter_map(|person| person.participant.address.as_ref())
        .chain(meeting.organizer.as_ref())
        .map(|address| address.as_str())
        .collect();
    let title = words(&meeting.title);
    let mut marked: Vec<(usize, &CalendarEvent)> = found
        .iter()
        .filter(|event| (event.starts_at - meeting.started_at).num_minutes().abs() <= MINUTES_MAX)
        .map(|event| {
            let owner = room.contains(event.owner_address.as_str());
            let who = event
                .who_addresses
                .iter()
                .any(|who| room.contains(who.as_str()));
            let subject = !title.is_empty() && words(&event.subject) == title;
            (
                usize::from(owner) + usize::from(who) + usize::from(subject),
                event,
            )
        })
        .filter(|(marks, _)| *marks >= MARKS_MIN)
        .collect();
    marked.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
    match marked.as_slice() {
        [] => None,
        [first, second, ..] if first.0 == second.0 => {
            ignored.push(Ignored {
                what: format!("calendar events {} and {}", first.1.id, second.1.id),
                why: "fit the meeting equally, neither is taken for it".to_owned(),
            });
            None
        }
        [first, ..] => Some(first.1),
    }
}
