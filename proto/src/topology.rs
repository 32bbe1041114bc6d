//! The JetStream streams (design section 3), as data. The `migrate` verb declares them, services compare with them.

/// One stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamSpec {
    /// Name.
    pub name: &'static str,
    /// What it is for; written into the stream.
    pub description: &'static str,
    /// Subjects stored.
    pub subjects: &'static [&'static str],
    /// Age at which a message is removed, in seconds. Long enough to fix a fault and catch up; Postgres stays the record.
    pub age_s_max: u64,
    /// Size at which the stream refuses (or forgets, see `discard_new`), in bytes.
    pub bytes_max: i64,
    /// Largest message accepted, in bytes, headers included.
    pub message_bytes_max: i32,
    /// Window in which JetStream drops a repeated `Nats-Msg-Id`, in seconds. Saves work; the inbox is the guarantee.
    pub duplicate_window_s: u64,
    /// When full: refuse new messages, so that the publisher knows, instead of forgetting old ones.
    pub discard_new: bool,
}

const DAY_S: u64 = 24 * 60 * 60;
const GIB: i64 = 1 << 30;

/// Largest event payload, in bytes (design section 3); longer texts carry a claim check.
pub const EVENT_BYTES_MAX: usize = 512 * 1024;
/// Largest stored message: an event, the decision that carries it, and headers. Below NATS's default `max_payload` of 1 MiB.
pub const MESSAGE_BYTES_MAX: i32 = 1_000_000;

/// Every stream.
pub const STREAMS: [StreamSpec; 5] = [
    StreamSpec {
        name: "MEETINGS",
        description: "meetings from upstream, read by matching",
        subjects: &["ergo.meeting.processed.v1.*"],
        age_s_max: 14 * DAY_S,
        bytes_max: 16 * GIB,
        message_bytes_max: MESSAGE_BYTES_MAX,
        duplicate_window_s: 120,
        discard_new: true,
    },
    StreamSpec {
        name: "CRM",
        description: "connection, schema, mapping, drift and record changes",
        subjects: &["ergo.crm.*.*.v1.*"],
        age_s_max: 14 * DAY_S,
        bytes_max: 16 * GIB,
        message_bytes_max: MESSAGE_BYTES_MAX,
        duplicate_window_s: 120,
        discard_new: true,
    },
    StreamSpec {
        name: "MATCHES",
        description: "match decisions with their meeting, read by writeback",
        subjects: &["ergo.match.decided.v1.*"],
        age_s_max: 14 * DAY_S,
        bytes_max: 16 * GIB,
        message_bytes_max: MESSAGE_BYTES_MAX,
        duplicate_window_s: 120,
        discard_new: true,
    },
    StreamSpec {
        name: "WRITEBACK",
        description: "executor wake-ups and outcomes for upstream",
        subjects: &[
            "ergo.writeback.approved.v1.*",
            "ergo.writeback.outcome.v1.*",
        ],
        age_s_max: 14 * DAY_S,
        bytes_max: 8 * GIB,
        message_bytes_max: MESSAGE_BYTES_MAX,
        duplicate_window_s: 120,
        discard_new: true,
    },
    StreamSpec {
        name: "QUARANTINE",
        description: "messages a service could not take, with the reason; replayed by an operator",
        subjects: &["ergo.quarantine.*.*"],
        age_s_max: 30 * DAY_S,
        bytes_max: 4 * GIB,
        message_bytes_max: MESSAGE_BYTES_MAX,
        duplicate_window_s: 120,
        // A full quarantine must never stop the services that fill it.
        discard_new: false,
    },
];
