//! Requests and replies: deadlines, limits, errors and the caller travel.

use std::time::Duration;

use bytes::Bytes;
use chassis::{
    Running,
    rpc::{PAYLOAD_BYTES_MAX, REQUESTS_MAX},
};
use events::rpc::{CallContext, Caller, Code, Role, RpcError, Transport};

use crate::{probe::Script, world::World};

fn context(timeout: Duration) -> CallContext {
    CallContext {
        caller: Caller {
            actor: "user:ann@acme.com".into(),
            role: Role::Admin,
            request_id: "r-42".into(),
        },
        timeout,
    }
}

async fn call(
    running: &Running,
    subject: &'static str,
    payload: Vec<u8>,
) -> Result<Bytes, RpcError> {
    running
        .rpc()
        .call(subject, &context(Duration::from_secs(10)), payload)
        .await
}

#[tokio::test]
async fn requests_are_answered_and_refused_as_the_owner_says() {
    let world = World::new().await;
    let running = world.start(&Script::default()).await;
    let echoed = call(&running, "ergo.rpc.probe.echo", b"x".to_vec()).await;
    assert_eq!(echoed.as_deref(), Ok(b"x".as_slice()));

    let who = call(&running, "ergo.rpc.probe.whoami", vec![]).await;
    assert_eq!(
        who.as_deref(),
        Ok(b"user:ann@acme.com admin r-42".as_slice())
    );

    let refused = call(&running, "ergo.rpc.probe.refuse", vec![])
        .await
        .expect_err("refuses");
    assert_eq!(
        refused,
        RpcError::invalid("stage", "is not in the picklist  of this record type")
    );

    let fault = call(&running, "ergo.rpc.probe.panic", vec![])
        .await
        .expect_err("fails");
    assert_eq!(fault.code, Code::Internal);
    assert!(!fault.message.contains("told to"), "{fault}");

    let nobody = call(&running, "ergo.rpc.nobody.home", vec![])
        .await
        .expect_err("nobody");
    assert_eq!(nobody.code, Code::Unavailable);

    let mut request = PAYLOAD_BYTES_MAX;
    let fits = call(&running, "ergo.rpc.probe.echo", vec![0; request]).await;
    assert_eq!(fits.map(|answer| answer.len()), Ok(request));
    request += 1;
    let large = call(&running, "ergo.rpc.probe.echo", vec![0; request])
        .await
        .expect_err("too large");
    assert_eq!(large.code, Code::ResourceExhausted);
    let large = call(&running, "ergo.rpc.probe.big", vec![])
        .await
        .expect_err("too large");
    assert_eq!(large.code, Code::ResourceExhausted);
    assert!(large.message.contains("smaller page"), "{large}");
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn nobody_waits_longer_than_they_said() {
    let world = World::new().await;
    let running = world.start(&Script::default()).await;
    let late = running
        .rpc()
        .call(
            "ergo.rpc.probe.slow",
            &context(Duration::from_millis(100)),
            vec![],
        )
        .await
        .expect_err("is late");
    assert_eq!(late.code, Code::DeadlineExceeded);
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_request_without_a_caller_is_refused_and_services_are_discoverable() {
    let world = World::new().await;
    let running = world.start(&Script::default()).await;
    let client = world.nats.client().await;
    let anonymous = client
        .request("ergo.rpc.probe.echo", Bytes::from_static(b"x"))
        .await
        .expect("answers");
    let code = anonymous
        .headers
        .and_then(|headers| headers.get("Nats-Service-Error-Code").cloned());
    assert_eq!(
        code.map(|code| code.as_str().to_owned()).as_deref(),
        Some("403")
    );
    let ping = client
        .request("$SRV.PING.probe", Bytes::new())
        .await
        .expect("answers");
    assert!(String::from_utf8_lossy(&ping.payload).contains("\"name\":\"probe\""));
    running.shutdown().await.expect("stops");
}

#[tokio::test]
async fn a_busy_service_says_so_instead_of_queueing() {
    let world = World::new().await;
    let running = world.start(&Script::default()).await;
    let transport = running.rpc();
    let wait = context(Duration::from_secs(4));
    let calls =
        (0..REQUESTS_MAX + 10).map(|_| transport.call("ergo.rpc.probe.slow", &wait, vec![]));
    let answers = futures::future::join_all(calls).await;
    let busy = answers.iter().any(|answer| {
        answer
            .as_ref()
            .is_err_and(|error| error.code == Code::ResourceExhausted)
    });
    assert!(busy, "nobody was turned away");
    running.shutdown().await.expect("stops");
}
