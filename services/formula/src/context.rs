//! Everything an evaluation may depend on, as arguments: the record, the record before the change,
//! globals, the clock, the time zone and which readings of disputed points to take.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use crate::program::Reference;
use crate::schema::key;
use crate::value::Value;

/// Known values of fields, parents' fields and globals.
pub trait Facts {
    /// The value, [`Value::Null`] when it is blank; `None` when it was not loaded, which makes
    /// whatever depends on it unknown.
    fn value(&self, reference: &Reference) -> Option<&Value<'static>>;
}

/// Facts in a map. The names come from the org's own schema, so a fast hash without a seed is safe, and
/// looking up names is most of what an evaluation costs.
#[derive(Clone, Debug, Default)]
pub struct Record(FxHashMap<Box<str>, Value<'static>>);

impl Record {
    /// Sets the value behind a field name, path or global.
    pub fn set(&mut self, path: &str, value: Value<'static>) {
        self.0.insert(key(path).into(), value);
    }

    /// Forgets a value: it is not loaded.
    pub fn unset(&mut self, path: &str) {
        self.0.remove(key(path).as_str());
    }

    /// Forgets everything behind a relation, for example when its lookup changes.
    pub fn unset_behind(&mut self, relation: &str) {
        let mut prefix = key(relation);
        prefix.push('.');
        self.0.retain(|path, _| !path.starts_with(&prefix));
    }

    /// The value behind a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value<'static>> {
        self.0.get(key(path).as_str())
    }
}

impl<P: AsRef<str>> FromIterator<(P, Value<'static>)> for Record {
    fn from_iter<I: IntoIterator<Item = (P, Value<'static>)>>(values: I) -> Self {
        let mut record = Self::default();
        for (path, value) in values {
            record.set(path.as_ref(), value);
        }
        record
    }
}

impl Facts for Record {
    fn value(&self, reference: &Reference) -> Option<&Value<'static>> {
        self.0.get(&reference.key)
    }
}

/// What to answer where published sources disagree about the platform (language section 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Disputes {
    /// The reading of the vendor's own engine.
    #[default]
    FirstReading,
    /// Cannot tell, whenever the readings differ for the values at hand.
    CannotTell,
}

/// The arguments of one evaluation.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The record as proposed, with parents' fields and globals.
    pub record: &'a dyn Facts,
    /// The record before this save; `None` when it was not loaded.
    pub prior: Option<&'a dyn Facts>,
    /// Whether the record is being created; `None` when not known.
    pub is_new: Option<bool>,
    /// The instant for `NOW` and `TODAY`.
    pub now: Option<DateTime<Utc>>,
    /// The running user's time zone, for `TODAY` and `DATEVALUE`.
    pub zone: Option<Tz>,
    /// What to answer on disputed points.
    pub disputes: Disputes,
}

impl<'a> Context<'a> {
    /// A record of which nothing else is known.
    #[must_use]
    pub fn new(record: &'a dyn Facts) -> Self {
        Self {
            record,
            prior: None,
            is_new: None,
            now: None,
            zone: None,
            disputes: Disputes::default(),
        }
    }

    /// A record about to be created.
    #[must_use]
    pub fn created(self) -> Self {
        Self {
            is_new: Some(true),
            ..self
        }
    }

    /// A record about to be changed from `prior`.
    #[must_use]
    pub fn updated(self, prior: &'a dyn Facts) -> Self {
        Self {
            is_new: Some(false),
            prior: Some(prior),
            ..self
        }
    }

    /// At an instant, for a user in `zone`.
    #[must_use]
    pub fn at(self, now: DateTime<Utc>, zone: Tz) -> Self {
        Self {
            now: Some(now),
            zone: Some(zone),
            ..self
        }
    }
}
