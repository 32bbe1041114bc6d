//! The shape of answers and of errors.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::owners::{CONNECT_URL, Script};
use crate::world::{TOKEN, World, answer};

#[tokio::test]
async fn answers_carry_what_owners_said() {
    let world = World::new(&Script::saying("Send it")).await;
    let get = async |path: &str| world.api(TOKEN, Method::GET, path, None).await.1;
    let connection = get("/w/acme/connection").await;
    assert_eq!(
        (&connection["state"], &connection["cause"]),
        (&json!("connected"), &Value::Null)
    );
    let access = get("/w/acme/access").await;
    assert_eq!(access["review"]["complete"], false);
    let gap = &access["review"]["missing"][0];
    assert_eq!(
        (&gap["kind"], &gap["fix"], &gap["entry_ids"][0]),
        (&json!("field_edit"), &json!("Send it"), &json!("next_step"))
    );
    let missed = get("/w/acme/missed").await;
    assert_eq!(missed["changes_waiting"], 2);
    assert_eq!(missed["gaps"][0]["state"], "reconnect_required");
    assert_eq!(missed["gaps"][0]["meetings"][0]["changes_waiting"], 2);
    let history = get("/w/acme/connection/history").await;
    assert_eq!(
        (
            &history["items"][0]["previous_state"],
            &history["items"][0]["state"]
        ),
        (&json!("connected"), &json!("access_limited"))
    );
    let meetings = get("/w/acme/meetings?page_size=1").await;
    assert_eq!(
        meetings["items"][0]["writeback"]["counts"],
        json!([{"state": "held", "count": 1}, {"state": "applied", "count": 1}])
    );
    assert_eq!(meetings["next_page_token"], "further & on");
    let story = get("/w/acme/meetings/m-1%2F%CE%B1").await;
    let change = &story["change_set"]["changes"][0];
    assert_eq!(change["proposed"], "Send it");
    assert_eq!(change["baseline"], Value::Null);
    assert_eq!(change["verdict"], "hold");
    assert_eq!(
        change["reasons"][0]["gate"], "overwrite_policy",
        "the strictest first"
    );
    let rule = &change["reasons"][1]["rule"];
    assert_eq!(rule["explanation"], "The rule fires because Send it.");
    assert_eq!(rule["because"][0]["values"][0]["value"], "Send it");
    assert_eq!(rule["would_lift"], json!(["NextStep"]));
    assert_eq!(change["rehearsal"]["accepted"], false);
    assert_eq!(change["rehearsal"]["together"], json!(["Amount"]));
    let predictions = get("/w/acme/predictions").await;
    assert_eq!(predictions["scores"][0]["missed"], 1);
    assert_eq!(predictions["next_page_token"], Value::Null);
    assert_eq!(story["decision"]["candidates"][0]["chosen"], true);
    let why =
        get("/w/acme/why?object=Opportunity&record_id=006000000000001AAA&field=NextStep").await;
    assert_eq!(why["stories"][0]["sentence"], "Send it");
    assert_eq!(why["stories"][0]["change"]["evidence"][0]["speaker"], "Ann");
    assert_eq!(get("/w/acme/changes?state=held").await["total"], 1);
    let refusals = get("/w/acme/refusals").await;
    assert_eq!(refusals["items"][0]["scope"], "rule");
    let backfill = get("/w/acme/backfills/backfill-1").await;
    assert_eq!(backfill["slices"][0]["slice"], "2025-03");
    assert_eq!(backfill["state"], "running");
    let queue = "/w/acme/changes?state=held&order=risk&risk=overwrite,stage&low_risk=true&proposed_until=2026-03-02T10:00:00Z";
    assert_eq!(get(queue).await["total"], 1);
    let (status, wrong) = world
        .api(TOKEN, Method::GET, "/w/acme/changes?risk=grave", None)
        .await;
    assert_eq!(
        (status, &wrong["field"]),
        (StatusCode::BAD_REQUEST, &json!("risk"))
    );
    // What a preview answered is sent back as it came, to the microsecond.
    let wish = json!({"filter": {"alike": "abc"}, "decision": "approve"});
    let (_, preview) = world
        .api(
            TOKEN,
            Method::POST,
            "/w/acme/changes/decide-alike",
            Some(wish),
        )
        .await;
    assert_eq!(preview["decided"], 0);
    let wish =
        json!({"filter": {"alike": "abc"}, "decision": "approve", "seen_at": preview["seen_at"]});
    let (_, decided) = world
        .api(
            TOKEN,
            Method::POST,
            "/w/acme/changes/decide-alike",
            Some(wish),
        )
        .await;
    assert_eq!(decided["decided"], 2);
    assert_eq!(
        get("/w/acme/mapping").await["published"]["entries"][0]["overwrite"],
        "replace_ours"
    );

    let (status, link) = world
        .api(TOKEN, Method::POST, "/w/acme/connect", None)
        .await;
    assert_eq!(
        (status, &link["connect_url"]),
        (StatusCode::OK, &json!(CONNECT_URL))
    );
    let key =
        json!({"consumer_key": "3MVG9", "username": "u@acme.example", "private_key": "-----BEGIN"});
    let (status, connection) = world
        .api(TOKEN, Method::POST, "/w/acme/connect/jwt", Some(key))
        .await;
    assert_eq!(
        (status, &connection["state"]),
        (StatusCode::OK, &json!("connected"))
    );
    let no_key = json!({"consumer_key": "3MVG9", "username": "u@acme.example"});
    let (status, problem) = world
        .api(TOKEN, Method::POST, "/w/acme/connect/jwt", Some(no_key))
        .await;
    assert_eq!(
        (status, &problem["field"]),
        (StatusCode::BAD_REQUEST, &json!("private_key"))
    );
    let (status, run) = world
        .api(
            TOKEN,
            Method::POST,
            "/w/acme/sync",
            Some(json!({"kind": "records_full"})),
        )
        .await;
    assert_eq!(
        (status, &run["kind"]),
        (StatusCode::ACCEPTED, &json!("records_full"))
    );
    let (status, rehearsed) = world
        .api(
            TOKEN,
            Method::POST,
            "/w/acme/changes/rehearse",
            Some(json!({"change_ids": ["c-1", "c-9"]})),
        )
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(rehearsed["refusals"][0]["change_id"], "c-9");
    assert_eq!(rehearsed["api_calls"], 1);
    let stale = json!({"decisions": [{"change_id": "c-1", "version": 3, "decision": "approve"}]});
    let (_, decided) = world
        .api(TOKEN, Method::POST, "/w/acme/changes/decide", Some(stale))
        .await;
    assert_eq!(decided["refusals"][0]["change_id"], "c-1");
}

