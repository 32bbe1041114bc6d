//! The fault drill of `make drill`, short, with one seed.

use std::process::Command;

/// Any would do; a fixed one makes a failure repeatable.
const SEED: &str = "20261124";

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_written_exactly_once_while_everything_fails() {
    let drill = Command::new(env!("CARGO_BIN_EXE_drill"))
        .args(["faults", "--shared-database", "--seed", SEED])
        .args(["--changes", "120", "--troubles-min", "8"])
        .args(["--trouble-ms-max", "1500"])
        .output()
        .expect("the drill starts");
    let said = String::from_utf8_lossy(&drill.stdout).into_owned();
    assert!(
        drill.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&drill.stderr)
    );
    assert!(said.contains("0 effects missing, 0 doubled"), "{said}");
}
