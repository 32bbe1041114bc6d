//! An approved change held against the org and the mapping as they are known now. It was gated by what was known then; a
//! field may have been taken away, retyped or shortened since, and what drift suspended must not go out.

use super::change::{Action, Reason, Verdict, Write};
use super::fit::{self, Unfit};
use super::gate;
use super::mapping::Mapping;
use super::note;
use super::owner;
use super::schema::{Field, Kind, Object, Schema};
use super::value::Fields;

/// What an approved change is about.
#[derive(Debug, Clone, Copy)]
pub struct Approved<'a> {
    /// What it does.
    pub action: Action,
    /// sObject.
    pub object: &'a str,
    /// Field; empty for creations.
    pub field: &'a str,
    /// Mapping entry it comes from; empty for creations.
    pub entry_id: &'a str,
    /// What it writes.
    pub proposed: Option<&'a Write>,
    /// It puts back what was there before us: no entry and no present rule of the field stands against that.
    pub restores: bool,
}

/// Everything that has come to stand against it; empty when it may go out.
#[must_use]
pub fn objections(schema: &Schema, mapping: Option<&Mapping>, change: Approved<'_>) -> Vec<Reason> {
    let mut found = Vec::new();
    if !change.restores
        && let Some(entry) = mapping.and_then(|mapping| mapping.entry(change.entry_id))
        && let Some(why) = &entry.suspended
    {
        found.push(Reason::new(
            "setup",
            Verdict::Hold,
            "entry_suspended",
            format!("the org changed and the mapping entry is suspended: {why}"),
        ));
    }
    let Some(object) = schema.get(change.object) else {
        return found;
    };
    let reach = gate::reach(object, change.object, change.action, change.field);
    found.extend(reach.into_iter().map(|mut reason| {
        "connection".clone_into(&mut reason.gate);
        reason
    }));
    if let (false, Some(Write::Value(value)), Some(field)) = (
        change.restores,
        change.proposed,
        object.fields.get(change.field),
    ) && !points(change, field)
        && !note::is_content(change.object, change.field)
        && let Err(Unfit { code, message }) = fit::takes(value, field)
    {
        found.push(Reason::new("value", Verdict::Hold, code, message).about([change.field]));
    }
    found
}

/// A record's id, not a text: the link of an activity we created, which comes from the match and from no entry, or the user
/// an address of the meeting stood for.
fn points(change: Approved<'_>, field: &Field) -> bool {
    let user = |proposed: &Write| match proposed {
        Write::Value(value) => owner::takes_users(field) && owner::is_user(value),
        Write::Record(_) => false,
    };
    field.kind == Kind::Reference
        && (change.entry_id.is_empty() || change.proposed.is_some_and(user))
}

/// The field an entry is mapped to now, when a repair moved it within its object: the change follows, and is written only
/// if the new field holds what the old one held.
#[must_use]
pub fn followed<'a>(mapping: Option<&'a Mapping>, change: Approved<'_>) -> Option<&'a str> {
    let entry = mapping?.entry(change.entry_id)?;
    (!change.action.creates()
        && !change.restores
        && entry.object == change.object
        && entry.field != change.field)
        .then_some(entry.field.as_str())
}

/// The reasons left of a change that was held by [`objections`] and goes on; `None` while something stands against it.
#[must_use]
pub fn going_on(
    schema: &Schema,
    mapping: Option<&Mapping>,
    change: Approved<'_>,
    reasons: &[Reason],
) -> Option<Vec<Reason>> {
    // An object nobody has read says nothing either way.
    schema.get(change.object)?;
    if !objections(schema, mapping, change).is_empty() {
        return None;
    }
    let left = reasons
        .iter()
        .filter(|reason| reason.verdict == Verdict::Pass);
    Some(left.cloned().collect())
}

