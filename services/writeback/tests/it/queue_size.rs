//! Twenty thousand held changes: the queue is read along its index, and every page is quick. The figures are printed;
//! what is asserted is the plan, because time belongs to the machine.

use std::time::Instant;

use crate::world::{WORKSPACE, World, entry, mapping, said};
use events::meeting::v1::Origin;
use events::writeback::v1::{
    ChangeFilter, ChangeOrder, ChangeState, DecideAlikeRequest, Decision, ListChangesRequest,
};
use testkit::rpc::as_admin;

const CHANGES: i32 = 20_000;
/// Changes of one page, and of one bulk approval.
const PAGE: u32 = 200;

/// One real held change, and twenty thousand like it on records and meetings of their own.
async fn fill(world: &World) {
    world
        .set_up(mapping(vec![entry("next_step", "NextStep")], vec![]))
        .await;
    let mut past = said("m-0", "call back");
    past.origin = Origin::Backfill;
    world.decided(&past).await;
    world.until("m-0", "NextStep", ChangeState::Held).await;
    sqlx::query(
        "with number as (select n, gen_random_uuid() as set_id from generate_series(1, $1) n),
         sets as (
           insert into writeback.change_set (id, workspace, meeting_id, meeting_revision, decision_id, decision_sequence,
             state, planned, backfill, title)
           select number.set_id, s.workspace, 'm-' || n, 1, s.decision_id, 1, 'waiting', true, true, 'Meeting ' || n
           from number, writeback.change_set s where s.meeting_id = 'm-0')
         insert into writeback.change (id, change_set_id, workspace, meeting_id, meeting_at, meeting_ended_at, state,
           regate, priority, action, object, record_id, field, entry_id, mapping_version, overwrite, lane, creation_key,
           related, contents, baseline, piece, proposed, reasons, confidence, evidence, risk)
         select gen_random_uuid(), number.set_id, c.workspace, 'm-' || n, c.meeting_at, c.meeting_ended_at, 'held', false,
           c.priority, c.action, c.object, '006' || lpad(n::text, 15, '0'), c.field, c.entry_id, c.mapping_version,
           c.overwrite, '001' || lpad((n % 5000)::text, 15, '0'), '', c.related, c.contents, c.baseline, c.piece,
           to_jsonb('call back ' || n), c.reasons, c.confidence, c.evidence, case when n % 10 = 0 then 32 else 0 end
         from number, writeback.change c where c.meeting_id = 'm-0'",
    )
    .bind(CHANGES)
    .execute(&world.pool)
    .await
    .expect("is filled");
    sqlx::query("analyze writeback.change")
        .execute(&world.pool)
        .await
        .expect("is analysed");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_held_changes_are_listed_filtered_and_approved_page_by_page() {
    let world = World::new().await;
    let _service = world.start().await;
    fill(&world).await;
    let client = world.client().await;
    let list = |filter: ChangeFilter, page_token: String| ListChangesRequest {
        workspace: WORKSPACE.into(),
        states: vec![ChangeState::Held.into()],
        page_size: PAGE,
        page_token,
        filter: Some(filter),
        order: ChangeOrder::Risk.into(),
    };
    let begun = Instant::now();
    let first = client
        .list_changes(&as_admin(), list(ChangeFilter::default(), String::new()))
        .await
        .expect("a page");
    println!("first page of {PAGE}: {:?}", begun.elapsed());
    assert_eq!(first.total, 20_001);
    assert!(first.changes.iter().all(|change| change.risk == 32));
    let mut token = first.next_page_token;
    let begun = Instant::now();
    for _ in 0..10 {
        let page = client
            .list_changes(&as_admin(), list(ChangeFilter::default(), token))
            .await
            .expect("a page");
        token = page.next_page_token;
    }
    println!("each of ten more: {:?}", begun.elapsed() / 10);
    for (name, filter) in [
        (
            "by reason",
            ChangeFilter {
                gate: "backfill".into(),
                ..ChangeFilter::default()
            },
        ),
        (
            "by text",
            ChangeFilter {
                text: "call back 19999".into(),
                ..ChangeFilter::default()
            },
        ),
        (
            "by record",
            ChangeFilter {
                record_id: "006000000000019999".into(),
                ..ChangeFilter::default()
            },
        ),
        (
            "low risk",
            ChangeFilter {
                low_risk: true,
                ..ChangeFilter::default()
            },
        ),
    ] {
        let begun = Instant::now();
        let page = client
            .list_changes(&as_admin(), list(filter, String::new()))
            .await
            .expect("a page");
        println!("{name} ({} found): {:?}", page.total, begun.elapsed());
        assert!(page.total > 0, "{name}");
    }

    let bulk = |seen_at, changes_max| DecideAlikeRequest {
        workspace: WORKSPACE.into(),
        filter: Some(ChangeFilter {
            low_risk: true,
            ..ChangeFilter::default()
        }),
        decision: Decision::Approve.into(),
        reason: String::new(),
        changes_max,
        seen_at,
    };
    let begun = Instant::now();
    let preview = client
        .decide_alike(&as_admin(), bulk(None, 0))
        .await
        .expect("a preview");
    println!("preview of a bulk approval: {:?}", begun.elapsed());
    assert_eq!(preview.decidable, 18_001);
    for changes_max in [PAGE, 500] {
        let begun = Instant::now();
        let done = client
            .decide_alike(&as_admin(), bulk(preview.seen_at, changes_max))
            .await
            .expect("approved");
        println!("bulk approval of {changes_max}: {:?}", begun.elapsed());
        assert_eq!(done.decided, u64::from(changes_max), "{done:?}");
    }
    by_index(&world).await;
}

/// The queue's page comes from its index, in order, without a sort.
async fn by_index(world: &World) {
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select c.id from writeback.change c where c.workspace = 'acme' and c.state = 'held'
           and ((-c.risk), c.id) > (-32::smallint, '00000000-0000-0000-0000-000000000000'::uuid)
         order by (-c.risk), c.id limit 200",
    )
    .fetch_all(&world.pool)
    .await
    .expect("a plan");
    let plan = plan.join("\n");
    assert!(
        plan.contains("change_review") && !plan.contains("Sort"),
        "{plan}"
    );
}
