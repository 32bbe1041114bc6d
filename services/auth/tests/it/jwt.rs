//! JWT bearer: connected by a key, kept alive by assertions, without a refresh token anywhere.

use events::auth::v1::{ConnectJwtRequest, DisconnectRequest, Environment};
use events::crm::v1::{Connection, ConnectionCause, ConnectionState};
use events::rpc::{Code, RpcError};
use futures::future::join_all;
use salesforce_sim::config::{
    ADMIN_USERNAME, DEFAULT_CONSUMER_KEY, DEFAULT_PRIVATE_KEY, INTEGRATION_USERNAME,
    OTHER_PRIVATE_KEY,
};
use salesforce_sim::{Fault, FaultBody, FaultKind};
use testkit::eventually;

use crate::refresh::until_token;
use crate::world::{LIMIT, Replica, WORKSPACE, World, admin, viewer};

pub(crate) fn wish() -> ConnectJwtRequest {
    ConnectJwtRequest {
        workspace: WORKSPACE.to_owned(),
        environment: Environment::Production.into(),
        consumer_key: DEFAULT_CONSUMER_KEY.to_owned(),
        username: INTEGRATION_USERNAME.to_owned(),
        private_key: DEFAULT_PRIVATE_KEY.to_owned(),
        ..ConnectJwtRequest::default()
    }
}

pub(crate) async fn connect(
    auth: &Replica,
    wish: ConnectJwtRequest,
) -> Result<Connection, RpcError> {
    let answer = auth.client.connect_jwt(&admin(), wish).await?;
    answer.connection.expect("always there");
    Ok(auth.connection().await)
}

async fn admit(world: &World, username: &str) {
    let admitted = world.control.preauthorize(username, true).await;
    admitted.expect("admits");
}

async fn sealed(world: &World, kind: &'static str) -> i64 {
    sqlx::query_scalar("select count(*) from auth.sealed where kind = $1")
        .bind(kind)
        .fetch_one(&world.admin)
        .await
        .expect("counts")
}

#[tokio::test]
async fn a_key_connects_and_no_refresh_token_exists() {
    let world = World::new().await;
    let auth = world.start().await;
    admit(&world, INTEGRATION_USERNAME).await;
    let error = auth
        .client
        .connect_jwt(&viewer(), wish())
        .await
        .expect_err("admins only");
    assert_eq!(error.code, Code::PermissionDenied);

    let connection = connect(&auth, wish()).await.expect("connects");
    assert_eq!(connection.state(), ConnectionState::Connected);
    assert_eq!(connection.username, INTEGRATION_USERNAME);
    assert_eq!((connection.epoch, connection.generation), (1, 1));
    assert_eq!(sealed(&world, "refresh_token").await, 0);
    assert_eq!(sealed(&world, "signing_key").await, 1);
    let token = auth.token(0).await.expect("a token");
    assert!(world.accepts(&token.access_token).await);

    // Disconnecting ends the session and destroys the key.
    let request = DisconnectRequest {
        workspace: WORKSPACE.to_owned(),
    };
    auth.client
        .disconnect(&admin(), request)
        .await
        .expect("ends");
    eventually(LIMIT, async || {
        (!world.accepts(&token.access_token).await).then_some(())
    })
    .await;
    eventually(LIMIT, async || {
        (world.scalar("select count(*) from auth.sealed").await == 0).then_some(())
    })
    .await;
    auth.stop().await;
}

#[tokio::test]
async fn an_expired_token_is_answered_by_one_new_assertion_whoever_asks() {
    const ROUNDS: u64 = 10;
    let world = World::new().await;
    let replicas = [
        world.start().await,
        world.start().await,
        world.start().await,
    ];
    admit(&world, INTEGRATION_USERNAME).await;
    connect(&replicas[0], wish()).await.expect("connects");
    let mut generation = replicas[0].token(0).await.expect("a token").generation;
    for round in 0..ROUNDS {
        world.control.expire_sessions(None).await.expect("expires");
        let before = world.requests().await;
        let asked = replicas
            .iter()
            .flat_map(|auth| (0..16).map(|_| auth.token(generation)));
        let answers = join_all(asked).await;
        assert_eq!(world.requests().await - before, 1, "round {round}");
        for answer in answers {
            assert_eq!(answer.expect("a token").generation, generation + 1);
        }
        generation += 1;
    }
    for replica in replicas {
        replica.stop().await;
    }
}

