//! Tables of the comparison.

use super::*;
use crate::domain::mapping::{self, Content, Destination, Entry};
use crate::domain::schema::{Field, Object, RecordType, Stage};

fn field(updateable: bool) -> Field {
    Field {
        kind: "string".into(),
        createable: updateable,
        updateable,
        permissionable: true,
        ..Field::default()
    }
}

fn object(name: &str, fields: &[&str]) -> Object {
    Object {
        name: name.into(),
        createable: true,
        updateable: true,
        queryable: true,
        fields: fields
            .iter()
            .map(|name| ((*name).to_owned(), field(true)))
            .collect(),
        ..Object::default()
    }
}

fn schema() -> Schema {
    let mut schema = Schema::new();
    for (name, fields) in [
        ("Account", &["Name", "Description"][..]),
        ("Contact", &["Title"]),
        ("Lead", &[]),
        ("Opportunity", &["NextStep", "Amount"]),
        ("OpportunityContactRole", &[]),
        ("User", &[]),
        ("Task", &[]),
        ("ContentNote", &[]),
        ("ContentDocumentLink", &[]),
    ] {
        schema.insert(name.to_owned(), object(name, fields));
    }
    let deal = schema.get_mut("Opportunity").expect("it is there");
    deal.record_types = vec![RecordType {
        id: "012A".into(),
        name: "New business".into(),
        available: true,
        ..RecordType::default()
    }];
    deal.stages = vec![Stage::default(), Stage::default()];
    schema
}

fn mapping() -> Mapping {
    let entry = |id: &str, object: &str, field: &str| Entry {
        id: id.into(),
        object: object.into(),
        field: field.into(),
        ..Entry::default()
    };
    Mapping {
        entries: vec![
            entry("next", "Opportunity", "NextStep"),
            entry("amount", "Opportunity", "Amount"),
            entry("about", "Account", "Description"),
        ],
        destinations: vec![Destination {
            content: Some(Content::Notes),
            kind: Some(mapping::Kind::ContentNote),
        }],
        ..Mapping::default()
    }
}

fn seen() -> Seen {
    Seen {
        api_enabled: true,
        owners: Some(Owners {
            count: 3,
            hidden: vec![],
        }),
        open_opportunities: Some(12),
        pipelines: Some(vec!["012A".into()]),
        notes: vec![],
    }
}

fn found(schema: &Schema, mapping: Option<&Mapping>, seen: &Seen) -> Vec<String> {
    review(schema, mapping, 1, seen)
        .missing
        .iter()
        .map(|gap| {
            let place = [&gap.object, &gap.field, &gap.subject_id]
                .into_iter()
                .filter(|part| !part.is_empty())
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(".");
            format!("{:?} {place} {:?}", gap.kind, gap.entry_ids)
        })
        .collect()
}

type Change = fn(&mut Schema, &mut Seen);

