//! What an operator does about a refused message: see it, mend the cause, replay it.

use crate::world::World;
use events::matching::v1::Outcome;
use events::meeting::v1::MeetingProcessed;
use events::metadata::v1::SyncKind;
use serde_json::Value;
use std::process::Command;
use std::time::Duration;
use testkit::eventually;
use testkit::fixtures::Publication;
use testkit::publish::Trace;
use testkit::setup::Admin;
use testkit::tools::Tools;

/// Longest a message may take to be refused, or decided.
const HANDLED_MAX: Duration = Duration::from_secs(30);
/// Not connected when its first meeting arrives.
const LATE: &str = "late";

/// Runs `ergoctl` as an operator would; answers what it printed.
fn ergoctl(world: &World, arguments: &[&str]) -> String {
    let binaries = Tools::from_environment()
        .binary_dir()
        .expect("binaries are built");
    let ran = Command::new(binaries.join("ergoctl"))
        .args(arguments)
        .env("ERGO_URL", world.stack.console_url())
        .env("ERGO_TOKEN", world.stack.api_token())
        .env("ERGO_WORKSPACE", LATE)
        .output()
        .expect("ergoctl starts");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        ran.status.success(),
        "{arguments:?}: {said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_that_came_before_its_workspace_is_replayed_with_ergoctl() {
    let world = World::live().await;
    let early = world.meeting(0);
    let event = MeetingProcessed {
        workspace: LATE.to_owned(),
        ..early.event
    };
    let early = Publication { event, ..early };
    world
        .publisher
        .publish(&early, &Trace::begin())
        .await
        .expect("is stored");
    let sequence = eventually(HANDLED_MAX, || async {
        let listed: Value =
            serde_json::from_str(&ergoctl(&world, &["--json", "quarantine", "list"])).ok()?;
        listed["items"][0]["sequence"].as_u64()
    });
    let sequence = sequence.await.to_string();
    let shown = ergoctl(&world, &["quarantine", "show", &sequence]);
    assert!(shown.contains("workspace late is not known"), "{shown}");

    let admin = Admin {
        workspace: LATE.to_owned(),
        ..world.admin.clone()
    };
    let connected = admin
        .connect(world.stack.org(), &world.stack.console_url(), |text| {
            println!("{text}")
        })
        .await;
    connected.expect("the late workspace connects");
    admin
        .sync(SyncKind::Records)
        .await
        .expect("its records are read");
    admin.projected(1, 1).await.expect("matching has them");
    ergoctl(&world, &["quarantine", "replay", &sequence]);
    let (decision, _) = eventually(HANDLED_MAX, || async {
        admin.decision(&early.event.id).await.ok()?
    })
    .await;
    assert_eq!(
        decision.outcome(),
        Outcome::Matched,
        "{}",
        decision.explanation
    );
}
