//! What each meeting left in the org, counted in the simulator's write log: every kind of change once, and nothing else.

use super::meetings::{guest_number, numbered};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// A field of the deal.
    Update,
    /// A Task.
    Task,
    /// An Event.
    Event,
    /// A note.
    Note,
    /// A note's link to the deal.
    Link,
    /// The guest as a contact.
    Contact,
    /// The guest's role in the deal.
    Role,
}

impl Effect {
    /// What every meeting leaves.
    pub(crate) const ALL: [Self; 7] = [
        Self::Update,
        Self::Task,
        Self::Event,
        Self::Note,
        Self::Link,
        Self::Contact,
        Self::Role,
    ];

    /// Whether it is a change of its own; a link comes with its note.
    pub(crate) fn is_change(self) -> bool {
        self != Self::Link
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Update => "update",
            Self::Task => "task",
            Self::Event => "event",
            Self::Note => "note",
            Self::Link => "note's link",
            Self::Contact => "contact",
            Self::Role => "role",
        })
    }
}

/// The counts of a drill.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Effects that are there once, by kind.
    pub(crate) once: BTreeMap<Effect, usize>,
    /// Effects that are not there.
    pub(crate) missing: Vec<String>,
    /// Effects that are there more than once.
    pub(crate) doubled: Vec<String>,
    /// Writes of ours that belong to no meeting.
    pub(crate) strays: Vec<String>,
}

/// Counts in `log`, the writes since the workspace went live, the effects of meetings 0 to `meetings`, each on the deal of
/// its number.
pub(crate) fn count(log: &[Value], opportunities: &[String], meetings: usize) -> Counts {
    let mut found: BTreeMap<(Effect, usize), usize> = BTreeMap::new();
    let mut counts = Counts::default();
    let deals: HashMap<&str, usize> = opportunities
        .iter()
        .enumerate()
        .map(|(number, id)| (id.as_str(), number))
        .collect();
    let mut made = Made::default();
    for entry in log.iter().filter(|entry| entry["automatic"] != true) {
        match effect(entry, &deals, &mut made) {
            Some(Some(effect)) => *found.entry(effect).or_default() += 1,
            // Links to contacts: how many there are is the match's affair.
            Some(None) => {}
            None => counts.strays.push(format!(
                "{} of {} {}",
                entry["operation"].as_str().unwrap_or_default(),
                entry["object"].as_str().unwrap_or_default(),
                entry["id"].as_str().unwrap_or_default()
            )),
        }
    }
    for effect in Effect::ALL {
        for number in 0..meetings {
            match found.get(&(effect, number)).copied().unwrap_or_default() {
                0 => counts.missing.push(format!("{effect} of meeting {number}")),
                1 => *counts.once.entry(effect).or_default() += 1,
                times => counts
                    .doubled
                    .push(format!("{effect} of meeting {number}, {times} times")),
            }
        }
    }
    counts
}

/// Records by which later writes are known.
#[derive(Debug, Default)]
struct Made {
    notes: HashMap<String, usize>,
    contacts: HashMap<String, usize>,
}

/// The effect a write is; `Some(None)` for a part of one that is not counted, `None` for what is no effect of ours.
fn effect(
    entry: &Value,
    deals: &HashMap<&str, usize>,
    made: &mut Made,
) -> Option<Option<(Effect, usize)>> {
    let after = |field: &str| entry["after"][field].as_str();
    let sent = |field: &str| {
        entry["sent"]
            .as_array()
            .is_some_and(|sent| sent.iter().any(|name| name == field))
    };
    let id = entry["id"].as_str()?;
    let counted = match (entry["operation"].as_str()?, entry["object"].as_str()?) {
        // By what was sent, not by what changed: the same value written twice is a change written twice.
        ("update", "Opportunity") if sent("NextStep") => (Effect::Update, *deals.get(id)?),
        ("create", "Task") => (Effect::Task, numbered(after("Subject")?)?),
        ("create", "Event") => (Effect::Event, numbered(after("Subject")?)?),
        ("create", "ContentNote") => {
            let number = numbered(after("Title")?)?;
            made.notes.insert(id.to_owned(), number);
            (Effect::Note, number)
        }
        ("create", "ContentDocumentLink") => {
            let number = *made.notes.get(after("ContentDocumentId")?)?;
            if deals.get(after("LinkedEntityId")?) != Some(&number) {
                return Some(None);
            }
            (Effect::Link, number)
        }
        ("create", "Contact") => {
            let number = guest_number(after("Email")?)?;
            made.contacts.insert(id.to_owned(), number);
            (Effect::Contact, number)
        }
        ("create", "OpportunityContactRole") => {
            let number = *made.contacts.get(after("ContactId")?)?;
            if deals.get(after("OpportunityId")?) != Some(&number) {
                return None;
            }
            (Effect::Role, number)
        }
        _ => return None,
    };
    Some(Some(counted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn created(object: &str, id: &str, after: Value) -> Value {
        json!({"operation": "create", "object": object, "id": id, "after": after, "sent": [], "automatic": false})
    }

    fn updated(id: &str) -> Value {
        // Nothing changed the second time.
        json!({"operation": "update", "object": "Opportunity", "id": id, "after": {}, "sent": ["NextStep"], "automatic": false})
    }

    #[test]
    fn an_effect_is_missing_there_once_or_doubled() {
        let deals = ["006A".to_owned(), "006B".to_owned()];
        let log = [
            updated("006A"),
            updated("006A"),
            updated("006B"),
            created("Task", "00T1", json!({"Subject": "Meeting: Meeting [0]"})),
            created("Task", "00T2", json!({"Subject": "Meeting: Meeting [1]"})),
            created("Event", "00U1", json!({"Subject": "Meeting: Meeting [1]"})),
            created(
                "ContentNote",
                "069A",
                json!({"Title": "Meeting: Meeting [1]"}),
            ),
            created(
                "ContentDocumentLink",
                "06A1",
                json!({"ContentDocumentId": "069A", "LinkedEntityId": "006B"}),
            ),
            created(
                "ContentDocumentLink",
                "06A2",
                json!({"ContentDocumentId": "069A", "LinkedEntityId": "003X"}),
            ),
            created(
                "Contact",
                "003A",
                json!({"Email": "guest-1@load-000001.example"}),
            ),
            created(
                "Contact",
                "003B",
                json!({"Email": "guest-0@load-000000.example"}),
            ),
            created(
                "OpportunityContactRole",
                "00K1",
                json!({"OpportunityId": "006B", "ContactId": "003A"}),
            ),
            created(
                "OpportunityContactRole",
                "00K2",
                json!({"OpportunityId": "006B", "ContactId": "003B"}),
            ),
            created("Lead", "00Q1", json!({})),
        ];
        let counts = count(&log, &deals, 2);
        assert_eq!(counts.doubled, ["update of meeting 0, 2 times"]);
        assert_eq!(
            counts.missing,
            [
                "event of meeting 0",
                "note of meeting 0",
                "note's link of meeting 0",
                "role of meeting 0"
            ]
        );
        assert_eq!(
            counts.strays,
            [
                "create of OpportunityContactRole 00K2",
                "create of Lead 00Q1"
            ]
        );
        assert_eq!(counts.once[&Effect::Task], 2);
    }
}
