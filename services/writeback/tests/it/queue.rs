//! The review queue: the riskiest first, narrowed by what a reviewer looks for, decided together where it is alike.

use crate::world::{LIMIT, WORKSPACE, World, entry, mapping, said};
use events::Timestamp;
use events::meeting::v1::Origin;
use events::rpc::Code;
use events::writeback::v1::{
    Change, ChangeFilter, ChangeOrder, ChangeSetOutcome, ChangeState, DecideAlikeRequest,
    DecideAlikeResponse, Decision, ListChangesRequest, ListChangesResponse, RiskFacet,
};
use serde_json::json;
use testkit::eventually;
use testkit::rpc::as_admin;

/// The changes of one field, or of all.
fn narrowed(field: &str) -> ChangeFilter {
    ChangeFilter {
        field: field.into(),
        ..ChangeFilter::default()
    }
}

async fn queue(world: &World, filter: ChangeFilter, size: u32, token: &str) -> ListChangesResponse {
    world
        .client()
        .await
        .list_changes(
            &as_admin(),
            ListChangesRequest {
                workspace: WORKSPACE.into(),
                states: vec![ChangeState::Held.into()],
                page_size: size,
                page_token: token.into(),
                filter: Some(filter),
                order: ChangeOrder::Risk.into(),
            },
        )
        .await
        .expect("a page")
}

async fn alike(
    world: &World,
    filter: ChangeFilter,
    decision: Decision,
    seen_at: Option<Timestamp>,
    changes_max: u32,
) -> Result<DecideAlikeResponse, events::rpc::RpcError> {
    world
        .client()
        .await
        .decide_alike(
            &as_admin(),
            DecideAlikeRequest {
                workspace: WORKSPACE.into(),
                filter: Some(filter),
                decision: decision.into(),
                reason: "looked through".into(),
                changes_max,
                seen_at,
            },
        )
        .await
}

/// One meeting after the other, so that their order is known: a deal that somebody filled in, a quiet one, and a stage and an amount beside: one held change of each risk.
async fn mixed(world: &World) -> (String, String) {
    world
        .set_up(mapping(
            vec![
                entry("next_step", "NextStep"),
                entry("amount", "Amount"),
                entry("meeting.suggested_stage", "StageName"),
            ],
            vec![],
        ))
        .await;
    let theirs = world.deal("Theirs").await;
    world
        .human_edits(&theirs, json!({"NextStep": "their own"}))
        .await;
    let quiet = world.deal("Quiet").await;
    let mut plain = said("m-plain", "call");
    plain.origin = Origin::Backfill;
    world.decided_on(&plain, &quiet).await;
    world.until("m-plain", "NextStep", ChangeState::Held).await;
    let mut over = said("m-over", "write");
    over.origin = Origin::Backfill;
    world.decided_on(&over, &theirs).await;
    world.until("m-over", "NextStep", ChangeState::Held).await;
    let mut unsure = said("m-unsure", "perhaps");
    unsure.confidence = 0.2;
    world.decided_on(&unsure, &quiet).await;
    world.until("m-unsure", "NextStep", ChangeState::Held).await;
    let mut money = said("m-money", "pay");
    money.origin = Origin::Backfill;
    money.amount = Some("9000".into());
    world.decided_on(&money, &quiet).await;
    world.until("m-money", "NextStep", ChangeState::Held).await;
    (theirs, quiet)
}

