//! The web server flow as a browser sees it: allow, deny, and every way it must not succeed.

use events::auth::v1::BeginConnectRequest;
use events::crm::v1::{ConnectionChanged, ConnectionState};
use events::rpc::Code;
use salesforce_sim::config::{ADMIN_USERNAME, INTEGRATION_USERNAME};
use testkit::eventually;

use crate::world::{LIMIT, WORKSPACE, World, admin, viewer};

#[tokio::test]
async fn an_admin_connects_and_services_get_a_token_that_works() {
    let world = World::new().await;
    let auth = world.start().await;
    assert_eq!(
        auth.connection().await.state(),
        ConnectionState::NotConnected
    );

    let (mut browser, authorize_url) = auth.open_link(auth.wish()).await;
    assert_eq!(
        auth.connection().await.state(),
        ConnectionState::Authorizing
    );
    for part in [
        "response_type=code",
        "code_challenge_method=S256",
        "scope=api+refresh_token+id",
        "state=",
    ] {
        assert!(
            authorize_url.contains(part),
            "{part} is missing in the authorise address"
        );
    }
    assert!(!authorize_url.contains("prompt="));
    let seen = world
        .allow(&mut browser, &authorize_url, INTEGRATION_USERNAME)
        .await;
    assert_eq!(
        seen.location.as_deref(),
        Some("http://console.example/settings?connected=1")
    );
    assert!(browser.cookies.is_empty(), "the cookie is forgotten");

    let connection = auth.connection().await;
    assert_eq!(connection.state(), ConnectionState::Connected);
    assert_eq!(connection.username, INTEGRATION_USERNAME);
    assert_eq!(connection.instance_url, world.sim.base_url());
    assert_eq!(
        (connection.organization_id.len(), connection.user_id.len()),
        (18, 18)
    );
    assert_eq!(connection.epoch, 1);

    let token = auth.token(0).await.expect("a token");
    assert!(world.accepts(&token.access_token).await);
    assert_eq!(token.organization_id, connection.organization_id);

    // The same address again is a plain reconnect: same user, same epoch, the user's name prefilled.
    let (mut browser, authorize_url) = auth.open_link(auth.wish()).await;
    assert_eq!(auth.connection().await.state(), ConnectionState::Connected);
    assert!(authorize_url.contains("login_hint="));
    world
        .allow(&mut browser, &authorize_url, INTEGRATION_USERNAME)
        .await;
    let again = auth.connection().await;
    assert_eq!(
        (again.epoch, again.generation),
        (1, connection.generation + 1)
    );
    let newer = auth.token(0).await.expect("a token");
    assert!(newer.generation > token.generation);
    auth.stop().await;
}

#[tokio::test]
async fn each_change_is_published_in_order() {
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    eventually(LIMIT, async || {
        (world.scalar("select count(*) from auth.outbox").await == 0).then_some(())
    })
    .await;
    let jetstream = async_nats::jetstream::new(world.nats.client().await);
    let mut stream = jetstream
        .get_stream("CRM")
        .await
        .expect("declared by migrate");
    let messages = stream.info().await.expect("info").state.messages;
    let mut states = Vec::new();
    for sequence in 1..=messages {
        let message = stream.get_raw_message(sequence).await.expect("stored");
        assert_eq!(
            message.subject.as_str(),
            "ergo.crm.connection.changed.v1.acme"
        );
        let event: ConnectionChanged = events::rpc::decode(message.payload).expect("decodes");
        let connection = event.connection.clone().expect("whole");
        states.push((
            event.previous_state(),
            connection.state(),
            connection.generation,
        ));
    }
    use ConnectionState as S;
    assert_eq!(
        states,
        [
            (S::NotConnected, S::Authorizing, 1),
            (S::Authorizing, S::Connected, 2)
        ]
    );
    auth.stop().await;
}

#[tokio::test]
async fn denying_leaves_everything_as_it_was_and_says_so() {
    let world = World::new().await;
    let auth = world.start().await;
    let (mut browser, authorize_url) = auth.open_link(auth.wish()).await;
    let callback = world
        .control
        .approve(&authorize_url, INTEGRATION_USERNAME, false)
        .await
        .expect("denies");
    let seen = browser.get(&callback).await;
    assert!(seen.body.contains("Access was denied"), "{}", seen.body);
    for (name, expected) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(seen.headers[name], expected);
    }
    assert!(
        seen.headers["content-security-policy"]
            .to_str()
            .expect("ascii")
            .contains("frame-ancestors 'none'")
    );
    assert_eq!(
        auth.connection().await.state(),
        ConnectionState::NotConnected
    );
    assert_eq!(world.scalar("select count(*) from auth.sealed").await, 0);
    auth.stop().await;
}

