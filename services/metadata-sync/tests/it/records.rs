//! Records: the first load, a crash in its middle, what changes afterwards.

use std::collections::{BTreeMap, BTreeSet};

use events::crm::v1::RecordsChanged;
use events::crm::v1::records_changed::Load;
use events::metadata::v1::{SyncKind, SyncState};
use metadata_sync::config::SyncOptions;
use salesforce_sim::config::ADMIN_USERNAME;
use salesforce_sim::control::command::Command;
use salesforce_sim::{Fault, FaultKind};
use serde_json::json;
use testkit::eventually;

use crate::world::{LIMIT, USER, World, by_hand};

/// Ids sent by object, with how often each was sent.
pub(crate) fn sent(messages: &[RecordsChanged]) -> BTreeMap<&'static str, BTreeMap<String, usize>> {
    let mut found: BTreeMap<&'static str, BTreeMap<String, usize>> = BTreeMap::new();
    let mut add = |object, id: &str| {
        *found
            .entry(object)
            .or_default()
            .entry(id.to_owned())
            .or_default() += 1
    };
    for message in messages {
        message
            .accounts
            .iter()
            .for_each(|row| add("Account", &row.id));
        message
            .contacts
            .iter()
            .for_each(|row| add("Contact", &row.id));
        message.leads.iter().for_each(|row| add("Lead", &row.id));
        message
            .opportunities
            .iter()
            .for_each(|row| add("Opportunity", &row.id));
        message
            .contact_roles
            .iter()
            .for_each(|row| add("OpportunityContactRole", &row.id));
        message
            .team_members
            .iter()
            .for_each(|row| add("OpportunityTeamMember", &row.id));
        message
            .products
            .iter()
            .for_each(|row| add("OpportunityLineItem", &row.id));
        message.users.iter().for_each(|row| add("User", &row.id));
    }
    found
}

pub(crate) async fn ids_in_org(world: &World, object: &str) -> BTreeSet<String> {
    let rows = world
        .sim
        .control()
        .query(&format!("SELECT Id FROM {object}"))
        .await
        .expect("rows");
    rows.iter()
        .map(|row| row["Id"].as_str().expect("an id").to_owned())
        .collect()
}

pub(crate) async fn assert_loaded_exactly_once(world: &World, messages: &[RecordsChanged]) {
    let sent = sent(messages);
    for object in [
        "Account",
        "Contact",
        "Lead",
        "Opportunity",
        "OpportunityContactRole",
        "OpportunityTeamMember",
        "OpportunityLineItem",
        "User",
    ] {
        let expected = ids_in_org(world, object).await;
        let found = sent.get(object).cloned().unwrap_or_default();
        assert_eq!(
            found.keys().cloned().collect::<BTreeSet<_>>(),
            expected,
            "{object}"
        );
        assert!(found.values().all(|times| *times == 1), "{object} doubled");
    }
}

