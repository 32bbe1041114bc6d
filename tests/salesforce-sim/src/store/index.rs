//! A value index: which rows hold a value. Most keys have one row, so one is stored without a vector.

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::id::Id;
use crate::value::Value;

/// An indexable value; text is compared without regard to case, as SOQL does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// Reference.
    Id(Id),
    /// Lower-cased text.
    Text(Box<str>),
    /// Number.
    Number(Decimal),
}

impl Key {
    /// The key of a value; `None` for empty and unindexable ones.
    pub fn of(value: &Value) -> Option<Key> {
        match value {
            Value::Id(id) => Some(Key::Id(*id)),
            Value::Text(text) => Some(Key::Text(text.to_lowercase().into())),
            Value::Number(number) => Some(Key::Number(number.normalize())),
            Value::Int(number) => Some(Key::Number(Decimal::from(*number))),
            Value::Null | Value::Bool(_) | Value::Date(_) | Value::DateTime(_) => None,
        }
    }
}

#[derive(Debug)]
enum Bucket {
    One(u32),
    Many(Vec<u32>),
}

/// Rows by value.
#[derive(Debug, Default)]
pub(super) struct Index {
    buckets: HashMap<Key, Bucket>,
}

impl Index {
    pub(super) fn get(&self, key: &Key) -> Vec<u32> {
        match self.buckets.get(key) {
            None => Vec::new(),
            Some(Bucket::One(position)) => vec![*position],
            Some(Bucket::Many(positions)) => positions.clone(),
        }
    }

    pub(super) fn insert(&mut self, key: Key, position: u32) {
        match self.buckets.get_mut(&key) {
            None => drop(self.buckets.insert(key, Bucket::One(position))),
            Some(Bucket::Many(positions)) => positions.push(position),
            Some(bucket @ Bucket::One(_)) => {
                if let Bucket::One(first) = *bucket {
                    *bucket = Bucket::Many(vec![first, position]);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, key: &Key, position: u32) {
        let empty = match self.buckets.get_mut(key) {
            None => false,
            Some(Bucket::One(found)) => *found == position,
            Some(Bucket::Many(positions)) => {
                if let Some(at) = positions.iter().position(|found| *found == position) {
                    positions.swap_remove(at);
                }
                positions.is_empty()
            }
        };
        if empty {
            self.buckets.remove(key);
        }
    }
}
