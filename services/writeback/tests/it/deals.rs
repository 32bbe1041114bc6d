//! Deals and further people of an activity: created where the admin and the org allow it, each once, whatever happens to an
//! answer; where the org does not share activities, the others are named in the text.

use crate::world::{
    LIMIT, WORKSPACE, World, entry, mapping, opportunity_schema, task_destination, task_schema,
};
use events::crm::v1::{Destination, Field, ObjectSchema, SchemaChanged, destination};
use events::matching::v1::{Candidate, Decision, MatchDecided, Outcome};
use events::meeting::v1::{ExtractedValue, MeetingProcessed, Origin, Value, value};
use events::writeback::v1::{
    Action, Change, ChangeState, PermissionMode, PropertyPermission, SetPermissionsRequest,
};
use salesforce_sim::{Fault, FaultKind, SimConfig};
use serde_json::json;
use testkit::eventually;
use testkit::rpc::as_admin;

fn field(name: &str, kind: &str) -> Field {
    Field {
        name: name.into(),
        label: name.into(),
        r#type: kind.into(),
        length: match kind {
            "string" => 80,
            "reference" => 18,
            _ => 0,
        },
        nillable: true,
        createable: true,
        updateable: true,
        ..Field::default()
    }
}

fn object(name: &str, fields: &[(&str, &str)]) -> ObjectSchema {
    ObjectSchema {
        name: name.into(),
        label: name.into(),
        createable: true,
        updateable: true,
        queryable: true,
        fields: fields
            .iter()
            .map(|(name, kind)| field(name, kind))
            .collect(),
        ..ObjectSchema::default()
    }
}

/// What an activity of this kind, and its relations, look like.
fn activity(kind: &str) -> Vec<ObjectSchema> {
    if kind == "Task" {
        let relation = [
            ("TaskId", "reference"),
            ("RelationId", "reference"),
            ("IsWhat", "boolean"),
        ];
        return vec![task_schema(), object("TaskRelation", &relation)];
    }
    let mut event = task_schema();
    event.name = "Event".into();
    event.fields.push(field("StartDateTime", "datetime"));
    event.fields.push(field("EndDateTime", "datetime"));
    let relation = [
        ("EventId", "reference"),
        ("RelationId", "reference"),
        ("IsParent", "boolean"),
        ("IsInvitee", "boolean"),
    ];
    // That the org shares activities shows in the relations of its Tasks.
    vec![
        event,
        object("EventRelation", &relation),
        object("TaskRelation", &[]),
    ]
}

/// Live, with a newer schema and records of these objects created freely.
async fn set_up(
    world: &World,
    destinations: Vec<Destination>,
    schema: Vec<ObjectSchema>,
    creates: &[&str],
) {
    let entries = vec![entry("next_step", "NextStep")];
    world.set_up(mapping(entries, destinations)).await;
    let objects = i64::try_from(schema.len()).expect("few");
    for object in schema {
        world
            .publish(&SchemaChanged {
                workspace: WORKSPACE.into(),
                version: 2,
                object: Some(object),
                part: 1,
                parts: 1,
                ..SchemaChanged::default()
            })
            .await;
    }
    eventually::eventually(LIMIT, async || {
        let known: i64 =
            sqlx::query_scalar("select count(*) from writeback.schema_part where version = 2")
                .fetch_one(&world.pool)
                .await
                .expect("the test's own servers answer");
        (known == objects).then_some(())
    })
    .await;
    let permissions = creates
        .iter()
        .map(|object| PropertyPermission {
            object: (*object).into(),
            field: String::new(),
            mode: PermissionMode::Automatic.into(),
            create_mode: PermissionMode::Automatic.into(),
        })
        .collect();
    let request = SetPermissionsRequest {
        workspace: WORKSPACE.into(),
        permissions,
    };
    world
        .client()
        .await
        .set_permissions(&as_admin(), request)
        .await
        .expect("permissions are set");
    let run = world.verify().await;
    assert!(run.passed, "{run:?}");
    world.live(true).await;
}

