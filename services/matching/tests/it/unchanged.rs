//! Records come back after every write to them, ours too: only what decisions are made of has meetings decided again.

use crate::world::{
    ACME, ANN, DEAL, REP, World, account, at, changed, contact, meeting, org, stamps,
};
use events::crm::v1 as crm;
use sqlx::PgPool;

fn deal(modstamp: i64) -> crm::Opportunity {
    crm::Opportunity {
        stamps: stamps(modstamp),
        ..org("acme").opportunities.remove(0)
    }
}

fn by_us(modstamp: i64) -> Option<crm::Stamps> {
    Some(crm::Stamps {
        last_modified_by_id: REP.into(),
        ..stamps(modstamp).expect("stamps")
    })
}

fn deals(opportunities: Vec<crm::Opportunity>) -> crm::RecordsChanged {
    crm::RecordsChanged {
        opportunities,
        ..changed(vec![], vec![])
    }
}

/// Whether applying the records notes a meeting.
async fn notes(pool: &PgPool, records: &crm::RecordsChanged) -> bool {
    let records = matching::wire::records(records).expect("records");
    let mut connection = pool.acquire().await.expect("a connection");
    matching::store::projection::apply(&mut connection, "acme", &records)
        .await
        .expect("applied");
    let noted = sqlx::query("delete from matching.again")
        .execute(pool)
        .await
        .expect("forgotten");
    noted.rows_affected() > 0
}

async fn addresses(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select address from matching.contact_address order by 1")
        .fetch_all(pool)
        .await
        .expect("addresses")
}

#[tokio::test]
async fn what_says_nothing_new_has_no_meeting_decided_again() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&org("acme")).await;
    world
        .publish("e-1", &meeting("acme", "m-1", 1, "ann@acme.com"))
        .await;
    world.decided(1).await;
    // Nothing takes the notes from here on.
    running.shutdown().await.expect("stops");
    let pool = &world.pool;
    sqlx::query("delete from matching.again")
        .execute(pool)
        .await
        .expect("forgotten");

    let same = changed(vec![contact(ANN, ACME, "Ann@acme.com", 5)], vec![]);
    assert!(!notes(pool, &same).await, "a contact as it was");
    assert_eq!(addresses(pool).await, ["ann@acme.com"]);
    let mut active = account(ACME, "Acme", "https://www.acme.com", 5);
    active.last_activity_date = "2026-01-05".into();
    assert!(
        !notes(pool, &changed(vec![], vec![active])).await,
        "an account that had a task"
    );
    assert!(
        !notes(pool, &deals(vec![deal(5)])).await,
        "a deal as it was"
    );
    let renamed = |stamps| crm::Opportunity {
        name: "Acme 2027".into(),
        stamps,
        ..deal(6)
    };
    let ours = deals(vec![renamed(by_us(6))]);
    assert!(!notes(pool, &ours).await, "a name we gave it");

    let theirs = deals(vec![renamed(stamps(7))]);
    assert!(notes(pool, &theirs).await, "a name a person gave it");
    let closed = crm::Opportunity {
        is_closed: true,
        ..renamed(stamps(8))
    };
    assert!(notes(pool, &deals(vec![closed])).await, "a deal closed");
    let mut called = contact(ANN, ACME, "Ann@acme.com", 9);
    called.phones = vec!["+49 30 901820".into()];
    assert!(
        notes(pool, &changed(vec![called], vec![])).await,
        "a number more"
    );
    let moved = contact(ANN, ACME, "ann@acme.example", 10);
    assert!(
        notes(pool, &changed(vec![moved], vec![])).await,
        "another address"
    );
    assert_eq!(addresses(pool).await, ["ann@acme.example"]);
    let website = account("001000000000002AAA", "Acme Holding", "https://acme.com", 11);
    assert!(
        notes(pool, &changed(vec![], vec![website])).await,
        "another account with the website"
    );
    let gone = crm::RecordsChanged {
        deleted: vec![crm::Deleted {
            record: Some(crm::RecordRef {
                object: "Opportunity".into(),
                id: DEAL.into(),
            }),
            master_record_id: String::new(),
            system_modstamp: at(12),
        }],
        ..changed(vec![], vec![])
    };
    assert!(notes(pool, &gone).await, "a deal deleted");
    assert!(
        notes(pool, &deals(vec![renamed(stamps(13))])).await,
        "a deal that is back"
    );
}
