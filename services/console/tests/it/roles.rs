//! What a viewer may not do, by page and by API; what a token may.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::owners::Script;
use crate::world::{PASSWORD, TOKEN, World};

#[tokio::test]
async fn a_viewer_is_refused_every_write() {
    let script = Script::saying("Send it");
    let world = World::new(&script).await;
    let invitation = json!({"email": "Vera@example.com", "workspace": "acme", "role": "viewer"});
    let (status, invited) = world
        .api(TOKEN, Method::POST, "/users", Some(invitation))
        .await;
    assert_eq!(status, StatusCode::CREATED, "{invited}");
    let link = invited["link"].as_str().expect("a link");
    let path = link.strip_prefix(&world.base).expect("on our host");
    let mut vera = world.browser();
    let fields = [("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(
        vera.welcome(path, &fields).await.status(),
        StatusCode::SEE_OTHER
    );

    // She reads.
    let queue = vera.page("/w/acme/queue").await;
    assert!(queue.contains("Send it") && !queue.contains("Approve"));
    assert!(
        !vera
            .page("/w/acme/connection")
            .await
            .contains("Connect again")
    );
    let token = world.admin().await.form_token("/w/acme/queue").await;
    let by_form = [
        ("form_token", token.as_str()),
        ("change_id", "c-1"),
        ("decision", "approve"),
    ];
    assert_eq!(
        vera.post("/w/acme/queue", &by_form).await.status(),
        StatusCode::FORBIDDEN
    );

    let mapping = json!({"entries": []});
    let decision =
        json!({"decisions": [{"change_id": "c-1", "version": 4, "decision": "approve"}]});
    for (method, path, body) in [
        (Method::POST, "/w/acme/connect", json!({})),
        (
            Method::POST,
            "/w/acme/connect/jwt",
            json!({"consumer_key": "k", "username": "u", "private_key": "p"}),
        ),
        (Method::POST, "/w/acme/disconnect", json!({})),
        (Method::POST, "/w/acme/access", json!({})),
        (
            Method::POST,
            "/w/acme/missed/release",
            json!({"gap_id": "gap-1"}),
        ),
        (Method::POST, "/w/acme/changes/decide", decision),
        (
            Method::POST,
            "/w/acme/changes/undo",
            json!({"change_ids": ["c-1"], "reason": "wrong deal"}),
        ),
        (
            Method::POST,
            "/w/acme/changes/rehearse",
            json!({"change_ids": ["c-1"]}),
        ),
        (Method::PUT, "/w/acme/mapping/draft", mapping),
        (Method::POST, "/w/acme/mapping/publish", json!({})),
        (
            Method::PUT,
            "/w/acme/permissions",
            json!({"permissions": []}),
        ),
        (
            Method::PUT,
            "/w/acme/stage-controls",
            json!({"controls": []}),
        ),
        (Method::POST, "/w/acme/verification", json!({})),
        (Method::PUT, "/w/acme/live", json!({"live": true})),
        (Method::POST, "/w/acme/sync", json!({"kind": "schema"})),
        (
            Method::POST,
            "/w/acme/drift/x/resolve",
            json!({"status": "accepted"}),
        ),
        (Method::POST, "/w/acme/drift/x/repair", json!({})),
        (
            Method::PUT,
            "/w/acme/mapping/document",
            json!({"yaml": "format: 1"}),
        ),
        (
            Method::PUT,
            "/w/acme/stage-descriptions",
            json!({"stages": []}),
        ),
        (Method::PUT, "/w/acme/objects", json!({"objects": []})),
        (
            Method::PUT,
            "/w/acme/owner-overrides",
            json!({"overrides": []}),
        ),
        (
            Method::PUT,
            "/w/acme/domains",
            json!({"domain": "acme.com", "class": "internal"}),
        ),
        (Method::DELETE, "/w/acme/domains/acme.com", json!({})),
        (
            Method::PUT,
            "/w/acme/phrases",
            json!({"phrase": "falcon", "account_id": "001000000000001AAA"}),
        ),
        (Method::DELETE, "/w/acme/phrases/falcon", json!({})),
        (
            Method::POST,
            "/w/acme/moves/m-1/settle",
            json!({"accept": true}),
        ),
        (Method::PUT, "/w/acme/matching-settings", json!({})),
        (Method::POST, "/w/acme/meetings/m-1/correct", json!({})),
        (Method::POST, "/w/acme/meetings/m-1/revert", json!({})),
        (Method::GET, "/w/acme/quarantine/1", json!({})),
        (Method::POST, "/w/acme/quarantine/1/replay", json!({})),
        (Method::DELETE, "/w/acme/quarantine/1", json!({})),
        (Method::GET, "/users", json!({})),
        (
            Method::POST,
            "/users",
            json!({"email": "x@x", "workspace": "acme", "role": "admin"}),
        ),
        (Method::GET, "/w/other/status", json!({})),
    ] {
        let (status, problem) = vera.api(method, path, body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {problem}");
        assert_eq!(problem["code"], "permission_denied", "{path}");
    }
    // Nothing is said of a body before the role.
    for (method, path) in [
        (Method::POST, "/w/acme/missed/release"),
        (Method::POST, "/w/acme/changes/decide"),
        (Method::PUT, "/w/acme/mapping/draft"),
        (Method::PUT, "/w/acme/live"),
    ] {
        let (status, problem) = vera.api(method, path, json!({"no such": "field"})).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {problem}");
    }
    assert_eq!(script.changes(), 0);
    assert_eq!(
        vera.get("/w/other/status").await.status(),
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn an_operator_reviews_access_and_releases_what_was_missed() {
    let script = Script::saying("Send it");
    let world = World::new(&script).await;
    let invitation = json!({"email": "Olga@example.com", "workspace": "acme", "role": "operator"});
    let (status, invited) = world
        .api(TOKEN, Method::POST, "/users", Some(invitation))
        .await;
    assert_eq!(status, StatusCode::CREATED, "{invited}");
    let link = invited["link"].as_str().expect("a link");
    let path = link.strip_prefix(&world.base).expect("on our host");
    let mut olga = world.browser();
    let fields = [("password", PASSWORD), ("again", PASSWORD)];
    olga.welcome(path, &fields).await;
    let page = olga.page("/w/acme/connection").await;
    for shown in [
        "1 missing",
        "Review again",
        "Release what was missed",
        "/w/acme/meetings/m-1%2F%CE%B1",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    let token = olga.form_token("/w/acme/connection").await;
    for (path, field) in [("review", ""), ("release", "gap-1")] {
        let form = [("form_token", token.as_str()), ("gap_id", field)];
        let answer = olga
            .post(&format!("/w/acme/connection/{path}"), &form)
            .await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
    }
    assert_eq!(script.changes(), 2);
    let (status, run) = olga.api(Method::POST, "/w/acme/access", json!({})).await;
    assert_eq!(
        (status, &run["id"]),
        (StatusCode::ACCEPTED, &json!("run-2"))
    );
    let wish = json!({"gap_id": "gap-1", "meeting_ids": ["m-1/α"]});
    let (status, released) = olga.api(Method::POST, "/w/acme/missed/release", wish).await;
    assert_eq!(
        (status, &released["changes_released"]),
        (StatusCode::OK, &json!(2))
    );
}

#[tokio::test]
async fn a_token_opens_what_it_may_until_it_is_revoked() {
    let script = Script::default();
    let world = World::new(&script).await;
    let live = || Some(json!({"live": true}));
    for wrong in [
        "",
        "x",
        "ergo_demo_ffffffffffffffffffffffffffffffff",
        "ergo_nobody_0123456789abcdef0123456789abcdef",
    ] {
        let (status, problem) = world.api(wrong, Method::PUT, "/w/acme/live", live()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{wrong}");
        assert_eq!(problem["code"], "unauthenticated");
    }
    assert_eq!(script.changes(), 0);
    let (status, _) = world
        .api(TOKEN, Method::PUT, "/w/anywhere/live", live())
        .await;
    assert_eq!((status, script.changes()), (StatusCode::OK, 1));

    let wish = json!({"name": "dashboard", "role": "viewer", "workspace": "acme"});
    // A token cannot make tokens; a person can.
    let (status, _) = world
        .api(TOKEN, Method::POST, "/tokens", Some(wish.clone()))
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let admin = world.admin().await;
    let (status, made) = admin.api(Method::POST, "/tokens", wish).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let token = made["token"].as_str().expect("a token");
    for (method, path, body, expected) in [
        (Method::GET, "/w/acme/status", None, StatusCode::OK),
        (Method::GET, "/w/other/status", None, StatusCode::FORBIDDEN),
        (Method::PUT, "/w/acme/live", live(), StatusCode::FORBIDDEN),
        (Method::GET, "/users", None, StatusCode::FORBIDDEN),
    ] {
        let (status, problem) = world.api(token, method, path, body).await;
        assert_eq!(status, expected, "{path}: {problem}");
    }
    let path = format!("/tokens/{}", made["id"].as_str().expect("an id"));
    let (status, _) = admin.api(Method::DELETE, &path, json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = world.api(token, Method::GET, "/w/acme/status", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let kept: Vec<Vec<u8>> = sqlx::query_scalar("select secret_sha256 from console.api_token")
        .fetch_all(&world.database.pool().await)
        .await
        .expect("is read");
    assert!(kept.iter().all(|hash| hash.len() == 32));
}
