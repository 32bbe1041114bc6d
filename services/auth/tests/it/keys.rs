//! The wrong keys do not start; a rotation changes keys under a running service.

use auth::Auth;
use auth::keys_command::rotate;
use auth::seal::{Ring, generate_line};
use chassis::Db;

use crate::world::World;

#[tokio::test]
async fn the_wrong_keys_do_not_start() {
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    auth.stop().await;

    let mut config = world.config();
    config.service.seal.seal_keys = Some(generate_line("test-1").to_string().into());
    let error = chassis::start::<Auth>(config)
        .await
        .err()
        .expect("another key under the same id");
    assert!(format!("{error:#}").contains("does not open"), "{error:#}");

    let mut config = world.config();
    config.service.seal.seal_keys = Some(generate_line("test-2").to_string().into());
    let error = chassis::start::<Auth>(config)
        .await
        .err()
        .expect("the old key is missing");
    assert!(
        format!("{error:#}").contains("\"test-1\" is not among the seal keys"),
        "{error:#}"
    );

    let auth = world.start().await;
    auth.token(0).await.expect("the right keys open");
    auth.stop().await;
}

#[tokio::test]
async fn keys_rotate_while_tokens_are_served() {
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    let before = auth.token(0).await.expect("a token");
    auth.stop().await;

    let new = generate_line("test-2").to_string();
    let both = format!("{new}\n{}", world.seal_keys);
    let mut config = world.config();
    config.service.seal.seal_keys = Some(both.clone().into());
    let auth = world.start_with(config).await;
    assert_eq!(
        auth.token(0).await.expect("old key opens").access_token,
        before.access_token
    );
    let ring = Ring::parse(&both).expect("parses");
    // As the command does it: its own connection, acting as the service's role.
    let url = world.database.url().into();
    let all = Db::connect(&url, "auth").await.expect("connects");
    let all = all.all_workspaces();
    assert_eq!(rotate(&all, &ring).await.expect("rotates"), 2);
    assert_eq!(rotate(&all, &ring).await.expect("again"), 0);
    assert_eq!(
        auth.token(0).await.expect("still opens").access_token,
        before.access_token
    );
    auth.stop().await;

    let mut config = world.config();
    config.service.seal.seal_keys = Some(new.into());
    let auth = world.start_with(config).await;
    assert_eq!(
        auth.token(0).await.expect("new key alone").access_token,
        before.access_token
    );
    world.control.expire_sessions(None).await.expect("expires");
    auth.token(before.generation)
        .await
        .expect("the grant opens too");
    auth.stop().await;
}
