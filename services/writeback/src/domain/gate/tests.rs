//! One case per verdict of each gate, and the laws that hold whatever the case.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::DateTime;
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::domain::change::{Action, Verdict};
use crate::domain::decision::Outcome;
use crate::domain::mapping::{ActivityKind, Content, Destination, Mapping, Overwrite};
use crate::domain::meeting::Typed;
use crate::domain::people::Creates;
use crate::domain::prediction::{self, Save, Scene};
use crate::domain::schema::{Initial, Kind, Rule, Stage};
use crate::domain::settings::{Connection, Mode, Permissions, StageControl, StageControls};

fn text(value: &str) -> FieldValue {
    FieldValue::Text(value.into())
}

fn field(name: &str, kind: Kind) -> Field {
    Field {
        name: name.into(),
        label: name.into(),
        kind,
        length: 20,
        precision: 18,
        scale: 2,
        nillable: true,
        createable: true,
        updateable: true,
        calculated: false,
        restricted: false,
        values: vec![],
        controller: None,
        external_id: false,
        html: false,
        relationship: String::new(),
        reference_to: vec![],
        formula: String::new(),
        formula_blank_as_zero: false,
        initial: Initial::Blank,
    }
}

fn object(name: &str, fields: &[Field]) -> Object {
    Object {
        name: name.into(),
        key_prefix: "006".into(),
        createable: true,
        updateable: true,
        fields: fields
            .iter()
            .map(|field| (field.name.clone(), field.clone()))
            .collect(),
        stages: ["Open", "Middle", "Late", "Won"]
            .iter()
            .zip(1..)
            .map(|(name, order)| Stage {
                api_name: (*name).into(),
                label: (*name).into(),
                sort_order: order,
                active: true,
                closed: *name == "Won",
                won: *name == "Won",
                probability: 10 * order,
            })
            .collect(),
        record_types: vec![],
        rules: vec![],
        globals: vec![],
    }
}

fn settings() -> Settings {
    let opportunity = object(
        "Opportunity",
        &[
            field("NextStep", Kind::Text),
            field("StageName", Kind::Picklist),
            field("Amount", Kind::Currency),
            field("RecordTypeId", Kind::Reference),
            Field {
                reference_to: vec!["User".into()],
                ..field("OwnerId", Kind::Reference)
            },
        ],
    );
    let task = object(
        "Task",
        &[
            field("Subject", Kind::Text),
            field("Description", Kind::TextArea),
        ],
    );
    let entry = |id: &str, target: &str| Entry {
        id: id.into(),
        property: id.into(),
        object: "Opportunity".into(),
        field: target.into(),
        overwrite: Overwrite::ReplaceAlways,
        confidence_min: 0.5,
        truncate: false,
        synonyms: vec![],
        list_separator: String::new(),
        suspended: None,
    };
    let automatic = Mode::Automatic;
    let key = |field: &str| ("Opportunity".to_owned(), field.to_owned());
    let exit = |exits: &[&str], required: &[&str]| StageControl {
        allowed_exits: exits.iter().map(|name| (*name).to_owned()).collect(),
        required_fields: required.iter().map(|name| (*name).to_owned()).collect(),
    };
    Settings {
        workspace: "w".into(),
        generation: 1,
        connection: Connection {
            usable: true,
            detail: String::new(),
            epoch: 1,
            user_id: "005".into(),
        },
        mapping: Some(Mapping {
            version: 1,
            revision: 1,
            entries: vec![
                entry("next_step", "NextStep"),
                entry("stage", "StageName"),
                entry("hidden", "Hidden__c"),
                entry("owner", "OwnerId"),
            ],
            destinations: vec![Destination {
                content: Content::Meeting,
                kind: ActivityKind::Task,
            }],
        }),
        schema_versions: BTreeMap::new(),
        schema: BTreeMap::from([
            ("Opportunity".to_owned(), opportunity),
            ("Task".to_owned(), task),
        ]),
        rules: Arc::default(),
        creates: Creates::default(),
        reads: BTreeMap::new(),
        permissions: Permissions {
            objects: BTreeMap::from([
                ("Opportunity".to_owned(), (automatic, Mode::Off)),
                ("Task".to_owned(), (Mode::Off, automatic)),
            ]),
            fields: BTreeMap::from([
                (key("NextStep"), automatic),
                (key("StageName"), automatic),
                (key("Hidden__c"), automatic),
                (key("OwnerId"), Mode::Review),
            ]),
        },
        stages: StageControls {
            controls: BTreeMap::from([
                ("Open".to_owned(), exit(&["Middle", "Late", "Won"], &[])),
                ("Middle".to_owned(), exit(&["Open", "Late"], &[])),
                ("Late".to_owned(), exit(&["Won"], &["Amount"])),
                ("Won".to_owned(), exit(&["Open"], &[])),
            ]),
            pipelines: vec![],
        },
        verified: true,
        match_probability_min: 0.5,
        time_zone: Tz::UTC,
        key_field: "Ergo_Key__c".into(),
    }
}