#[tokio::test]
async fn errors_are_problems_that_name_field_and_fix() {
    let world = World::new(&Script::default()).await;
    let entry = json!({"id": "a", "property": "p", "object": "Account", "field": "F", "overwrite": "sometimes"});
    let wrong = |decision: &str| {
        Some(json!({"decisions": [{"change_id": "c", "version": 1, "decision": decision}]}))
    };
    for (method, path, body, status, code, field) in [
        (
            Method::GET,
            "/w/acme/meetings?page_size=0",
            None,
            400,
            "invalid_argument",
            "page_size",
        ),
        (
            Method::GET,
            "/w/acme/changes?state=hold",
            None,
            400,
            "invalid_argument",
            "state",
        ),
        (
            Method::PUT,
            "/w/acme/live",
            Some(json!({})),
            400,
            "invalid_argument",
            "live",
        ),
        (
            Method::PUT,
            "/w/acme/live",
            Some(json!({"live": true, "now": 1})),
            400,
            "invalid_argument",
            "now",
        ),
        (
            Method::PUT,
            "/w/acme/mapping/draft",
            Some(json!({"entries": [entry]})),
            400,
            "invalid_argument",
            "entries[0].overwrite",
        ),
        (
            Method::POST,
            "/w/acme/changes/decide",
            wrong("maybe"),
            400,
            "invalid_argument",
            "decisions[0].decision",
        ),
        (
            Method::POST,
            "/w/acme/changes/decide",
            Some(json!({"decisions": []})),
            400,
            "invalid_argument",
            "decisions",
        ),
        (
            Method::GET,
            "/w/a.b/status",
            None,
            400,
            "invalid_argument",
            "workspace",
        ),
        (
            Method::POST,
            "/w/acme/mapping/publish",
            None,
            422,
            "mapping_problems",
            "",
        ),
        (
            Method::GET,
            "/w/acme/meetings/none",
            None,
            404,
            "not_found",
            "",
        ),
        (
            Method::GET,
            "/w/acme/nothing",
            None,
            404,
            "unknown_route",
            "",
        ),
        (
            Method::DELETE,
            "/w/acme/status",
            None,
            405,
            "wrong_method",
            "",
        ),
        (
            Method::GET,
            "/w/acme/quarantine/7",
            None,
            404,
            "not_found",
            "",
        ),
        (
            Method::GET,
            "/w/acme/quarantine/0",
            None,
            404,
            "not_found",
            "",
        ),
    ] {
        let (found, problem) = world.api(TOKEN, method, path, body).await;
        assert_eq!(
            (found.as_u16(), &problem["code"]),
            (status, &json!(code)),
            "{path}: {problem}"
        );
        assert_eq!(
            problem["field"].as_str().unwrap_or_default(),
            field,
            "{path}: {problem}"
        );
        assert_eq!(problem["status"], status, "{path}");
    }
    let (_, problem) = world
        .api(TOKEN, Method::POST, "/w/acme/mapping/publish", None)
        .await;
    assert_eq!(problem["errors"][0]["fix"], "did you mean NextStep?");

    let url = format!("{}/api/v1/w/acme/live", world.base);
    let plain = world.client.put(&url).bearer_auth(TOKEN).body("live=true");
    let response = plain.send().await.expect("answers");
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert!(response.headers().contains_key("x-request-id"));
    assert_eq!(answer(response).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = world
        .client
        .put(&url)
        .bearer_auth(TOKEN)
        .body(vec![b' '; 600 * 1024]);
    let (status, problem) = answer(large.send().await.expect("answers")).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("too_large"))
    );
}

