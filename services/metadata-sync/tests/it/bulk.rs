//! First loads through bulk queries: the same rows, a crash between two pages, a job that is lost; and what becomes of
//! merged records and converted leads.

use events::crm::v1::RecordsChanged;
use events::metadata::v1::{SyncKind, SyncState};
use metadata_sync::config::SyncOptions;
use prost::Message;
use salesforce_sim::config::ADMIN_USERNAME;
use salesforce_sim::control::command::Command;
use salesforce_sim::{Fault, FaultKind};
use serde_json::json;
use testkit::eventually;

use crate::records::{assert_loaded_exactly_once, ids_in_org, sent};
use crate::world::{LIMIT, World, by_hand};

/// Everything in bulk, in small pages.
fn in_bulk() -> SyncOptions {
    SyncOptions {
        sync_bulk_rows_min: 1,
        sync_bulk_page_rows: 20,
        ..by_hand()
    }
}

/// Every row of the messages, as bytes, in one order.
fn rows(messages: &[RecordsChanged]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    for message in messages {
        found.extend(message.accounts.iter().map(Message::encode_to_vec));
        found.extend(message.contacts.iter().map(Message::encode_to_vec));
        found.extend(message.leads.iter().map(Message::encode_to_vec));
        found.extend(message.opportunities.iter().map(Message::encode_to_vec));
        found.extend(message.contact_roles.iter().map(Message::encode_to_vec));
        found.extend(message.users.iter().map(Message::encode_to_vec));
    }
    found.sort();
    found
}

async fn done(world: &World) {
    for run in world.until_ended(2).await {
        assert_eq!(run.state(), SyncState::Done, "{}", run.error);
    }
}

