//! An hour of trouble at the token endpoint, the clock of the schedule moved on by hand: the connection never changes.

use events::rpc::Code;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use salesforce_sim::{Fault, FaultBody, FaultKind};

use crate::refresh::until_token;
use crate::world::World;

/// One attempt in 90 s: the schedule's own pace, between its first pause (5 s) and its longest (160 s).
const STEP_S: u32 = 90;
const STEPS: u32 = 3_600 / STEP_S;
const SEED: u64 = 20_261_125;

fn draw(random: &mut StdRng) -> FaultKind {
    let status = |status, body| FaultKind::Status { status, body };
    match random.random_range(0..9) {
        0 => status(500, FaultBody::Empty),
        1 => status(502, FaultBody::Html),
        2 => status(503, FaultBody::Json),
        3 => status(400, FaultBody::Html),
        4 => status(200, FaultBody::Html),
        5 => status(404, FaultBody::Empty),
        6 => status(400, FaultBody::LoginRate),
        7 => status(429, FaultBody::Html),
        _ => FaultKind::ResetBeforeCommit,
    }
}

#[tokio::test]
async fn an_hour_of_trouble_never_asks_for_a_person() {
    println!("seed {SEED}");
    let world = World::new().await;
    let auth = world.start().await;
    let connected = world.connect(&auth).await;
    let history = auth.history().await;
    let token = auth.token(0).await.expect("a token");
    world.control.expire_sessions(None).await.expect("expires");
    let mut random = StdRng::seed_from_u64(SEED);
    let (mut called, mut requests) = (0, world.requests().await);
    for step in 0..STEPS {
        // The whole of OAuth, so that looking at the grant meets the same.
        let kind = draw(&mut random);
        let fault = Fault::new(kind.clone()).on_path("/services/oauth2/");
        world.control.fault(fault).await.expect("breaks");
        for _worker in 0..4 {
            let error = auth.token(token.generation).await.expect_err("trouble");
            assert_eq!(
                error.code,
                Code::Unavailable,
                "step {step} {kind:?}: {error}"
            );
        }
        assert_eq!(auth.connection().await, connected, "step {step} {kind:?}");
        let now = world.requests().await;
        called += u32::from(now > requests);
        requests = now;
        world.control.clear_faults().await.expect("mends");
        // The clock moves on. A call that may still be running is waited for in real time.
        world
            .execute(
                "update auth.refresh_lease set not_before = not_before - interval '90 seconds', failed_at = failed_at - interval '90 seconds'",
            )
            .await;
    }
    // The schedule called again and again all the while, it did not just pause.
    assert!(called >= STEPS / 4, "{called} of {STEPS}");
    assert_eq!(auth.history().await, history);
    world
        .execute("update auth.refresh_lease set not_before = now()")
        .await;
    assert_eq!(
        until_token(&auth, token.generation).await,
        token.generation + 1
    );
    assert_eq!(auth.connection().await, connected);
    auth.stop().await;
}
