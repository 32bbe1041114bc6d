//! Records that are merged or deleted between the decision and the write.

use crate::world::{World, entry, mapping, said, task_destination};
use events::writeback::v1::ChangeState;
use salesforce_sim::Command;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_task_for_a_contact_that_was_merged_goes_to_the_one_that_survived() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(vec![], vec![task_destination()]))
        .await;
    world.decided(&said("m-1", "x")).await;
    world.until("m-1", "", ChangeState::Approved).await;
    let survivor = world
        .load(
            "Contact",
            json!({"LastName": "Survivor", "AccountId": world.account}),
        )
        .await;
    let merge = Command::Merge {
        winner: survivor.clone(),
        losers: vec![world.contact.clone()],
    };
    world.control.send(&merge).await.unwrap();
    world.live(true).await;
    let task = world.until("m-1", "", ChangeState::Applied).await;
    assert!(
        task.reasons
            .iter()
            .any(|reason| reason.code == "record_merged"),
        "{:?}",
        task.reasons
    );
    let id = task.record.expect("a record").id;
    assert_eq!(world.record(&id).await["WhoId"], json!(survivor));
    assert_eq!(world.writes().await.get("create Task"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_a_deleted_deal_waits_for_a_person() {
    let world = World::new().await;
    let _service = world.start().await;
    world
        .set_up(mapping(
            vec![entry("next_step", "NextStep")],
            vec![task_destination()],
        ))
        .await;
    let deal = world.deal("Doomed").await;
    world.decided_on(&said("m-1", "call"), &deal).await;
    world.until("m-1", "NextStep", ChangeState::Approved).await;
    let delete = Command::DeleteAs {
        username: salesforce_sim::config::ADMIN_USERNAME.into(),
        id: deal,
    };
    world.control.send(&delete).await.unwrap();
    world.live(true).await;
    let held = world.until("m-1", "NextStep", ChangeState::Held).await;
    assert!(
        held.reasons
            .iter()
            .any(|reason| reason.code == "record_out_of_reach"),
        "{:?}",
        held.reasons
    );
    assert_eq!(world.writes().await.get("update Opportunity"), None);
}
