//! What differs between two versions of a mapping, entry by entry and choice by choice, for a person who publishes.

use std::collections::{BTreeMap, BTreeSet};

use super::mapping::{Entry, Mapping, Overwrite};
use super::property::Property;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub what: What,
    /// Which: the entry's id, the property's key, the destination's content.
    pub id: String,
    /// Which of its choices; empty when the whole is new or gone.
    pub field: &'static str,
    /// As it was; empty when it is new.
    pub before: String,
    /// As it is; empty when it is gone.
    pub after: String,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A property.
    Property,
    /// An entry.
    Entry,
    /// A destination.
    Destination,
}

/// Everything that differs from `before` to `after`, in a fixed order; nothing between equal mappings, whatever the order
/// of their entries.
#[must_use]
pub fn between(before: &Mapping, after: &Mapping) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(
        What::Property,
        before.properties.iter().map(property),
        after.properties.iter().map(property),
        &mut found,
    );
    compare(
        What::Entry,
        before.entries.iter().map(entry),
        after.entries.iter().map(entry),
        &mut found,
    );
    let destinations = |mapping: &Mapping| -> Vec<(String, Choices)> {
        let chosen = mapping.destinations.iter();
        chosen
            .map(|destination| {
                let content = destination.content.map_or("", |content| content.as_str());
                let kind = destination.kind.map_or("", |kind| kind.object());
                (content.to_owned(), vec![("kind", kind.to_owned())])
            })
            .collect()
    };
    compare(
        What::Destination,
        destinations(before).into_iter(),
        destinations(after).into_iter(),
        &mut found,
    );
    found
}

type Choices = Vec<(&'static str, String)>;

fn compare(
    what: What,
    before: impl Iterator<Item = (String, Choices)>,
    after: impl Iterator<Item = (String, Choices)>,
    found: &mut Vec<Difference>,
) {
    let (was, is): (BTreeMap<_, _>, BTreeMap<_, _>) = (before.collect(), after.collect());
    let ids: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    for id in ids {
        let mut push = |field, before: String, after: String| {
            found.push(Difference {
                what,
                id: id.clone(),
                field,
                before,
                after,
            });
        };
        match (was.get(id), is.get(id)) {
            (Some(old), Some(new)) => {
                for ((field, old), (_, new)) in old.iter().zip(new) {
                    if old != new {
                        push(field, old.clone(), new.clone());
                    }
                }
            }
            (Some(old), None) => push("", line(old), String::new()),
            (None, Some(new)) => push("", String::new(), line(new)),
            (None, None) => {}
        }
    }
}

/// All choices in one line; what was left at its default says nothing.
fn line(choices: &Choices) -> String {
    let made = choices.iter().filter(|(_, value)| !value.is_empty());
    let told: Vec<String> = made
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    told.join(", ")
}

fn property(property: &Property) -> (String, Choices) {
    let kind = property.kind.map_or("", |kind| kind.as_str());
    (
        property.key.clone(),
        vec![
            ("label", property.label.clone()),
            ("type", kind.to_owned()),
            ("prompt", property.prompt.clone()),
            ("options", property.options.join(", ")),
        ],
    )
}

fn entry(entry: &Entry) -> (String, Choices) {
    let overwrite = entry.overwrite.map_or("", Overwrite::as_str);
    let synonyms: Vec<String> = entry
        .synonyms
        .iter()
        .map(|synonym| format!("{} = {}", synonym.from, synonym.to))
        .collect();
    let yes = |flag: bool| if flag { "yes" } else { "" }.to_owned();
    (
        entry.id.clone(),
        vec![
            ("property", entry.property.clone()),
            ("object", entry.object.clone()),
            ("field", entry.field.clone()),
            ("direction", entry.direction.as_str().to_owned()),
            ("overwrite", overwrite.to_owned()),
            ("confidence_min", entry.confidence_min.to_string()),
            ("truncate", yes(entry.truncate)),
            ("synonyms", synonyms.join(", ")),
            ("list_separator", entry.list_separator.clone()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mapping::{Content, Destination, Kind};

    fn entry(id: &str, field: &str) -> Entry {
        Entry {
            id: id.into(),
            property: id.into(),
            object: "Opportunity".into(),
            field: field.into(),
            overwrite: Some(Overwrite::OnlyIfEmpty),
            ..Entry::default()
        }
    }

    #[test]
    fn what_was_added_removed_and_changed_is_told_by_choice() {
        let before = Mapping {
            entries: vec![entry("next", "NextStep"), entry("old", "Old__c")],
            ..Mapping::default()
        };
        let after = Mapping {
            entries: vec![
                entry("new", "New__c"),
                Entry {
                    truncate: true,
                    ..entry("next", "Other__c")
                },
            ],
            destinations: vec![Destination {
                content: Some(Content::Notes),
                kind: Some(Kind::Task),
            }],
            ..Mapping::default()
        };
        let told: Vec<String> = between(&before, &after)
            .into_iter()
            .map(|d| {
                format!(
                    "{:?} {} {}: {:?} -> {:?}",
                    d.what, d.id, d.field, d.before, d.after
                )
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        Entry new : "" -> "property: new, object: Opportunity, field: New__c, direction: write, overwrite: only_if_empty, confidence_min: 0"
        Entry next field: "NextStep" -> "Other__c"
        Entry next truncate: "" -> "yes"
        Entry old : "property: old, object: Opportunity, field: Old__c, direction: write, overwrite: only_if_empty, confidence_min: 0" -> ""
        Destination notes : "" -> "kind: Task"
        "#);
    }

    #[test]
    fn equal_mappings_do_not_differ_in_any_order() {
        let one = Mapping {
            entries: vec![entry("a", "A__c"), entry("b", "B__c")],
            ..Mapping::default()
        };
        let mut other = one.clone();
        other.entries.reverse();
        assert_eq!(between(&one, &other), vec![]);
    }
}
