//! Injected refusals of saves: a given code for an object or field, and row locks.

use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::id::Id;

/// A refusal tests ask for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refusal {
    /// Object to refuse saves of; any when empty.
    #[serde(default)]
    pub object: Option<String>,
    /// Only saves that send this field.
    #[serde(default)]
    pub field: Option<String>,
    /// Only this record.
    #[serde(default)]
    pub id: Option<String>,
    /// Error code.
    pub code: String,
    /// Error text.
    pub message: String,
    /// Fields named by the error.
    #[serde(default)]
    pub fields: Vec<String>,
    /// How many saves to refuse; all until cleared when empty.
    #[serde(default)]
    pub remaining: Option<u32>,
}

/// Active refusals.
#[derive(Debug, Default)]
pub struct Refusals {
    active: Vec<Refusal>,
}

impl Refusals {
    /// Adds one.
    pub fn add(&mut self, refusal: Refusal) {
        self.active.push(refusal);
    }

    /// Whether nothing is refused, which is nearly always.
    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.active.clear();
    }

    /// The refusal that hits this save, used up by one.
    pub fn hit<'a>(
        &mut self,
        object: &str,
        id: Option<Id>,
        sent: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<ApiError> {
        if self.active.is_empty() {
            return None;
        }
        let position = self.active.iter().position(|refusal| {
            refusal
                .object
                .as_deref()
                .is_none_or(|wanted| wanted == object)
                && refusal
                    .field
                    .as_deref()
                    .is_none_or(|field| sent.clone().any(|name| name == field))
                && refusal
                    .id
                    .as_deref()
                    .is_none_or(|wanted| Id::parse(wanted) == id && id.is_some())
        })?;
        let refusal = &mut self.active[position];
        let fields: Vec<&str> = refusal.fields.iter().map(String::as_str).collect();
        let error = ApiError::save(&refusal.code, refusal.message.clone(), &fields);
        if let Some(remaining) = &mut refusal.remaining {
            *remaining = remaining.saturating_sub(1);
            if *remaining == 0 {
                self.active.remove(position);
            }
        }
        Some(error)
    }
}
