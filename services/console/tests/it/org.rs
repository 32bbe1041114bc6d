//! What an admin sees of the org and says about it: drift and its repair, the catalogue, versions, the document for another
//! org, pipelines, objects, owners.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::owners::Script;
use crate::world::{TOKEN, World};

#[tokio::test]
async fn what_metadata_sync_says_of_the_org_is_answered_whole() {
    let world = World::new(&Script::saying("Send it")).await;
    let get = async |path: &str| {
        let (status, answer) = world.api(TOKEN, Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    };
    let catalogue = get("/w/acme/properties").await;
    assert_eq!(
        (
            &catalogue["properties"][0]["type"],
            &catalogue["mapping_version"]
        ),
        (&json!("text"), &json!(3))
    );
    let versions = get("/w/acme/mapping/versions").await;
    assert_eq!(versions["items"][0]["suspended"], 1);
    let differences = get("/w/acme/mapping/diff?from=2").await;
    assert_eq!(differences["items"][0]["id"], "2-0", "0 is the draft");
    let document = get("/w/acme/mapping/document?version=2").await;
    assert_eq!(
        document,
        json!({"yaml": "format: 1 # Send it", "version": 2, "controls_known": true})
    );
    let pipelines = get("/w/acme/pipelines").await;
    let pipeline = &pipelines["items"][0];
    assert_eq!(pipeline["chosen"], Value::Null, "writeback did not say");
    assert_eq!(
        pipeline["stages"][0]["allowed_exits"],
        json!(["Closed Won"])
    );
    let owners = get("/w/acme/owners?search=rosa").await;
    assert_eq!(owners["owners"][0]["name"], "rosa");
    assert_eq!(owners["overrides"][0]["email"], "ann@acme.example");
    assert_eq!(get("/w/acme/objects").await["items"][0]["selected"], true);
}

#[tokio::test]
async fn an_admin_repairs_imports_describes_and_overrides() {
    let script = Script::saying("Send it");
    let world = World::new(&script).await;
    let ask = async |method: Method, path: &str, body: Value| {
        world.api(TOKEN, method, path, Some(body)).await
    };
    let (status, item) = ask(Method::POST, "/w/acme/drift/d-1/repair", json!({})).await;
    assert_eq!(
        (status, &item["status"], &item["people"]),
        (StatusCode::OK, &json!("repaired"), &json!(["Send it"]))
    );
    let wish = json!({"yaml": "format: 1"});
    let (status, imported) = ask(Method::PUT, "/w/acme/mapping/document", wish).await;
    assert_eq!(
        (
            status,
            &imported["stored"],
            &imported["problems"][0]["message"]
        ),
        (StatusCode::OK, &json!(false), &json!("format: 1"))
    );
    let wish = json!({"stages": [{"stage": "Nowhere", "description": "x"}]});
    let (status, problem) = ask(Method::PUT, "/w/acme/stage-descriptions", wish).await;
    assert_eq!(
        (status, &problem["errors"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!(["Nowhere"]))
    );
    for (path, wish) in [
        ("/w/acme/stage-descriptions", json!({"stages": []})),
        ("/w/acme/objects", json!({"objects": ["Deal__c"]})),
        ("/w/acme/owner-overrides", json!({"overrides": []})),
    ] {
        let (status, answer) = ask(Method::PUT, path, wish).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{path}: {answer}");
    }
    assert_eq!(script.changes(), 6);
}
