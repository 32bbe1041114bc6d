//! The org's rows, in memory.
//!
//! A row stores only its non-empty fields, so a million contacts stay in bounded memory. Rows are
//! immutable and shared: readers, open query cursors and the write log keep the version they saw.

mod index;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use index::Index;
pub use index::Key;

use crate::id::Id;
use crate::schema::Object;
use crate::value::Value;

/// One version of one record.
#[derive(Debug, Clone)]
pub struct Row {
    /// The record.
    pub id: Id,
    /// When it was created, in ms.
    pub created_ms: i64,
    /// Who created it.
    pub created_by: Id,
    /// When a user last changed it, in ms.
    pub modified_ms: i64,
    /// Who did.
    pub modified_by: Id,
    /// When anything, the system included, last touched it, in ms.
    pub stamp_ms: i64,
    /// In the recycle bin.
    pub deleted: bool,
    /// Non-empty values by slot, ascending.
    values: Vec<(u16, Value)>,
}

/// What an absent field reads as.
static NULL: Value = Value::Null;

impl Row {
    /// A new, empty row.
    pub fn new(id: Id, user: Id, now_ms: i64) -> Row {
        Row {
            id,
            created_ms: now_ms,
            created_by: user,
            modified_ms: now_ms,
            modified_by: user,
            stamp_ms: now_ms,
            deleted: false,
            values: Vec::new(),
        }
    }

    /// The stored value of a slot.
    pub fn get(&self, slot: u16) -> &Value {
        match self.values.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(position) => &self.values[position].1,
            Err(_) => &NULL,
        }
    }

    /// Stores a value; null removes it.
    pub fn set(&mut self, slot: u16, value: Value) {
        match (
            self.values.binary_search_by_key(&slot, |(slot, _)| *slot),
            value.is_null(),
        ) {
            (Ok(position), true) => drop(self.values.remove(position)),
            (Ok(position), false) => self.values[position].1 = value,
            (Err(_), true) => {}
            (Err(position), false) => self.values.insert(position, (slot, value)),
        }
    }

    /// Non-empty values by slot.
    pub fn values(&self) -> &[(u16, Value)] {
        &self.values
    }

    fn shrink(mut self) -> Row {
        self.values.shrink_to_fit();
        self
    }
}

/// All rows of one object.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Option<Arc<Row>>>,
    by_id: HashMap<Id, u32>,
    by_stamp: BTreeSet<(i64, u32)>,
    indexes: HashMap<u16, Index>,
    live: usize,
    next_number: u64,
}

impl Table {
    /// A table with the indexes its object asks for.
    pub fn new(object: &Object) -> Table {
        let mut table = Table {
            next_number: 1,
            ..Table::default()
        };
        for (slot, field) in object.live_fields() {
            // Users own and create nearly everything: such an index would be one huge bucket.
            let to_user = field
                .reference_to
                .iter()
                .any(|target| target == "User" || target == "RecordType");
            if field.indexed && !to_user {
                table.indexes.insert(slot, Index::default());
            }
        }
        table
    }