/// A new record's fields that can still be set; the others are left out, as they would have been from the start.
#[must_use]
pub fn settable(fields: &Fields, object: Option<&Object>) -> Fields {
    let known = |name: &str| {
        object.is_none_or(|object| {
            object
                .fields
                .get(name)
                .is_some_and(|field| field.createable)
        })
    };
    fields
        .iter()
        .filter(|(name, _)| known(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mapping::{Entry, Overwrite};
    use crate::domain::value::FieldValue;

    fn entry(field: &str, suspended: Option<&str>) -> Mapping {
        Mapping {
            entries: vec![Entry {
                id: "a".into(),
                property: "a".into(),
                object: "Opportunity".into(),
                field: field.into(),
                overwrite: Overwrite::ReplaceAlways,
                confidence_min: 0.0,
                truncate: false,
                synonyms: vec![],
                list_separator: String::new(),
                suspended: suspended.map(str::to_owned),
            }],
            ..Mapping::default()
        }
    }

    fn update<'a>(field: &'a str, proposed: &'a Write) -> Approved<'a> {
        Approved {
            action: Action::UpdateField,
            object: "Opportunity",
            field,
            entry_id: "a",
            proposed: Some(proposed),
            restores: false,
        }
    }

    fn codes(reasons: &[Reason]) -> Vec<&str> {
        reasons.iter().map(|reason| reason.code.as_str()).collect()
    }

    #[test]
    fn what_drift_suspended_or_the_org_took_away_is_held() {
        let write = Write::Value(FieldValue::Text("said".into()));
        let change = update("NextStep", &write);
        let hidden: Schema = [(
            "Opportunity".to_owned(),
            Object {
                updateable: true,
                ..Object::default()
            },
        )]
        .into();
        let suspended = entry("NextStep", Some("it is gone"));
        assert_eq!(
            codes(&objections(&Schema::new(), Some(&suspended), change)),
            ["entry_suspended"]
        );
        let working = entry("NextStep", None);
        assert_eq!(
            codes(&objections(&hidden, Some(&working), change)),
            ["field_out_of_reach"]
        );
        assert_eq!(going_on(&hidden, Some(&working), change, &[]), None);
        let restoring = Approved {
            restores: true,
            ..change
        };
        assert_eq!(objections(&Schema::new(), Some(&suspended), restoring), []);
    }

    #[test]
    fn a_change_follows_its_entry_to_a_renamed_field_of_the_same_object() {
        let write = Write::Value(FieldValue::Text("said".into()));
        let mapping = entry("Renamed__c", None);
        let change = update("Old__c", &write);
        assert_eq!(followed(Some(&mapping), change), Some("Renamed__c"));
        assert_eq!(followed(Some(&mapping), update("Renamed__c", &write)), None);
        assert_eq!(followed(None, change), None);
        let restoring = Approved {
            restores: true,
            ..change
        };
        assert_eq!(followed(Some(&mapping), restoring), None);
    }

    #[test]
    fn it_goes_on_when_the_object_may_be_created_again() {
        let held = Reason::new("connection", Verdict::Hold, "object_not_createable", "no");
        let noted = Reason::new("validation_rules", Verdict::Pass, "cannot_tell", "maybe");
        let reasons = [held, noted.clone()];
        let again = |createable: bool| {
            let object = Object {
                createable,
                ..Object::default()
            };
            let schema: Schema = [("Task".to_owned(), object)].into();
            let change = Approved {
                action: Action::CreateTask,
                object: "Task",
                field: "",
                entry_id: "",
                proposed: None,
                restores: false,
            };
            going_on(&schema, None, change, &reasons)
        };
        assert_eq!(again(false), None);
        assert_eq!(again(true), Some(vec![noted]));
    }

    #[test]
    fn a_field_that_can_no_longer_be_set_is_left_out_of_a_new_record() {
        let fields: Fields = [("Subject".to_owned(), FieldValue::Text("a".into()))].into();
        assert_eq!(settable(&fields, None), fields);
        assert_eq!(settable(&fields, Some(&Object::default())), Fields::new());
    }
}