#[tokio::test]
async fn an_answer_counts_once() {
    let world = World::new().await;
    let auth = world.start().await;
    let (mut browser, authorize_url) = auth.open_link(auth.wish()).await;
    let callback = world
        .control
        .approve(&authorize_url, INTEGRATION_USERNAME, true)
        .await
        .expect("approves");
    let mut second = browser.clone();
    let (first_seen, second_seen) = tokio::join!(browser.get(&callback), second.get(&callback));
    let redirected = [&first_seen, &second_seen]
        .iter()
        .filter(|seen| seen.status == 303)
        .count();
    assert_eq!(redirected, 1, "{first_seen:?} {second_seen:?}");
    let refused = if first_seen.status == 303 {
        second_seen
    } else {
        first_seen
    };
    assert!(
        refused.body.contains("This link was used before"),
        "{}",
        refused.body
    );
    assert_eq!(auth.connection().await.state(), ConnectionState::Connected);
    auth.stop().await;
}

#[tokio::test]
async fn another_browser_can_neither_finish_nor_take_the_link() {
    let world = World::new().await;
    let auth = world.start().await;
    let begun = auth
        .client
        .begin_connect(&admin(), auth.wish())
        .await
        .expect("begins");
    let mut browser = auth.browser();
    let opened = browser.get(&begun.connect_url).await;
    let authorize_url = opened.location.expect("redirected");
    let callback = world
        .control
        .approve(&authorize_url, INTEGRATION_USERNAME, true)
        .await
        .expect("approves");

    let mut stranger = auth.browser();
    let seen = stranger.get(&callback).await;
    assert_eq!(seen.status, 403);
    assert!(
        seen.body.contains("Another browser started this"),
        "{}",
        seen.body
    );
    let seen = stranger.get(&begun.connect_url).await;
    assert_eq!((seen.status, seen.location), (403, None));
    assert_eq!(
        auth.connection().await.state(),
        ConnectionState::Authorizing
    );

    // The stranger's attempt used nothing up.
    let seen = browser.get(&callback).await;
    assert_eq!(seen.status, 303);
    assert_eq!(auth.connection().await.state(), ConnectionState::Connected);
    auth.stop().await;
}

#[tokio::test]
async fn after_ten_minutes_neither_link_nor_answer_work() {
    let world = World::new().await;
    let auth = world.start().await;
    let (mut browser, authorize_url) = auth.open_link(auth.wish()).await;
    let callback = world
        .control
        .approve(&authorize_url, INTEGRATION_USERNAME, true)
        .await
        .expect("approves");
    let unopened = auth
        .client
        .begin_connect(&admin(), auth.wish())
        .await
        .expect("begins");
    world
        .execute("update auth.oauth_attempt set expires_at = now() - interval '1 second'")
        .await;
    for url in [&callback, &unopened.connect_url] {
        let seen = browser.get(url).await;
        assert_eq!(seen.status, 410);
        assert!(seen.body.contains("This link has expired"), "{}", seen.body);
    }
    let seen = browser.get("http://x/oauth/connect/unknown").await;
    assert_eq!(seen.status, 404);
    // What nobody finished falls back by itself.
    auth::app::sweep::step(auth.running.db().expect("has a store"))
        .await
        .expect("sweeps");
    assert_eq!(
        auth.connection().await.state(),
        ConnectionState::NotConnected
    );
    auth.stop().await;
}

#[tokio::test]
async fn another_org_is_refused_and_given_back_unless_started_over() {
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    world
        .execute("update auth.connection set organization_id = '00D000000000001AAA'")
        .await;
    let before = auth.connection().await;

    let (mut browser, authorize_url) = auth.open_link(auth.wish()).await;
    let seen = world
        .allow(&mut browser, &authorize_url, INTEGRATION_USERNAME)
        .await;
    assert!(
        seen.body.contains("This is another Salesforce org"),
        "{}",
        seen.body
    );
    assert_eq!(auth.connection().await, before);
    eventually(LIMIT, async || {
        (world.scalar("select count(*) from auth.revocation").await == 0).then_some(())
    })
    .await;

    let wish = BeginConnectRequest {
        start_over: true,
        ..auth.wish()
    };
    let (mut browser, authorize_url) = auth.open_link(wish).await;
    assert!(authorize_url.contains("prompt=login+consent"));
    world
        .allow(&mut browser, &authorize_url, INTEGRATION_USERNAME)
        .await;
    let after = auth.connection().await;
    assert_eq!(
        (after.epoch, after.state()),
        (before.epoch + 1, ConnectionState::Connected)
    );
    auth.stop().await;
}