    /// The next unused number under the object's prefix.
    pub fn next_number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number - 1
    }

    /// An unused id under a key prefix; rows may have been loaded with ids of their own.
    pub fn next_id(&mut self, prefix: &str) -> Id {
        loop {
            let id = Id::numbered(prefix, self.next_number());
            if !self.by_id.contains_key(&id) {
                return id;
            }
        }
    }

    /// Leaves numbers below `first` to rows loaded with ids of their own.
    pub fn reserve_numbers(&mut self, first: u64) {
        self.next_number = self.next_number.max(first);
    }

    /// The current version of a record, deleted ones included.
    pub fn get(&self, id: Id) -> Option<&Arc<Row>> {
        self.by_id
            .get(&id)
            .and_then(|position| self.rows[*position as usize].as_ref())
    }

    /// The row at a position.
    pub fn at(&self, position: u32) -> Option<&Arc<Row>> {
        self.rows.get(position as usize).and_then(Option::as_ref)
    }

    /// Position of a record.
    pub fn position(&self, id: Id) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// Every position ever used.
    pub fn positions(&self) -> std::ops::Range<u32> {
        0..self.rows.len() as u32
    }

    /// Rows that are not in the recycle bin.
    pub fn live(&self) -> usize {
        self.live
    }

    /// Positions whose indexed field equals `key`, or `None` when the field has no index.
    pub fn lookup(&self, slot: u16, key: &Key) -> Option<Vec<u32>> {
        self.indexes.get(&slot).map(|index| index.get(key))
    }

    /// Whether the field has an index.
    pub fn is_indexed(&self, slot: u16) -> bool {
        self.indexes.contains_key(&slot)
    }

    /// Positions touched at or after `from_ms`, oldest first.
    pub fn since(&self, from_ms: i64) -> impl Iterator<Item = u32> + '_ {
        self.by_stamp
            .range((from_ms, 0)..)
            .map(|(_, position)| *position)
    }

    /// How many rows were touched at or after `from_ms`, counting no further than `limit`.
    pub fn count_since(&self, from_ms: i64, limit: usize) -> usize {
        self.by_stamp.range((from_ms, 0)..).take(limit).count()
    }

    /// Replaces (or adds) a row and returns the version it replaced.
    pub fn put(&mut self, row: Row) -> Option<Arc<Row>> {
        let row = Arc::new(row.shrink());
        self.put_shared(row)
    }

    /// As [`Table::put`], for a version that already exists elsewhere, such as one being restored.
    pub fn put_shared(&mut self, row: Arc<Row>) -> Option<Arc<Row>> {
        let position = match self.by_id.get(&row.id) {
            Some(position) => *position,
            None => {
                let position = self.rows.len() as u32;
                self.by_id.insert(row.id, position);
                self.rows.push(None);
                position
            }
        };
        let before = self.rows[position as usize].take();
        if let Some(before) = &before {
            self.by_stamp.remove(&(before.stamp_ms, position));
            self.live -= usize::from(!before.deleted);
        }
        for (slot, index) in &mut self.indexes {
            let old = before
                .as_deref()
                .and_then(|before| Key::of(before.get(*slot)));
            let new = Key::of(row.get(*slot));
            if old != new {
                if let Some(old) = old {
                    index.remove(&old, position);
                }
                if let Some(new) = new {
                    index.insert(new, position);
                }
            }
        }
        self.by_stamp.insert((row.stamp_ms, position));
        self.live += usize::from(!row.deleted);
        self.rows[position as usize] = Some(row);
        before
    }

    /// Removes a row altogether, as if it had never been.
    pub fn erase(&mut self, id: Id) {
        let Some(position) = self.by_id.remove(&id) else {
            return;
        };
        let Some(row) = self.rows[position as usize].take() else {
            return;
        };
        self.by_stamp.remove(&(row.stamp_ms, position));
        self.live -= usize::from(!row.deleted);
        for (slot, index) in &mut self.indexes {
            if let Some(key) = Key::of(row.get(*slot)) {
                index.remove(&key, position);
            }
        }
    }

    /// Builds an index over a field that has become a lookup key.
    pub fn add_index(&mut self, slot: u16) {
        let mut index = Index::default();
        for position in self.positions() {
            if let Some(key) = self.at(position).and_then(|row| Key::of(row.get(slot))) {
                index.insert(key, position);
            }
        }
        self.indexes.insert(slot, index);
    }

    /// Rewrites one field of every row, for a retyped or deleted field. Not a save: stamps stay.
    pub fn rewrite(&mut self, slot: u16, convert: impl Fn(&Value) -> Value) {
        for position in self.positions() {
            let Some(row) = self.at(position) else {
                continue;
            };
            let new = convert(row.get(slot));
            if new != *row.get(slot) {
                let mut changed = Row::clone(row);
                changed.set(slot, new);
                self.put(changed);
            }
        }
    }
}