#[tokio::test]
async fn trouble_and_lost_answers_cost_an_assertion_and_nothing_else() {
    let world = World::new().await;
    let auth = world.start().await;
    admit(&world, INTEGRATION_USERNAME).await;
    let connected = connect(&auth, wish()).await.expect("connects");
    let mut generation = auth.token(0).await.expect("a token").generation;
    for (name, kind) in [
        ("answer lost", FaultKind::CommitThenReset),
        ("never arrived", FaultKind::ResetBeforeCommit),
        (
            "gateway page",
            FaultKind::Status {
                status: 503,
                body: FaultBody::Html,
            },
        ),
    ] {
        world.control.expire_sessions(None).await.expect("expires");
        let fault = Fault::new(kind).on_path("/services/oauth2/token").times(1);
        world.control.fault(fault).await.expect("breaks");
        let error = auth.token(generation).await.expect_err(name);
        assert_eq!(error.code, Code::Unavailable, "{name}");
        assert_eq!(
            until_token(&auth, generation).await,
            generation + 1,
            "{name}"
        );
        generation += 1;
        assert_eq!(auth.connection().await, connected, "{name}");
    }
    // Nothing is single-use, so nothing had to be looked at first.
    let intents = "select count(*) from auth.refresh_lease where intent_generation is not null";
    assert_eq!(world.scalar(intents).await, 0);
    auth.stop().await;
}

#[tokio::test]
async fn a_withdrawn_approval_asks_for_a_person_and_says_what_to_do() {
    let world = World::new().await;
    let auth = world.start().await;
    admit(&world, INTEGRATION_USERNAME).await;
    connect(&auth, wish()).await.expect("connects");
    let token = auth.token(0).await.expect("a token");
    world
        .control
        .preauthorize(INTEGRATION_USERNAME, false)
        .await
        .expect("withdraws");
    let error = auth.token(token.generation).await.expect_err("withdrawn");
    assert_eq!(error.code, Code::FailedPrecondition);
    let lost = auth.connection().await;
    assert_eq!(
        (lost.state(), lost.cause()),
        (
            ConnectionState::ReconnectRequired,
            ConnectionCause::NotPreauthorized
        )
    );
    assert!(lost.detail.contains("pre-authorise"), "{}", lost.detail);
    admit(&world, INTEGRATION_USERNAME).await;
    let again = connect(&auth, wish()).await.expect("connects");
    assert_eq!(
        (again.state(), again.epoch),
        (ConnectionState::Connected, 1)
    );
    auth.stop().await;
}

#[tokio::test]
async fn a_replaced_certificate_is_believed_when_it_is_seen_twice() {
    let world = World::new().await;
    let auth = world.start().await;
    admit(&world, INTEGRATION_USERNAME).await;
    let connected = connect(&auth, wish()).await.expect("connects");
    let token = auth.token(0).await.expect("a token");
    world
        .control
        .upload_certificate("none")
        .await
        .expect("replaces");
    world.control.expire_sessions(None).await.expect("expires");
    let error = auth.token(token.generation).await.expect_err("refused");
    assert_eq!(error.code, Code::Unavailable);
    assert_eq!(auth.connection().await, connected, "not believed yet");
    world
        .execute("update auth.refresh_lease set not_before = now()")
        .await;
    auth.token(token.generation).await.expect_err("refused");
    let lost = auth.connection().await;
    assert_eq!(
        (lost.state(), lost.cause()),
        (
            ConnectionState::ReconnectRequired,
            ConnectionCause::AssertionRefused
        )
    );
    assert!(lost.detail.contains("certificate"), "{}", lost.detail);
    auth.stop().await;
}

#[tokio::test]
async fn an_inactive_user_suspends_and_heals_by_itself() {
    let world = World::new().await;
    let auth = world.start().await;
    admit(&world, INTEGRATION_USERNAME).await;
    connect(&auth, wish()).await.expect("connects");
    let token = auth.token(0).await.expect("a token");
    let set = async |active| {
        let done = world.control.set_user_active(INTEGRATION_USERNAME, active);
        done.await.expect("sets");
    };
    set(false).await;
    world.control.expire_sessions(None).await.expect("expires");
    auth.token(token.generation).await.expect_err("inactive");
    assert_eq!(auth.connection().await.state(), ConnectionState::Suspended);
    set(true).await;
    world
        .execute("update auth.connection set probe_at = now()")
        .await;
    eventually(LIMIT, async || {
        (auth.connection().await.state() == ConnectionState::Connected).then_some(())
    })
    .await;
    auth.stop().await;
}

