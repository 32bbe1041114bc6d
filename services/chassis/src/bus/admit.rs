//! The checks a message passes before a handler sees it. Pure: bytes and headers in, an event or a reason out.
//!
//! The reasons are read by people who publish events, so each names what was found, where, and what to send instead.

use async_nats::HeaderMap;
use events::{Event, EventId, WorkspaceId, header};

use crate::telemetry::Cause;

/// Why a message is not handed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The last token of the quarantine subject.
    pub code: &'static str,
    /// For a person.
    pub reason: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

/// A message that passed.
#[derive(Debug)]
pub(crate) struct Admitted<E> {
    pub(crate) id: EventId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) event: E,
    pub(crate) cause: Cause,
}

/// Checks size, type, id, workspace and encoding, cheapest first.
pub(crate) fn admit<E: Event>(
    subject: &str,
    headers: Option<&HeaderMap>,
    payload: &[u8],
    message_bytes_max: usize,
) -> Result<Admitted<E>, Refusal> {
    if payload.len() > message_bytes_max {
        return Err(Refusal::new(
            "oversize",
            format!(
                "payload has {} bytes and the limit is {message_bytes_max}: send a claim check instead",
                payload.len()
            ),
        ));
    }
    let text = |name: &str| {
        headers
            .and_then(|headers| headers.get(name))
            .map(|value| value.as_str())
    };
    if let Some(found) = text(header::CONTENT_TYPE)
        && found != header::CONTENT_TYPE_VALUE
    {
        return Err(Refusal::new(
            "content_type",
            format!(
                "header {} is {:?}: send {} or leave it out",
                header::CONTENT_TYPE,
                clip(found),
                header::CONTENT_TYPE_VALUE
            ),
        ));
    }
    if let Some(found) = text(header::CE_TYPE)
        && found != E::TYPE
    {
        return Err(Refusal::new(
            "wrong_type",
            format!(
                "header {} is {:?} on the subject of {}",
                header::CE_TYPE,
                clip(found),
                E::TYPE
            ),
        ));
    }
    let id = event_id(text(header::CE_ID), text(header::MESSAGE_ID))?;
    let workspace = subject_workspace::<E>(subject)?;
    let event = E::decode(payload).map_err(|error| {
        Refusal::new(
            "undecodable",
            format!(
                "payload is not a protobuf message of type {}: {error}",
                E::TYPE
            ),
        )
    })?;
    if event.workspace() != workspace.as_str() {
        return Err(Refusal::new(
            "workspace_mismatch",
            format!(
                "subject names workspace {workspace} and the payload {:?}: they must be equal",
                clip(event.workspace())
            ),
        ));
    }
    let cause = Cause {
        traceparent: text(header::TRACEPARENT).map(str::to_owned),
        tracestate: text(header::TRACESTATE).map(str::to_owned),
        event_id: Some(id.clone()),
    };
    Ok(Admitted {
        id,
        workspace,
        event,
        cause,
    })
}

fn event_id(ce_id: Option<&str>, message_id: Option<&str>) -> Result<EventId, Refusal> {
    let Some(found) = ce_id.or(message_id) else {
        return Err(Refusal::new(
            "missing_id",
            format!(
                "neither header {} nor {} is set: send the event's id in both",
                header::CE_ID,
                header::MESSAGE_ID
            ),
        ));
    };
    found
        .parse()
        .map_err(|error| Refusal::new("invalid_id", format!("{error}")))
}

fn subject_workspace<E: Event>(subject: &str) -> Result<WorkspaceId, Refusal> {
    let token = subject
        .strip_prefix(E::TYPE)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or_default();
    token.parse().map_err(|error| {
        Refusal::new(
            "invalid_workspace",
            format!(
                "subject {:?} does not end in a workspace id: {error}",
                clip(subject)
            ),
        )
    })
}

/// Untrusted text, short enough for a log line and a header.
fn clip(text: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    text.chars().take(CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::meeting::v1::MeetingProcessed;
    use proptest::prelude::*;
    use prost::Message;

    const SUBJECT: &str = "ergo.meeting.processed.v1.acme";

    fn payload(workspace: &str) -> Vec<u8> {
        MeetingProcessed {
            workspace: workspace.into(),
            ..MeetingProcessed::default()
        }
        .encode_to_vec()
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.insert(*name, *value);
        }
        map
    }

    fn refusal(subject: &str, pairs: &[(&str, &str)], payload: &[u8]) -> Option<&'static str> {
        admit::<MeetingProcessed>(subject, Some(&headers(pairs)), payload, 1000)
            .err()
            .map(|refusal| refusal.code)
    }

    #[test]
    fn each_check_has_its_code() {
        let id = ("ce-id", "e1");
        for (name, subject, pairs, bytes, expected) in [
            ("fine", SUBJECT, vec![id], payload("acme"), None),
            (
                "only Nats-Msg-Id",
                SUBJECT,
                vec![("Nats-Msg-Id", "m1")],
                payload("acme"),
                None,
            ),
            (
                "content type named",
                SUBJECT,
                vec![id, ("content-type", "application/protobuf")],
                payload("acme"),
                None,
            ),
            (
                "json",
                SUBJECT,
                vec![id, ("content-type", "application/json")],
                payload("acme"),
                Some("content_type"),
            ),
            (
                "other type",
                SUBJECT,
                vec![id, ("ce-type", "ergo.other.v1")],
                payload("acme"),
                Some("wrong_type"),
            ),
            (
                "no id",
                SUBJECT,
                vec![],
                payload("acme"),
                Some("missing_id"),
            ),
            (
                "bad id",
                SUBJECT,
                vec![("ce-id", "a b")],
                payload("acme"),
                Some("invalid_id"),
            ),
            (
                "bad workspace",
                "ergo.meeting.processed.v1.a%b",
                vec![id],
                payload("acme"),
                Some("invalid_workspace"),
            ),
            (
                "no workspace",
                "ergo.meeting.processed.v1",
                vec![id],
                payload("acme"),
                Some("invalid_workspace"),
            ),
            (
                "other workspace",
                SUBJECT,
                vec![id],
                payload("umbrella"),
                Some("workspace_mismatch"),
            ),
            (
                "not protobuf",
                SUBJECT,
                vec![id],
                b"{\"workspace\"".to_vec(),
                Some("undecodable"),
            ),
            (
                "too large",
                SUBJECT,
                vec![id],
                vec![0; 1001],
                Some("oversize"),
            ),
        ] {
            assert_eq!(refusal(subject, &pairs, &bytes), expected, "{name}");
        }
    }

    #[test]
    fn the_cloud_event_id_wins_over_the_message_id() {
        let headers = headers(&[("ce-id", "event"), ("Nats-Msg-Id", "replay-1")]);
        let admitted = admit::<MeetingProcessed>(SUBJECT, Some(&headers), &payload("acme"), 1000)
            .expect("admitted");
        assert_eq!(admitted.id.as_str(), "event");
    }

    #[test]
    fn a_reason_tells_what_to_do() {
        let refusal =
            admit::<MeetingProcessed>(SUBJECT, None, &payload("acme"), 1000).expect_err("no id");
        insta::assert_snapshot!(refusal, @"neither header ce-id nor Nats-Msg-Id is set: send the event's id in both");
    }

    proptest! {
        #[test]
        fn any_bytes_on_any_subject_are_admitted_or_refused_but_never_panic(
            subject in ".{0,120}",
            id in "[!-~]{0,140}",
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let _ = refusal(&subject, &[("ce-id", &id)], &bytes);
            let _ = refusal(SUBJECT, &[("ce-id", "e")], &bytes);
        }
    }
}
