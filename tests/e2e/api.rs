//! The API against its own document: schemathesis sends what the document allows and what it does not.

use std::process::Stdio;

use testkit::tools;

use crate::world::World;

/// Requests made up for each operation and kind of data.
const EXAMPLES_MAX: &str = "12";

/// No 5xx, and every answer as the document describes it.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,response_headers_conformance";

#[tokio::test]
async fn the_api_keeps_to_its_document_whatever_it_is_sent() {
    let program = tools::root().join(".local/fuzz-api/bin/schemathesis");
    if !program.exists() {
        println!("SKIPPED, NOTHING WAS PROVED: run deploy/local/fetch-tools --fuzz-api");
        return;
    }
    let options = testkit::stack::StackOptions {
        // It asks as fast as it can, which is what the limit is against.
        environment: vec![(
            "CONSOLE_CALLER_REQUESTS_PER_MINUTE".to_owned(),
            "1000000".to_owned(),
        )],
        ..testkit::stack::StackOptions::default()
    };
    let world = World::live_with(options).await;
    let base = format!("{}/api/v1", world.stack.console_url());
    let folder = tempfile::tempdir().expect("a folder");
    let output = tokio::process::Command::new(program)
        .current_dir(folder.path())
        .args(["run", &format!("{base}/openapi.json"), "--url", &base])
        .args([
            "--header",
            &format!("Authorization: Bearer {}", world.stack.api_token()),
        ])
        .args(["--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args([
            "--max-examples",
            EXAMPLES_MAX,
            "--generation-deterministic",
            // Its own caches are not made for several at once.
            "--workers",
            "1",
        ])
        .args(["--request-timeout", "40", "--no-color"])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(
        output.status.success(),
        "schemathesis found something:\n{said}"
    );
}
