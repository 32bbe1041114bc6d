//! The connection's life after connecting: revoked, suspended, healed, reported, disconnected.

use events::auth::v1::{
    DisconnectRequest, GetAccessTokenRequest, ListConnectionsRequest, ReportAccessProblemRequest,
};
use events::crm::v1::{Connection, ConnectionCause, ConnectionState};
use events::rpc::{Code, Role};
use salesforce_sim::config::INTEGRATION_USERNAME;
use testkit::eventually;

use crate::world::{LIMIT, Replica, WORKSPACE, World, admin, service, viewer};

async fn report(auth: &Replica, generation: u64, error_code: &str) -> Connection {
    let request = ReportAccessProblemRequest {
        workspace: WORKSPACE.to_owned(),
        generation,
        error_code: error_code.to_owned(),
    };
    let answer = auth
        .client
        .report_access_problem(&service(), request)
        .await
        .expect("noted");
    answer.connection.expect("always there")
}

#[tokio::test]
async fn a_revoked_grant_asks_for_a_person_and_a_reconnect_resumes() {
    let world = World::new().await;
    let auth = world.start().await;
    let connected = world.connect(&auth).await;
    let token = auth.token(0).await.expect("a token");
    world.control.revoke_grants(None).await.expect("revokes");

    let error = auth.token(token.generation).await.expect_err("revoked");
    assert_eq!(error.code, Code::FailedPrecondition);
    let lost = auth.connection().await;
    assert_eq!(
        (lost.state(), lost.cause()),
        (ConnectionState::ReconnectRequired, ConnectionCause::Revoked)
    );
    assert!(lost.detail.contains("Connect again"), "{}", lost.detail);
    // Told once is enough: nobody asks Salesforce again.
    let requests = world.requests().await;
    auth.token(token.generation).await.expect_err("still lost");
    assert_eq!(world.requests().await, requests);

    let again = world.connect(&auth).await;
    assert_eq!(again.epoch, connected.epoch);
    let newer = auth.token(token.generation).await.expect("a token");
    assert!(newer.generation > token.generation);
    assert!(world.accepts(&newer.access_token).await);
    auth.stop().await;
}

#[tokio::test]
async fn an_inactive_user_suspends_and_heals_by_itself() {
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    let token = auth.token(0).await.expect("a token");
    world
        .control
        .set_user_active(INTEGRATION_USERNAME, false)
        .await
        .expect("freezes");
    world.control.expire_sessions(None).await.expect("expires");

    let error = auth.token(token.generation).await.expect_err("inactive");
    assert_eq!(error.code, Code::FailedPrecondition);
    let suspended = auth.connection().await;
    assert_eq!(
        (suspended.state(), suspended.cause()),
        (ConnectionState::Suspended, ConnectionCause::UserInactive)
    );
    // The table says daily; a probe that comes too early changes nothing.
    let daily = world.scalar("select (probe_at between now() + interval '19 hours' and now() + interval '29 hours')::int::bigint from auth.connection").await;
    assert_eq!(daily, 1);
    world
        .execute("update auth.connection set probe_at = now()")
        .await;
    eventually(LIMIT, async || {
        let again = world
            .scalar(
                "select count(*) from auth.connection where probe_at > now() + interval '19 hours'",
            )
            .await;
        (again == 1).then_some(())
    })
    .await;
    assert_eq!(auth.connection().await.state(), ConnectionState::Suspended);

    world
        .control
        .set_user_active(INTEGRATION_USERNAME, true)
        .await
        .expect("thaws");
    world
        .execute("update auth.connection set probe_at = now()")
        .await;
    eventually(LIMIT, async || {
        (auth.connection().await.state() == ConnectionState::Connected).then_some(())
    })
    .await;
    let token = auth.token(token.generation).await.expect("a token");
    assert!(world.accepts(&token.access_token).await);
    use ConnectionState as S;
    let states: Vec<S> = auth
        .history()
        .await
        .into_iter()
        .map(|(state, _)| state)
        .collect();
    assert_eq!(
        states,
        [S::Authorizing, S::Connected, S::Suspended, S::Connected]
    );
    auth.stop().await;
}