/// A meeting with these contacts about a deal, or about none yet; and what was said of its closing.
async fn met(
    world: &World,
    id: &str,
    contacts: &[(String, &str)],
    deal: &str,
    closes: Option<&str>,
) {
    let at = crate::world::said(id, "").started_at;
    let moment = |seconds| Some(events::Timestamp { seconds, nanos: 0 });
    let outcome = if deal.is_empty() {
        Outcome::Unmatched
    } else {
        Outcome::Matched
    };
    let day = |day: &str| Value {
        kind: Some(value::Kind::Date(day.into())),
    };
    world
        .publish(&MatchDecided {
            decision: Some(Decision {
                id: format!("decision-{id}"),
                workspace: WORKSPACE.into(),
                meeting_id: id.into(),
                meeting_revision: 1,
                sequence: 1,
                outcome: Outcome::Matched.into(),
                account_id: world.account.clone(),
                contact_ids: contacts.iter().map(|(id, _)| id.clone()).collect(),
                opportunity_outcome: outcome.into(),
                opportunity_id: deal.into(),
                probability: 0.97,
                opportunity_probability: 0.95,
                candidates: contacts
                    .iter()
                    .map(|(id, name)| Candidate {
                        object: "Contact".into(),
                        record_id: id.clone(),
                        name: (*name).into(),
                        ..Candidate::default()
                    })
                    .collect(),
                ..Decision::default()
            }),
            meeting: Some(MeetingProcessed {
                id: id.into(),
                workspace: WORKSPACE.into(),
                revision: 1,
                origin: Origin::Live.into(),
                title: "Kick-off".into(),
                started_at: moment(at),
                ended_at: moment(at + 1_800),
                processed_at: moment(at + 2_000),
                extracted_values: closes
                    .map(|closes| ExtractedValue {
                        property: "closes".into(),
                        value: Some(day(closes)),
                        confidence: 0.9,
                        evidence: vec![],
                    })
                    .into_iter()
                    .collect(),
                ..MeetingProcessed::default()
            }),
        })
        .await;
}

/// The meeting's change of one kind, once it is in a state.
async fn until(world: &World, meeting: &str, action: Action, state: ChangeState) -> Change {
    let found = eventually::within(LIMIT, async || {
        let set = world.set_of(meeting).await?;
        let mut of = set.changes.into_iter();
        of.find(|change| change.action() == action && change.state() == state)
    });
    match found.await {
        Some(found) => found,
        None => panic!(
            "{action:?} never became {state:?}: {:?}",
            world.set_of(meeting).await
        ),
    }
}

async fn loses_answers(world: &World) {
    let lost = Fault::new(FaultKind::CommitThenReset)
        .on_path("/composite/sobjects")
        .on_method("POST")
        .times(2);
    world.control.fault(lost).await.expect("is told");
}

