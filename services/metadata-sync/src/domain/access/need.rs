//! What a mapping and matching need of an org, by object.

use std::collections::BTreeMap;

use crate::domain::mapping::{Kind, Mapping};

/// Objects matching reads. Without these there is nothing to match with.
const MATCHING: [&str; 4] = ["Account", "Contact", "Opportunity", "User"];
/// Objects matching reads where there are any: many orgs hide them, and matching does without. What many orgs do not even
/// have (teams, products, calendar events) is read where it is there and asked of nobody.
const MATCHING_OPTIONAL: [&str; 2] = ["Lead", "OpportunityContactRole"];

/// What is needed of one object. Reading always is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// Its absence is worth a note and no more.
    pub(super) optional: bool,
    /// Records are created, for these entries (none: for a destination).
    pub(super) create: Option<Vec<String>>,
    /// Fields written, with the entries that write them.
    pub(super) fields: BTreeMap<String, Vec<String>>,
}

impl Need {
    /// Every entry that needs the object.
    pub(super) fn everyone(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.fields.values().flatten().cloned().collect();
        ids.extend(self.create.iter().flatten().cloned());
        ids.sort();
        ids.dedup();
        ids
    }
}

/// Everything `mapping` and matching need.
pub(super) fn needs(mapping: Option<&Mapping>) -> BTreeMap<String, Need> {
    let mut needs: BTreeMap<String, Need> = BTreeMap::new();
    for name in MATCHING {
        needs.insert(name.to_owned(), Need::default());
    }
    for name in MATCHING_OPTIONAL {
        let need = Need {
            optional: true,
            ..Need::default()
        };
        needs.insert(name.to_owned(), need);
    }
    let Some(mapping) = mapping else {
        return needs;
    };
    for entry in &mapping.entries {
        let need = needs.entry(entry.object.clone()).or_default();
        need.optional = false;
        let entries = need.fields.entry(entry.field.clone()).or_default();
        entries.push(entry.id.clone());
    }
    for kind in mapping.destinations.iter().filter_map(|to| to.kind) {
        // A note is found only through its links.
        let link = match kind {
            Kind::ContentNote => Some("ContentDocumentLink"),
            Kind::Task | Kind::Event => None,
        };
        for name in [Some(kind.object()), link].into_iter().flatten() {
            let need = needs.entry(name.to_owned()).or_default();
            need.optional = false;
            need.create.get_or_insert_default();
        }
    }
    needs
}
