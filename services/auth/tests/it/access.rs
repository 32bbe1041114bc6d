//! Access reviews made by metadata-sync move the connection, in order and for the right user only.

use async_nats::jetstream;
use events::crm::v1::{
    AccessGap, AccessKind, AccessReview, AccessReviewed, Connection, ConnectionCause,
    ConnectionState,
};
use events::rpc::encode;
use events::{Event, header};
use testkit::eventually;

use crate::world::{LIMIT, Replica, WORKSPACE, World};

fn gap(object: &str) -> AccessGap {
    AccessGap {
        kind: AccessKind::ObjectEdit.into(),
        object: object.to_owned(),
        message: format!("the connected user may not edit {object} records"),
        fix: format!("Setup > Permission Sets > Object Settings > {object} > enable Edit"),
        entry_ids: vec!["next_step".to_owned()],
        ..AccessGap::default()
    }
}

async fn reviewed(world: &World, revision: u64, epoch: u64, missing: Vec<AccessGap>) {
    let event = AccessReviewed {
        review: Some(AccessReview {
            workspace: WORKSPACE.to_owned(),
            revision,
            epoch,
            missing_count: u32::try_from(missing.len()).expect("few"),
            missing,
            ..AccessReview::default()
        }),
    };
    let mut headers = async_nats::HeaderMap::new();
    let id = format!("review-{revision}-{epoch}");
    headers.insert(header::CE_ID, id.as_str());
    jetstream::new(world.nats.client().await)
        .publish_with_headers(
            format!("{}.{WORKSPACE}", AccessReviewed::TYPE),
            headers,
            encode(&event),
        )
        .await
        .expect("is sent")
        .await
        .expect("is stored");
}

/// Waits until everything sent so far was handled.
async fn handled(world: &World, count: i64) {
    eventually(LIMIT, async || {
        let seen = world
            .scalar("select count(*) from auth.inbox where consumer = 'auth__access_reviewed'")
            .await;
        (seen >= count).then_some(())
    })
    .await;
}

async fn until(auth: &Replica, state: ConnectionState) -> Connection {
    eventually(LIMIT, async || {
        let connection = auth.connection().await;
        (connection.state() == state).then_some(connection)
    })
    .await
}

#[tokio::test]
async fn missing_access_limits_the_connection_and_regained_access_lifts_it() {
    let world = World::new().await;
    let auth = world.start().await;
    let connected = world.connect(&auth).await;
    reviewed(
        &world,
        1,
        connected.epoch,
        vec![gap("Account"), gap("Task")],
    )
    .await;
    let limited = until(&auth, ConnectionState::AccessLimited).await;
    assert_eq!(limited.cause(), ConnectionCause::AccessMissing);
    assert_eq!(limited.missing, [gap("Account"), gap("Task")]);
    assert!(
        limited
            .detail
            .ends_with("Missing: the connected user may not edit Account records; the connected user may not edit Task records."),
        "{}",
        limited.detail
    );
    // Work still goes through: only what is out of reach is held.
    auth.token(0).await.expect("a token");

    reviewed(&world, 2, connected.epoch, vec![gap("Task")]).await;
    handled(&world, 2).await;
    let less = auth.connection().await;
    assert_eq!(less.missing, [gap("Task")]);
    assert_eq!(less.since, limited.since);

    reviewed(&world, 3, connected.epoch, vec![]).await;
    let whole = until(&auth, ConnectionState::Connected).await;
    assert_eq!(whole.missing, []);
    let history = auth.history().await;
    let steps: Vec<ConnectionState> = history.iter().map(|(state, _)| *state).collect();
    assert_eq!(
        steps,
        [
            ConnectionState::Authorizing,
            ConnectionState::Connected,
            ConnectionState::AccessLimited,
            ConnectionState::AccessLimited,
            ConnectionState::Connected,
        ]
    );
    auth.stop().await;
}

#[tokio::test]
async fn an_older_review_and_one_of_another_user_change_nothing() {
    let world = World::new().await;
    let auth = world.start().await;
    let connected = world.connect(&auth).await;
    reviewed(&world, 5, connected.epoch, vec![]).await;
    reviewed(&world, 4, connected.epoch, vec![gap("Account")]).await;
    reviewed(&world, 6, connected.epoch + 1, vec![gap("Account")]).await;
    handled(&world, 3).await;
    let connection = auth.connection().await;
    assert_eq!(connection.state(), ConnectionState::Connected);
    assert_eq!(connection.generation, connected.generation);

    // A reconnect forgets what was missing; the same review again says it.
    reviewed(&world, 7, connected.epoch, vec![gap("Account")]).await;
    until(&auth, ConnectionState::AccessLimited).await;
    let again = world.connect(&auth).await;
    assert_eq!((again.epoch, again.missing.len()), (connected.epoch, 0));
    let mut headers = async_nats::HeaderMap::new();
    headers.insert(header::CE_ID, "review-7-again");
    let event = AccessReviewed {
        review: Some(AccessReview {
            workspace: WORKSPACE.to_owned(),
            revision: 7,
            epoch: connected.epoch,
            missing: vec![gap("Account")],
            missing_count: 1,
            ..AccessReview::default()
        }),
    };
    jetstream::new(world.nats.client().await)
        .publish_with_headers(
            format!("{}.{WORKSPACE}", AccessReviewed::TYPE),
            headers,
            encode(&event),
        )
        .await
        .expect("is sent")
        .await
        .expect("is stored");
    let limited = until(&auth, ConnectionState::AccessLimited).await;
    assert_eq!(limited.missing, [gap("Account")]);
    auth.stop().await;
}