async fn two_contacts(world: &World) -> Vec<(String, &'static str)> {
    let second = json!({"LastName": "Second", "AccountId": world.account});
    let second = world.load("Contact", second).await;
    vec![(world.contact.clone(), "T. Tester"), (second, "S. Second")]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_is_created_once_where_the_admin_allows_it_though_the_answer_is_lost() {
    let world = World::new().await;
    let _service = world.start().await;
    let mut deal = opportunity_schema();
    deal.fields.push(field("Name", "string"));
    deal.fields.push(field("AccountId", "reference"));
    deal.fields.push(field("CloseDate", "date"));
    set_up(&world, vec![], vec![deal], &["Opportunity"]).await;
    // What is not said about it is for a person to say, never made up.
    met(&world, "m-1", &[], "", None).await;
    let held = until(&world, "m-1", Action::CreateOpportunity, ChangeState::Held).await;
    let codes: Vec<&str> = held
        .reasons
        .iter()
        .map(|reason| reason.code.as_str())
        .collect();
    assert!(codes.contains(&"required_missing"), "{codes:?}");

    let mut closing = mapping(
        vec![entry("next_step", "NextStep"), entry("closes", "CloseDate")],
        vec![],
    );
    closing.version = 2;
    closing.revision = 2;
    world.publish_mapping(closing).await;
    eventually::eventually(LIMIT, async || {
        let version: i64 = sqlx::query_scalar("select mapping_version from writeback.workspace")
            .fetch_one(&world.pool)
            .await
            .expect("the test's own servers answer");
        (version == 2).then_some(())
    })
    .await;
    let run = world.verify().await;
    assert!(run.passed, "{run:?}");
    loses_answers(&world).await;
    met(&world, "m-2", &[], "", Some("2032-02-29")).await;
    let created = until(
        &world,
        "m-2",
        Action::CreateOpportunity,
        ChangeState::Applied,
    )
    .await;
    let record = world.record(&created.record.expect("a record").id).await;
    assert_eq!(record["Name"], json!("Kick-off"));
    assert_eq!(record["AccountId"], json!(world.account));
    assert_eq!(record["CloseDate"], json!("2032-02-29"));
    assert_eq!(record["StageName"], json!("Prospecting"));
    let writes = world.writes().await;
    assert_eq!(writes.get("create Opportunity"), Some(&1), "{writes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_admins_permission_no_deal_is_proposed() {
    let world = World::new().await;
    let _service = world.start().await;
    set_up(&world, vec![task_destination()], vec![], &["Task"]).await;
    met(&world, "m-1", &[], "", Some("2032-02-29")).await;
    until(&world, "m-1", Action::CreateTask, ChangeState::Applied).await;
    let set = world.set_of("m-1").await.expect("a set");
    assert_eq!(set.changes.len(), 1, "{set:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn further_contacts_share_the_activity_where_the_org_shares_activities() {
    for kind in ["Task", "Event"] {
        let world = World::with(SimConfig {
            shared_activities: true,
            ..SimConfig::default()
        })
        .await;
        let _service = world.start().await;
        let destination = Destination {
            content: destination::Content::Meeting.into(),
            kind: if kind == "Task" {
                destination::Kind::Task.into()
            } else {
                destination::Kind::Event.into()
            },
            ..Destination::default()
        };
        set_up(&world, vec![destination], activity(kind), &[kind]).await;
        loses_answers(&world).await;
        let contacts = two_contacts(&world).await;
        met(&world, "m-1", &contacts, &world.opportunity, None).await;
        until(&world, "m-1", Action::CreateRelation, ChangeState::Applied).await;
        let action = if kind == "Task" {
            Action::CreateTask
        } else {
            Action::CreateEvent
        };
        let created = until(&world, "m-1", action, ChangeState::Applied).await;
        let id = created.record.expect("a record").id;
        assert_eq!(world.record(&id).await["WhoId"], json!(contacts[0].0));
        let query = format!("SELECT RelationId FROM {kind}Relation WHERE {kind}Id = '{id}'");
        let related = world.control.query(&query).await.expect("relations");
        let second = related
            .iter()
            .filter(|relation| relation["RelationId"] == json!(contacts[1].0));
        assert_eq!(second.count(), 1, "{related:?}");
        let writes = world.writes().await;
        for made in [format!("create {kind}"), format!("create {kind}Relation")] {
            assert_eq!(writes.get(&made), Some(&1), "{made}: {writes:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_org_shares_no_activities_the_others_are_named_in_the_text() {
    let world = World::new().await;
    let _service = world.start().await;
    set_up(&world, vec![task_destination()], vec![], &["Task"]).await;
    let contacts = two_contacts(&world).await;
    met(&world, "m-1", &contacts, &world.opportunity, None).await;
    let created = until(&world, "m-1", Action::CreateTask, ChangeState::Applied).await;
    let record = world.record(&created.record.expect("a record").id).await;
    assert_eq!(record["WhoId"], json!(contacts[0].0));
    let text = record["Description"].as_str().unwrap_or_default();
    assert!(text.contains("Further contacts: S. Second"), "{text}");
    let set = world.set_of("m-1").await.expect("a set");
    assert!(
        set.changes
            .iter()
            .all(|change| change.action() != Action::CreateRelation),
        "{set:?}"
    );
}
