//! Telling the broker how a message ended. Confirmed where a lost answer would cost a repetition.

use std::time::Duration;

use async_nats::{Message, Request, jetstream::AckKind};

use super::{Bus, JETSTREAM_TIMEOUT_S};

/// Acknowledges and waits for the confirmation, so that a crash right after it cannot bring the message back.
///
/// A missing confirmation is only logged: the message comes again, and the inbox knows it.
pub(crate) async fn confirm(bus: &Bus, message: &Message, kind: AckKind) {
    let Some(reply) = &message.reply else {
        return;
    };
    let request = Request::new()
        .payload(kind.into())
        .timeout(Some(Duration::from_secs(JETSTREAM_TIMEOUT_S)));
    if let Err(error) = bus.client().send_request(reply.clone(), request).await {
        tracing::warn!(%error, "an acknowledgement was not confirmed, the message will come again");
    }
}

/// Hands the message back, or tells the broker that it is still worked on. Not confirmed: when it is lost, the
/// broker's own timer does the same a little later.
pub(crate) async fn tell(bus: &Bus, message: &Message, kind: AckKind) {
    let Some(reply) = &message.reply else {
        return;
    };
    if let Err(error) = bus.client().publish(reply.clone(), kind.into()).await {
        tracing::warn!(%error, "the broker could not be told about a message, it will come again");
    }
}
