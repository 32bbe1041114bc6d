//! A viewer sees everything and is refused every write, by the page and by the API behind it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::driver::{Window, available};
use crate::world::{WORKSPACE, World};

/// Pages a viewer reads.
const PAGES: [&str; 16] = [
    "integrations",
    "connection",
    "properties",
    "stages",
    "matching",
    "matching/phrases",
    "matching/moves",
    "matching/settings",
    "mapping",
    "permissions",
    "verification",
    "live",
    "meetings",
    "queue",
    "status",
    "audit",
];

#[tokio::test]
async fn a_viewer_is_refused_every_write() {
    if !available() {
        return;
    }
    let world = World::live().await;
    let link = world.invite("vera@example.com", "viewer").await;
    let window = Window::open().await;
    window.go(&link).await;
    window.fill("#password", "a long sentence of words").await;
    window.fill("#again", "a long sentence of words").await;
    window.press("Set the password").await;
    window.reads("Integrations", false).await;

    // No page offers her anything that changes something; signing out is hers, and a form that only looks sends a GET.
    for page in PAGES {
        window.go(&world.page(page)).await;
        let offered = window
            .script(
                "return [...document.querySelectorAll('form')].filter(form => form.method !== 'get')\
                 .map(form => form.getAttribute('action'))\
                 .filter(action => action !== '/sign-out')",
            )
            .await;
        assert_eq!(offered, json!([]), "{page} offers a form to a viewer");
    }

    // Every write of the API, sent from her own page with her own session.
    let document = window
        .script("return fetch('/api/v1/openapi.json').then(answer => answer.json())")
        .await;
    let mut tried = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("has paths") {
        for method in ["post", "put", "delete"] {
            // A preview changes nothing, and her own tokens are hers.
            let harmless = path.ends_with("/preview") || path.starts_with("/tokens");
            if item[method].is_null() || harmless {
                continue;
            }
            let address = path
                .replace("{workspace}", WORKSPACE)
                .replace("{sequence}", "1")
                .replace("{id}", "00000000-0000-4000-8000-000000000000")
                .replace(['{', '}'], "");
            let body = example(&document, &item[method]);
            let script = format!(
                "return fetch('/api/v1{address}', {{method: '{}', headers: {{'content-type': 'application/json'}}, \
                 body: JSON.stringify({body})}}).then(answer => answer.status)",
                method.to_uppercase()
            );
            let status = window.script(&script).await;
            assert_eq!(status, 403, "{method} {path} with {body}");
            tried.insert(format!("{method} {path}"));
        }
    }
    assert!(tried.len() >= 20, "{tried:?}");

    // And the forms of the pages themselves, which she was never shown.
    for form in [
        "connection/disconnect",
        "live",
        "verification",
        "permissions",
        "queue",
    ] {
        let script = format!(
            "return fetch('/w/{WORKSPACE}/{form}', {{method: 'POST', body: new URLSearchParams({{live: 'off'}})}})\
             .then(answer => answer.status)"
        );
        assert_eq!(window.script(&script).await, 403, "{form}");
    }
    let status = world
        .api(
            reqwest::Method::GET,
            &format!("/w/{WORKSPACE}/status"),
            json!({}),
        )
        .await;
    assert_eq!(status["live"], true);
    window.close().await;
}

/// The least body that can be read, so that the refusal is for the role and not for the body.
fn example(document: &Value, operation: &Value) -> Value {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    value(document, schema)
}

fn value(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return value(
            document,
            document.pointer(pointer).expect("leads somewhere"),
        );
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str(),
        kind => kind.as_str(),
    };
    match kind {
        Some("array") => json!([]),
        Some("boolean") => json!(false),
        Some("integer" | "number") => json!(1),
        Some("string") if schema["format"] == "date-time" => json!("2026-01-01T00:00:00Z"),
        Some("string") => json!("x"),
        _ => {
            let required = schema["required"].as_array().into_iter().flatten();
            let pairs = required.filter_map(|name| {
                let name = name.as_str()?;
                let part = value(document, &schema["properties"][name]);
                Some((name.to_owned(), part))
            });
            Value::Object(pairs.collect())
        }
    }
}
