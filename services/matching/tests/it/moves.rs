//! A matched meeting whose better match appears: a proposal, and what settles it.

use crate::world::{ACME, ANN, LIMIT, World, account, admin, changed, contact, meeting, org};
use events::crm::v1 as crm;
use events::matching::v1 as proto;
use events::rpc::{Code, RpcError};
use testkit::eventually;

const BETA: &str = "001000000000002AAA";

/// Acme is bought: its domain and Ann are Beta's from now on.
fn bought() -> crm::RecordsChanged {
    changed(
        vec![contact(ANN, BETA, "ann@acme.com", 20)],
        vec![
            account(ACME, "Acme", "https://acme-old.example", 20),
            account(BETA, "Beta", "https://acme.com", 20),
        ],
    )
}

/// A meeting of Acme for which a move to Beta is proposed.
async fn proposed() -> (World, chassis::Running, proto::MoveProposal) {
    let world = World::new().await;
    let running = world.start().await;
    world.load(&org("acme")).await;
    world
        .publish("e-1", &meeting("acme", "m-1", 1, "ann@acme.com"))
        .await;
    world.decided(1).await;
    world.publish("r-2", &bought()).await;
    let proposal = eventually(LIMIT, || async { listed(&world).await.into_iter().next() }).await;
    (world, running, proposal)
}

async fn listed(world: &World) -> Vec<proto::MoveProposal> {
    let asked = proto::ListMoveProposalsRequest {
        workspace: "acme".into(),
    };
    let listed = world.client().list_move_proposals(&admin(), asked).await;
    listed.expect("listed").proposals
}

async fn settle(world: &World, accept: bool) -> Result<Option<proto::Decision>, RpcError> {
    let settle = proto::SettleMoveProposalRequest {
        workspace: "acme".into(),
        meeting_id: "m-1".into(),
        accept,
    };
    let settled = world
        .client()
        .settle_move_proposal(&admin(), settle)
        .await?;
    Ok(settled.decision)
}

/// Choices, labels and accepted proposals kept.
async fn kept(world: &World) -> (i64, i64, i64) {
    sqlx::query_as(
        "select (select count(*) from matching.choice), (select count(*) from matching.label),
                (select count(*) from matching.move_proposal where accepted)",
    )
    .fetch_one(&world.pool)
    .await
    .expect("counts")
}

async fn execute(world: &World, statement: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&world.pool)
        .await
        .expect("executes");
}

#[tokio::test]
async fn a_matched_meeting_whose_better_match_appears_becomes_a_proposal_and_never_moves_by_itself()
{
    let (world, running, proposal) = proposed().await;
    insta::assert_snapshot!(proposal.changes.join("\n"), @"
    account: Acme (001000000000001AAA) becomes Beta (001000000000002AAA)
    opportunity: Acme 2026 (006000000000001AAA) becomes none
    ");
    assert_eq!(world.decisions().await, 1);
    let moved = settle(&world, true)
        .await
        .expect("accepted")
        .expect("a decision");
    assert_eq!(
        (moved.account_id.as_str(), moved.decided_by()),
        (BETA, proto::DecidedBy::Person)
    );
    assert!(listed(&world).await.is_empty());
    assert_eq!(kept(&world).await, (1, 1, 1));
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn an_acceptance_that_fails_on_the_way_leaves_neither_a_choice_nor_a_settled_proposal() {
    let (world, running, _) = proposed().await;
    // Everything an acceptance writes, each of it refused once.
    for table in ["choice", "move_proposal", "label", "decision", "outbox"] {
        execute(
            &world,
            format!(
                "create or replace function matching.refused() returns trigger language plpgsql
                 as $$ begin raise exception 'refused'; end $$;
                 create trigger refused before insert or update on matching.{table}
                 for each row execute function matching.refused();"
            ),
        )
        .await;
        let refused = settle(&world, true).await.expect_err("refused");
        assert_eq!(refused.code, Code::Unavailable, "{table}");
        execute(&world, format!("drop trigger refused on matching.{table}")).await;
        assert_eq!(kept(&world).await, (0, 0, 0), "{table}");
        assert_eq!(listed(&world).await.len(), 1, "{table}");
    }
    assert_eq!(world.decisions().await, 1);
    settle(&world, true).await.expect("accepted");
    assert_eq!(kept(&world).await, (1, 1, 1));
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_declined_move_is_not_asked_about_again_and_changes_nothing() {
    let (world, running, _) = proposed().await;
    assert_eq!(settle(&world, false).await.expect("declined"), None);
    assert!(listed(&world).await.is_empty());
    assert_eq!(kept(&world).await, (0, 0, 0));
    assert_eq!(world.decisions().await, 1);
    let gone = settle(&world, true).await.expect_err("settled");
    assert_eq!(gone.code, Code::NotFound);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_persons_own_choice_answers_what_was_proposed() {
    let (world, running, _) = proposed().await;
    let stays = proto::CorrectDecisionRequest {
        workspace: "acme".into(),
        meeting_id: "m-1".into(),
        account_id: ACME.into(),
        opportunity_id: String::new(),
        revert: false,
    };
    let client = world.client();
    client
        .correct_decision(&admin(), stays)
        .await
        .expect("chosen");
    assert!(listed(&world).await.is_empty());
    assert_eq!(kept(&world).await, (1, 1, 0));
    running.shutdown().await.expect("stops");
}