fn meetings(page: &ListChangesResponse) -> Vec<(&str, &str)> {
    page.changes
        .iter()
        .map(|change| (change.meeting_id.as_str(), change.field.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_riskiest_change_comes_first_and_filters_narrow() {
    let world = World::new().await;
    let _service = world.start().await;
    let (theirs, _) = mixed(&world).await;
    let all = queue(&world, ChangeFilter::default(), 50, "").await;
    assert_eq!(
        meetings(&all),
        [
            // Somebody's Amount of 1000 would go, and a next step of somebody.
            ("m-money", "Amount"),
            ("m-over", "NextStep"),
            ("m-unsure", "NextStep"),
            ("m-plain", "NextStep"),
            ("m-money", "NextStep"),
        ]
    );
    assert_eq!(all.total, 5);
    assert_eq!(
        all.changes[0].risks().collect::<Vec<_>>(),
        [RiskFacet::Overwrite, RiskFacet::Amount]
    );

    // Page by page it is the same queue.
    let mut paged: Vec<Change> = Vec::new();
    let mut token = String::new();
    loop {
        let page = queue(&world, ChangeFilter::default(), 2, &token).await;
        paged.extend(page.changes);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, all.changes);

    let one = |filter: ChangeFilter| async { queue(&world, filter, 50, "").await };
    let by_gate = ChangeFilter {
        gate: "confidence".into(),
        ..ChangeFilter::default()
    };
    assert_eq!(meetings(&one(by_gate).await), [("m-unsure", "NextStep")]);
    let by_record = ChangeFilter {
        record_id: theirs,
        ..ChangeFilter::default()
    };
    assert_eq!(meetings(&one(by_record).await), [("m-over", "NextStep")]);
    let by_text = ChangeFilter {
        text: "PERHAPS".into(),
        ..ChangeFilter::default()
    };
    assert_eq!(meetings(&one(by_text).await), [("m-unsure", "NextStep")]);
    let by_risk = ChangeFilter {
        risks: vec![RiskFacet::Overwrite.into()],
        ..ChangeFilter::default()
    };
    assert_eq!(one(by_risk).await.total, 2);
    let low = ChangeFilter {
        low_risk: true,
        ..ChangeFilter::default()
    };
    assert_eq!(one(low).await.total, 3);
    let old = ChangeFilter {
        proposed_until: Some(Timestamp {
            seconds: 1,
            nanos: 0,
        }),
        ..ChangeFilter::default()
    };
    assert_eq!(one(old).await.total, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_alike_low_risk_changes_that_were_seen_are_approved_together() {
    let world = World::new().await;
    let _service = world.start().await;
    mixed(&world).await;
    world.live(true).await;

    // Two kinds carry little risk: what comes from history, and what is not sure.
    let preview = alike(&world, narrowed("NextStep"), Decision::Approve, None, 0)
        .await
        .expect("a preview");
    assert_eq!((preview.matching, preview.decidable), (4, 3));
    assert_eq!(preview.decided, 0);
    let both = alike(
        &world,
        narrowed("NextStep"),
        Decision::Approve,
        preview.seen_at,
        0,
    )
    .await
    .expect_err("two kinds");
    assert_eq!(both.code, Code::InvalidArgument);

    let history = preview
        .kinds
        .iter()
        .find(|kind| kind.reasons == ["backfill.from_history"])
        .expect("the kind from history");
    // The one over somebody's value is alike, and still left for a look of its own.
    assert_eq!((history.changes, history.low_risk), (3, 2));
    let filter = ChangeFilter {
        alike: history.alike.clone(),
        ..ChangeFilter::default()
    };
    let seen = alike(&world, filter.clone(), Decision::Approve, None, 0)
        .await
        .expect("a preview");

    // What arrived after the look was not seen.
    let deal = world.deal("Later").await;
    let mut later = said("m-later", "unseen");
    later.origin = Origin::Backfill;
    world.decided_on(&later, &deal).await;
    world.until("m-later", "NextStep", ChangeState::Held).await;

    let first = alike(&world, filter.clone(), Decision::Approve, seen.seen_at, 1)
        .await
        .expect("decided");
    assert_eq!((first.decided, first.remaining), (1, 1));
    let second = alike(&world, filter, Decision::Approve, seen.seen_at, 0)
        .await
        .expect("decided");
    assert_eq!((second.decided, second.remaining), (1, 0));
    let plain = world
        .until("m-plain", "NextStep", ChangeState::Applied)
        .await;
    assert_eq!(plain.decided_by, "user:admin@sample");
    world.until("m-later", "NextStep", ChangeState::Held).await;
    world.until("m-over", "NextStep", ChangeState::Held).await;
    let audited: i64 =
        sqlx::query_scalar("select count(*) from writeback.audit where action = 'change.approved'")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert_eq!(audited, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_decided_in_time_expires_and_is_told() {
    let world = World::new().await;
    let service = world.start().await;
    mixed(&world).await;
    service.shutdown().await.expect("stops");
    sqlx::query(
        "update writeback.change set changed_at = now() - interval '31 days' where meeting_id = 'm-unsure'",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    let _service = world
        .start_with(writeback::Options {
            held_expires_days: 30,
            ..world.options()
        })
        .await;
    let expired = world
        .until("m-unsure", "NextStep", ChangeState::Expired)
        .await;
    assert!(
        expired
            .reasons
            .iter()
            .any(|reason| reason.code == "expired")
    );
    world.until("m-plain", "NextStep", ChangeState::Held).await;
    eventually(LIMIT, async || {
        let told = world.published::<ChangeSetOutcome>().await;
        told.iter()
            .any(|outcome| {
                outcome.meeting_id == "m-unsure"
                    && outcome
                        .changes
                        .iter()
                        .any(|change| change.state() == ChangeState::Expired)
            })
            .then_some(())
    })
    .await;
}
