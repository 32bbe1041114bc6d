//! What deploy/README.md says of backup: the database is put back from a dump, the broker starts empty, and everything
//! that was published is written once.

use crate::world::World;
use anyhow::{Context, ensure};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use testkit::eventually;
use testkit::postgres::Database;
use testkit::stack::ServiceName;
use testkit::tools::{Tools, root};

const DECIDED_MAX: Duration = Duration::from_secs(60);

/// Runs `deploy/postgres/backup` as an operator would.
fn backup(verb: &str, database: &Database, file: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(root().join("deploy/postgres/backup"));
    command.arg(verb).arg(file);
    command.env("DATABASE_URL", database.url());
    if let Some(clients) = Tools::from_environment().postgres_clients()? {
        let path = std::env::join_paths([clients, "/usr/bin".into(), "/bin".into()])?;
        command.env("PATH", path);
    }
    let done = command.output().context("deploy/postgres/backup runs")?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "backup {verb}: {said}");
    Ok(())
}

/// Waits until matching has decided a meeting and published the decision.
async fn decided(world: &World, meeting_id: &str) {
    let pool = world.stack.database().pool().await;
    eventually(DECIDED_MAX, async || {
        let published: bool = sqlx::query_scalar(
            "select exists (select from matching.decision where meeting_id = $1)
             and not exists (select from matching.outbox)",
        )
        .bind(meeting_id)
        .fetch_one(&pool)
        .await
        .expect("matching's tables are there");
        published.then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_database_and_an_empty_broker_lose_and_double_nothing() {
    let mut world = World::live().await;
    let written = world.meeting(0);
    world.publish(&written).await;
    world.settled(&written).await;
    // Its decision is nowhere but in the stream when the broker goes, and in matching's own table.
    world.stack.kill(ServiceName::Writeback);
    let decided_only = world.meeting(1);
    world.publish(&decided_only).await;
    decided(&world, "meeting-1").await;

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ergo.dump");
    world
        .stack
        .lose_streams(async |database| {
            backup("dump", database, &file)?;
            let pool = database.pool().await;
            // The disaster: nothing of one service is left, and another's tables are not what they were.
            sqlx::query("drop schema writeback cascade")
                .execute(&pool)
                .await?;
            sqlx::query("delete from matching.decision")
                .execute(&pool)
                .await?;
            backup("restore", database, &file)
        })
        .await
        .expect("everything starts again on the restored database and an empty broker");

    let matching = world.stack.service(ServiceName::Matching);
    let said = matching
        .run_verb(&["replay", "--since", "2020-01-01T00:00:00Z"])
        .expect("decisions are announced again");
    assert!(said.contains("2 decisions are announced again"), "{said}");
    world.settled(&decided_only).await;
    // Upstream publishes again what it is not sure of; and goes on.
    world.publish(&written).await;
    world.publish(&decided_only).await;
    let new = world.meeting(2);
    world.publish(&new).await;
    world.settled(&new).await;
    world.assert_applied_once(0..3).await;
}
