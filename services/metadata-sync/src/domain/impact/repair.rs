//! What would mend a difference: in words for every kind, and as a change of the mapping where it follows from the
//! difference alone. The latter is still a person's to ask for.

use crate::domain::drift::{Change, Kind};
use crate::domain::mapping::Mapping;

/// Whether the mapping can be mended mechanically.
#[must_use]
pub fn applies(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::FieldRenamed | Kind::FieldShortened | Kind::PicklistValueRenamed
    )
}

/// The mapping with the repair made; nothing when there is none, or when it would change nothing.
#[must_use]
pub fn applied(change: &Change, mapping: &Mapping) -> Option<Mapping> {
    let mut mended = mapping.clone();
    let entries = mended
        .entries
        .iter_mut()
        .filter(|entry| entry.object == change.object && entry.field == change.field);
    for entry in entries {
        match change.kind {
            Kind::FieldRenamed => entry.field.clone_from(&change.after),
            Kind::FieldShortened => entry.truncate = true,
            Kind::PicklistValueRenamed => {
                for synonym in &mut entry.synonyms {
                    if synonym.to == change.before {
                        synonym.to.clone_from(&change.after);
                    }
                }
            }
            _ => return None,
        }
    }
    (mended != *mapping).then_some(mended)
}

/// What would mend it, for a person.
pub(super) fn text(change: &Change) -> String {
    let Change {
        object,
        field,
        before,
        after,
        ..
    } = change;
    match change.kind {
        Kind::ObjectRemoved => format!(
            "give the connected user access to {object}, or remove its entries from the mapping"
        ),
        Kind::FieldRemoved => {
            format!("make {object}.{field} visible to the connected user, or map another field")
        }
        Kind::FieldRenamed => {
            format!("map {object}.{after} instead of {object}.{before} and publish")
        }
        Kind::FieldRetyped => format!(
            "check that {object}.{field} still takes the property as {after}, or map another field"
        ),
        Kind::FieldShortened => format!(
            "let {object}.{field} be cut when text is too long, or lengthen the field again"
        ),
        Kind::FieldRequired => format!(
            "make {object}.{field} optional, or give it a default: records created from meetings do not fill it"
        ),
        Kind::PicklistRestricted => {
            format!("add synonyms for values that {object}.{field} does not list")
        }
        Kind::PicklistValueRemoved | Kind::PicklistValueDeactivated => {
            format!("point synonyms of \"{before}\" to a value {object}.{field} still lists")
        }
        Kind::PicklistValueRenamed => {
            format!("point synonyms of \"{before}\" to \"{after}\" and publish")
        }
        Kind::PermissionLost if field.is_empty() => {
            format!("let the connected user edit {object} again")
        }
        Kind::PermissionLost => {
            format!("let the connected user edit {object}.{field} again, or map another field")
        }
        Kind::ValidationRuleAdded | Kind::ValidationRuleChanged => {
            format!("look at rule {field} of {object}: changes it would refuse are held")
        }
        Kind::StageChanged | Kind::StageRemoved => format!("check the stage controls for {field}"),
        Kind::RecordTypeRemoved => {
            format!("check pipelines and rules that name record type {field} of {object}")
        }
        Kind::OwnerDeactivated => format!(
            "give the records of {before} to an active user, and point owner overrides that name them elsewhere"
        ),
        Kind::FieldAdded
        | Kind::FieldLengthened
        | Kind::PicklistValueAdded
        | Kind::PicklistValueRelabelled
        | Kind::ValidationRuleRemoved
        | Kind::StageAdded
        | Kind::PermissionGained => "nothing: it only allows more than before".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mapping::{Entry, Synonym};

    fn mapping() -> Mapping {
        let entry = |id: &str, field: &str| Entry {
            id: id.into(),
            object: "Opportunity".into(),
            field: field.into(),
            synonyms: vec![Synonym {
                from: "quote".into(),
                to: "Proposal".into(),
            }],
            ..Entry::default()
        };
        Mapping {
            entries: vec![entry("a", "Old__c"), entry("b", "Other__c")],
            ..Mapping::default()
        }
    }

    fn change(kind: Kind, field: &str, before: &str, after: &str) -> Change {
        Change {
            kind,
            object: "Opportunity".into(),
            field: field.into(),
            before: before.into(),
            after: after.into(),
        }
    }

    #[test]
    fn a_repair_changes_the_entries_hit_and_nothing_else() {
        let renamed = change(Kind::FieldRenamed, "Old__c", "Old__c", "New__c");
        let mended = applied(&renamed, &mapping()).expect("a repair");
        let fields: Vec<&str> = mended.entries.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["New__c", "Other__c"]);
        let value = change(Kind::PicklistValueRenamed, "Old__c", "Proposal", "Quote");
        let mended = applied(&value, &mapping()).expect("a repair");
        assert_eq!(mended.entries[0].synonyms[0].to, "Quote");
        assert_eq!(mended.entries[1].synonyms[0].to, "Proposal");
        let shorter = change(Kind::FieldShortened, "Old__c", "string(255)", "string(80)");
        assert!(applied(&shorter, &mapping()).expect("a repair").entries[0].truncate);
    }

    #[test]
    fn what_a_person_must_judge_is_not_applied() {
        let gone = change(Kind::FieldRemoved, "Old__c", "string(255)", "");
        assert_eq!(applied(&gone, &mapping()), None);
        let elsewhere = change(Kind::FieldRenamed, "Unmapped__c", "Unmapped__c", "X__c");
        assert_eq!(applied(&elsewhere, &mapping()), None);
    }
}
