//! People a meeting brings: contacts and roles, only where the admin lets them be created, each once, never a twin.

use crate::world::{WORKSPACE, World, mapping, said};
use events::crm::v1::{Field, ObjectSchema, SchemaChanged};
use events::matching::v1::{Candidate, Decision, Evidence, MatchDecided, Outcome};
use events::meeting::v1::{MeetingProcessed, Participant};
use events::writeback::v1::{
    Action, Change, ChangeState, PermissionMode, PropertyPermission, SetPermissionsRequest,
};
use salesforce_sim::{Command, Fault, FaultKind, SimConfig};
use serde_json::json;
use testkit::rpc::as_admin;

fn object(name: &str, fields: &[&str]) -> ObjectSchema {
    let field = |name: &&str| Field {
        name: (*name).into(),
        label: (*name).into(),
        r#type: "string".into(),
        length: 80,
        nillable: true,
        createable: true,
        updateable: true,
        ..Field::default()
    };
    ObjectSchema {
        name: name.into(),
        label: name.into(),
        createable: true,
        updateable: true,
        queryable: true,
        fields: fields.iter().map(field).collect(),
        ..ObjectSchema::default()
    }
}

/// Live, with these objects' records created in this mode.
async fn set_up(world: &World, mode: PermissionMode) {
    world
        .set_up(mapping(
            vec![crate::world::entry("next_step", "NextStep")],
            vec![],
        ))
        .await;
    for schema in [
        object("Contact", &["FirstName", "LastName", "Email", "AccountId"]),
        object("OpportunityContactRole", &["OpportunityId", "ContactId"]),
    ] {
        world
            .publish(&SchemaChanged {
                workspace: WORKSPACE.into(),
                version: 1,
                object: Some(schema),
                part: 1,
                parts: 1,
                ..SchemaChanged::default()
            })
            .await;
    }
    testkit::eventually(crate::world::LIMIT, async || {
        let parts: i64 = sqlx::query_scalar("select count(*) from writeback.schema_part")
            .fetch_one(&world.pool)
            .await
            .expect("the test's own servers answer");
        (parts == 4).then_some(())
    })
    .await;
    let permissions = ["Contact", "OpportunityContactRole"]
        .map(|object| PropertyPermission {
            object: object.into(),
            field: String::new(),
            mode: PermissionMode::Off.into(),
            create_mode: mode.into(),
        })
        .to_vec();
    world
        .client()
        .await
        .set_permissions(
            &as_admin(),
            SetPermissionsRequest {
                workspace: WORKSPACE.into(),
                permissions,
            },
        )
        .await
        .expect("permissions are set");
    assert!(world.verify().await.passed);
    world.live(true).await;
}

/// A meeting with the known contact and with Ann, whose domain led to the account.
async fn met(world: &World, id: &str) {
    let at = said(id, "").started_at;
    let moment = |seconds| Some(events::Timestamp { seconds, nanos: 0 });
    let evidence = |signal: &str, value: &str, record: &str| Evidence {
        signal: signal.into(),
        group: "domain".into(),
        value: value.into(),
        record_id: record.into(),
        ..Evidence::default()
    };
    let person = |name: &str, email: &str| Participant {
        name: name.into(),
        email: email.into(),
        attended: true,
        ..Participant::default()
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
                contact_ids: vec![world.contact.clone()],
                opportunity_outcome: Outcome::Matched.into(),
                opportunity_id: world.opportunity.clone(),
                probability: 0.97,
                opportunity_probability: 0.95,
                candidates: vec![Candidate {
                    object: "Account".into(),
                    record_id: world.account.clone(),
                    evidence: vec![
                        evidence("account_domain", "test.example", &world.account),
                        evidence("contact_mail", "t@test.example", &world.contact),
                    ],
                    ..Candidate::default()
                }],
                ..Decision::default()
            }),
            meeting: Some(MeetingProcessed {
                id: id.into(),
                workspace: WORKSPACE.into(),
                revision: 1,
                origin: events::meeting::v1::Origin::Live.into(),
                title: "Weekly".into(),
                started_at: moment(at),
                ended_at: moment(at + 1_800),
                processed_at: moment(at + 2_000),
                participants: vec![
                    person("T. Tester", "t@test.example"),
                    person("Ann Lee", "Ann@test.example"),
                ],
                ..MeetingProcessed::default()
            }),
        })
        .await;
}

