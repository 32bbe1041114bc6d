//! Salesforce record ids. The type is part of the contract between services, so it lives with the events.

pub use events::record_id::{RecordId as Id, RecordIdError as IdError};
