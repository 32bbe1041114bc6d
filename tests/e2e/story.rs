//! The story of `make demo`, told to an org it did not start.

use std::process::Command;
use testkit::stack::{Simulator, free_port};
use testkit::tools::Tools;

#[tokio::test(flavor = "multi_thread")]
async fn the_story_needs_nothing_of_an_org_but_its_ordinary_api() {
    let binaries = Tools::from_environment()
        .binary_dir()
        .expect("binaries are built");
    let folder = tempfile::tempdir().expect("a folder");
    let auth_port = free_port().expect("a port");
    let callback = format!("http://127.0.0.1:{auth_port}/oauth/callback");
    let elsewhere = Simulator::start(&binaries, folder.path(), &callback)
        .await
        .expect("another host");
    let org = elsewhere.target();
    let told = Command::new(env!("CARGO_BIN_EXE_story"))
        .arg("demo")
        .env("SALESFORCE_URL", org.url.as_str())
        .env("SALESFORCE_CONSUMER_KEY", &org.consumer_key)
        .env("SALESFORCE_CONSUMER_SECRET", &org.consumer_secret)
        .env("SALESFORCE_USERNAME", &org.username)
        .env("SALESFORCE_PASSWORD", &org.password)
        .env("AUTH_PORT", auth_port.to_string())
        .env("STORY_STRICT", "true")
        .output()
        .expect("the story starts");
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        told.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&told.stderr)
    );
}