#[tokio::test]
async fn a_bulk_load_brings_the_same_rows_as_pages_do() {
    let world = World::new().await;
    let control = world.sim.control();
    let accounts = ids_in_org(&world, "Account").await;
    let account = accounts.first().expect("an account");
    let name = format!("\"O'Hara\", \\ \u{202e}rtl\u{202c} 👩‍👩‍👧 {}", "x".repeat(200));
    control
        .save_as(
            ADMIN_USERNAME,
            "Account",
            Some(account),
            json!({"Name": name}),
        )
        .await
        .expect("is saved");
    let running = world.start(in_bulk()).await;
    world.connect(1).await;
    done(&world).await;
    let bulk = world.records().await;
    assert_loaded_exactly_once(&world, &bulk).await;
    assert!(
        bulk.iter()
            .flat_map(|m| &m.accounts)
            .any(|row| row.name == name)
    );
    running.shutdown().await.expect("stops");

    let running = world.start(by_hand()).await;
    let run = world.sync(SyncKind::RecordsFull).await;
    assert_eq!(run.state(), SyncState::Done, "{}", run.error);
    assert!(run.items >= 40 && run.items_expected >= 40, "{run:?}");
    let paged = world.records().await.split_off(bulk.len());
    assert_eq!(rows(&paged), rows(&bulk));
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_crash_between_two_pages_goes_on_with_the_next_page_of_the_same_job() {
    let world = World::new().await;
    let control = world.sim.control();
    control.generate(60, 4, 1).await.expect("rows");
    control
        .fault(Fault::new(FaultKind::LatencyMs(40)).on_path("/results"))
        .await
        .expect("is slow");
    let running = world.start(in_bulk()).await;
    world.connect(1).await;
    let contacts =
        |messages: &[RecordsChanged]| messages.iter().map(|m| m.contacts.len()).sum::<usize>();
    eventually(LIMIT, async || {
        (contacts(&world.records().await) >= 60).then_some(())
    })
    .await;
    drop(running);
    let before = world.records().await;
    assert!(
        before.iter().all(|message| !message.load_complete),
        "the crash came too late"
    );
    control.clear_faults().await.expect("is fast again");
    let running = world.start(in_bulk()).await;
    done(&world).await;
    let messages = world.records().await;
    // Nothing read again, nothing left out: every row was sent exactly once.
    assert_loaded_exactly_once(&world, &messages).await;
    assert_eq!(messages.last().map(|m| m.load_complete), Some(true));
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_job_that_is_lost_is_replaced_by_pages_and_no_row_is_missing() {
    let world = World::new().await;
    let control = world.sim.control();
    control.generate(60, 2, 1).await.expect("rows");
    control
        .fault(Fault::new(FaultKind::LatencyMs(40)).on_path("/results"))
        .await
        .expect("is slow");
    let running = world.start(in_bulk()).await;
    world.connect(1).await;
    eventually(LIMIT, async || {
        let contacts = world
            .records()
            .await
            .iter()
            .map(|m| m.contacts.len())
            .sum::<usize>();
        (contacts >= 40).then_some(())
    })
    .await;
    control.send(&Command::LoseCursors).await.expect("are lost");
    control.clear_faults().await.expect("is fast again");
    done(&world).await;
    let found = sent(&world.records().await);
    for object in ["Account", "Contact", "Opportunity", "User"] {
        let expected = ids_in_org(&world, object).await;
        assert_eq!(
            found[object]
                .keys()
                .cloned()
                .collect::<std::collections::BTreeSet<_>>(),
            expected,
            "{object}"
        );
    }
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_host_without_bulk_queries_is_read_page_by_page_and_says_so() {
    let world = World::new().await;
    let control = world.sim.control();
    control
        .fault(
            Fault::new(FaultKind::Status {
                status: 404,
                body: salesforce_sim::FaultBody::Empty,
            })
            .on_path("/jobs/query"),
        )
        .await
        .expect("is not there");
    let running = world.start(in_bulk()).await;
    world.connect(1).await;
    done(&world).await;
    assert_loaded_exactly_once(&world, &world.records().await).await;
    let noted = world.runs().await.into_iter().any(|run| {
        run.error
            .contains("bulk queries of Account are not offered, it is read page by page")
    });
    assert!(noted);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_merge_names_the_survivor_and_a_converted_lead_its_contact() {
    let world = World::new().await;
    let running = world.connected().await;
    let control = world.sim.control();
    let accounts: Vec<String> = ids_in_org(&world, "Account").await.into_iter().collect();
    let contacts: Vec<String> = ids_in_org(&world, "Contact").await.into_iter().collect();
    let leads: Vec<String> = ids_in_org(&world, "Lead").await.into_iter().collect();
    control
        .send(&Command::Merge {
            winner: contacts[0].clone(),
            losers: vec![contacts[1].clone()],
        })
        .await
        .expect("are merged");
    control
        .send(&Command::ConvertLead {
            lead: leads[0].clone(),
            account: accounts[0].clone(),
            contact: contacts[0].clone(),
            opportunity: None,
        })
        .await
        .expect("is converted");
    let before = world.records().await.len();
    assert_eq!(world.sync(SyncKind::Records).await.state(), SyncState::Done);
    let news = world.records().await.split_off(before);
    let merged: Vec<(String, String)> = news
        .iter()
        .flat_map(|message| &message.deleted)
        .map(|gone| {
            let record = gone.record.clone().unwrap_or_default();
            (record.id, gone.master_record_id.clone())
        })
        .collect();
    assert_eq!(merged, [(contacts[1].clone(), contacts[0].clone())]);
    let converted: Vec<(bool, &str)> = news
        .iter()
        .flat_map(|message| &message.leads)
        .map(|lead| (lead.is_converted, lead.converted_contact_id.as_str()))
        .collect();
    assert_eq!(converted, [(true, contacts[0].as_str())]);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn reading_never_takes_more_than_its_share_of_the_orgs_day() {
    let world = World::new().await;
    let running = world.connected().await;
    // The org as a whole has used little; what was read so far is a tenth of the day already.
    world
        .sim
        .control()
        .set_api_limit(Some(100), Some(20))
        .await
        .expect("is a small org");
    world.sync(SyncKind::Records).await;
    let run = world.sync(SyncKind::Records).await;
    assert_eq!(run.state(), SyncState::Failed);
    assert!(
        run.error.contains("its share is 10 percent"),
        "{}",
        run.error
    );
    running.shutdown().await.expect("stops");
}