fn matched() -> Match {
    Match {
        id: "d".into(),
        sequence: 1,
        outcome: Outcome::Matched,
        account_id: "001A".into(),
        contact_ids: vec![],
        lead_id: String::new(),
        opportunity_outcome: Outcome::Matched,
        opportunity_id: "006A".into(),
        opportunity_record_type_id: String::new(),
        probability: 0.9,
        opportunity_probability: 0.9,
        event_id: String::new(),
        explanation: "two open deals".into(),
        would_settle: String::new(),
        contact_names: vec![],
        account_domains: vec![],
        known_addresses: vec![],
    }
}

fn update(entry: &str, field: &str, value: &str) -> Proposal {
    Proposal {
        action: Action::UpdateField,
        object: "Opportunity".into(),
        record_id: "006A".into(),
        field: field.into(),
        entry_id: entry.into(),
        overwrite: Overwrite::ReplaceAlways,
        source: Source::Value(Typed::Text(value.into())),
        contents: vec![],
        creation_key: String::new(),
        related: vec![],
        lane: "001A".into(),
        confidence: 0.9,
        evidence: vec![],
    }
}

fn task(contents: Vec<Content>) -> Proposal {
    Proposal {
        action: Action::CreateTask,
        object: "Task".into(),
        record_id: String::new(),
        field: String::new(),
        entry_id: String::new(),
        source: Source::Record {
            fields: Fields::from([
                ("Subject".to_owned(), text("S")),
                ("Priority".to_owned(), text("Normal")),
            ]),
            missing: vec![],
        },
        contents,
        creation_key: "k".into(),
        ..update("", "", "")
    }
}

/// The world of one case; each test changes what it is about.
struct World {
    settings: Settings,
    matched: Match,
    record: Fields,
    target: fn(&Fields) -> Target<'_>,
    ours: Option<Provenance>,
    siblings: Fields,
    backfill: bool,
    budget_spent: bool,
    schema_moved: bool,
    owners: Owners,
}

impl World {
    fn new() -> Self {
        Self {
            settings: settings(),
            matched: matched(),
            record: Fields::from([
                ("NextStep".to_owned(), FieldValue::Null),
                ("StageName".to_owned(), text("Open")),
            ]),
            target: |record| Target::Read(record),
            ours: None,
            siblings: Fields::new(),
            owners: Owners::new(),
            backfill: false,
            budget_spent: false,
            schema_moved: false,
        }
    }

