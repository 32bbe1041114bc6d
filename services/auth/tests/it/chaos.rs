//! Many workers, three replicas, rotation on, and an org that is slow, breaks off and loses answers.
//!
//! An old token shown again kills the grant in the stand-in org, and the connection would say `revoked`. It may only
//! ever say `rotation_lost`, and only when an answer was really lost after the rotation.

use events::crm::v1::{ConnectionCause, ConnectionState};
use events::rpc::Code;
use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use salesforce_sim::{Fault, FaultBody, FaultKind};
use tokio::time::Instant;

use crate::world::{LATE_MS, LIMIT, Replica, TOO_LATE_MS, World};

const ROUNDS: u32 = 30;
const WORKERS_PER_REPLICA: usize = 6;
const SEED: u64 = 20_260_924;

/// How a worker's round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Token(u64),
    Lost,
}

/// One worker: asks until it has a newer token, or until a person is needed.
async fn worker(auth: &Replica, rejected: u64) -> End {
    let deadline = Instant::now() + LIMIT;
    loop {
        match auth.token(rejected).await {
            Ok(token) => return End::Token(token.generation),
            Err(error) if error.code == Code::FailedPrecondition => return End::Lost,
            Err(error) => assert!(error.code.retryable(), "{error}"),
        }
        assert!(Instant::now() < deadline, "no outcome within {LIMIT:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn draw(random: &mut StdRng) -> Option<FaultKind> {
    match random.random_range(0..9) {
        0 => Some(FaultKind::LatencyMs(LATE_MS)),
        1 => Some(FaultKind::LatencyMs(random.random_range(1..300))),
        2 => Some(FaultKind::ResetBeforeCommit),
        3 => Some(FaultKind::CommitThenReset),
        4 => Some(FaultKind::Status {
            status: 503,
            body: FaultBody::Html,
        }),
        5 => Some(FaultKind::LatencyMs(TOO_LATE_MS)),
        _ => None,
    }
}

#[tokio::test]
async fn an_old_token_is_never_shown_again_whatever_happens() {
    let world = World::new().await;
    let replicas = [
        world.start().await,
        world.start().await,
        world.start().await,
    ];
    world.connect(&replicas[0]).await;
    let mut generation = replicas[0].token(0).await.expect("a token").generation;
    let mut random = StdRng::seed_from_u64(SEED);
    let (mut lost, mut refreshed) = (0, 0);
    for round in 0..ROUNDS {
        world.control.expire_sessions(None).await.expect("expires");
        let kind = draw(&mut random);
        if let Some(kind) = &kind {
            let fault = Fault::new(kind.clone())
                .on_path("/services/oauth2/token")
                .times(1);
            world.control.fault(fault).await.expect("breaks");
        }
        let workers = replicas
            .iter()
            .flat_map(|auth| (0..WORKERS_PER_REPLICA).map(|_| worker(auth, generation)));
        let ends = join_all(workers).await;
        world.control.clear_faults().await.expect("mends");
        let first = ends[0];
        assert!(
            ends.iter().all(|end| *end == first),
            "round {round} {kind:?}: {ends:?}"
        );
        let connection = replicas[0].connection().await;
        match first {
            End::Token(newer) => {
                // Exactly one refresh took effect, however many were tried.
                assert_eq!(newer, generation + 1, "round {round} {kind:?}");
                assert_eq!(connection.state(), ConnectionState::Connected);
                generation = newer;
                refreshed += 1;
            }
            End::Lost => {
                assert_eq!(
                    kind,
                    Some(FaultKind::CommitThenReset),
                    "round {round}: nothing was lost"
                );
                assert_eq!(connection.state(), ConnectionState::ReconnectRequired);
                assert_eq!(
                    connection.cause(),
                    ConnectionCause::RotationLost,
                    "round {round}"
                );
                world.connect(&replicas[0]).await;
                generation = replicas[0].token(0).await.expect("a token").generation;
                lost += 1;
            }
        }
    }
    assert!(
        lost > 0 && refreshed > 0,
        "the seed draws both: {lost} lost, {refreshed} refreshed"
    );
    let token = replicas[2].token(0).await.expect("a token");
    assert!(world.accepts(&token.access_token).await);
    for replica in replicas {
        replica.stop().await;
    }
}
