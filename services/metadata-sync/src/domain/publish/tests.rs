use super::*;
use crate::domain::mapping::{Direction, Entry, Overwrite, Synonym};
use crate::domain::property::{self as property_kind, Property};
use crate::domain::schema::{Field, Object, PicklistValue};

fn field(kind: &str, length: u32) -> Field {
    Field {
        label: "Label".into(),
        kind: kind.into(),
        length,
        createable: true,
        updateable: true,
        ..Field::default()
    }
}

fn schema() -> Schema {
    let stage = Field {
        picklist: ["Proposal", "Won"]
            .map(|value| PicklistValue {
                value: value.into(),
                active: true,
                ..PicklistValue::default()
            })
            .into(),
        ..field("picklist", 255)
    };
    let locked = Field {
        updateable: false,
        ..field("string", 255)
    };
    let formula = Field {
        calculated: true,
        updateable: false,
        ..field("double", 0)
    };
    let owner = Field {
        reference_to: vec!["User".into()],
        ..field("reference", 18)
    };
    let opportunity = Object {
        name: "Opportunity".into(),
        updateable: true,
        fields: [
            ("NextStep", field("string", 255)),
            ("Short__c", field("string", 40)),
            ("Description", field("textarea", 32_000)),
            ("StageName", stage),
            ("Locked__c", locked),
            ("Formula__c", formula),
            ("AccountId", field("reference", 18)),
            ("OwnerId", owner),
            ("Secret__c", field("encryptedstring", 175)),
            ("Amount", field("currency", 0)),
        ]
        .map(|(name, field)| (name.to_owned(), field))
        .into(),
        ..Object::default()
    };
    let task = Object {
        name: "Task".into(),
        createable: true,
        ..Object::default()
    };
    [opportunity, task]
        .map(|object| (object.name.clone(), object))
        .into()
}

fn entry(property: &str, field: &str) -> Entry {
    Entry {
        id: "e1".into(),
        property: property.into(),
        object: "Opportunity".into(),
        field: field.into(),
        overwrite: Some(Overwrite::OnlyIfEmpty),
        confidence_min: 0.8,
        ..Entry::default()
    }
}

