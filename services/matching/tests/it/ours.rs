//! Writing our own result back never changes the decision: every way in which we write, in every mixture, after the meeting
//! that led to it; and the next meeting with the same people is decided as the first was.

use crate::world::{
    ACME, ANN, DAY, DEAL, LIMIT, REP, World, at, changed, contact, meeting, org, stamps,
};
use events::crm::v1 as crm;
use events::matching::v1 as proto;
use testkit::eventually;

const RENEWAL: &str = "006000000000002AAA";
const JOE: &str = "003000000000002AAA";
const SELLER: &str = "005000000000002AAA";

fn by(user: &str, modstamp: i64, created_by: &str) -> Option<crm::Stamps> {
    Some(crm::Stamps {
        created_by_id: created_by.into(),
        last_modified_by_id: user.into(),
        ..stamps(modstamp).expect("stamps")
    })
}

/// Acme with two deals of one seller; we are connected as the integration user.
fn records() -> crm::RecordsChanged {
    let mut records = org("acme");
    let mut seller = records.users[0].clone();
    seller.id = SELLER.into();
    records.users[0].email = "integration@ours.example".into();
    records.users.push(seller);
    for deal in &mut records.opportunities {
        deal.owner_id = SELLER.into();
        deal.r#type = "New Business".into();
    }
    let mut renewal = records.opportunities[0].clone();
    renewal.id = RENEWAL.into();
    renewal.name = "Acme second".into();
    records.opportunities.push(renewal);
    // Two of those who come have a role on the deal that is meant.
    records.contacts.push(contact(JOE, ACME, "joe@acme.com", 1));
    let mut role = records.contact_roles[0].clone();
    role.id = "00K000000000002AAA".into();
    role.contact_id = JOE.into();
    records.contact_roles.push(role);
    records.accounts[0].owner_id = SELLER.into();
    records.accounts[0].last_activity_date = "2025-12-01".into();
    records
}

/// Everything we may write after a meeting, each bit one kind.
fn written(kinds: u32, modstamp: i64) -> crm::RecordsChanged {
    let all = records();
    let ours = || by(REP, modstamp, REP);
    let edited = || by(REP, modstamp, SELLER);
    let mut change = changed(vec![], vec![]);
    if kinds & 1 != 0 {
        change.contacts.push(crm::Contact {
            stamps: ours(),
            ..contact("003000000000008AAA", ACME, "joe@acme.com", modstamp)
        });
        change.leads.push(crm::Lead {
            id: "00Q000000000001AAA".into(),
            last_name: "Joe".into(),
            company: "Elsewhere".into(),
            email: "joe@acme.com".into(),
            stamps: ours(),
            ..Default::default()
        });
    }
    if kinds & 2 != 0 {
        change.contact_roles.push(crm::OpportunityContactRole {
            id: "00K000000000008AAA".into(),
            opportunity_id: RENEWAL.into(),
            contact_id: ANN.into(),
            stamps: ours(),
            ..Default::default()
        });
        change.team_members.push(crm::OpportunityTeamMember {
            id: "00q000000000008AAA".into(),
            opportunity_id: RENEWAL.into(),
            user_id: SELLER.into(),
            stamps: ours(),
            ..Default::default()
        });
        change.products.push(crm::OpportunityProduct {
            id: "00k000000000008AAA".into(),
            opportunity_id: RENEWAL.into(),
            name: "Acme second Weekly".into(),
            stamps: ours(),
            ..Default::default()
        });
    }
    // The other deal is renamed after the title, retyped, handed over, closed.
    let mut second = all.opportunities[1].clone();
    if kinds & 4 != 0 {
        second.name = "Acme Weekly sync".into();
        second.r#type = "Renewal".into();
    }
    if kinds & 8 != 0 {
        second.is_closed = true;
        second.close_date = "2025-10-01".into();
        second.owner_id = REP.into();
    }
    if kinds & 12 != 0 {
        second.stamps = edited();
        change.opportunities.push(second);
    }
    if kinds & 16 != 0 {
        let mut created = all.opportunities[0].clone();
        created.id = "006000000000008AAA".into();
        created.name = "Weekly".into();
        created.stamps = ours();
        change.opportunities.push(created);
    }
    if kinds & 32 != 0 {
        change.calendar_events.push(crm::CalendarEvent {
            id: "00U000000000008AAA".into(),
            subject: "Weekly".into(),
            starts_at: at(DAY),
            owner_id: SELLER.into(),
            who_id: ANN.into(),
            what_id: RENEWAL.into(),
            account_id: ACME.into(),
            stamps: ours(),
            ..Default::default()
        });
    }
    if kinds & 64 != 0 {
        // Our task's day becomes the account's last activity; Salesforce leaves the account's own stamps alone.
        let mut account = all.accounts[0].clone();
        account.last_activity_date = "2026-01-05".into();
        account.stamps = by(SELLER, modstamp, SELLER);
        change.accounts.push(account);
    }
    change
}

