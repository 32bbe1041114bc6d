//! Records in: newer wins, deletions stay, a full load forgets, the roll-up counts.

use crate::world::{ACME, ANN, LIMIT, World, at, contact, org};
use events::crm::v1 as crm;
use events::crm::v1::records_changed::Load;
use testkit::eventually;

async fn rollup(world: &World) -> Vec<(String, String, i32)> {
    sqlx::query_as("select domain, account_id, contacts from matching.domain_rollup order by 1, 2")
        .fetch_all(&world.pool)
        .await
        .expect("the roll-up")
}

fn change(contacts: Vec<crm::Contact>) -> crm::RecordsChanged {
    crm::RecordsChanged {
        workspace: "acme".into(),
        load: Load::Incremental.into(),
        generation: 1,
        contacts,
        ..Default::default()
    }
}

async fn settled(world: &World, event: &str) {
    eventually(LIMIT, || async {
        sqlx::query("select 1 from matching.inbox where event_id = $1")
            .bind(event)
            .fetch_optional(&world.pool)
            .await
            .expect("the inbox")
    })
    .await;
}

#[tokio::test]
async fn the_roll_up_follows_contacts_and_an_older_version_changes_nothing() {
    let world = World::new().await;
    let running = world.start().await;
    world.publish("r-1", &org("acme")).await;
    let moved = contact(ANN, "001000000000002AAA", "ann@beta.example", 10);
    let colleague = contact("003000000000002AAA", ACME, "bob@acme.com", 5);
    world.publish("r-2", &change(vec![moved, colleague])).await;
    world
        .publish("r-3", &change(vec![contact(ANN, ACME, "ann@acme.com", 9)]))
        .await;
    settled(&world, "r-3").await;
    assert_eq!(
        rollup(&world).await,
        [
            ("acme.com".to_owned(), ACME.to_owned(), 1),
            (
                "beta.example".to_owned(),
                "001000000000002AAA".to_owned(),
                1
            ),
        ]
    );
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_deleted_contact_stays_deleted_and_a_full_load_forgets_what_it_did_not_meet() {
    let world = World::new().await;
    let running = world.start().await;
    world.publish("r-1", &org("acme")).await;
    let gone = crm::RecordsChanged {
        workspace: "acme".into(),
        load: Load::Incremental.into(),
        generation: 1,
        deleted: vec![crm::Deleted {
            record: Some(crm::RecordRef {
                object: "Contact".into(),
                id: ANN.into(),
            }),
            master_record_id: String::new(),
            system_modstamp: at(20),
        }],
        ..Default::default()
    };
    world.publish("r-2", &gone).await;
    world
        .publish("r-3", &change(vec![contact(ANN, ACME, "ann@acme.com", 15)]))
        .await;
    settled(&world, "r-3").await;
    assert_eq!(rollup(&world).await, []);
    let reload = crm::RecordsChanged {
        generation: 2,
        load: Load::Full.into(),
        load_complete: true,
        contacts: Vec::new(),
        accounts: Vec::new(),
        ..org("acme")
    };
    world.publish("r-4", &reload).await;
    settled(&world, "r-4").await;
    let left: i64 =
        sqlx::query_scalar("select count(*) from matching.account where not is_deleted")
            .fetch_one(&world.pool)
            .await
            .expect("a count");
    assert_eq!(left, 0);
    running.shutdown().await.expect("stops");
}
