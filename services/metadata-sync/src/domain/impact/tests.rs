use super::*;
use crate::domain::mapping::{Overwrite, Synonym};
use crate::domain::schema::{Field, Object};

fn entry(id: &str, object: &str, field: &str) -> Entry {
    Entry {
        id: id.into(),
        property: "next_step".into(),
        object: object.into(),
        field: field.into(),
        overwrite: Some(Overwrite::OnlyIfEmpty),
        ..Entry::default()
    }
}

fn mapping() -> Mapping {
    let staged = Entry {
        synonyms: vec![Synonym {
            from: "quote".into(),
            to: "Proposal".into(),
        }],
        ..entry("stage", "Opportunity", "Type")
    };
    Mapping {
        entries: vec![
            entry("next", "Opportunity", "NextStep"),
            staged,
            entry("title", "Contact", "Title"),
        ],
        destinations: vec![],
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
fn only_the_entries_hit_are_named() {
    for (kind, field, before, after, expected) in [
        (
            Kind::FieldRemoved,
            "NextStep",
            "string(255)",
            "",
            Some(vec!["next"]),
        ),
        (Kind::FieldRemoved, "Unmapped__c", "string(255)", "", None),
        (
            Kind::ObjectRemoved,
            "",
            "Opportunity",
            "",
            Some(vec!["next", "stage"]),
        ),
        (
            Kind::PermissionLost,
            "NextStep",
            "create and edit",
            "read only",
            Some(vec!["next"]),
        ),
        (
            Kind::PermissionLost,
            "NextStep",
            "create and edit",
            "edit only",
            Some(vec![]),
        ),
        (
            Kind::PermissionLost,
            "",
            "create and edit",
            "create only",
            Some(vec!["next", "stage"]),
        ),
        (
            Kind::PicklistValueRemoved,
            "Type",
            "Proposal",
            "",
            Some(vec!["stage"]),
        ),
        (
            Kind::PicklistValueRemoved,
            "Type",
            "Other",
            "",
            Some(vec![]),
        ),
        (
            Kind::FieldShortened,
            "NextStep",
            "string(255)",
            "string(80)",
            Some(vec![]),
        ),
        (Kind::StageChanged, "Won", "", "Won", None),
        (
            Kind::FieldLengthened,
            "NextStep",
            "string(80)",
            "string(255)",
            Some(vec![]),
        ),
    ] {
        let found =
            impact(&change(kind, field, before, after), &mapping()).map(|impact| impact.entry_ids);
        let expected: Option<Vec<String>> =
            expected.map(|ids| ids.into_iter().map(str::to_owned).collect());
        assert_eq!(found, expected, "{kind:?} {field}");
    }
}

#[test]
fn an_entry_stays_suspended_until_it_works_and_nothing_is_open() {
    let field = |updateable| Field {
        kind: "string".into(),
        length: 255,
        updateable,
        ..Field::default()
    };
    let schema = |updateable| {
        let object = Object {
            name: "Opportunity".into(),
            updateable: true,
            fields: [("NextStep".to_owned(), field(updateable))].into(),
            ..Object::default()
        };
        Schema::from([(object.name.clone(), object)])
    };
    let mapping = Mapping {
        entries: vec![entry("next", "Opportunity", "NextStep")],
        destinations: vec![],
        ..Mapping::default()
    };
    let retyped = change(
        Kind::FieldRetyped,
        "NextStep",
        "textarea(255)",
        "string(255)",
    );
    let hit = ["next".to_owned()];
    let names = |found: Suspended| found.into_keys().collect::<Vec<_>>();
    assert_eq!(
        names(suspended(&mapping, &schema(true), [])),
        Vec::<String>::new()
    );
    assert_eq!(
        names(suspended(&mapping, &schema(true), [(&retyped, &hit[..])])),
        hit
    );
    assert_eq!(names(suspended(&mapping, &schema(false), [])), hit);
    let reasons = suspended(&mapping, &schema(true), [(&retyped, &hit[..])]);
    insta::assert_snapshot!(reasons["next"], @"Opportunity.NextStep was textarea(255) and is now string(255); check that Opportunity.NextStep still takes the property as string(255), or map another field");
}