fn told(entries: Vec<Entry>) -> String {
    let mapping = Mapping {
        entries,
        destinations: vec![],
        ..Mapping::default()
    };
    let lines = check(&mapping, &schema()).into_iter().map(|problem| {
        format!(
            "{} {}: {} -> {}",
            problem.entry_id, problem.field, problem.message, problem.fix
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_sound_mapping_has_no_problem() {
    let stage = Entry {
        id: "stage".into(),
        synonyms: vec![Synonym {
            from: "quote sent".into(),
            to: "Proposal".into(),
        }],
        ..entry("meeting.suggested_stage", "StageName")
    };
    let mapping = Mapping {
        entries: vec![
            entry("next_step", "NextStep"),
            stage,
            Entry {
                id: "owner".into(),
                ..entry("meeting.organizer", "OwnerId")
            },
        ],
        destinations: vec![Destination {
            content: Some(Content::Meeting),
            kind: Some(Kind::Task),
        }],
        ..Mapping::default()
    };
    assert_eq!(check(&mapping, &schema()), []);
}

#[test]
fn each_problem_names_its_fix() {
    let synonym = |from: &str, to: &str| Synonym {
        from: from.into(),
        to: to.into(),
    };
    for (wrong, expected) in [
        (
            entry("next_step", "nextstep"),
            "e1 field: Opportunity.nextstep does not exist or is hidden from the connected user -> write NextStep",
        ),
        (
            entry("next_step", "Gone__c"),
            "e1 field: Opportunity.Gone__c does not exist or is hidden from the connected user -> choose a field that exists, or make it visible to the connected user",
        ),
        (
            entry("next_step", "Locked__c"),
            "e1 field: the connected user may not edit Opportunity.Locked__c -> let the connected user edit Opportunity.Locked__c, or choose another field",
        ),
        (
            entry("next_step", "Formula__c"),
            "e1 field: Opportunity.Formula__c is filled by Salesforce -> choose a field that can be written",
        ),
        (
            entry("next_step", "AccountId"),
            "e1 field: a lookup cannot be filled from a meeting, unless it points to a user -> choose a text, picklist, number or date field, or an owner",
        ),
        (
            entry("next_step", "Secret__c"),
            "e1 field: type \"encryptedstring\" cannot be written -> choose a field of another type",
        ),
        (
            entry("meeting.notes", "NextStep"),
            "e1 field: Opportunity.NextStep holds 255 characters and meeting.notes may need 4000 -> choose a longer field, or switch truncate on",
        ),
        (
            entry("meeting.started_at", "Amount"),
            "e1 field: meeting.started_at does not fit a field of type currency -> choose a field of a fitting type",
        ),
        (
            entry("meeting.unknown", "NextStep"),
            "e1 property: \"meeting.unknown\" is not a built-in property -> use meeting.title, started_at, ended_at, recording_url, notes, summary, suggested_stage or organizer",
        ),
        (
            Entry {
                object: "opportunity".into(),
                ..entry("next_step", "NextStep")
            },
            "e1 object: \"opportunity\" cannot be written to -> write Opportunity",
        ),
        (
            Entry {
                object: "Lead".into(),
                ..entry("next_step", "NextStep")
            },
            "e1 object: Lead is not in the org or hidden from the connected user -> give the connected user access to Lead",
        ),
        (
            Entry {
                overwrite: None,
                ..entry("next_step", "NextStep")
            },
            "e1 overwrite: no overwrite policy is chosen -> choose one, for example only if empty",
        ),
        (
            Entry {
                overwrite: Some(Overwrite::Append),
                ..entry("amount", "Amount")
            },
            "e1 overwrite: a field of type currency cannot be added to -> choose a policy that replaces, or only if empty",
        ),
        (
            Entry {
                confidence_min: f64::NAN,
                ..entry("next_step", "NextStep")
            },
            "e1 confidence_min: NaN is not between 0 and 1 -> use for example 0.8",
        ),
        (
            Entry {
                truncate: true,
                ..entry("amount", "Amount")
            },
            "e1 truncate: a field of type currency cannot be cut -> switch truncate off",
        ),
        (
            Entry {
                synonyms: vec![synonym("quote", "proposal")],
                ..entry("meeting.suggested_stage", "StageName")
            },
            "e1 synonyms: \"proposal\" is not an active value of Opportunity.StageName -> write \"Proposal\"",
        ),
        (
            Entry {
                synonyms: vec![synonym("q", "Won"), synonym("Q ", "Won")],
                ..entry("stage", "StageName")
            },
            "e1 synonyms: \"Q \" is given twice -> keep one of them",
        ),
        (
            Entry {
                synonyms: vec![synonym("q", "x")],
                ..entry("next_step", "NextStep")
            },
            "e1 synonyms: a field of type string has no list of values -> remove the synonyms",
        ),
    ] {
        assert_eq!(told(vec![wrong]), expected);
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let twice = Entry {
        property: "meeting.title".into(),
        ..entry("x", "Short__c")
    };
    insta::assert_snapshot!(told(vec![entry("next_step", "Gone__c"), twice.clone(), twice]), @r#"
    e1 field: Opportunity.Gone__c does not exist or is hidden from the connected user -> choose a field that exists, or make it visible to the connected user
    e1 field: Opportunity.Short__c holds 40 characters and meeting.title may need 255 -> choose a longer field, or switch truncate on
    e1 field: Opportunity.Short__c holds 40 characters and meeting.title may need 255 -> choose a longer field, or switch truncate on
    e1 id: another entry has the id "e1" too -> give each entry an id of its own
    e1 id: another entry has the id "e1" too -> give each entry an id of its own
    e1 field: entry "e1" already writes Opportunity.Short__c -> keep one entry per field
    "#);
}

#[test]
fn a_destination_needs_an_object_the_user_may_create() {
    let destination = |content, kind| Destination {
        content: Some(content),
        kind: Some(kind),
    };
    let mapping = Mapping {
        entries: vec![],
        destinations: vec![
            destination(Content::Meeting, Kind::Task),
            destination(Content::Meeting, Kind::Event),
        ],
        ..Mapping::default()
    };
    let found: Vec<String> = check(&mapping, &schema())
        .into_iter()
        .map(|problem| problem.message)
        .collect();
    assert_eq!(
        found,
        [
            "Meeting has two destinations",
            "Event is not in the org or hidden from the connected user"
        ]
    );
}

#[test]
fn without_a_snapshot_nothing_can_be_published() {
    let found = check(&Mapping::default(), &Schema::new());
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].fix,
        "connect Salesforce and wait for the first schema sync"
    );
}

#[test]
fn a_catalogue_is_checked_and_entries_against_it() {
    let property = |key: &str, kind: Option<property_kind::Kind>, options: &[&str]| Property {
        key: key.into(),
        label: "Label".into(),
        kind,
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        ..Property::default()
    };
    use property_kind::Kind as P;
    let entry = |id: &str, property: &str, field: &str| Entry {
        id: id.into(),
        property: property.into(),
        object: "Opportunity".into(),
        field: field.into(),
        overwrite: Some(Overwrite::ReplaceOurs),
        ..Entry::default()
    };
    let staged = Entry {
        synonyms: vec![Synonym {
            from: "Signed".into(),
            to: "Won".into(),
        }],
        ..entry("stage", "outcome", "StageName")
    };
    let mapping = Mapping {
        properties: vec![
            property("next_step", Some(P::Text), &[]),
            property("next_step", Some(P::Text), &["x"]),
            property("Bad Key", None, &[]),
            property("outcome", Some(P::Option), &["proposal", "signed", "lost"]),
            property("budget_open", Some(P::Boolean), &[]),
            property("nothing", Some(P::Options), &[]),
        ],
        entries: vec![
            entry("a", "next_step", "NextStep"),
            entry("b", "unknown", "Short__c"),
            entry("c", "budget_open", "Amount"),
            staged,
            entry("d", "meeting.title", "NextStep"),
        ],
        destinations: vec![],
    };
    let lines: Vec<String> = check(&mapping, &schema())
        .into_iter()
        .map(|problem| {
            format!(
                "{} {}: {}",
                problem.entry_id, problem.field, problem.message
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
     properties.key: property "next_step" is there twice
     properties.options: property "next_step" has options and its type takes none
     properties.key: "Bad Key" is not a property key
     properties.type: property "Bad Key" has no type
     properties.options: property "nothing" takes options and has none
    b property: "unknown" is not in the property catalogue
    c field: budget_open is of type boolean and Opportunity.Amount of type currency
    stage synonyms: option "lost" of outcome is no active value of Opportunity.StageName
    d field: entry "a" already writes Opportunity.NextStep
    "#);
}

#[test]
fn what_is_only_read_need_not_be_writable() {
    let entry = Entry {
        id: "locked".into(),
        property: "locked".into(),
        object: "Opportunity".into(),
        field: "Locked__c".into(),
        direction: Direction::Read,
        ..Entry::default()
    };
    let mapping = Mapping {
        entries: vec![entry],
        ..Mapping::default()
    };
    assert_eq!(check(&mapping, &schema()), []);
}