#[tokio::test]
async fn an_owner_that_is_away_is_said_to_be_away() {
    let mut world = World::new(&Script::default()).await;
    world.stop_owners().await;
    let (status, problem) = world.api(TOKEN, Method::GET, "/w/acme/status", None).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable"))
    );
    let page = world.admin().await.get("/w/acme/status").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    let page = page.text().await.expect("arrives");
    assert!(page.contains("does not answer"), "{page}");
}

#[tokio::test]
async fn matching_is_told_shown_and_corrected_through_the_api() {
    let script = Script::saying("Send it");
    let world = World::new(&script).await;
    let ask = async |method: Method, path: &str, body: Option<Value>| {
        world.api(TOKEN, method, path, body).await
    };
    let (_, phrases) = ask(Method::GET, "/w/acme/phrases", None).await;
    assert_eq!(phrases["items"][0]["phrase"], "Send it");
    let wish = json!({"phrase": "falcon", "account_id": "001000000000001AAA"});
    let (_, preview) = ask(Method::POST, "/w/acme/phrases/preview", Some(wish.clone())).await;
    assert_eq!(
        (
            &preview["looked_at"],
            &preview["truncated"],
            &preview["flips"][0]["labelled"]
        ),
        (&json!(3), &json!(true), &json!("right"))
    );
    let rule = json!({"domain": "acme.com", "class": "partner"});
    let (_, preview) = ask(Method::POST, "/w/acme/domains/preview", Some(rule)).await;
    assert_eq!(preview["flips"][0]["meeting_id"], "m-1/α");
    assert_eq!(script.changes(), 0, "looking changes nothing");

    let (status, _) = ask(Method::PUT, "/w/acme/phrases", Some(wish)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = ask(Method::DELETE, "/w/acme/phrases/project%20falcon", None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (_, moves) = ask(Method::GET, "/w/acme/moves", None).await;
    assert_eq!(moves["items"][0]["reason"], "Send it");
    let declined = json!({"accept": false});
    let (_, settled) = ask(Method::POST, "/w/acme/moves/m-1/settle", Some(declined)).await;
    assert_eq!(settled["decision"], Value::Null);
    let (_, settings) = ask(Method::GET, "/w/acme/matching-settings", None).await;
    assert_eq!(
        (
            &settings["account_threshold"],
            &settings["group_deals"],
            &settings["phone_region"]
        ),
        (&json!(0.97), &json!(true), &json!("DE"))
    );
    let (status, _) = ask(Method::PUT, "/w/acme/matching-settings", Some(settings)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let chosen = json!({"account_id": "001000000000009AAA"});
    let (_, decision) = ask(Method::POST, "/w/acme/meetings/m-1/correct", Some(chosen)).await;
    assert_eq!(
        (&decision["account_id"], &decision["decided_by"]),
        (&json!("001000000000009AAA"), &json!("person"))
    );
    let (_, decision) = ask(Method::POST, "/w/acme/meetings/m-1/revert", Some(json!({}))).await;
    assert_eq!(decision["decided_by"], "rules");
    assert_eq!(script.changes(), 6);
}