const KINDS: u32 = 7;

async fn settled(world: &World) {
    eventually(LIMIT, || async {
        let waiting: i64 = sqlx::query_scalar("select count(*) from matching.again")
            .fetch_one(&world.pool)
            .await
            .expect("a count");
        (waiting == 0).then_some(())
    })
    .await;
}

fn result(decision: &proto::Decision) -> (i32, String, Vec<String>, i32, String, String) {
    (
        decision.outcome,
        decision.account_id.clone(),
        decision.contact_ids.clone(),
        decision.opportunity_outcome,
        decision.opportunity_id.clone(),
        decision.event_id.clone(),
    )
}

#[tokio::test]
async fn writing_our_own_result_back_never_changes_a_decision() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&records()).await;
    let mut first = meeting("acme", "m-0", 1, "ann@acme.com");
    first.participants.push(events::meeting::v1::Participant {
        email: "joe@acme.com".into(),
        attended: true,
        ..Default::default()
    });
    first.title = "Weekly sync".into();
    world.publish("e-0", &first).await;
    let before = world
        .decided(1)
        .await
        .remove(0)
        .decision
        .expect("a decision");
    assert_eq!(before.opportunity_id, DEAL, "{}", before.explanation);
    // Each kind alone, all pairs, and all together; each written again over what is there.
    let pairs = (0..KINDS).flat_map(|a| (a..KINDS).map(move |b| (1 << a) | (1 << b)));
    let mixtures: Vec<u32> = pairs.chain([(1 << KINDS) - 1]).collect();
    for (number, kinds) in mixtures.iter().enumerate() {
        let modstamp = DAY + 10_000 + i64::try_from(number).expect("few");
        let event_id = format!("r-{number}");
        world.publish(&event_id, &written(*kinds, modstamp)).await;
        eventually(LIMIT, || async {
            sqlx::query("select 1 from matching.inbox where event_id = $1")
                .bind(&event_id)
                .fetch_optional(&world.pool)
                .await
                .expect("a query")
        })
        .await;
        settled(&world).await;
        assert_eq!(
            world.decisions().await,
            1,
            "kinds {kinds:b} led to another decision"
        );
    }
    // Nothing was moved nor proposed; and the meeting decided afresh comes out the same, to the bit.
    let proposed: i64 = sqlx::query_scalar("select count(*) from matching.move_proposal")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    assert_eq!(proposed, 0);
    let mut fresh = first.clone();
    fresh.revision = 2;
    world.publish("e-1", &fresh).await;
    let after = world
        .decided(2)
        .await
        .pop()
        .and_then(|decided| decided.decision)
        .expect("a decision");
    assert_eq!(
        result(&before),
        result(&after),
        "{} / {}",
        before.explanation,
        after.explanation
    );
    assert_eq!(before.candidates, after.candidates);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn what_a_person_edits_of_ours_is_theirs() {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&records()).await;
    world.publish("r-1", &written(16, DAY + 1)).await;
    let created = || async {
        sqlx::query_scalar::<_, bool>(
            "select is_ours from matching.opportunity where id = '006000000000008AAA'",
        )
        .fetch_optional(&world.pool)
        .await
        .expect("a query")
    };
    assert!(eventually(LIMIT, created).await);
    let mut edited = written(16, DAY + 2);
    edited.opportunities[0].stamps = by(SELLER, DAY + 2, REP);
    world.publish("r-2", &edited).await;
    eventually(LIMIT, || async {
        created().await.filter(|is_ours| !is_ours)
    })
    .await;
    running.shutdown().await.expect("stops");
}
