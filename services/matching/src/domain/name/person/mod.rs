//! A person's name as a calendar or a CRM shows it, and the keys it is found by.

mod agree;
mod parse;

pub use agree::{Agreement, family, given, whole};

use super::fold::squash;
use super::nickname;
use std::collections::BTreeSet;

/// Nicknames of one given name asked for.
pub(crate) const VARIANTS_MAX: usize = 12;

/// A person's name, folded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonName {
    /// Given name or an initial; empty when not known.
    pub first: String,
    /// Family name with its particles; empty when not known.
    pub last: String,
    /// A company in brackets or after a bar, as written.
    pub mention: Option<String>,
}

impl PersonName {
    /// Whether there is a given and a family name; one word is weak.
    #[must_use]
    pub fn is_full(&self) -> bool {
        !self.first.is_empty() && !self.last.is_empty()
    }

    /// Family name and first letter of the given one; `None` unless both are known.
    #[must_use]
    pub fn last_key(&self) -> Option<String> {
        key(&self.last, &self.first)
    }

    /// Given name and first letter of the family name.
    #[must_use]
    pub fn first_key(&self) -> Option<String> {
        key(&self.first, &self.last)
    }

    /// Both whole.
    #[must_use]
    pub fn full_key(&self) -> Option<String> {
        let (first, last) = (squash(&self.first), squash(&self.last));
        (!first.is_empty() && !last.is_empty()).then(|| format!("{last}|{first}"))
    }

    /// The whole names this one is asked for by: itself and its nicknames, in both orders.
    #[must_use]
    pub fn full_keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for order in [self.clone(), self.swapped()] {
            for first in nickname::variants(&order.first, VARIANTS_MAX) {
                keys.extend(
                    Self {
                        first,
                        ..order.clone()
                    }
                    .full_key(),
                );
            }
        }
        keys
    }

    /// Whether a contact of that name is found by the keys this name is asked for by: one part whole, the other's initial,
    /// through nicknames and in both orders.
    #[must_use]
    pub fn asks_for(&self, other: &Self) -> bool {
        let initial = |text: &str| text.chars().find(char::is_ascii_alphanumeric);
        [self.clone(), self.swapped()].iter().any(|order| {
            let firsts = nickname::variants(&order.first, VARIANTS_MAX);
            let by_last = squash(&order.last) == squash(&other.last)
                && firsts
                    .iter()
                    .any(|first| initial(first) == initial(&other.first));
            let by_first = initial(&order.last) == initial(&other.last)
                && firsts
                    .iter()
                    .any(|first| squash(first) == squash(&other.first));
            by_last || by_first
        })
    }

    /// The two parts the other way round: people type them swapped.
    #[must_use]
    pub fn swapped(&self) -> Self {
        Self {
            first: self.last.clone(),
            last: self.first.clone(),
            mention: self.mention.clone(),
        }
    }
}

fn key(whole: &str, initial: &str) -> Option<String> {
    let whole = squash(whole);
    let initial = squash(initial).chars().next()?;
    (!whole.is_empty()).then(|| format!("{whole}|{initial}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn display_names_come_apart() {
        for (shown, first, last) in [
            ("Smith, Jane", "jane", "smith"),
            ("Dr. Jane A. Smith PhD", "jane", "smith"),
            ("Jane de la Cruz", "jane", "de la cruz"),
            ("jane.smith", "jane", "smith"),
            ("JSmith", "", ""),
            ("Jane Smith (Acme)", "jane", "smith"),
            ("Jane Smith | Acme", "jane", "smith"),
            ("Lee, Ann (Acme)", "ann", "lee"),
            ("Jane Smith, PhD", "jane", "smith"),
            ("iPhone", "", ""),
            ("王小明", "xiao ming", "wang"),
            ("jane", "jane", ""),
        ] {
            let name = PersonName::parse(shown);
            assert_eq!(
                (name.first.as_str(), name.last.as_str()),
                (first, last),
                "{shown}"
            );
        }
        assert_eq!(
            PersonName::parse("Lee, Ann (Acme)").mention.as_deref(),
            Some("Acme")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_within_bounds(shown in ".{0,2000}") {
            let name = PersonName::parse(&shown);
            prop_assert!(name.first.len() + name.last.len() <= 8 * crate::domain::name::fold::NAME_CHARACTERS_MAX);
            let again = PersonName::of_fields(&name.first, &name.last);
            prop_assert_eq!(again.full_key().is_some() || name.full_key().is_none(), true);
        }
    }
}