#[tokio::test]
async fn what_cannot_be_connected_says_why_and_keeps_nothing() {
    let world = World::new().await;
    let auth = world.start().await;
    for (name, wish, code, field, part) in [
        (
            "not admitted",
            wish(),
            Code::FailedPrecondition,
            None,
            "permission set",
        ),
        (
            "unknown app",
            ConnectJwtRequest {
                consumer_key: "3MVG9.other".to_owned(),
                ..wish()
            },
            Code::FailedPrecondition,
            None,
            "consumer key",
        ),
        (
            "another key",
            ConnectJwtRequest {
                private_key: OTHER_PRIVATE_KEY.to_owned(),
                ..wish()
            },
            Code::FailedPrecondition,
            None,
            "certificate",
        ),
        (
            "no key",
            ConnectJwtRequest {
                private_key: "hunter2".to_owned(),
                ..wish()
            },
            Code::InvalidArgument,
            Some("private_key"),
            "PEM",
        ),
        (
            "no user",
            ConnectJwtRequest {
                username: " ".to_owned(),
                ..wish()
            },
            Code::InvalidArgument,
            Some("username"),
            "missing",
        ),
        (
            "no environment",
            ConnectJwtRequest {
                environment: Environment::Unspecified.into(),
                ..wish()
            },
            Code::InvalidArgument,
            Some("environment"),
            "choose",
        ),
    ] {
        let error = connect(&auth, wish).await.expect_err(name);
        assert_eq!(
            (error.code, error.field.as_deref()),
            (code, field),
            "{name}: {error}"
        );
        assert!(error.message.contains(part), "{name}: {error}");
        assert!(!error.to_string().contains("hunter2"));
        assert_eq!(
            auth.connection().await.state(),
            ConnectionState::NotConnected
        );
        assert_eq!(
            world.scalar("select count(*) from auth.sealed").await,
            0,
            "{name}"
        );
    }
    auth.stop().await;
}

/// What the org answers to an assertion meant for `audience`.
async fn salesforce_error(world: &World, audience: &str) -> String {
    let key = salesforce::oauth::SigningKey::parse(&DEFAULT_PRIVATE_KEY.into()).expect("a key");
    let assertion = salesforce::oauth::Assertion {
        consumer_key: DEFAULT_CONSUMER_KEY,
        username: INTEGRATION_USERNAME,
        audience,
        now: chrono::Utc::now(),
    };
    let signed = assertion.sign(&key).expect("signs");
    let options = world.config().service.salesforce;
    let client = salesforce::Salesforce::new(&options).expect("builds");
    let host = client
        .login(&salesforce::LoginChoice::Production)
        .expect("a host");
    let endpoint = client.token_endpoint(salesforce::oauth::ClientCredentials {
        key: String::new(),
        secret: String::new().into(),
    });
    match endpoint.jwt_bearer(&host, &signed).await {
        Err(salesforce::oauth::TokenError::Refused { description, .. }) => description,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_assertion_meant_for_another_login_host_is_refused_by_the_org() {
    let world = World::new().await;
    admit(&world, INTEGRATION_USERNAME).await;
    let refused = salesforce_error(&world, "https://login.salesforce.com").await;
    assert_eq!(refused, "Audience validation failed");
}

#[tokio::test]
async fn changing_the_way_to_connect_leaves_nothing_of_the_other() {
    let world = World::new().await;
    let auth = world.start().await;
    admit(&world, INTEGRATION_USERNAME).await;
    admit(&world, ADMIN_USERNAME).await;
    let browser = world.connect(&auth).await;
    let refresh_token_session = auth.token(0).await.expect("a token");

    let by_key = connect(&auth, wish()).await.expect("connects");
    assert_eq!(by_key.epoch, browser.epoch, "the same user of the same org");
    assert_eq!(sealed(&world, "refresh_token").await, 0);
    // The grant that is not wanted any more is revoked at Salesforce.
    eventually(LIMIT, async || {
        (!world.accepts(&refresh_token_session.access_token).await).then_some(())
    })
    .await;
    let token = auth.token(0).await.expect("a token");
    assert!(token.generation > refresh_token_session.generation);
    assert!(world.accepts(&token.access_token).await);

    let back = world.connect(&auth).await;
    assert_eq!(back.epoch, browser.epoch);
    assert_eq!(sealed(&world, "signing_key").await, 0);
    assert_eq!(sealed(&world, "refresh_token").await, 1);
    let token = auth.token(0).await.expect("a token");
    world.control.expire_sessions(None).await.expect("expires");
    assert_eq!(
        until_token(&auth, token.generation).await,
        token.generation + 1
    );

    // Another user by key is another epoch, as in the browser.
    let other = ConnectJwtRequest {
        username: ADMIN_USERNAME.to_owned(),
        ..wish()
    };
    let other = connect(&auth, other).await.expect("connects");
    assert_eq!(other.epoch, browser.epoch + 1);
    auth.stop().await;
}
