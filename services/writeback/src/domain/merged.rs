//! Records that are gone when a change is to be written: merged into another one, which the change then is about, or
//! deleted, which only a person can mend.

use std::collections::{BTreeSet, HashMap};

use super::change::{Action, Queued, Reason, Verdict, Write};
use super::value::{FieldValue, Fields};

/// Merges followed from one record: a chain longer than this is not one.
const MERGES_MAX: usize = 10;
/// Key prefixes of the objects whose records can be merged.
const MERGEABLE: [(&str, &str); 3] = [("001", "Account"), ("003", "Contact"), ("00Q", "Lead")];
/// Fields of new records that name others.
const REFERENCES: [&str; 6] = [
    "WhatId",
    "WhoId",
    "AccountId",
    "ContactId",
    "OpportunityId",
    "RelationId",
];

/// What the org says of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is there.
    There,
    /// It was merged into this one.
    Into(String),
    /// It was deleted, or is out of reach.
    Gone,
}

/// The object of an id whose records can be merged.
#[must_use]
pub fn mergeable(id: &str) -> Option<&'static str> {
    MERGEABLE
        .iter()
        .find(|(prefix, _)| id.starts_with(prefix))
        .map(|(_, object)| *object)
}

/// Follows a record to the one that is there now.
#[must_use]
pub fn follow(id: &str, fates: &HashMap<String, Fate>) -> Fate {
    let mut at = id.to_owned();
    for _ in 0..MERGES_MAX {
        match fates.get(&at) {
            Some(Fate::Into(next)) => at.clone_from(next),
            Some(Fate::Gone) => return Fate::Gone,
            // Not asked about: it was there when its like was read.
            Some(Fate::There) | None if at == id => return Fate::There,
            Some(Fate::There) | None => return Fate::Into(at),
        }
    }
    Fate::Gone
}

/// The records a change names: what it writes to, and what a new record of it refers to.
#[must_use]
pub fn named(change: &Queued) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    if !change.record_id.is_empty() && !change.action.creates() {
        ids.insert(change.record_id.clone());
    }
    if let (true, Write::Record(fields)) = (change.action.creates(), &change.proposed) {
        let named = REFERENCES
            .iter()
            .filter_map(|name| fields.get(*name)?.text());
        ids.extend(named.map(str::to_owned));
        ids.extend(change.related.iter().cloned());
    }
    ids
}

/// A change that is about other records now.
#[derive(Debug, Clone, PartialEq)]
pub struct Retargeted {
    /// The record it writes to.
    pub record_id: String,
    /// Its lane.
    pub lane: String,
    /// What a new record of it holds; `None` for updates.
    pub proposed: Option<Write>,
    /// Records a note is linked to.
    pub related: Vec<String>,
    /// What happened, for a person.
    pub reason: Reason,
}

/// What becomes of a change whose records moved.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    /// Nothing it names moved: what was refused was something else.
    Unmoved,
    /// It goes on with other records.
    On(Box<Retargeted>),
    /// A record it needs is gone.
    Held(Reason),
}

/// Judges a change by what became of the records it names.
#[must_use]
pub fn turn(change: &Queued, fates: &HashMap<String, Fate>) -> Turn {
    let mut moved: Vec<(String, String)> = Vec::new();
    for id in named(change) {
        match follow(&id, fates) {
            Fate::There => {}
            Fate::Into(master) => moved.push((id, master)),
            Fate::Gone => return Turn::Held(gone(&id)),
        }
    }
    if moved.is_empty() {
        return Turn::Unmoved;
    }
    let now = |id: &str| {
        moved
            .iter()
            .find(|(old, _)| old == id)
            .map_or_else(|| id.to_owned(), |(_, master)| master.clone())
    };
    let proposed = match (&change.proposed, change.action) {
        (_, Action::UpdateField | Action::DeleteRecord) | (Write::Value(_), _) => None,
        (Write::Record(fields), _) => Some(Write::Record(renamed(fields, &now))),
    };
    let told: Vec<String> = moved
        .iter()
        .map(|(old, master)| format!("{old} was merged into {master}"))
        .collect();
    let mut related: Vec<String> = Vec::new();
    for id in change.related.iter().map(|id| now(id)) {
        if !related.contains(&id) {
            related.push(id);
        }
    }
    Turn::On(Box::new(Retargeted {
        record_id: now(&change.record_id),
        lane: now(&change.lane),
        proposed,
        related,
        reason: Reason::new("executor", Verdict::Pass, "record_merged", told.join(", ")),
    }))
}

