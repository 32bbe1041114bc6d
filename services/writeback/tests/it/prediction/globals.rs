//! Globals come with the schema: what is known decides as the org does, what is not known is told.

use std::net::SocketAddr;

use events::crm::v1::{Global, ObjectSchema, ValidationRule};
use events::writeback::v1::ChangeState;
use serde_json::json;
use testkit::eventually;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{MESSAGE, predictions, publish_schema};
use crate::world::{LIMIT, WORKSPACE, World, entry, mapping, opportunity_schema, said};

fn global(name: &str, kind: &str, value_json: &str, unknown_reason: &str) -> Global {
    Global {
        name: name.into(),
        r#type: kind.into(),
        value_json: value_json.into(),
        unknown_reason: unknown_reason.into(),
    }
}

/// Verified and live; the org and we have the rules, and this is what was read of their globals.
async fn with_rules(world: &World, rules: &[(&str, &str)], mut globals: Vec<Global>) {
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    world.live(true).await;
    for (name, formula) in rules {
        world
            .control
            .put_rule("Opportunity", name, formula, name, Some("NextStep"))
            .await
            .expect("the rule");
    }
    globals.push(global("$User.Id", "id", &format!("\"{}\"", world.user), ""));
    let validation_rules = rules
        .iter()
        .map(|(name, formula)| ValidationRule {
            name: (*name).into(),
            formula: (*formula).into(),
            error_message: (*name).into(),
            error_field: "NextStep".into(),
            ..ValidationRule::default()
        })
        .collect();
    publish_schema(
        world,
        ObjectSchema {
            validation_rules,
            globals,
            ..opportunity_schema()
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_over_globals_is_answered_as_the_org_answers_it() {
    let world = World::new().await;
    let _service = world.start().await;
    let organization = world
        .control
        .query("SELECT Id FROM Organization")
        .await
        .expect("the organization")[0]["Id"]
        .clone();
    world
        .load(
            "Rule_Switches__c",
            json!({"SetupOwnerId": organization, "Rules_Off__c": false, "Amount_Max__c": 500}),
        )
        .await;
    with_rules(
        &world,
        &[
            // Exempt as the connected user's profile is.
            (
                "Exempt",
                "AND($Profile.Name <> \"Integration\", NOT(ISBLANK(NextStep)))",
            ),
            (
                "Switched",
                "AND(NOT($Setup.Rule_Switches__c.Rules_Off__c), Amount > $Setup.Rule_Switches__c.Amount_Max__c, \
                 NOT($Permission.Skip_Rules), NOT(ISBLANK(NextStep)))",
            ),
        ],
        vec![
            global("$Profile.Name", "string", "\"Integration\"", ""),
            global("$Permission.Skip_Rules", "boolean", "false", ""),
            global("$Setup.Rule_Switches__c.Rules_Off__c", "boolean", "false", ""),
            global("$Setup.Rule_Switches__c.Amount_Max__c", "currency", "500.0", ""),
        ],
    )
    .await;
    world.decided(&said("m-1", "call")).await;
    let held = world.until("m-1", "NextStep", ChangeState::Held).await;
    let why = held
        .reasons
        .iter()
        .find_map(|reason| reason.rule.as_ref())
        .expect("why");
    assert_eq!(why.rule, "Switched");
    let seen: Vec<&str> = why
        .because
        .iter()
        .flat_map(|condition| &condition.values)
        .map(|value| value.path.as_str())
        .collect();
    assert!(
        seen.contains(&"$Setup.Rule_Switches__c.Amount_Max__c"),
        "{seen:?}"
    );
    super::approve(&world, &held).await;
    world.until("m-1", "NextStep", ChangeState::Refused).await;
    let scores = predictions(&world).await.scores;
    assert_eq!(scores.iter().map(|score| score.agreed).sum::<u64>(), 2);
    assert_eq!(
        scores
            .iter()
            .map(|score| score.missed + score.false_alarms)
            .sum::<u64>(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_global_that_could_not_be_read_is_named_and_counted_without_content() {
    let world = World::new().await;
    let service = world.start().await;
    with_rules(
        &world,
        &[(
            MESSAGE,
            "AND($User.Department = \"Top secret\", NOT(ISBLANK(NextStep)))",
        )],
        vec![global(
            "$User.Department",
            "string",
            "",
            "the connected user does not see the field",
        )],
    )
    .await;
    world.decided(&said("m-1", "call the board")).await;
    let applied = world.until("m-1", "NextStep", ChangeState::Applied).await;
    let told = applied
        .reasons
        .iter()
        .find(|reason| reason.code == "cannot_tell")
        .expect("a doubt");
    assert_eq!(
        told.message,
        format!(
            "validation rule {MESSAGE}: $User.Department is not loaded: the connected user does not see the field"
        )
    );
    // Metrics count by org, source and result, and hold no value, rule or name of a record.
    let metrics = eventually(LIMIT, async || {
        let text = get(service.admin_addr(), "/metrics").await;
        text.contains("ergo_predictions_total").then_some(text)
    })
    .await;
    let lines: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("ergo_predictions_total{"))
        .collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    for label in [
        format!("workspace=\"{WORKSPACE}\""),
        "source=\"write\"".to_owned(),
        "result=\"unknown_accepted\"".to_owned(),
    ] {
        assert!(lines[0].contains(&label), "{}", lines[0]);
    }
    for content in ["board", "secret", MESSAGE, "Department"] {
        assert!(!metrics.contains(content), "{content} is in the metrics");
    }
}

async fn get(addr: SocketAddr, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(addr).await.expect("listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("sends the request");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .expect("reads the answer");
    answer
}
