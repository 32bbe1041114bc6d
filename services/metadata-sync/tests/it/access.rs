//! The access review: what is found, what is told, who may ask.

use events::crm::v1::{AccessKind, AccessReview, AccessReviewed, ConnectionState};
use events::metadata::v1::{
    GetAccessReviewRequest, GetAccessReviewResponse, StartAccessReviewRequest, SyncKind, SyncState,
};
use events::rpc::{Code, Role};
use salesforce_sim::access::{ObjectAccess, RecordAccess};
use salesforce_sim::config::INTEGRATION_USERNAME;
use salesforce_sim::control::command::Command;

use crate::mapping::{entry, publish};
use crate::world::{USER, WORKSPACE, World, caller};

async fn told(world: &World) -> Vec<AccessReview> {
    world
        .events::<AccessReviewed>()
        .await
        .into_iter()
        .filter_map(|event| event.review)
        .collect()
}

async fn newest(world: &World) -> AccessReview {
    told(world).await.pop().expect("a review was told")
}

fn missing(review: &AccessReview) -> Vec<(AccessKind, String)> {
    review
        .missing
        .iter()
        .map(|gap| (gap.kind(), format!("{} {}", gap.object, gap.field)))
        .collect()
}

async fn read_schema(world: &World) {
    let run = world.sync(SyncKind::Schema).await;
    assert_eq!(run.state(), SyncState::Done, "{}", run.error);
    world.until_ended(1).await;
}

async fn shown(world: &World) -> GetAccessReviewResponse {
    let request = GetAccessReviewRequest {
        workspace: WORKSPACE.into(),
        history_limit: 10,
    };
    let client = world.client().await;
    let answer = client
        .get_access_review(&caller(Role::Viewer), request)
        .await;
    answer.expect("an answer")
}

async fn may_edit_next_step(world: &World, edit: bool) {
    let control = world.sim.control();
    control
        .set_field_permission(INTEGRATION_USERNAME, "Opportunity", "NextStep", true, edit)
        .await
        .expect("the org changes");
}

