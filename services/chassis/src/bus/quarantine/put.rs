//! Setting a message aside: what is kept of it and what is added.

use async_nats::{HeaderMap, Message};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use events::header;

use super::{ORIGINAL_MESSAGE_ID, PAYLOAD_OMITTED};
use crate::{
    bus::{Bus, Outgoing, admit::Refusal, publish_all},
    failure::Failure,
};

/// Longest reason kept, in characters.
const REASON_CHARACTERS_MAX: usize = 1_000;

/// Where a message being set aside came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) service: &'static str,
    pub(crate) consumer: &'static str,
    pub(crate) stream: &'a str,
    pub(crate) stream_sequence: u64,
    pub(crate) attempts: u64,
}

/// Sets a message aside and waits until JetStream has stored it.
pub(crate) async fn put(
    bus: &Bus,
    origin: Origin<'_>,
    message: &Message,
    refusal: &Refusal,
) -> Result<(), Failure> {
    let outgoing = |payload: Bytes, omitted: bool| {
        let mut headers = describe(origin, message, refusal, Utc::now());
        if omitted {
            headers.insert(PAYLOAD_OMITTED, "true");
        }
        Outgoing {
            subject: format!("ergo.quarantine.{}.{}", origin.service, token(refusal.code)),
            // A repetition after a lost answer stores nothing twice.
            message_id: format!(
                "{}.{}.{}.{}",
                origin.stream, origin.stream_sequence, origin.consumer, origin.attempts
            ),
            headers,
            payload,
        }
    };
    let limit = usize::try_from(events::topology::MESSAGE_BYTES_MAX).unwrap_or(usize::MAX);
    // Headers count towards the stream's limit; ours and the original's stay far below this.
    const HEADER_BYTES_MAX: usize = 8 * 1024;
    let omitted = message.payload.len() + HEADER_BYTES_MAX > limit;
    let payload = if omitted {
        Bytes::new()
    } else {
        message.payload.clone()
    };
    publish_all(bus, vec![outgoing(payload, omitted)])
        .await
        .pop()
        .expect("one message has one answer")
        .map(|_| ())
}

fn describe(
    origin: Origin<'_>,
    message: &Message,
    refusal: &Refusal,
    now: DateTime<Utc>,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(original) = &message.headers {
        for (name, values) in original.iter() {
            let name: &str = name.as_ref();
            if name == header::MESSAGE_ID {
                if let Some(id) = values.first() {
                    headers.insert(ORIGINAL_MESSAGE_ID, id.as_str());
                }
            // Expectations and routing of the original publish must not act on this one.
            } else if !name.starts_with("Nats-") && !name.starts_with("Ergo-Quarantine-") {
                for value in values {
                    headers.append(name, value.as_str());
                }
            }
        }
    }
    headers.insert(header::QUARANTINE_SUBJECT, message.subject.as_str());
    headers.insert(header::QUARANTINE_STREAM, origin.stream);
    headers.insert(
        header::QUARANTINE_SEQUENCE,
        origin.stream_sequence.to_string().as_str(),
    );
    headers.insert(header::QUARANTINE_CONSUMER, origin.consumer);
    headers.insert(header::QUARANTINE_CODE, refusal.code);
    headers.insert(
        header::QUARANTINE_REASON,
        one_line(&refusal.reason).as_str(),
    );
    headers.insert(
        header::QUARANTINE_ATTEMPTS,
        origin.attempts.to_string().as_str(),
    );
    headers.insert(
        header::QUARANTINE_AT,
        now.to_rfc3339_opts(SecondsFormat::Millis, true).as_str(),
    );
    headers
}

/// Header values must not contain line breaks.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(REASON_CHARACTERS_MAX)
        .collect()
}

/// A code as a subject token; codes are constants of ours, this only guards against a careless one.
pub(super) fn token(code: &str) -> String {
    let token: String = code
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if token.is_empty() {
        "unknown".into()
    } else {
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_one_header_line() {
        assert_eq!(one_line("a\r\nNats-Msg-Id: x"), "a  Nats-Msg-Id: x");
        assert_eq!(one_line(&"x".repeat(5_000)).len(), REASON_CHARACTERS_MAX);
    }

    #[test]
    fn a_code_is_always_one_subject_token() {
        for (code, expected) in [
            ("oversize", "oversize"),
            ("a.b c", "a_b_c"),
            ("", "unknown"),
        ] {
            assert_eq!(token(code), expected);
        }
    }
}
