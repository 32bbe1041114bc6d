//! Money and time from what was said to what the org holds, and back: nothing is rounded, and no day moves.

use crate::world::{LIMIT, WORKSPACE, World, entry, mapping, opportunity_schema, said};
use chrono_tz::Tz;
use events::crm::v1::{ConnectionState, Field, SchemaChanged};
use events::matching::v1::{Decision, MatchDecided, Outcome};
use events::meeting::v1::{ExtractedValue, MeetingProcessed, Money, Origin, Value, value::Kind};
use events::writeback::v1::{
    Change, ChangeState, PermissionMode, PropertyPermission, SetPermissionsRequest,
};
use events::{Timestamp, meeting};
use salesforce_sim::Command;
use serde_json::{Value as Json, json};
use testkit::eventually;
use testkit::rpc::as_admin;
use writeback::Options;

/// What is said, into which field, and what the org holds of it; `Err` with the code it is held for.
type Case = (&'static str, Kind, Result<Json, &'static str>);

fn moment(text: &str) -> Timestamp {
    let at: chrono::DateTime<chrono::Utc> = text.parse().expect("a moment");
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).expect("fits"),
    }
}

fn number(text: &str) -> Kind {
    Kind::Number(text.into())
}

fn money(amount: &str, currency: &str) -> Kind {
    Kind::Money(Money {
        amount: amount.into(),
        currency: currency.into(),
    })
}

fn at(text: &str) -> Kind {
    Kind::DateTime(moment(text))
}

/// Berlin is an hour ahead of UTC in winter and two in summer; clocks change on 30 March and 26 October 2031.
fn cases() -> Vec<Case> {
    let day = |text: &str| Ok(json!(text));
    vec![
        ("Amount", number("0.1"), Ok(json!(0.1))),
        ("Amount", number("1234567.89"), Ok(json!(1_234_567.89))),
        ("Amount", number("-12.50"), Ok(json!(-12.5))),
        ("Amount", money("75000.00", "EUR"), Ok(json!(75000))),
        ("Amount", number("0.005"), Err("too_many_decimals")),
        ("Amount", number("99999999999999999"), Err("out_of_range")),
        ("Amount", money("10", "USD"), Err("other_currency")),
        (
            "CloseDate",
            Kind::Date("2032-02-29".into()),
            day("2032-02-29"),
        ),
        (
            "CloseDate",
            Kind::Text("2031-02-29".into()),
            Err("not_a_date"),
        ),
        ("CloseDate", at("2031-03-29T22:59:59Z"), day("2031-03-29")),
        ("CloseDate", at("2031-03-29T23:00:00Z"), day("2031-03-30")),
        ("CloseDate", at("2031-03-30T21:59:59Z"), day("2031-03-30")),
        ("CloseDate", at("2031-03-30T22:00:00Z"), day("2031-03-31")),
        ("CloseDate", at("2031-10-25T22:00:00Z"), day("2031-10-26")),
        ("CloseDate", at("2031-10-26T22:59:59Z"), day("2031-10-26")),
        ("CloseDate", at("2031-10-26T23:00:00Z"), day("2031-10-27")),
        ("CloseDate", at("2032-02-28T23:30:00Z"), day("2032-02-29")),
        ("CloseDate", at("2031-12-31T23:00:00Z"), day("2032-01-01")),
        (
            "Kickoff__c",
            at("2031-03-30T01:00:00Z"),
            day("2031-03-30T01:00:00.000+0000"),
        ),
        (
            "Kickoff__c",
            at("2031-10-26T00:30:00Z"),
            day("2031-10-26T00:30:00.000+0000"),
        ),
        (
            "Kickoff__c",
            at("2032-02-29T23:59:59Z"),
            day("2032-02-29T23:59:59.000+0000"),
        ),
    ]
}

fn field(name: &str, kind: &str) -> Field {
    Field {
        name: name.into(),
        label: name.into(),
        r#type: kind.into(),
        nillable: true,
        createable: true,
        updateable: true,
        ..Field::default()
    }
}

