//! Protobuf to domain and back; nothing else names the messages.

use chassis::Failure;
use chrono::{DateTime, Utc};
use events::crm::v1 as crm;
use events::rpc::{Code, RpcError};
use events::{Timestamp, WorkspaceId};

use crate::domain::access::{Gap, Review};
use crate::domain::connection::Connection;
use crate::domain::state::{Cause, Loss, State, Suspension};

/// The workspace of a request.
///
/// # Errors
/// When it is missing or not a workspace id.
pub(crate) fn workspace(text: &str) -> Result<WorkspaceId, RpcError> {
    text.parse().map_err(|error: events::id::IdError| {
        let text = error.to_string();
        RpcError::invalid(
            "workspace",
            text.trim_start_matches("workspace ").to_owned(),
        )
    })
}

/// The store is away or refuses: the caller may try again, the log knows why.
pub(crate) fn unavailable(failure: Failure) -> RpcError {
    match failure {
        Failure::Unavailable { what, .. } => RpcError::new(
            Code::Unavailable,
            format!("{what} is unavailable, try again shortly"),
        ),
        Failure::Transient { .. } => {
            tracing::warn!(error = failure.chain(), "request failed");
            RpcError::new(
                Code::Unavailable,
                "connections cannot be read right now, try again shortly",
            )
        }
        Failure::Permanent { .. } => {
            tracing::error!(error = failure.chain(), "request failed");
            RpcError::new(
                Code::Internal,
                "stored connection is not usable; the log of auth knows why",
            )
        }
    }
}

/// A moment.
#[must_use]
pub(crate) fn timestamp(moment: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: moment.timestamp(),
        nanos: i32::try_from(moment.timestamp_subsec_nanos()).unwrap_or(0),
    }
}

/// A counter as it travels. Ours never become negative.
#[must_use]
pub(crate) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A connection as others see it.
#[must_use]
pub(crate) fn connection(connection: &Connection) -> crm::Connection {
    crm::Connection {
        workspace: connection.workspace.to_string(),
        generation: count(connection.generation),
        state: state(connection.state).into(),
        cause: cause(connection.cause).into(),
        detail: connection.detail(),
        organization_id: connection.organization_id.clone(),
        user_id: connection.user_id.clone(),
        username: connection.username.clone(),
        instance_url: connection.instance_url.clone(),
        is_sandbox: connection.is_sandbox,
        since: Some(timestamp(connection.since)),
        epoch: count(connection.epoch),
        missing: connection.missing.iter().map(gap).collect(),
    }
}

fn gap(gap: &Gap) -> crm::AccessGap {
    crm::AccessGap {
        kind: gap.kind,
        object: gap.object.clone(),
        field: gap.field.clone(),
        subject_id: gap.subject_id.clone(),
        message: gap.message.clone(),
        fix: gap.fix.clone(),
        entry_ids: gap.entry_ids.clone(),
    }
}

/// The review of a message.
///
/// # Errors
/// Permanent, naming the field, when the message cannot be understood.
pub(crate) fn review(message: &crm::AccessReviewed) -> Result<Review, Failure> {
    let bad = |reason: &str| Failure::permanent("bad_access_review", reason);
    let sent = message
        .review
        .as_ref()
        .ok_or_else(|| bad("review is missing"))?;
    let number = |value: u64, field: &str| {
        i64::try_from(value).map_err(|_| bad(&format!("review.{field} is out of range")))
    };
    Ok(Review {
        revision: number(sent.revision, "revision")?,
        epoch: number(sent.epoch, "epoch")?,
        missing: sent
            .missing
            .iter()
            .map(|gap| Gap {
                kind: gap.kind,
                object: gap.object.clone(),
                field: gap.field.clone(),
                subject_id: gap.subject_id.clone(),
                message: gap.message.clone(),
                fix: gap.fix.clone(),
                entry_ids: gap.entry_ids.clone(),
            })
            .collect(),
    })
}

/// The event of a change.
#[must_use]
pub(crate) fn changed(now: &Connection, previous_state: State) -> crm::ConnectionChanged {
    crm::ConnectionChanged {
        connection: Some(connection(now)),
        previous_state: state(previous_state).into(),
    }
}

fn state(state: State) -> crm::ConnectionState {
    use crm::ConnectionState as W;
    match state {
        State::NotConnected => W::NotConnected,
        State::Authorizing => W::Authorizing,
        State::Connected => W::Connected,
        State::AccessLimited => W::AccessLimited,
        State::Suspended => W::Suspended,
        State::ReconnectRequired => W::ReconnectRequired,
        State::Disconnected => W::Disconnected,
    }
}

fn cause(cause: Cause) -> crm::ConnectionCause {
    use crm::ConnectionCause as W;
    match cause {
        Cause::None => W::Unspecified,
        Cause::Requested => W::Requested,
        Cause::AccessMissing => W::AccessMissing,
        Cause::Lost(Loss::Expired) => W::Expired,
        Cause::Lost(Loss::Revoked) => W::Revoked,
        Cause::Lost(Loss::AppUninstalled) => W::AppUninstalled,
        Cause::Lost(Loss::RotationLost) => W::RotationLost,
        Cause::Lost(Loss::NotPreauthorized) => W::NotPreauthorized,
        Cause::Lost(Loss::AssertionRefused) => W::AssertionRefused,
        Cause::Suspended(Suspension::UserInactive) => W::UserInactive,
        Cause::Suspended(Suspension::OrganizationInactive) => W::OrganizationInactive,
        Cause::Suspended(Suspension::IpOrLoginHours) => W::IpOrLoginHours,
        Cause::Suspended(Suspension::ApiDisabled) => W::ApiDisabled,
        Cause::Suspended(Suspension::AppNotAuthorized) => W::AppNotAuthorized,
    }
}