#[tokio::test]
async fn connecting_loads_every_record_once_and_says_when_it_is_whole() {
    let world = World::new().await;
    let running = world.connected().await;
    let messages = world.records().await;
    assert_loaded_exactly_once(&world, &messages).await;
    let complete: Vec<bool> = messages
        .iter()
        .map(|message| message.load_complete)
        .collect();
    assert_eq!(complete.iter().filter(|complete| **complete).count(), 1);
    assert_eq!(complete.last(), Some(&true));
    assert!(
        messages
            .iter()
            .all(|message| message.connected_user_id == USER && message.generation == 1)
    );
    let deal = messages
        .iter()
        .flat_map(|message| &message.opportunities)
        .next()
        .expect("a deal");
    assert!(
        deal.stamps
            .as_ref()
            .is_some_and(|stamps| stamps.system_modstamp.is_some())
    );
    assert!(!deal.stage_name.is_empty() && !deal.close_date.is_empty());
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_load_resumes_without_loss_or_doubling() {
    let world = World::new().await;
    let control = world.sim.control();
    control.generate(150, 4, 1).await.expect("rows");
    let options = || SyncOptions {
        sync_page_rows: 20,
        ..by_hand()
    };
    control
        .fault(Fault::new(FaultKind::LatencyMs(40)).on_path("/query"))
        .await
        .expect("is slow");
    let running = world.start(options()).await;
    world.connect(1).await;
    eventually(LIMIT, async || {
        let contacts: usize = world
            .records()
            .await
            .iter()
            .map(|message| message.contacts.len())
            .sum();
        (contacts >= 100).then_some(())
    })
    .await;
    drop(running);
    let before = world.records().await;
    assert!(
        before.iter().all(|message| !message.load_complete),
        "the crash came too late"
    );
    control.clear_faults().await.expect("is fast again");

    let running = world.start(options()).await;
    for run in world.until_ended(2).await {
        assert_eq!(run.state(), SyncState::Done, "{}", run.error);
    }
    let messages = world.records().await;
    assert_loaded_exactly_once(&world, &messages).await;
    assert_eq!(
        messages.last().map(|message| message.load_complete),
        Some(true)
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn only_what_changed_is_sent_afterwards() {
    let world = World::new().await;
    let running = world.connected().await;
    let control = world.sim.control();
    let before = world.records().await.len();
    assert_eq!(world.sync(SyncKind::Records).await.state(), SyncState::Done);
    assert_eq!(
        world.records().await.len(),
        before,
        "nothing changed and nothing is sent"
    );

    let accounts = ids_in_org(&world, "Account").await;
    let account = accounts.first().expect("an account");
    control
        .save_as(
            ADMIN_USERNAME,
            "Account",
            Some(account),
            json!({"Website": "https://new.example"}),
        )
        .await
        .expect("is saved");
    let contact = control
        .save_as(
            ADMIN_USERNAME,
            "Contact",
            None,
            json!({"LastName": "O'Hara \"x\" \u{202e}rtl 👩‍👩‍👧", "AccountId": account}),
        )
        .await
        .expect("is created");
    assert_eq!(world.sync(SyncKind::Records).await.state(), SyncState::Done);
    let news = world.records().await.split_off(before);
    assert!(
        news.iter()
            .all(|message| message.load() == Load::Incremental && !message.load_complete)
    );
    let websites: Vec<&str> = news
        .iter()
        .flat_map(|m| &m.accounts)
        .map(|row| row.website.as_str())
        .collect();
    assert_eq!(websites, ["https://new.example"]);
    let names: Vec<&str> = news
        .iter()
        .flat_map(|m| &m.contacts)
        .map(|row| row.last_name.as_str())
        .collect();
    assert_eq!(names, ["O'Hara \"x\" \u{202e}rtl 👩‍👩‍👧"]);

    control
        .send(&Command::DeleteAs {
            username: ADMIN_USERNAME.into(),
            id: contact.clone(),
        })
        .await
        .expect("is deleted");
    let before = world.records().await.len();
    assert_eq!(world.sync(SyncKind::Records).await.state(), SyncState::Done);
    let news = world.records().await.split_off(before);
    let gone: Vec<String> = news
        .iter()
        .flat_map(|message| &message.deleted)
        .filter_map(|gone| gone.record.clone())
        .map(|record| record.id)
        .collect();
    assert_eq!(gone, [contact]);
    assert_eq!(
        news.iter()
            .map(|message| message.contacts.len())
            .sum::<usize>(),
        0
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_full_load_asked_for_sends_everything_under_the_next_generation() {
    let world = World::new().await;
    let running = world.connected().await;
    let before = world.records().await.len();
    let run = world.sync(SyncKind::RecordsFull).await;
    assert_eq!(run.state(), SyncState::Done, "{}", run.error);
    let news = world.records().await.split_off(before);
    assert!(news.iter().all(|message| message.generation == 2));
    assert_eq!(news.last().map(|message| message.load_complete), Some(true));
    assert_loaded_exactly_once(&world, &news).await;
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_hidden_field_is_not_asked_for_and_a_hidden_object_is_noted() {
    let world = World::new().await;
    let control = world.sim.control();
    let user = salesforce_sim::config::INTEGRATION_USERNAME;
    control
        .set_field_permission(user, "Account", "Website", false, false)
        .await
        .expect("is hidden");
    control
        .set_object_permission(
            user,
            "Lead",
            salesforce_sim::access::ObjectAccess::default(),
        )
        .await
        .expect("is hidden");
    let running = world.connected().await;
    let messages = world.records().await;
    assert!(
        messages
            .iter()
            .flat_map(|message| &message.accounts)
            .all(|row| row.website.is_empty() && !row.name.is_empty())
    );
    assert_eq!(
        messages
            .iter()
            .map(|message| message.leads.len())
            .sum::<usize>(),
        0
    );
    let notes: Vec<String> = world
        .runs()
        .await
        .into_iter()
        .map(|run| run.error)
        .collect();
    assert!(
        notes
            .iter()
            .any(|note| note.contains("Lead is not in the org or hidden")),
        "{notes:?}"
    );

    // Shown again, the records are read again: what was never sent cannot be followed.
    control
        .set_field_permission(user, "Account", "Website", true, true)
        .await
        .expect("is shown");
    let before = world.records().await.len();
    assert_eq!(world.sync(SyncKind::Schema).await.state(), SyncState::Done);
    assert_eq!(world.sync(SyncKind::Records).await.state(), SyncState::Done);
    let news = world.records().await.split_off(before);
    assert!(
        news.iter()
            .flat_map(|message| &message.accounts)
            .any(|row| !row.website.is_empty())
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn reading_stops_below_the_share_of_others_and_says_why() {
    let world = World::new().await;
    let running = world.connected().await;
    world
        .sim
        .control()
        .set_api_limit(Some(1_000), Some(900))
        .await
        .expect("is nearly used");
    world.sync(SyncKind::Records).await;
    let run = world.sync(SyncKind::Records).await;
    assert_eq!(run.state(), SyncState::Failed);
    assert!(
        run.error
            .contains("daily API calls; reading goes on below 80 percent"),
        "{}",
        run.error
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn teams_products_and_recent_calendar_events_are_read_where_the_org_has_them() {
    let world = World::new().await;
    let control = world.sim.control();
    let deals = ids_in_org(&world, "Opportunity").await;
    let deal = deals.first().expect("a deal");
    let users = ids_in_org(&world, "User").await;
    let user = users.first().expect("a user");
    let save = async |object: &str, fields: serde_json::Value| {
        control
            .save_as(ADMIN_USERNAME, object, None, fields)
            .await
            .expect("is saved")
    };
    save(
        "OpportunityTeamMember",
        json!({"OpportunityId": deal, "UserId": user, "TeamMemberRole": "Sales Rep"}),
    )
    .await;
    save(
        "OpportunityLineItem",
        json!({"OpportunityId": deal, "Name": "Deal Gyroscope", "ProductCode": "GYR-1"}),
    )
    .await;
    let at = |days: i64| {
        (chrono::Utc::now() + chrono::TimeDelta::days(days))
            .format("%Y-%m-%dT%H:00:00.000Z")
            .to_string()
    };
    for (subject, days) in [("Long ago", -90), ("Yesterday", -1), ("Next week", 7)] {
        save(
            "Event",
            json!({"Subject": subject, "WhatId": deal, "StartDateTime": at(days), "DurationInMinutes": 30}),
        )
        .await;
    }
    let running = world.connected().await;
    let messages = world.records().await;
    let members: Vec<_> = messages
        .iter()
        .flat_map(|message| &message.team_members)
        .collect();
    assert_eq!(
        (
            members.len(),
            members[0].opportunity_id.as_str(),
            members[0].user_id.as_str()
        ),
        (1, deal.as_str(), user.as_str())
    );
    let products: Vec<_> = messages
        .iter()
        .flat_map(|message| &message.products)
        .collect();
    assert_eq!(
        (products.len(), products[0].product_code.as_str()),
        (1, "GYR-1")
    );
    let mut subjects: Vec<&str> = messages
        .iter()
        .filter(|message| message.load() == events::crm::v1::records_changed::Load::Full)
        .flat_map(|message| &message.calendar_events)
        .filter(|event| event.what_id == *deal && event.starts_at.is_some())
        .map(|event| event.subject.as_str())
        .collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["Next week", "Yesterday"]);
    running.shutdown().await.expect("stops");
}