async fn set_up(world: &World) {
    for (name, definition) in [
        ("Kickoff__c", "Kickoff__c datetime cun \"Kickoff\""),
        (
            "CurrencyIsoCode",
            "CurrencyIsoCode string(3) cun \"Currency\"",
        ),
    ] {
        let add = Command::AddField {
            object: "Opportunity".into(),
            definition: definition.into(),
        };
        world
            .control
            .send(&add)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    world.connect(1, ConnectionState::Connected).await;
    world.publish_schema().await;
    let mut schema = opportunity_schema();
    schema.fields.extend([
        field("CloseDate", "date"),
        field("Kickoff__c", "datetime"),
        Field {
            length: 3,
            ..field("CurrencyIsoCode", "string")
        },
    ]);
    world
        .publish(&SchemaChanged {
            workspace: WORKSPACE.into(),
            version: 2,
            object: Some(schema),
            part: 1,
            parts: 1,
            ..SchemaChanged::default()
        })
        .await;
    let fields = ["Amount", "CloseDate", "Kickoff__c"];
    let entries = fields
        .map(|field| entry(&field.to_lowercase().replace("__c", ""), field))
        .to_vec();
    world.publish_mapping(mapping(entries, vec![])).await;
    world.until_settled(1).await;
    world.permit().await;
    let permissions = fields
        .map(|field| PropertyPermission {
            object: "Opportunity".into(),
            field: field.into(),
            mode: PermissionMode::Automatic.into(),
            create_mode: PermissionMode::Unspecified.into(),
        })
        .to_vec();
    let request = SetPermissionsRequest {
        workspace: WORKSPACE.into(),
        permissions,
    };
    let client = world.client().await;
    client
        .set_permissions(&as_admin(), request)
        .await
        .expect("permissions are set");
    let run = world.verify().await;
    assert!(run.passed, "{run:?}");
    world.live(true).await;
}

async fn told(world: &World, id: &str, deal: &str, property: &str, kind: Kind) {
    let start = said(id, "").started_at;
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
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
                opportunity_outcome: Outcome::Matched.into(),
                opportunity_id: deal.into(),
                probability: 0.97,
                opportunity_probability: 0.95,
                ..Decision::default()
            }),
            meeting: Some(MeetingProcessed {
                id: id.into(),
                workspace: WORKSPACE.into(),
                revision: 1,
                origin: Origin::Live.into(),
                started_at: at(start),
                ended_at: at(start + 1_800),
                processed_at: at(start + 2_000),
                extracted_values: vec![ExtractedValue {
                    property: property.into(),
                    value: Some(Value { kind: Some(kind) }),
                    confidence: 0.9,
                    evidence: vec![meeting::v1::Evidence::default()],
                }],
                ..MeetingProcessed::default()
            }),
        })
        .await;
}

async fn ended(world: &World, meeting: &str) -> Change {
    eventually(LIMIT, async || {
        let change = world.set_of(meeting).await?.changes.into_iter().next()?;
        matches!(
            change.state(),
            ChangeState::Applied | ChangeState::Held | ChangeState::Refused | ChangeState::Failed
        )
        .then_some(change)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn money_and_time_arrive_as_they_were_said_or_are_held() {
    let world = World::new().await;
    let _service = world
        .start_with(Options {
            time_zone: Tz::Europe__Berlin,
            ..world.options()
        })
        .await;
    set_up(&world).await;
    let cases = cases();
    let mut deals = Vec::new();
    for (number, (field, kind, _)) in cases.iter().enumerate() {
        let deal = world.deal(&format!("Deal {number}")).await;
        let euro = json!({"CurrencyIsoCode": "EUR"});
        world.human_edits(&deal, euro).await;
        let property = field.to_lowercase().replace("__c", "");
        told(
            &world,
            &format!("m-{number}"),
            &deal,
            &property,
            kind.clone(),
        )
        .await;
        deals.push(deal);
    }
    for (number, (field, kind, expected)) in cases.iter().enumerate() {
        let change = ended(&world, &format!("m-{number}")).await;
        match expected {
            Ok(value) => {
                assert_eq!(
                    change.state(),
                    ChangeState::Applied,
                    "{field} {kind:?}: {:?}",
                    change.reasons
                );
                let held = world.record(&deals[number]).await[*field].clone();
                let same = held == *value
                    || held
                        .as_f64()
                        .is_some_and(|held| Some(held) == value.as_f64());
                assert!(same, "{field} {kind:?}: the org holds {held}, not {value}");
                // Read back as it was written: a later meeting takes it for ours.
                let read: Json =
                    serde_json::from_str(&change.observed_json).expect("was read back");
                let text = |value: &Json| value.as_str().map_or(value.to_string(), str::to_owned);
                let (read, wrote) = (
                    text(&read),
                    text(&serde_json::from_str(&change.proposed_json).expect("a value")),
                );
                let as_moment = |text: &str| {
                    chrono::DateTime::parse_from_rfc3339(text)
                        .or_else(|_| {
                            chrono::DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.3f%z")
                        })
                        .map(|at| at.timestamp_millis())
                };
                let same = read == wrote
                    || read
                        .parse::<f64>()
                        .is_ok_and(|read| Ok(read) == wrote.parse())
                    || as_moment(&read).is_ok_and(|read| as_moment(&wrote) == Ok(read));
                assert!(same, "{field} {kind:?}: wrote {wrote}, read {read}");
            }
            Err(code) => {
                assert_eq!(change.state(), ChangeState::Held, "{field} {kind:?}");
                assert!(
                    change.reasons.iter().any(|reason| reason.code == *code),
                    "{field} {kind:?}: {:?}",
                    change.reasons
                );
            }
        }
    }
}
