//! What a person decides about a difference.

use events::crm::v1::DriftStatus;
use events::metadata::v1::ResolveDriftRequest;
use events::rpc::{Code, Role};
use salesforce_sim::config::INTEGRATION_USERNAME;

use super::{newest, open_items, read_schema, suspended};
use crate::mapping::{entry, publish};
use crate::world::{WORKSPACE, World, caller};

#[tokio::test]
async fn accepting_releases_only_what_works() {
    let world = World::new().await;
    let running = world.connected().await;
    let control = world.sim.control();
    publish(&world, vec![entry("next_step", "Opportunity", "NextStep")]).await;
    control
        .set_field_permission(INTEGRATION_USERNAME, "Opportunity", "NextStep", true, false)
        .await
        .expect("is locked");
    read_schema(&world).await;
    let item = open_items(&world).await.remove(0);
    let client = world.client().await;
    let resolve = |status: DriftStatus, reason: &str| ResolveDriftRequest {
        workspace: WORKSPACE.into(),
        id: item.id.clone(),
        status: status.into(),
        reason: reason.into(),
    };
    let admin = caller(Role::Admin);
    let early = client
        .resolve_drift(&admin, resolve(DriftStatus::Repaired, ""))
        .await
        .expect_err("is refused");
    assert_eq!(early.code, Code::FailedPrecondition);
    let unreasoned = client
        .resolve_drift(&admin, resolve(DriftStatus::Ignored, " "))
        .await
        .expect_err("is refused");
    assert_eq!(unreasoned.code, Code::InvalidArgument);
    let decided = client
        .resolve_drift(&admin, resolve(DriftStatus::Ignored, "as agreed"))
        .await
        .expect("is decided");
    assert_eq!(
        decided.item.map(|item| item.status()),
        Some(DriftStatus::Ignored)
    );
    assert_eq!(
        suspended(&newest(&world).await),
        ["next_step"],
        "it still cannot be written"
    );
    running.shutdown().await.expect("stops");
}