#[tokio::test]
async fn a_report_suspends_only_for_what_concerns_the_connection_now() {
    let world = World::new().await;
    let auth = world.start().await;
    world.connect(&auth).await;
    let token = auth.token(0).await.expect("a token");
    for (generation, code) in [
        (token.generation, "INVALID_FIELD"),
        (token.generation - 1, "API_DISABLED_FOR_ORG"),
        (token.generation, "API_CURRENTLY_DISABLED"),
    ] {
        assert_eq!(
            report(&auth, generation, code).await.state(),
            ConnectionState::Connected,
            "{code}"
        );
    }
    let suspended = report(&auth, token.generation, "API_DISABLED_FOR_ORG").await;
    assert_eq!(
        (suspended.state(), suspended.cause()),
        (ConnectionState::Suspended, ConnectionCause::ApiDisabled)
    );
    auth.token(0).await.expect_err("suspended");
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
async fn disconnecting_revokes_destroys_and_keeps_the_history() {
    let world = World::new().await;
    let auth = world.start().await;
    let connected = world.connect(&auth).await;
    let token = auth.token(0).await.expect("a token");
    let request = DisconnectRequest {
        workspace: WORKSPACE.to_owned(),
    };
    let error = auth
        .client
        .disconnect(&viewer(), request.clone())
        .await
        .expect_err("admins only");
    assert_eq!(error.code, Code::PermissionDenied);
    let ended = auth
        .client
        .disconnect(&admin(), request.clone())
        .await
        .expect("ends")
        .connection
        .expect("there");
    assert_eq!(
        (ended.state(), ended.cause()),
        (ConnectionState::Disconnected, ConnectionCause::Requested)
    );
    assert_eq!(ended.organization_id, connected.organization_id);
    eventually(LIMIT, async || {
        (!world.accepts(&token.access_token).await).then_some(())
    })
    .await;
    eventually(LIMIT, async || {
        (world.scalar("select count(*) from auth.sealed").await == 0).then_some(())
    })
    .await;
    assert_eq!(
        auth.token(0).await.expect_err("ended").code,
        Code::FailedPrecondition
    );
    assert_eq!(auth.history().await.len(), 3);
    // Twice is once.
    let again = auth
        .client
        .disconnect(&admin(), request)
        .await
        .expect("ends")
        .connection
        .expect("there");
    assert_eq!(again.generation, ended.generation);
    world.connect(&auth).await;
    assert!(auth.token(0).await.expect("a token").generation > token.generation);
    auth.stop().await;
}

#[tokio::test]
async fn tokens_are_for_services_and_lists_for_those_above_workspaces() {
    let world = World::new().await;
    let auth = world.start().await;
    let request = GetAccessTokenRequest {
        workspace: WORKSPACE.to_owned(),
        rejected_generation: 0,
    };
    for role in [Role::Viewer, Role::Operator, Role::Admin, Role::SuperAdmin] {
        let context = testkit::rpc::as_role("user:x@acme.example", role);
        let error = auth
            .client
            .get_access_token(&context, request.clone())
            .await
            .expect_err("services only");
        assert_eq!(error.code, Code::PermissionDenied, "{role}");
    }
    assert_eq!(
        auth.token(0).await.expect_err("never connected").code,
        Code::FailedPrecondition
    );

    for workspace in ["b", "a", "C"] {
        let wish = events::auth::v1::BeginConnectRequest {
            workspace: workspace.to_owned(),
            ..auth.wish()
        };
        auth.client
            .begin_connect(&admin(), wish)
            .await
            .expect("begins");
    }
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListConnectionsRequest {
            page_size: 2,
            page_token,
        };
        let page = auth
            .client
            .list_connections(&service(), request)
            .await
            .expect("lists");
        found.extend(
            page.connections
                .into_iter()
                .map(|connection| connection.workspace),
        );
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, ["C", "a", "b"]);
    let error = auth
        .client
        .list_connections(&admin(), ListConnectionsRequest::default())
        .await
        .expect_err("above workspaces");
    assert_eq!(error.code, Code::PermissionDenied);
    auth.stop().await;
}