/// The meeting's changes of one kind, once all are in a state.
async fn until(world: &World, meeting: &str, action: Action, state: ChangeState) -> Vec<Change> {
    let found = testkit::eventually::within(crate::world::LIMIT, async || {
        let set = world.set_of(meeting).await?;
        let of: Vec<Change> = set
            .changes
            .into_iter()
            .filter(|change| change.action() == action)
            .collect();
        (!of.is_empty() && of.iter().all(|change| change.state() == state)).then_some(of)
    })
    .await;
    match found {
        Some(found) => found,
        None => panic!(
            "{action:?} never became {state:?}: {:?}",
            world.set_of(meeting).await
        ),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_becomes_a_contact_and_everybody_gets_a_role_once() {
    let world = World::new().await;
    let _service = world.start().await;
    set_up(&world, PermissionMode::Automatic).await;
    met(&world, "m-1").await;
    let contact = until(&world, "m-1", Action::CreateContact, ChangeState::Applied).await;
    let roles = until(&world, "m-1", Action::CreateRole, ChangeState::Applied).await;
    assert_eq!(roles.len(), 2);
    let ann = contact[0].record.clone().expect("a record").id;
    let record = world.record(&ann).await;
    assert_eq!(record["LastName"], json!("Lee"));
    assert_eq!(record["AccountId"], json!(world.account));
    // The next meeting with the same people adds nobody.
    met(&world, "m-2").await;
    until(&world, "m-2", Action::CreateContact, ChangeState::Applied).await;
    until(&world, "m-2", Action::CreateRole, ChangeState::Applied).await;
    let writes = world.writes().await;
    assert_eq!(writes.get("create Contact"), Some(&1), "{writes:?}");
    assert_eq!(
        writes.get("create OpportunityContactRole"),
        Some(&2),
        "{writes:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_lost_on_the_way_create_nobody_twice() {
    let world = World::new().await;
    let _service = world.start().await;
    set_up(&world, PermissionMode::Automatic).await;
    let lost = Fault::new(FaultKind::CommitThenReset)
        .on_path("/composite/sobjects")
        .on_method("POST")
        .times(2);
    world.control.fault(lost).await.unwrap();
    met(&world, "m-1").await;
    until(&world, "m-1", Action::CreateContact, ChangeState::Applied).await;
    until(&world, "m-1", Action::CreateRole, ChangeState::Applied).await;
    let writes = world.writes().await;
    assert_eq!(writes.get("create Contact"), Some(&1), "{writes:?}");
    assert_eq!(
        writes.get("create OpportunityContactRole"),
        Some(&2),
        "{writes:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_admins_permission_nobody_is_proposed() {
    let world = World::new().await;
    let _service = world.start().await;
    set_up(&world, PermissionMode::Off).await;
    met(&world, "m-1").await;
    testkit::eventually(crate::world::LIMIT, async || {
        world
            .set_of("m-1")
            .await
            .map(|set| assert!(set.changes.is_empty(), "{set:?}"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_review_a_person_decides_and_the_role_follows_the_contact() {
    let world = World::new().await;
    let _service = world.start().await;
    set_up(&world, PermissionMode::Review).await;
    met(&world, "m-1").await;
    until(&world, "m-1", Action::CreateContact, ChangeState::Held).await;
    until(&world, "m-1", Action::CreateRole, ChangeState::Held).await;
    assert!(world.writes().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_at_another_account_is_not_doubled_without_a_reviewer() {
    let world = World::new().await;
    let _service = world.start().await;
    set_up(&world, PermissionMode::Automatic).await;
    let elsewhere = world.load("Account", json!({"Name": "Elsewhere"})).await;
    world
        .load(
            "Contact",
            json!({"LastName": "Lee", "Email": "ann@test.example", "AccountId": elsewhere}),
        )
        .await;
    met(&world, "m-1").await;
    let held = until(&world, "m-1", Action::CreateContact, ChangeState::Held).await;
    assert!(
        held[0]
            .reasons
            .iter()
            .any(|reason| reason.code == "contact_elsewhere"),
        "{held:?}"
    );
    assert_eq!(world.writes().await.get("create Contact"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_rule_refuses_and_shows_what_it_found() {
    let world = World::with(SimConfig::default()).await;
    let _service = world.start().await;
    set_up(&world, PermissionMode::Automatic).await;
    let twin = world
        .load(
            "Contact",
            json!({"LastName": "Lee", "Email": "other@test.example"}),
        )
        .await;
    let rule = Command::PutDuplicateRule {
        object: "Contact".into(),
        name: "Contacts_DR".into(),
        fields: vec!["LastName".into()],
        allow_save: false,
        message: "Is it the same person?".into(),
    };
    world.control.send(&rule).await.unwrap();
    met(&world, "m-1").await;
    let refused = until(&world, "m-1", Action::CreateContact, ChangeState::Refused).await;
    let said: Vec<&str> = refused[0]
        .reasons
        .iter()
        .map(|reason| reason.message.as_str())
        .collect();
    assert!(said.contains(&"Is it the same person?"), "{said:?}");
    assert!(
        said.iter()
            .any(|line| line.contains(&twin) && line.contains("Contacts_DR")),
        "{said:?}"
    );
}