    fn gate(&self, proposal: &Proposal) -> Gated {
        let none = Foreseen::default();
        let around = Surroundings {
            settings: &self.settings,
            matched: &self.matched,
            backfill: self.backfill,
            unfetched: "",
            meeting_ended_at: DateTime::UNIX_EPOCH,
            target: (self.target)(&self.record),
            ours: self.ours.as_ref(),
            earlier: None,
            siblings: &self.siblings,
            foreseen: &none,
            owners: &self.owners,
            budget_spent: self.budget_spent,
            schema_moved: self.schema_moved,
            now: DateTime::UNIX_EPOCH,
        };
        let mut together = self.siblings.clone();
        together.extend(fitted(proposal, around).map(|value| (proposal.field.clone(), value)));
        let foreseen = match (
            self.settings.rules.get(&proposal.object),
            self.settings.schema.get(&proposal.object),
        ) {
            (Some(book), Some(object)) => {
                let scene = Scene {
                    user_id: "005",
                    now: DateTime::UNIX_EPOCH,
                };
                let created = new_record(proposal, around);
                let save = match &created {
                    Some(fields) => Save::Create(fields),
                    None => Save::Update {
                        before: &self.record,
                        changed: &together,
                    },
                };
                prediction::foresee(book, object, save, scene)
            }
            _ => Foreseen::default(),
        };
        run(
            proposal,
            Surroundings {
                foreseen: &foreseen,
                ..around
            },
        )
    }

    /// `state: gate/code gate/code`, worst first.
    fn said(&self, proposal: &Proposal) -> String {
        let gated = self.gate(proposal);
        let reasons: Vec<String> = gated
            .reasons
            .iter()
            .map(|reason| format!("{}/{}", reason.gate, reason.code))
            .collect();
        format!("{}: {}", gated.state.as_str(), reasons.join(" "))
    }
}

fn next_step() -> Proposal {
    update("next_step", "NextStep", "call")
}

/// One change of the world, with its name.
type Case = (&'static str, fn(&mut World), &'static str);

#[test]
fn an_owner_is_named_waited_for_or_held_with_the_reason() {
    use crate::domain::owner::Known;
    let mut world = World::new();
    world
        .record
        .insert("OwnerId".to_owned(), text("005000000000009AAA"));
    let proposal = update("owner", "OwnerId", "Rosa@Acme.example");
    assert_eq!(
        world.said(&proposal),
        "held: property_permission/review value/owner_not_told"
    );
    let address = "rosa@acme.example".to_owned();
    let rosa = Known::User {
        id: "005000000000001AAA".into(),
        name: "Rosa Meier".into(),
    };
    world.owners.insert(address.clone(), rosa);
    assert_eq!(
        world.said(&proposal),
        "held: property_permission/review value/owner_named"
    );
    assert_eq!(
        world.gate(&proposal).proposed,
        Some(Write::Value(text("005000000000001AAA")))
    );
    let gone = Known::Nobody("the Salesforce user with this address is inactive".into());
    world.owners.insert(address, gone);
    assert_eq!(
        world.said(&proposal),
        "held: property_permission/review value/no_such_owner"
    );
    assert_eq!(world.gate(&proposal).proposed, None);
}

#[test]
fn nothing_in_the_way_approves() {
    let world = World::new();
    let gated = world.gate(&next_step());
    assert_eq!(gated.state, State::Approved);
    assert_eq!(gated.proposed, Some(Write::Value(text("call"))));
    assert_eq!(gated.baseline, Some(FieldValue::Null));
    assert!(!gated.regate);
}

