//! What metadata-sync said about the schema right before something is judged or written, held against what we know.

use std::collections::BTreeMap;

/// How the schema we know stands to the org.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing moved since it was read, and we heard of all that was read.
    Current,
    /// The org moved, or news of it is on its way: nothing is written by it until it is here.
    Moved,
    /// It cannot be told; Salesforce's own answer decides.
    Unknown,
}

/// What metadata-sync said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// How what it knows stands to the org.
    pub standing: Standing,
    /// The newest version of each object it told of.
    pub objects: Vec<(String, u64)>,
    /// Version and revision of the mapping it told last; zeros before the first.
    pub mapping: (u64, u64),
    /// Salesforce API calls it took to find out.
    pub calls: u64,
}

impl Told {
    /// Nothing: whoever knows did not answer.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            standing: Standing::Unknown,
            objects: Vec::new(),
            mapping: (0, 0),
            calls: 0,
        }
    }

    /// How *our* schema stands: what was read may still be on its way to us.
    #[must_use]
    pub fn against(&self, versions: &BTreeMap<String, u64>, mapping: (u64, u64)) -> Standing {
        let ahead = self
            .objects
            .iter()
            .any(|(object, version)| versions.get(object).is_none_or(|known| known < version));
        match self.standing {
            Standing::Current if ahead || mapping < self.mapping => Standing::Moved,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_its_way_to_us_is_waited_for() {
        let known: BTreeMap<String, u64> = [("Opportunity".to_owned(), 3)].into();
        let told = |standing, version, mapping| Told {
            standing,
            objects: vec![("Opportunity".to_owned(), version)],
            mapping,
            calls: 1,
        };
        for (told, expected) in [
            (told(Standing::Current, 3, (1, 1)), Standing::Current),
            (told(Standing::Current, 2, (1, 1)), Standing::Current),
            (told(Standing::Current, 4, (1, 1)), Standing::Moved),
            (told(Standing::Current, 3, (1, 2)), Standing::Moved),
            (told(Standing::Current, 3, (2, 1)), Standing::Moved),
            (told(Standing::Moved, 3, (1, 1)), Standing::Moved),
            (told(Standing::Unknown, 9, (9, 9)), Standing::Unknown),
            (Told::nothing(), Standing::Unknown),
        ] {
            assert_eq!(told.against(&known, (1, 1)), expected, "{told:?}");
        }
        let unheard = told(Standing::Current, 1, (0, 0));
        assert_eq!(unheard.against(&BTreeMap::new(), (0, 0)), Standing::Moved);
    }
}
