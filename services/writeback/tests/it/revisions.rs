//! A newer revision of a meeting brings up to date what an older one wrote; nothing is there twice.

use crate::world::{LIMIT, World, entry, mapping, said, task_destination};
use events::crm::v1::{MappingEntry, OverwritePolicy};
use events::writeback::v1::{Action, ChangeState};
use serde_json::json;
use testkit::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_revision_updates_the_task_instead_of_creating_a_second() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(
            vec![entry("next_step", "NextStep")],
            vec![task_destination()],
        ))
        .await;
    world.live(true).await;
    world.decided(&said("m-1", "call")).await;
    let task = world.until("m-1", "", ChangeState::Applied).await;
    let id = task.record.expect("a record").id;

    // A corrected match: the meeting was about another deal.
    let other = world.deal("The other one").await;
    let mut corrected = said("m-1", "call");
    corrected.sequence = 2;
    corrected.started_at += 86_400;
    world.decided_on(&corrected, &other).await;
    let moved = world.until("m-1", "WhatId", ChangeState::Applied).await;
    assert_eq!(moved.action(), Action::UpdateField);
    assert_eq!(moved.record.expect("a record").id, id);
    world
        .until("m-1", "ActivityDate", ChangeState::Applied)
        .await;
    let record = world.record(&id).await;
    assert_eq!(record["WhatId"], json!(other));
    assert_eq!(record["ActivityDate"], json!("2026-03-03"));
    assert_eq!(world.writes().await.get("create Task"), Some(&1));

    // Somebody edits it: the next revision asks instead of overwriting.
    world
        .control
        .save_as(
            salesforce_sim::config::ADMIN_USERNAME,
            "Task",
            Some(&id),
            json!({"Subject": "Their own words"}),
        )
        .await
        .expect("the edit is saved");
    let mut third = corrected;
    third.revision = 2;
    third.title = "Another title".into();
    world.decided_on(&third, &other).await;
    let held = world.until("m-1", "Subject", ChangeState::Held).await;
    assert!(
        held.reasons
            .iter()
            .any(|reason| reason.code == "human_edit_newer" || reason.code == "not_ours"),
        "{:?}",
        held.reasons
    );
    assert_eq!(world.record(&id).await["Subject"], json!("Their own words"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_revision_replaces_what_an_older_one_appended() {
    let world = World::new().await;
    let _service = world.start().await;
    let appending = MappingEntry {
        overwrite: OverwritePolicy::Append.into(),
        ..entry("next_step", "NextStep")
    };
    world.set_up(mapping(vec![appending], vec![])).await;
    world.live(true).await;
    world
        .human_edits(&world.opportunity, json!({"NextStep": "theirs"}))
        .await;
    world.decided(&said("m-1", "first")).await;
    world.until("m-1", "NextStep", ChangeState::Applied).await;
    let mut newer = said("m-1", "second");
    newer.revision = 2;
    world.decided(&newer).await;
    let second = eventually(LIMIT, async || {
        let set = world.set_of("m-1").await?;
        let change = set.changes.into_iter().next()?;
        (set.meeting_revision == 2 && change.state() == ChangeState::Applied).then_some(change)
    })
    .await;
    assert_eq!(second.proposed_json, "\"theirs; second\"");
    assert_eq!(
        world.record(&world.opportunity).await["NextStep"],
        json!("theirs; second")
    );
}