#[tokio::test]
async fn connecting_reviews_what_the_user_can_reach() {
    let world = World::new().await;
    let running = world.connected().await;
    let review = newest(&world).await;
    assert_eq!(
        (review.missing_count, review.api_enabled),
        (0, true),
        "{review:?}"
    );
    assert_eq!((review.epoch, review.user_id.as_str()), (1, USER));
    let account = review
        .objects
        .iter()
        .find(|known| known.object == "Account")
        .expect("it is used");
    assert!(account.read && account.fields_readable > 0);
    let owners = review.owners.expect("they were looked at");
    assert!(owners.known && owners.owners > 0 && owners.hidden == 0);
    let pipeline = review.pipeline.expect("it was looked at");
    assert!(pipeline.known && pipeline.open_opportunities > 0 && pipeline.stages > 0);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn lost_access_is_told_with_its_fix_and_regained_access_too() {
    let world = World::new().await;
    let running = world.connected().await;
    publish(&world, vec![entry("next_step", "Opportunity", "NextStep")]).await;
    world.until_ended(2).await;
    let review = newest(&world).await;
    assert_eq!((review.mapping_version, review.missing_count), (1, 0));
    let before = told(&world).await.len();
    read_schema(&world).await;
    assert_eq!(told(&world).await.len(), before, "the same is no news");

    may_edit_next_step(&world, false).await;
    read_schema(&world).await;
    let review = newest(&world).await;
    assert_eq!(
        missing(&review),
        [(AccessKind::FieldEdit, "Opportunity NextStep".to_owned())]
    );
    let gap = &review.missing[0];
    assert_eq!(gap.entry_ids, ["next_step"]);
    assert!(
        gap.fix.contains("Field Permissions > NextStep"),
        "{}",
        gap.fix
    );

    may_edit_next_step(&world, true).await;
    read_schema(&world).await;
    let review = newest(&world).await;
    assert_eq!(missing(&review), []);
    let answer = shown(&world).await;
    assert_eq!(answer.review.expect("a review").revision, review.revision);
    let counts: Vec<u32> = answer
        .history
        .iter()
        .map(|step| step.missing_count)
        .collect();
    assert_eq!(counts.first(), Some(&1), "{counts:?}");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn an_object_and_an_owner_out_of_reach_are_named() {
    let world = World::new().await;
    let running = world.connected().await;
    let control = world.sim.control();
    control
        .set_object_permission(INTEGRATION_USERNAME, "Contact", ObjectAccess::default())
        .await
        .expect("the org changes");
    let owners = control
        .query("SELECT OwnerId FROM Opportunity")
        .await
        .expect("owners");
    let owner = owners
        .iter()
        .filter_map(|row| row["OwnerId"].as_str())
        .find(|id| id.starts_with("005"))
        .expect("a user owns one")
        .to_owned();
    control
        .share_record(INTEGRATION_USERNAME, &owner, Some(RecordAccess::None))
        .await
        .expect("the org changes");
    let request = StartAccessReviewRequest {
        workspace: WORKSPACE.into(),
    };
    let client = world.client().await;
    let refused = client
        .start_access_review(&caller(Role::Viewer), request.clone())
        .await
        .expect_err("a viewer may not");
    assert_eq!(refused.code, Code::PermissionDenied);
    client
        .start_access_review(&caller(Role::Operator), request)
        .await
        .expect("an operator may");
    world.until_ended(3).await;
    let review = newest(&world).await;
    let mut found = missing(&review);
    found.sort();
    assert_eq!(
        found,
        [
            (AccessKind::ObjectRead, "Contact ".to_owned()),
            (AccessKind::Owner, "User ".to_owned()),
        ]
    );
    assert!(
        review.missing.iter().any(|gap| gap.subject_id == owner),
        "{review:?}"
    );
    assert_eq!(review.requested_by, "user:ann@acme.example");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_disabled_api_is_reported_to_auth_and_shown() {
    let world = World::new().await;
    let running = world.connected().await;
    let told_before = told(&world).await.len();
    world
        .sim
        .control()
        .send(&Command::SetUserPermissions {
            username: INTEGRATION_USERNAME.into(),
            api_enabled: Some(false),
            view_setup: None,
            update_inactive_owners: None,
        })
        .await
        .expect("the org changes");
    let run = world.sync(SyncKind::Schema).await;
    assert_eq!(run.state(), SyncState::Failed);
    let reports = world
        .reports
        .lock()
        .expect("no test panics meanwhile")
        .clone();
    assert_eq!(reports, ["API_DISABLED_FOR_ORG"]);
    let review = shown(&world).await.review.expect("a review");
    assert!(!review.api_enabled);
    assert_eq!(missing(&review), [(AccessKind::Api, " ".to_owned())]);
    // The state is auth's to change, by the report.
    assert_eq!(told(&world).await.len(), told_before);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_reconnect_is_reviewed_again_and_our_own_limit_is_not() {
    let world = World::new().await;
    let running = world.connected().await;
    let first = told(&world).await.len();
    // Limited by our own finding: nothing to look at.
    world.connect_as(2, ConnectionState::AccessLimited, 1).await;
    // The same user again: auth forgot what was missing, so it is told again.
    world.connect(3).await;
    world.until_ended(4).await;
    let again = told(&world).await;
    assert_eq!(again.len(), first + 1);
    assert_eq!(again[first].revision, again[first - 1].revision);
    // Another user: a review of their own.
    world.connect_as(4, ConnectionState::Connected, 2).await;
    world.until_ended(6).await;
    let other = newest(&world).await;
    assert_eq!(other.epoch, 2);
    assert!(other.revision > again[first].revision);
    assert_eq!(world.runs().await.len(), 6);
    running.shutdown().await.expect("stops");
}
