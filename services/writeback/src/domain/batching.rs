//! Groups what may be written now into as few requests as possible: collections of up to 200 rows, one row per
//! record, sorted by object because Salesforce works through runs of one type.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::change::{Action, Isolation, Queued, State};
use super::note;

/// Rows of one collections request (`salesforce-api.md` 5.2).
pub const ROWS_MAX: usize = 200;

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Updates records.
    Update,
    /// Creates records.
    Create,
    /// Creates one note with its links, or updates one.
    Note,
    /// Deletes records.
    Delete,
}

/// One record of a request; `members` are positions in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// sObject.
    pub object: String,
    /// The record; empty for creations.
    pub record_id: String,
    /// The changes it carries.
    pub members: Vec<usize>,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What it does.
    pub kind: Kind,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// The changes of one lane that may go on now, in order; a change that is not due holds back its own record only.
#[must_use]
pub fn due(changes: &[Queued], now: DateTime<Utc>) -> Vec<usize> {
    let mut waiting: BTreeSet<&str> = BTreeSet::new();
    let mut due = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        let subject = if change.action.creates() {
            change.creation_key.as_str()
        } else {
            change.record_id.as_str()
        };
        if waiting.contains(subject) {
            continue;
        }
        if change.not_before > now {
            waiting.insert(subject);
            continue;
        }
        due.push(index);
        // What is uncertain is looked up first; what comes after it on the same record waits for the answer.
        if matches!(change.state, State::Uncertain | State::Executing) {
            waiting.insert(subject);
        }
    }
    due
}

/// Requests for changes in order; what has to wait for the next round is left out.
#[must_use]
pub fn group(changes: &[Queued]) -> Vec<Call> {
    let mut updates: Vec<Row> = Vec::new();
    let mut alone: Vec<Call> = Vec::new();
    let mut creates: Vec<Row> = Vec::new();
    let mut notes: Vec<Call> = Vec::new();
    let mut deletes: Vec<Row> = Vec::new();
    let mut row_of: HashMap<&str, usize> = HashMap::new();
    let mut closed: BTreeSet<&str> = BTreeSet::new();
    let mut created: BTreeSet<&str> = BTreeSet::new();
    for (index, change) in changes.iter().enumerate() {
        let row = |members| Row {
            object: change.object.clone(),
            record_id: change.record_id.clone(),
            members,
        };
        match change.action {
            Action::CreateNote
            | Action::CreateTask
            | Action::CreateEvent
            | Action::CreateContact
            | Action::CreateRole
            | Action::CreateRelation
            | Action::CreateOpportunity => {
                // A second creation of one thing waits until the first is known.
                if !created.insert(&change.creation_key) {
                    continue;
                }
                match (change.action, change.isolation) {
                    (Action::CreateNote, _) => notes.push(Call {
                        kind: Kind::Note,
                        rows: vec![row(vec![index])],
                    }),
                    (_, Isolation::OwnCall) => alone.push(Call {
                        kind: Kind::Create,
                        rows: vec![row(vec![index])],
                    }),
                    (_, Isolation::Shared | Isolation::OwnRow) => creates.push(row(vec![index])),
                }
            }
            Action::DeleteRecord => {
                // It goes alone: nothing else of the record shares the round.
                if !row_of.contains_key(change.record_id.as_str())
                    && closed.insert(&change.record_id)
                {
                    deletes.push(row(vec![index]));
                }
            }
            Action::UpdateField => {
                let id = change.record_id.as_str();
                if closed.contains(id) {
                    continue;
                }
                if change.isolation == Isolation::OwnCall {
                    if !row_of.contains_key(id) {
                        alone.push(Call {
                            kind: if change.object == note::OBJECT {
                                Kind::Note
                            } else {
                                Kind::Update
                            },
                            rows: vec![row(vec![index])],
                        });
                    }
                    closed.insert(id);
                    continue;
                }
                match row_of.get(id) {
                    None => {
                        row_of.insert(id, updates.len());
                        updates.push(row(vec![index]));
                        if change.isolation == Isolation::OwnRow {
                            closed.insert(id);
                        }
                    }
                    Some(at) => {
                        let taken = updates[*at]
                            .members
                            .iter()
                            .any(|member| changes[*member].field == change.field);
                        // A later value for the same field comes in its own time, and so does all that follows it.
                        if taken || change.isolation == Isolation::OwnRow {
                            closed.insert(id);
                        } else {
                            updates[*at].members.push(index);
                        }
                    }
                }
            }
        }
    }
    // A note is written by a call of its own, new or not.
    let (kept, updates): (Vec<Row>, Vec<Row>) = updates
        .into_iter()
        .partition(|row| row.object == note::OBJECT);
    notes.extend(kept.into_iter().map(|row| Call {
        kind: Kind::Note,
        rows: vec![row],
    }));
    let mut calls = chunk(Kind::Update, updates);
    calls.extend(chunk(Kind::Create, creates));
    calls.extend(chunk(Kind::Delete, deletes));
    calls.extend(alone);
    calls.extend(notes);
    calls
}

fn chunk(kind: Kind, mut rows: Vec<Row>) -> Vec<Call> {
    rows.sort_by(|a, b| a.object.cmp(&b.object));
    let mut calls = Vec::new();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        calls.push(Call {
            kind,
            rows: rows.by_ref().take(ROWS_MAX).collect(),
        });
    }
    calls
}

/// The records to read before or after a request: ids by object.
#[must_use]
pub fn records<'a>(
    changes: impl Iterator<Item = &'a Queued>,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut records: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for change in changes.filter(|change| !change.record_id.is_empty()) {
        records
            .entry(&change.object)
            .or_default()
            .insert(&change.record_id);
    }
    records
}