#[test]
fn each_gate_has_its_verdict_for_an_update() {
    let cases: Vec<Case> = vec![
        (
            "connection",
            |w| w.settings.connection.usable = false,
            "proposed: connection/not_connected",
        ),
        (
            "gone",
            |w| w.target = |_| Target::Gone,
            "held: connection/record_out_of_reach",
        ),
        (
            "object",
            |w| w.settings.schema.get_mut("Opportunity").unwrap().updateable = false,
            "held: connection/object_not_updateable",
        ),
        (
            "field",
            |w| {
                w.settings
                    .schema
                    .get_mut("Opportunity")
                    .unwrap()
                    .fields
                    .get_mut("NextStep")
                    .unwrap()
                    .updateable = false
            },
            "held: connection/field_not_updateable",
        ),
        (
            "no schema",
            |w| w.settings.schema.clear(),
            "proposed: setup/schema_unknown",
        ),
        (
            "not read",
            |w| w.target = |_| Target::NotRead,
            "proposed: setup/baseline_unknown",
        ),
        (
            "the org moved",
            |w| w.schema_moved = true,
            "proposed: setup/schema_moved",
        ),
        (
            "suspended",
            |w| {
                w.settings.mapping.as_mut().unwrap().entries[0].suspended =
                    Some("field was renamed".into())
            },
            "held: setup/entry_suspended",
        ),
        (
            "entry gone",
            |w| w.settings.mapping.as_mut().unwrap().entries.clear(),
            "held: setup/entry_gone",
        ),
        (
            "verification",
            |w| w.settings.verified = false,
            "proposed: verification/not_verified",
        ),
        (
            "off",
            |w| w.settings.permissions = Permissions::default(),
            "blocked: property_permission/off",
        ),
        (
            "read only",
            |w| {
                w.settings
                    .permissions
                    .objects
                    .get_mut("Opportunity")
                    .unwrap()
                    .0 = Mode::ReadOnly
            },
            "blocked: property_permission/read_only",
        ),
        (
            "review",
            |w| {
                w.settings
                    .permissions
                    .objects
                    .get_mut("Opportunity")
                    .unwrap()
                    .0 = Mode::Review
            },
            "held: property_permission/review",
        ),
        (
            "threshold",
            |w| w.matched.opportunity_probability = 0.4,
            "held: match/below_threshold",
        ),
        (
            "pipeline",
            |w| w.settings.stages.pipelines = vec!["012X".into()],
            "blocked: match/pipeline_not_selected",
        ),
        (
            "confidence",
            |w| w.settings.mapping.as_mut().unwrap().entries[0].confidence_min = 0.95,
            "held: confidence/below_minimum",
        ),
        (
            "a human edited after us",
            |w| {
                w.record.insert("NextStep".into(), text("theirs"));
                w.ours = Some(Provenance {
                    value: text("ours"),
                    written_at: DateTime::UNIX_EPOCH,
                    meeting_at: DateTime::UNIX_EPOCH,
                });
            },
            "held: overwrite_policy/human_edit_newer",
        ),
        (
            "value",
            |w| {
                w.settings
                    .schema
                    .get_mut("Opportunity")
                    .unwrap()
                    .fields
                    .get_mut("NextStep")
                    .unwrap()
                    .length = 3
            },
            "held: value/too_long",
        ),
        (
            "backfill",
            |w| w.backfill = true,
            "held: backfill/from_history",
        ),
        (
            "budget",
            |w| w.budget_spent = true,
            "proposed: budget/share_spent",
        ),
        (
            "there already",
            |w| {
                w.record.insert("NextStep".into(), text("call"));
            },
            "applied: overwrite_policy/already_there",
        ),
    ];
    for (name, change, expected) in cases {
        let mut world = World::new();
        change(&mut world);
        assert_eq!(world.said(&next_step()), expected, "{name}");
    }
}

#[test]
fn everything_in_the_way_is_said_at_once() {
    let mut world = World::new();
    world.settings.verified = false;
    world.backfill = true;
    world.settings.permissions = Permissions::default();
    assert_eq!(
        world.said(&next_step()),
        "blocked: property_permission/off backfill/from_history verification/not_verified"
    );
}

#[test]
fn a_hidden_field_is_held_until_it_is_seen() {
    let world = World::new();
    assert_eq!(
        world.said(&update("hidden", "Hidden__c", "x")),
        "held: connection/field_out_of_reach"
    );
    assert!(world.gate(&update("hidden", "Hidden__c", "x")).regate);
}