fn renamed(fields: &Fields, now: &impl Fn(&str) -> String) -> Fields {
    fields
        .iter()
        .map(|(name, value)| {
            let value = match value {
                FieldValue::Text(id) if REFERENCES.contains(&name.as_str()) => {
                    FieldValue::Text(now(id))
                }
                other => other.clone(),
            };
            (name.clone(), value)
        })
        .collect()
}

fn gone(id: &str) -> Reason {
    Reason::new(
        "connection",
        Verdict::Hold,
        "record_out_of_reach",
        format!("{id} is deleted, merged beyond trace or not shared with the connected user"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::{Isolation, State};
    use crate::domain::mapping::Overwrite;
    use chrono::DateTime;
    use uuid::Uuid;

    fn change(action: Action, record_id: &str, proposed: Write) -> Queued {
        Queued {
            id: Uuid::nil(),
            change_set_id: Uuid::nil(),
            workspace: "w".into(),
            action,
            object: "Account".into(),
            record_id: record_id.into(),
            field: "Description".into(),
            entry_id: String::new(),
            state: State::Approved,
            version: 1,
            lane: "001A".into(),
            meeting_at: DateTime::UNIX_EPOCH,
            meeting_ended_at: DateTime::UNIX_EPOCH,
            overwrite: Overwrite::ReplaceAlways,
            baseline: FieldValue::Null,
            piece: proposed.clone(),
            proposed,
            creation_key: String::new(),
            attempts: 0,
            not_before: DateTime::UNIX_EPOCH,
            intent_at: None,
            isolation: Isolation::Shared,
            decided: false,
            related: vec!["003A".into(), "003B".into()],
            reasons: vec![],
            traceparent: None,
            restores: false,
        }
    }

    fn fates(list: &[(&str, Fate)]) -> HashMap<String, Fate> {
        list.iter()
            .map(|(id, fate)| ((*id).to_owned(), fate.clone()))
            .collect()
    }

    #[test]
    fn a_chain_of_merges_is_followed_and_a_loop_is_not() {
        let into = |id: &str| Fate::Into(id.into());
        let chain = fates(&[
            ("001A", into("001B")),
            ("001B", into("001C")),
            ("001X", into("001Y")),
            ("001Y", into("001X")),
            ("001G", Fate::Gone),
            ("001H", into("001G")),
        ]);
        for (id, expected) in [
            ("001A", into("001C")),
            ("001C", Fate::There),
            ("001X", Fate::Gone),
            ("001G", Fate::Gone),
            ("001H", Fate::Gone),
        ] {
            assert_eq!(follow(id, &chain), expected, "{id}");
        }
    }

    #[test]
    fn a_change_goes_on_with_the_surviving_record_and_on_its_lane() {
        let update = change(Action::UpdateField, "001A", Write::Value(FieldValue::Null));
        let moved = fates(&[("001A", Fate::Into("001B".into()))]);
        let Turn::On(on) = turn(&update, &moved) else {
            panic!("goes on")
        };
        assert_eq!((on.record_id.as_str(), on.lane.as_str()), ("001B", "001B"));
        assert_eq!(on.proposed, None);
        assert_eq!(turn(&update, &HashMap::new()), Turn::Unmoved);
        assert!(matches!(
            turn(&update, &fates(&[("001A", Fate::Gone)])),
            Turn::Held(_)
        ));
    }

    #[test]
    fn a_new_record_refers_to_the_surviving_ones() {
        let fields = Fields::from([
            ("WhoId".to_owned(), FieldValue::Text("003A".into())),
            ("Subject".to_owned(), FieldValue::Text("003A".into())),
        ]);
        let create = change(Action::CreateTask, "", Write::Record(fields));
        let moved = fates(&[("003A", Fate::Into("003B".into()))]);
        let Turn::On(on) = turn(&create, &moved) else {
            panic!("goes on")
        };
        let Some(Write::Record(fields)) = &on.proposed else {
            panic!("a record")
        };
        assert_eq!(fields["WhoId"].text(), Some("003B"));
        assert_eq!(fields["Subject"].text(), Some("003A"));
        assert_eq!(on.related, ["003B"]);
        assert_eq!(on.record_id, "");
    }
}