/// How long to gather more work before the next request, in milliseconds: nothing when little is going on, so that
/// one meeting is written at once; a moment under load, so that requests are full. A full batch means more is waiting.
#[must_use]
pub fn linger_ms(lanes_before: usize, lanes_max: usize, linger_max_ms: u64) -> u64 {
    // Below this many lanes a request costs the budget little.
    const LANES_IDLE: usize = 8;
    if lanes_before < LANES_IDLE || lanes_before >= lanes_max {
        0
    } else {
        linger_max_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::Write;
    use crate::domain::mapping::Overwrite;
    use crate::domain::value::FieldValue;
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn update(record: &str, field: &str, isolation: Isolation) -> Queued {
        Queued {
            entry_id: String::new(),
            id: Uuid::nil(),
            change_set_id: Uuid::nil(),
            workspace: "w".into(),
            action: Action::UpdateField,
            object: "Opportunity".into(),
            record_id: record.into(),
            field: field.into(),
            state: State::Approved,
            version: 1,
            lane: "l".into(),
            meeting_at: DateTime::UNIX_EPOCH,
            meeting_ended_at: DateTime::UNIX_EPOCH,
            overwrite: Overwrite::ReplaceAlways,
            baseline: FieldValue::Null,
            piece: Write::Value(FieldValue::Null),
            proposed: Write::Value(FieldValue::Null),
            creation_key: String::new(),
            attempts: 0,
            not_before: DateTime::UNIX_EPOCH,
            intent_at: None,
            isolation,
            decided: false,
            related: vec![],
            reasons: vec![],
            traceparent: None,
            restores: false,
        }
    }

    fn create(action: Action, key: &str) -> Queued {
        Queued {
            entry_id: String::new(),
            action,
            object: "Task".into(),
            creation_key: key.into(),
            record_id: String::new(),
            ..update("", "", Isolation::Shared)
        }
    }

    fn rendered(changes: &[Queued]) -> Vec<String> {
        group(changes)
            .iter()
            .map(|call| {
                let rows: Vec<String> = call
                    .rows
                    .iter()
                    .map(|row| format!("{}{:?}", row.record_id, row.members))
                    .collect();
                format!("{:?} {}", call.kind, rows.join(" "))
            })
            .collect()
    }

    #[test]
    fn fields_of_one_record_share_a_row() {
        let shared = Isolation::Shared;
        let changes = [
            update("a", "X", shared),
            update("b", "X", shared),
            update("a", "Y", shared),
            create(Action::CreateTask, "k1"),
            create(Action::CreateNote, "k2"),
            create(Action::CreateTask, "k1"),
        ];
        assert_eq!(
            rendered(&changes),
            ["Update a[0, 2] b[1]", "Create [3]", "Note [4]"]
        );
    }

    #[test]
    fn a_second_value_for_a_field_and_all_after_it_wait() {
        let shared = Isolation::Shared;
        let changes = [
            update("a", "X", shared),
            update("a", "X", shared),
            update("a", "Y", shared),
        ];
        assert_eq!(rendered(&changes), ["Update a[0]"]);
    }

    #[test]
    fn what_was_refused_together_goes_apart() {
        let changes = [
            update("a", "X", Isolation::OwnRow),
            update("a", "Y", Isolation::OwnRow),
            update("b", "X", Isolation::OwnCall),
        ];
        assert_eq!(rendered(&changes), ["Update a[0]", "Update b[2]"]);
    }

    #[test]
    fn a_request_has_at_most_two_hundred_rows() {
        let changes: Vec<Queued> = (0..401)
            .map(|n| update(&n.to_string(), "X", Isolation::Shared))
            .collect();
        let sizes: Vec<usize> = group(&changes).iter().map(|call| call.rows.len()).collect();
        assert_eq!(sizes, [200, 200, 1]);
    }

    #[test]
    fn what_is_not_due_holds_back_its_own_record_only() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(10);
        let mut late = update("a", "X", Isolation::Shared);
        late.not_before = now + TimeDelta::seconds(1);
        let mut lost = update("c", "X", Isolation::Shared);
        lost.state = State::Uncertain;
        let changes = [
            late,
            update("a", "Y", Isolation::Shared),
            update("b", "X", Isolation::Shared),
            lost,
            update("c", "Y", Isolation::Shared),
        ];
        assert_eq!(due(&changes, now), [2, 3]);
    }

    #[test]
    fn lone_meetings_are_not_kept_waiting() {
        for (before, expected) in [(0, 0), (7, 0), (8, 100), (199, 100), (200, 0)] {
            assert_eq!(linger_ms(before, 200, 100), expected, "{before}");
        }
    }

    proptest! {
        #[test]
        fn no_record_is_in_two_rows_of_one_round_and_order_is_kept(
            picks in prop::collection::vec((0_u8..4, 0_u8..3, 0_i16..3), 0..30)
        ) {
            let changes: Vec<Queued> = picks.iter()
                .map(|(record, field, isolation)| update(&record.to_string(), &field.to_string(), Isolation::from_number(*isolation)))
                .collect();
            let mut seen = BTreeSet::new();
            for call in group(&changes) {
                for row in call.rows {
                    prop_assert!(seen.insert(row.record_id.clone()), "record {} twice", row.record_id);
                    // The members are the first changes of their record, without a gap.
                    let of_record: Vec<usize> = (0..changes.len()).filter(|index| changes[*index].record_id == row.record_id).collect();
                    prop_assert_eq!(&of_record[..row.members.len()], &row.members[..]);
                }
            }
        }
    }
}
