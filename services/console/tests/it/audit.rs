//! The audit trail, by page and by API.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::owners::Script;
use crate::world::{PASSWORD, TOKEN, World};

#[tokio::test]
async fn the_owners_are_merged_in_the_order_of_time_and_paged() {
    let world = World::new(&Script::saying("Send it")).await;
    let ask = async |path: &str| world.api(TOKEN, Method::GET, path, None).await;
    let (status, first) = ask("/w/acme/audit?page_size=3").await;
    assert_eq!(status, StatusCode::OK, "{first}");
    let told: Vec<(&str, &str)> = first["items"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| Some((entry["owner"].as_str()?, entry["action"].as_str()?)))
        .collect();
    // A second later than what writeback notes.
    assert_eq!(
        told,
        [
            ("metadata-sync", "mapping.published"),
            ("writeback", "permission.set"),
            ("writeback", "permission.set")
        ]
    );
    assert_eq!(first["items"][0]["subject"], "version 3");
    assert_eq!(first["items"][1]["before"], "\"Send it\"");
    let token = first["next_page_token"].as_str().expect("goes on");
    assert_eq!(token, "1772445600123456.writeback.199");
    let (_, next) = ask(&format!("/w/acme/audit?page_size=3&page_token={token}")).await;
    // Writeback is asked to go on where the page ended, and the version is not told again.
    assert_eq!(next["items"][0]["after"], "1772445600123456.199");
    assert_eq!(next["items"].as_array().map(Vec::len), Some(3));
    assert_eq!(next["next_page_token"], json!(null));

    let (_, versions) = ask("/w/acme/audit?action=live.&actor=nobody").await;
    assert_eq!(versions["items"], json!([]));
    for (query, field) in [
        ("page_size=101", "page_size"),
        ("page_size=0", "page_size"),
        ("page_token=x", "page_token"),
    ] {
        let (status, problem) = ask(&format!("/w/acme/audit?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(problem["field"], field, "{query}");
    }
    let (status, _) = ask("/w/acme/audit?since=yesterday").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_page_shows_narrows_and_goes_on() {
    let world = World::new(&Script::saying("Send it")).await;
    let admin = world.admin().await;
    let page = admin.page("/w/acme/audit").await;
    for shown in [
        "mapping.published",
        "version 3",
        "permission.set",
        "user:Send it",
        "2026-03-02 10:00:00 UTC",
        "Older entries",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let narrowed = admin
        .page("/w/acme/audit?action=permission.&actor=send&since=2026-03-02&until=2026-03-02")
        .await;
    assert!(!narrowed.contains("mapping.published"), "{narrowed}");
    for kept in [
        "value=\"permission.\" selected",
        "value=\"send\"",
        "&amp;action=permission.&#38;actor=send",
    ] {
        let kept_so = narrowed.contains(kept) || narrowed.contains(&kept.replace("&#38;", "&amp;"));
        assert!(kept_so, "{kept}: {narrowed}");
    }
    let none = admin.page("/w/acme/audit?action=live.").await;
    assert!(none.contains("Nothing of this kind was noted."), "{none}");
}

#[tokio::test]
async fn an_empty_trail_says_so_and_a_viewer_of_the_workspace_alone_reads_it() {
    let script = Script::default();
    let world = World::new(&script).await;
    let invitation = json!({"email": "Vera@example.com", "workspace": "acme", "role": "viewer"});
    let (_, invited) = world
        .api(TOKEN, Method::POST, "/users", Some(invitation))
        .await;
    let link = invited["link"].as_str().expect("a link");
    let mut vera = world.browser();
    let fields = [("password", PASSWORD), ("again", PASSWORD)];
    vera.welcome(
        link.strip_prefix(&world.base).expect("on our host"),
        &fields,
    )
    .await;
    let page = vera.page("/w/acme/audit?action=live.").await;
    assert!(page.contains("Nothing of this kind was noted."), "{page}");
    let (status, trail) = vera
        .api(Method::GET, "/w/acme/audit?subject=none", json!({}))
        .await;
    assert_eq!((status, &trail["items"]), (StatusCode::OK, &json!([])));
    let refused = vera.get("/w/other/audit").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let page = refused.text().await.expect("arrives");
    assert!(page.contains("You are not a member of this workspace"));
    let (status, _) = vera.api(Method::GET, "/w/other/audit", json!({})).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}
