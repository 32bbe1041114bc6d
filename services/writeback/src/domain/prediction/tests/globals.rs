//! Globals: a value that was read decides, one that was not is told with the reason, and nobody else's is used.

use super::{SCENE, changes, deal, schema, text, update};
use crate::domain::prediction::{Said, Save, Scene, compile, foresee};
use crate::domain::schema::{Global, Schema};

fn known(name: &str, kind: &str, value: &str) -> Global {
    Global {
        name: name.into(),
        kind: kind.into(),
        value_json: Some(value.into()),
        unknown_reason: String::new(),
    }
}

fn unknown(name: &str, kind: &str, why: &str) -> Global {
    Global {
        name: name.into(),
        kind: kind.into(),
        value_json: None,
        unknown_reason: why.into(),
    }
}

fn read() -> Vec<Global> {
    vec![
        known("$User.Id", "id", "\"005000000000001AAA\""),
        known("$User.Department", "string", "\"Integrations\""),
        known("$User.Manager__c", "reference", "null"),
        known("$Profile.Name", "string", "\"Integration\""),
        known("$UserRole.Name", "string", "null"),
        known("$Permission.Skip_Rules", "boolean", "true"),
        known("$Permission.Other", "boolean", "false"),
        unknown(
            "$Permission.Grouped",
            "boolean",
            "a permission set group may give it",
        ),
        known("$Setup.Switches__c.Off__c", "boolean", "false"),
        known("$Setup.Switches__c.Unset__c", "boolean", "null"),
        known("$Setup.Switches__c.Max__c", "currency", "1500.00"),
        unknown(
            "$Setup.Gone__c.Off__c",
            "",
            "Gone__c is out of the connected user's reach",
        ),
        known("$CustomMetadata.Policy__mdt.Deals.Max__c", "double", "500"),
        unknown("$Label.Big", "", "custom labels are not read"),
    ]
}

fn with(formula: &str, globals: Vec<Global>) -> Schema {
    let mut schema = schema(&[("Rule", formula)]);
    schema.get_mut("Opportunity").expect("the deal").globals = globals;
    schema
}

/// `fires`, `silent`, or why it cannot be told.
fn said(schema: &Schema, scene: Scene<'_>) -> String {
    let books = compile(schema);
    let changed = changes(&[("NextStep", text("call"))]);
    let before = deal();
    let save = Save::Update {
        before: &before,
        changed: &changed,
    };
    let foreseen = foresee(&books["Opportunity"], &schema["Opportunity"], save, scene);
    match foreseen.of("NextStep").first().map(|found| &found.said) {
        None => "silent".to_owned(),
        Some(Said::Fires(_)) => "fires".to_owned(),
        Some(Said::DependsOnSiblings) => "siblings".to_owned(),
        Some(Said::CannotTell(why)) => why.clone(),
    }
}

#[test]
fn every_global_is_read_or_told_with_the_reason() {
    for (formula, expected) in [
        ("$User.Id = \"005000000000001\"", "fires"),
        ("$User.Department = \"Integrations\"", "fires"),
        ("$USER.department = \"Sales\"", "silent"),
        ("ISBLANK($User.Manager__c)", "fires"),
        ("$Profile.Name <> \"System Administrator\"", "fires"),
        ("ISBLANK($UserRole.Name)", "fires"),
        ("NOT($Permission.Skip_Rules)", "silent"),
        ("NOT($Permission.Other)", "fires"),
        (
            "NOT($Permission.Grouped)",
            "$Permission.Grouped is not loaded: a permission set group may give it",
        ),
        (
            "NOT($Permission.Never_Asked)",
            "$Permission.Never_Asked is not loaded",
        ),
        ("AND(NOT($Setup.Switches__c.Off__c), Amount > 500)", "fires"),
        ("$Setup.Switches__c.Unset__c", "silent"),
        ("Amount > $Setup.Switches__c.Max__c", "silent"),
        ("Amount > $CustomMetadata.Policy__mdt.Deals.Max__c", "fires"),
        ("$RecordType.DeveloperName = \"Renewal\"", "fires"),
        ("$System.OriginDateTime < NOW()", "fires"),
        (
            "$Organization.Name = \"x\"",
            "$Organization.Name is not loaded",
        ),
        (
            "$Label.Big = NextStep",
            "$Label.Big is not loaded: custom labels are not read",
        ),
        // A switch out of reach leaves what the rest of the rule decides.
        (
            "AND(NOT($Setup.Gone__c.Off__c), Amount > 500)",
            "$Setup.Gone__c.Off__c is not loaded: Gone__c is out of the connected user's reach",
        ),
        ("AND(NOT($Setup.Gone__c.Off__c), Amount > 5000)", "silent"),
        ("OR($Setup.Gone__c.Off__c, Amount > 500)", "fires"),
        // Days cannot be cut without the connected user's zone.
        (
            "CloseDate < TODAY()",
            "the running user's time zone is not given",
        ),
    ] {
        assert_eq!(said(&with(formula, read()), SCENE), expected, "{formula}");
    }
    // Where its type is not known, and it may be of any, the rule is not compiled.
    let untyped = said(&with("$Setup.Gone__c.Max__c < Amount", read()), SCENE);
    assert!(untyped.contains("$Setup.Gone__c.Max__c"), "{untyped}");
}

#[test]
fn days_are_cut_where_the_connected_user_lives() {
    let mut globals = read();
    for (zone, expected) in [
        ("America/New_York", "fires"),
        ("Europe/Berlin", "silent"),
        (
            "Middle-earth/Shire",
            "the running user's time zone is not given",
        ),
    ] {
        globals.push(known(
            "$User.TimeZoneSidKey",
            "picklist",
            &format!("\"{zone}\""),
        ));
        let schema = with("TODAY() = DATE(1969, 12, 31)", globals.clone());
        assert_eq!(said(&schema, SCENE), expected, "{zone}");
        globals.pop();
    }
}

#[test]
fn what_another_user_had_is_not_used() {
    let schema = with("$Profile.Name = \"Integration\"", read());
    for (user_id, expected) in [
        ("005000000000001AAA", "fires"),
        // The fifteen characters name the same user.
        ("005000000000001", "fires"),
        ("005000000000002AAA", "$Profile.Name is not loaded"),
        ("", "$Profile.Name is not loaded"),
    ] {
        let scene = Scene { user_id, ..SCENE };
        assert_eq!(said(&schema, scene), expected, "{user_id}");
    }
    // Globals of a snapshot that does not say whose they are are nobody's.
    let schema = with("$Profile.Name = \"Integration\"", read().split_off(1));
    assert_eq!(said(&schema, SCENE), "$Profile.Name is not loaded");
}

#[test]
fn a_rule_that_fires_over_a_global_names_it() {
    let schema = with(
        "AND($Profile.Name <> \"Admin\", NOT(ISBLANK(NextStep)))",
        read(),
    );
    let books = compile(&schema);
    let changed = changes(&[("NextStep", text("call"))]);
    let foreseen = update(
        &books["Opportunity"],
        &schema["Opportunity"],
        &deal(),
        &changed,
    );
    let Some(Said::Fires(found)) = foreseen.of("NextStep").first().map(|found| &found.said) else {
        panic!("it fires: {foreseen:?}")
    };
    assert_eq!(
        found.explanation,
        "The rule fires because NextStep is not blank and $Profile.Name <> \"Admin\" ($Profile.Name is \"Integration\"); \
         putting back NextStep would lift it."
    );
}
