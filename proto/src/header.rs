//! Names of the headers a message carries. CloudEvents 1.0 binary mode, so that any pipeline can publish without our code.

/// JetStream deduplicates on it inside the stream's window.
pub const MESSAGE_ID: &str = "Nats-Msg-Id";
/// W3C trace context.
pub const TRACEPARENT: &str = "traceparent";
/// W3C trace context, vendors' part.
pub const TRACESTATE: &str = "tracestate";
/// Identity of the event; wins over [`MESSAGE_ID`], which changes when a message is replayed.
pub const CE_ID: &str = "ce-id";
/// The event's type, for example `ergo.meeting.processed.v1`.
pub const CE_TYPE: &str = "ce-type";
/// Who published it, a URI reference such as `/ergo/matching`.
pub const CE_SOURCE: &str = "ce-source";
/// When it was published, RFC 3339.
pub const CE_TIME: &str = "ce-time";
/// Always [`CE_SPECVERSION_VALUE`].
pub const CE_SPECVERSION: &str = "ce-specversion";
/// The CloudEvents version spoken.
pub const CE_SPECVERSION_VALUE: &str = "1.0";
/// Of the payload; absent means [`CONTENT_TYPE_VALUE`].
pub const CONTENT_TYPE: &str = "content-type";
/// The only content type accepted.
pub const CONTENT_TYPE_VALUE: &str = "application/protobuf";

/// Subject the quarantined message came on.
pub const QUARANTINE_SUBJECT: &str = "Ergo-Quarantine-Subject";
/// Stream it came from.
pub const QUARANTINE_STREAM: &str = "Ergo-Quarantine-Stream";
/// Its sequence in that stream.
pub const QUARANTINE_SEQUENCE: &str = "Ergo-Quarantine-Sequence";
/// Durable consumer that refused it.
pub const QUARANTINE_CONSUMER: &str = "Ergo-Quarantine-Consumer";
/// Machine-readable reason, the last token of the quarantine subject.
pub const QUARANTINE_CODE: &str = "Ergo-Quarantine-Code";
/// The reason for a person.
pub const QUARANTINE_REASON: &str = "Ergo-Quarantine-Reason";
/// How often it was delivered.
pub const QUARANTINE_ATTEMPTS: &str = "Ergo-Quarantine-Attempts";
/// When it was quarantined, RFC 3339.
pub const QUARANTINE_AT: &str = "Ergo-Quarantine-At";
/// Who replayed a message, on the replayed message.
pub const REPLAYED_BY: &str = "Ergo-Replayed-By";

/// RPC: milliseconds the caller waits.
pub const TIMEOUT_MS: &str = "Ergo-Timeout-Ms";
/// RPC: who asks, `user:<name>` or `service:<name>`.
pub const CALLER: &str = "Ergo-Caller";
/// RPC: the caller's role.
pub const ROLE: &str = "Ergo-Role";
/// RPC: id of the request, for logs and audit.
pub const REQUEST_ID: &str = "Ergo-Request-Id";
/// RPC: the request field an error is about.
pub const ERROR_FIELD: &str = "Ergo-Error-Field";