#[test]
fn an_ambiguous_match_goes_to_a_person() {
    let mut world = World::new();
    world.target = |_| Target::None;
    let mut proposal = next_step();
    proposal.record_id.clear();
    assert_eq!(world.said(&proposal), "held: match/ambiguous");
}

#[test]
fn stages_move_only_along_allowed_exits() {
    for (from, to, expected) in [
        ("Open", "Middle", "approved: "),
        ("Open", "Open", "applied: overwrite_policy/already_there"),
        (
            "Middle",
            "Won",
            "blocked: stage_control/exit_not_allowed stage_control/closes_the_deal",
        ),
        (
            "Elsewhere",
            "Open",
            "blocked: stage_control/stage_not_listed",
        ),
        ("Open", "Won", "held: stage_control/closes_the_deal"),
        (
            "Won",
            "Open",
            "held: stage_control/backward stage_control/reopens_the_deal",
        ),
        ("Middle", "Open", "held: stage_control/backward"),
        (
            "Open",
            "Late",
            "held: stage_control/required_fields_empty stage_control/skips_a_step",
        ),
        (
            "Middle",
            "Late",
            "held: stage_control/required_fields_empty",
        ),
    ] {
        let mut world = World::new();
        world.record.insert("StageName".into(), text(from));
        assert_eq!(
            world.said(&update("stage", "StageName", to)),
            expected,
            "{from} to {to}"
        );
    }
    let mut world = World::new();
    world.record.insert("StageName".into(), text("Middle"));
    world
        .siblings
        .insert("Amount".into(), FieldValue::Number(5.into()));
    assert_eq!(
        world.said(&update("stage", "StageName", "Late")),
        "approved: "
    );
}

fn with_rule(formula: &str) -> World {
    with_rule_of("Opportunity", formula)
}

fn with_rule_of(object: &str, formula: &str) -> World {
    let mut world = World::new();
    let object = world.settings.schema.get_mut(object).unwrap();
    object.rules = vec![Rule {
        name: "Rule".into(),
        formula: formula.into(),
        message: "not so".into(),
        field: String::new(),
    }];
    world.settings.rules = Arc::new(prediction::compile(&world.settings.schema));
    world
}

#[test]
fn a_predicted_refusal_holds_and_a_doubt_never_does() {
    for (formula, expected) in [
        (
            "NextStep = \"call\"",
            "held: validation_rules/predicted_block",
        ),
        (
            "NextStep = \"other\"",
            "approved: validation_rules/none_blocks",
        ),
        (
            "$Setup.X__c.Y__c = \"a\"",
            "approved: validation_rules/cannot_tell validation_rules/none_blocks",
        ),
        (
            "",
            "approved: validation_rules/cannot_tell validation_rules/none_blocks",
        ),
    ] {
        assert_eq!(with_rule(formula).said(&next_step()), expected, "{formula}");
    }
    let mut world = with_rule("AND(NextStep = \"call\", ISBLANK(Amount))");
    world.record.insert("Amount".into(), FieldValue::Null);
    assert_eq!(
        world.said(&next_step()),
        "held: validation_rules/predicted_block"
    );
    world
        .siblings
        .insert("Amount".into(), FieldValue::Number(5.into()));
    assert_eq!(
        world.said(&next_step()),
        "approved: validation_rules/depends_on_siblings validation_rules/none_blocks"
    );
}

