//! The contract of Ergo for Salesforce, and the only thing services share about each other: events and RPCs (protobuf,
//! compiled without protoc), the subjects and streams they travel on, ids and headers. `README.md` beside this crate
//! tells an upstream team how to publish.

pub mod event;
pub mod header;
pub mod id;
pub mod record_id;
pub mod rpc;
mod secret;
pub mod topology;

pub use event::{Event, filter_subject, subject};
pub use id::{EventId, WorkspaceId};
pub use record_id::RecordId;

/// What upstream publishes.
pub mod meeting {
    /// Version 1.
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/ergo.meeting.v1.rs"));
    }
}

/// The org: connection, schema, mapping, drift, records.
pub mod crm {
    /// Version 1.
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/ergo.crm.v1.rs"));
    }
}

/// Which records a meeting belongs to.
pub mod matching {
    /// Version 1.
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/ergo.matching.v1.rs"));
    }
}

/// What reaches Salesforce.
pub mod writeback {
    /// Version 1.
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/ergo.writeback.v1.rs"));
    }
}

/// Connections and tokens.
pub mod auth {
    /// Version 1.
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/ergo.auth.v1.rs"));
    }
}

/// Schema, mapping and sync runs.
pub mod metadata {
    /// Version 1.
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/ergo.metadata.v1.rs"));
    }
}

/// Protobuf's own types, as the messages use them.
pub use prost_types::Timestamp;
