//! A query that forgot its workspace finds nothing of another's.

use reqwest::{Method, StatusCode};
use serde_json::json;
use testkit::isolation::seen_of_another;

use crate::owners::Script;
use crate::world::{TOKEN, World};

#[tokio::test]
async fn a_forgotten_workspace_finds_no_row_of_another() {
    let world = World::new(&Script::default()).await;
    let invitation = json!({"email": "vera@example.com", "workspace": "acme", "role": "viewer"});
    let (status, invited) = world
        .api(TOKEN, Method::POST, "/users", Some(invitation))
        .await;
    assert_eq!(status, StatusCode::CREATED, "{invited}");
    let acme = "acme".parse().expect("a workspace");
    let scope = world.console.db().expect("a store").workspace(&acme);
    let admin = world.database.pool().await;
    let tables = seen_of_another(&admin, "console", "umbrella", &scope).await;
    // A token of the whole installation has no workspace, and is no workspace's to see.
    for table in ["membership", "api_token"] {
        assert!(tables[table].0 > 0, "{table} is empty: {tables:?}");
    }
    assert!(tables.values().all(|(_, seen)| *seen == 0), "{tables:?}");
}
