//! The Python example an upstream team starts from.

use crate::world::{WORKSPACE, World};
use std::process::Command;
use testkit::tools;

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_published_by_the_python_example_is_applied() {
    tools::fetch(&["--publish"]).expect("the example's libraries are installed");
    let world = World::live().await;
    let root = tools::root();
    let ran = Command::new(root.join(".local/publish/bin/python"))
        .arg(root.join("proto/examples/publish_meeting.py"))
        .args([
            "--server",
            &world.stack.nats().url(),
            "--workspace",
            WORKSPACE,
            "--meeting",
            "meeting-0",
        ])
        .args(["--title", "Meeting [0]", "--organizer", world.our_email()])
        .args([
            "--participant",
            &testkit::org::contact_email(0),
            "--value",
            "next_step=Step 0",
        ])
        .output()
        .expect("python starts");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        ran.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(said.contains("MEETINGS"), "{said}");
    world.settled(&world.meeting(0)).await;
    world.assert_applied_once(0..1).await;
}
