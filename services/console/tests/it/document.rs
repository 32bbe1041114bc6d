//! The API's own document against what is served.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::header::ALLOW;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::owners::Script;
use crate::world::World;

async fn document(world: &World) -> Value {
    let url = format!("{}/api/v1/openapi.json", world.base);
    let answer = world.client.get(url).send().await.expect("answers");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.expect("is JSON")
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[tokio::test]
async fn every_served_route_is_in_the_document_and_the_reverse() {
    let world = World::new(&Script::default()).await;
    let document = document(&world).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut operations = 0;
    for (path, item) in object(&document["paths"]) {
        let mut methods: BTreeSet<String> = object(item)
            .map(|(name, _)| name.to_uppercase())
            .filter(|name| name.parse::<Method>().is_ok())
            .filter(|name| ["GET", "PUT", "POST", "DELETE", "PATCH"].contains(&name.as_str()))
            .collect();
        operations += methods.len();
        if methods.contains("GET") {
            methods.insert("HEAD".to_owned());
        }
        let path = path
            .replace("{workspace}", "acme")
            .replace("{sequence}", "1");
        let url = format!("{}/api/v1{}", world.base, path.replace(['{', '}'], ""));
        let wrong = world.client.request(Method::TRACE, &url);
        let answer = wrong.send().await.expect("answers");
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = answer.headers()[ALLOW].to_str().expect("is text");
        let allowed: BTreeSet<String> = allowed.split(',').map(str::to_owned).collect();
        assert_eq!(allowed, methods, "{path}");
    }
    assert!(operations >= 45, "{operations}");
    // Nothing is served beside the document: a route is added by what documents it, or not at all.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/api");
    for file in std::fs::read_dir(folder).expect("is a folder") {
        let file = file.expect("is read").path();
        let text = std::fs::read_to_string(&file).expect("is read");
        assert!(!text.contains(".route("), "{}", file.display());
    }
}

#[tokio::test]
async fn the_document_names_each_operation_once_and_each_error_the_same() {
    let world = World::new(&Script::default()).await;
    let document = document(&world).await;
    let mut ids = BTreeSet::new();
    for (path, item) in object(&document["paths"]) {
        for (method, operation) in object(item) {
            let id = operation["operationId"].as_str().expect("has an id");
            assert!(ids.insert(id.to_owned()), "{id} twice");
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(
                !summary.is_empty(),
                "{method} {path} says nothing of itself"
            );
            assert_eq!(
                operation["responses"]["default"]["$ref"],
                "#/components/responses/Problem"
            );
            let names: Vec<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .filter_map(|parameter| parameter["name"].as_str())
                .collect();
            for name in &names {
                assert!(
                    path.contains(&format!("{{{name}}}")),
                    "{method} {path}: {name}"
                );
            }
            assert_eq!(names.len(), path.matches('{').count(), "{method} {path}");
        }
    }
    // Each reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().expect("ends");
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}