#[test]
fn creations_have_their_own_verdicts() {
    let mut world = World::new();
    world.target = |_| Target::None;
    let gated = world.gate(&task(vec![Content::Meeting]));
    assert_eq!(gated.state, State::Approved);
    // What the org's Task does not have is left out.
    assert_eq!(
        gated.proposed,
        Some(Write::Record(Fields::from([(
            "Subject".to_owned(),
            text("S")
        )])))
    );
    assert_eq!(
        world.said(&task(vec![Content::Summary])),
        "blocked: egress/no_destination"
    );
    for (formula, expected) in [
        ("ISNEW()", "held: validation_rules/predicted_block"),
        (
            "ISCHANGED(Subject)",
            "approved: validation_rules/none_blocks",
        ),
        (
            "$Label.X = Subject",
            "approved: validation_rules/cannot_tell validation_rules/none_blocks",
        ),
    ] {
        let mut world = with_rule_of("Task", formula);
        world.target = |_| Target::None;
        assert_eq!(
            world.said(&task(vec![Content::Meeting])),
            expected,
            "{formula}"
        );
        // A note has no rules, and a text kept elsewhere is not what would be written.
        let mut elsewhere = task(vec![Content::Meeting]);
        if let Source::Record { missing, .. } = &mut elsewhere.source {
            missing.push(Content::Notes);
        }
        assert_eq!(
            world.said(&elsewhere),
            "held: value/text_elsewhere",
            "{formula}"
        );
    }
    world.settings.schema.get_mut("Task").unwrap().createable = false;
    assert_eq!(
        world.said(&task(vec![])),
        "held: connection/object_not_createable"
    );
    world.settings.permissions = Permissions::default();
    world.settings.schema.get_mut("Task").unwrap().createable = true;
    assert_eq!(
        world.said(&task(vec![])),
        "blocked: property_permission/off"
    );
}

#[test]
fn our_key_goes_where_the_org_has_a_field_for_it() {
    let mut world = World::new();
    world.target = |_| Target::None;
    let mut key = field("Ergo_Key__c", Kind::Text);
    key.external_id = true;
    world
        .settings
        .schema
        .get_mut("Task")
        .unwrap()
        .fields
        .insert("Ergo_Key__c".into(), key);
    let Some(Write::Record(fields)) = world.gate(&task(vec![Content::Meeting])).proposed else {
        panic!("a creation has fields")
    };
    assert_eq!(fields.get("Ergo_Key__c"), Some(&text("k")));
}

proptest! {
    /// Strictness only ever adds reasons: nothing a strict workspace refuses passes after one more thing is tightened.
    #[test]
    fn tightening_never_opens_a_gate(
        verified in any::<bool>(), usable in any::<bool>(), backfill in any::<bool>(), spent in any::<bool>(),
        mode in 0_usize..4, present in prop::option::of("[ab]")
    ) {
        let modes = [Mode::Automatic, Mode::Review, Mode::ReadOnly, Mode::Off];
        let build = |verified, usable, backfill, spent, mode: Mode| {
            let mut world = World::new();
            world.settings.verified = verified;
            world.settings.connection.usable = usable;
            world.backfill = backfill;
            world.budget_spent = spent;
            world.settings.permissions.objects.get_mut("Opportunity").unwrap().0 = mode;
            world.record.insert("NextStep".into(), present.as_ref().map_or(FieldValue::Null, |value| text(value)));
            verdict::worst(&world.gate(&next_step()).reasons)
        };
        let base = build(verified, usable, backfill, spent, modes[mode]);
        prop_assert!(build(false, usable, backfill, spent, modes[mode]) >= base);
        prop_assert!(build(verified, false, backfill, spent, modes[mode]) >= base);
        prop_assert!(build(verified, usable, true, spent, modes[mode]) >= base);
        prop_assert!(build(verified, usable, backfill, true, modes[mode]) >= base);
        prop_assert!(build(verified, usable, backfill, spent, modes[(mode + 1).min(3)]) >= base);
    }

    #[test]
    fn nothing_blocked_or_held_is_ever_approved(confidence in prop::num::f64::ANY, probability in 0.0_f64..1.0) {
        let mut world = World::new();
        world.matched.opportunity_probability = probability;
        let mut proposal = next_step();
        proposal.confidence = confidence;
        let gated = world.gate(&proposal);
        let allowed = confidence >= 0.5 && probability >= 0.5;
        prop_assert_eq!(gated.state == State::Approved, allowed);
        prop_assert_eq!(verdict::worst(&gated.reasons) == Verdict::Pass, allowed);
    }
}