#[test]
fn each_loss_is_named_exactly_and_nothing_else_is() {
    let table: &[(&str, Change, &[&str])] = &[
        ("nothing lost", |_, _| {}, &[]),
        (
            "object read",
            |schema, _| {
                schema.remove("Opportunity");
            },
            &[r#"ObjectRead Opportunity ["amount", "next"]"#],
        ),
        (
            "object not queryable",
            |schema, _| schema.get_mut("Account").expect("there").queryable = false,
            &[r#"ObjectRead Account ["about"]"#],
        ),
        (
            "object edit",
            |schema, _| schema.get_mut("Opportunity").expect("there").updateable = false,
            &[r#"ObjectEdit Opportunity ["amount", "next"]"#],
        ),
        (
            "object edit nobody writes to",
            |schema, _| schema.get_mut("Contact").expect("there").updateable = false,
            &[],
        ),
        (
            "object create",
            |schema, _| schema.get_mut("ContentNote").expect("there").createable = false,
            &["ObjectCreate ContentNote []"],
        ),
        (
            "a note's link",
            |schema, _| {
                schema.remove("ContentDocumentLink");
            },
            &["ObjectRead ContentDocumentLink []"],
        ),
        (
            "field read",
            |schema, _| {
                let deal = schema.get_mut("Opportunity").expect("there");
                deal.fields.remove("NextStep");
            },
            &[r#"FieldRead Opportunity.NextStep ["next"]"#],
        ),
        (
            "field edit",
            |schema, _| {
                let deal = schema.get_mut("Opportunity").expect("there");
                deal.fields.insert("Amount".into(), field(false));
            },
            &[r#"FieldEdit Opportunity.Amount ["amount"]"#],
        ),
        (
            "a formula is no lack of access",
            |schema, _| {
                let deal = schema.get_mut("Opportunity").expect("there");
                let formula = Field {
                    calculated: true,
                    ..field(false)
                };
                deal.fields.insert("Amount".into(), formula);
            },
            &[],
        ),
        (
            "an unmapped field",
            |schema, _| {
                let account = schema.get_mut("Account").expect("there");
                account.fields.remove("Name");
            },
            &[],
        ),
        (
            "what only matching reads",
            |schema, _| {
                schema.remove("Contact");
                schema.remove("User");
            },
            &["ObjectRead Contact []", "ObjectRead User []"],
        ),
        (
            "what matching does without",
            |schema, _| {
                schema.remove("Lead");
                schema.remove("OpportunityContactRole");
            },
            &[],
        ),
        (
            "a pipeline's record type not assigned",
            |schema, _| {
                let deal = schema.get_mut("Opportunity").expect("there");
                deal.record_types[0].available = false;
            },
            &["RecordType Opportunity.012A []"],
        ),
        (
            "a pipeline's record type gone",
            |_, seen| seen.pipelines = Some(vec!["012A".into(), "012Z".into()]),
            &["RecordType Opportunity.012Z []"],
        ),
        (
            "pipelines not known",
            |schema, seen| {
                schema
                    .get_mut("Opportunity")
                    .expect("there")
                    .record_types
                    .clear();
                seen.pipelines = None;
            },
            &[],
        ),
        (
            "owners",
            |_, seen| {
                seen.owners = Some(Owners {
                    count: 3,
                    hidden: vec!["005A".into()],
                });
            },
            &["Owner User.005A []"],
        ),
        (
            "the API, and then nothing else can be told",
            |schema, seen| {
                seen.api_enabled = false;
                schema.clear();
            },
            &["Api  []"],
        ),
    ];
    for (name, change, expected) in table {
        let (mut schema, mut seen) = (schema(), seen());
        change(&mut schema, &mut seen);
        assert_eq!(found(&schema, Some(&mapping()), &seen), *expected, "{name}");
    }
}

#[test]
fn without_a_mapping_only_matching_needs_anything() {
    let mut schema = schema();
    schema.remove("Task");
    schema.get_mut("Opportunity").expect("there").updateable = false;
    assert_eq!(found(&schema, None, &seen()), Vec::<String>::new());
    schema.remove("Opportunity");
    assert_eq!(found(&schema, None, &seen()), ["ObjectRead Opportunity []"]);
}

#[test]
fn every_gap_says_where_an_admin_sets_it() {
    let mut schema = schema();
    schema.remove("Account");
    let deal = schema.get_mut("Opportunity").expect("there");
    deal.fields.remove("NextStep");
    deal.fields.insert("Amount".into(), field(false));
    deal.record_types.clear();
    schema.get_mut("ContentNote").expect("there").createable = false;
    let seen = Seen {
        owners: Some(Owners {
            count: 1,
            hidden: vec!["005A".into()],
        }),
        ..seen()
    };
    let review = review(&schema, Some(&mapping()), 1, &seen);
    let lines: Vec<String> = review
        .missing
        .iter()
        .map(|gap| format!("{}\n  {}", gap.message, gap.fix))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    the connected user may not read Account records
      in a permission set assigned to the connected user: Setup > Permission Sets > Object Settings > Account > enable Read
    the connected user may not create ContentNote records
      in a permission set assigned to the connected user: Setup > Permission Sets > Object Settings > ContentNote > enable Create
    the connected user may not edit Opportunity.Amount
      field-level security: Setup > Permission Sets > Object Settings > Opportunity > Field Permissions > Amount > Edit Access
    the connected user does not see Opportunity.NextStep, or it is gone: Salesforce does not tell the two apart
      field-level security: Setup > Permission Sets > Object Settings > Opportunity > Field Permissions > NextStep > Read and Edit Access
    the pipeline 012A is inactive, gone or not assigned to the connected user as a record type
      record type assignment: Setup > Permission Sets > Object Settings > Opportunity > Record Types > assign 012A; it must be active under Setup > Object Manager > Opportunity > Record Types
    the connected user does not see the user 005A, who owns records
      sharing: Setup > Sharing Settings > User, or a permission set with View All Users assigned to the connected user
    ");
}

#[test]
fn what_the_user_can_reach_is_listed() {
    let review = review(&schema(), Some(&mapping()), 4, &seen());
    let deal = review
        .objects
        .iter()
        .find(|known| known.object == "Opportunity")
        .expect("it is used");
    assert!(deal.read && deal.create && deal.edit);
    assert_eq!((deal.fields_readable, deal.fields_editable), (2, 2));
    assert_eq!(
        deal.fields,
        [("Amount", true), ("NextStep", true)].map(|(field, edit)| FieldAccess {
            field: field.into(),
            read: true,
            edit,
        })
    );
    assert_eq!((review.mapping_version, review.stages), (4, 2));
    assert!(review.is_complete());
    let names: Vec<&str> = review
        .record_types
        .iter()
        .map(|known| known.name.as_str())
        .collect();
    assert_eq!(names, ["New business"]);
}

#[test]
fn a_long_list_is_cut_and_still_counted() {
    let seen = Seen {
        owners: Some(Owners {
            count: 300,
            hidden: (0..300).map(|number| format!("005{number}")).collect(),
        }),
        ..seen()
    };
    let review = review(&schema(), None, 0, &seen);
    assert_eq!((review.missing.len(), review.missing_count), (200, 300));
}