#[tokio::test]
async fn another_user_of_the_org_is_a_new_epoch_and_the_old_grant_ends() {
    let world = World::new().await;
    let auth = world.start().await;
    let first = world.connect(&auth).await;
    let old = auth.token(0).await.expect("a token");
    let wish = BeginConnectRequest {
        different_user: true,
        ..auth.wish()
    };
    let (mut browser, authorize_url) = auth.open_link(wish).await;
    assert!(authorize_url.contains("prompt=login+consent"));
    world
        .allow(&mut browser, &authorize_url, ADMIN_USERNAME)
        .await;
    let second = auth.connection().await;
    assert_eq!(
        (second.username.as_str(), second.epoch),
        (ADMIN_USERNAME, first.epoch + 1)
    );
    eventually(LIMIT, async || {
        (!world.accepts(&old.access_token).await).then_some(())
    })
    .await;
    let token = auth.token(0).await.expect("a token");
    assert!(world.accepts(&token.access_token).await);
    auth.stop().await;
}

#[tokio::test]
async fn an_org_without_the_pinned_version_is_refused() {
    let world = World::new().await;
    let mut config = world.config();
    config.service.salesforce.salesforce_api_version = "v99.0".to_owned();
    let auth = world.start_with(config).await;
    let (mut browser, authorize_url) = auth.open_link(auth.wish()).await;
    let seen = world
        .allow(&mut browser, &authorize_url, INTEGRATION_USERNAME)
        .await;
    assert!(seen.body.contains("Needed version: v99.0"), "{}", seen.body);
    assert_eq!(
        auth.connection().await.state(),
        ConnectionState::NotConnected
    );
    auth.stop().await;
}

#[tokio::test]
async fn a_wish_is_checked_before_anything_happens() {
    let world = World::new().await;
    let auth = world.start().await;
    for (wish, field) in [
        (
            BeginConnectRequest {
                return_path: "https://evil.example".into(),
                ..auth.wish()
            },
            "return_path",
        ),
        (
            BeginConnectRequest {
                return_path: "//evil.example".into(),
                ..auth.wish()
            },
            "return_path",
        ),
        (
            BeginConnectRequest {
                workspace: "a.b".into(),
                ..auth.wish()
            },
            "workspace",
        ),
        (
            BeginConnectRequest {
                environment: 0,
                ..auth.wish()
            },
            "environment",
        ),
        (
            BeginConnectRequest {
                environment: 3,
                my_domain: "evil.example/".into(),
                ..auth.wish()
            },
            "my_domain",
        ),
        (
            BeginConnectRequest {
                my_domain: "acme".into(),
                ..auth.wish()
            },
            "my_domain",
        ),
    ] {
        let error = auth
            .client
            .begin_connect(&admin(), wish)
            .await
            .expect_err(field);
        assert_eq!(
            (error.code, error.field.as_deref()),
            (Code::InvalidArgument, Some(field))
        );
    }
    let error = auth
        .client
        .begin_connect(&viewer(), auth.wish())
        .await
        .expect_err("viewers look only");
    assert_eq!(error.code, Code::PermissionDenied);
    for _link in 0..10 {
        auth.client
            .begin_connect(&admin(), auth.wish())
            .await
            .expect("begins");
    }
    let error = auth
        .client
        .begin_connect(&admin(), auth.wish())
        .await
        .expect_err("ten are open");
    assert_eq!(error.code, Code::ResourceExhausted);
    assert_eq!(auth.connection().await.workspace, WORKSPACE);
    auth.stop().await;
}

#[tokio::test]
async fn whether_an_org_is_a_sandbox_is_asked_of_the_org_where_its_address_does_not_tell() {
    for is_sandbox in [true, false] {
        let world = World::of(salesforce_sim::SimConfig {
            is_sandbox,
            ..salesforce_sim::SimConfig::default()
        })
        .await;
        let auth = world.start().await;
        let connection = world.connect(&auth).await;
        assert_eq!(connection.is_sandbox, is_sandbox);
        auth.stop().await;
    }
}
