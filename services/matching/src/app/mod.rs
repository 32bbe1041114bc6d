//! What this service does when something happens: load, decide, write. One trigger per file.

mod decide_waiting;
mod decided;
mod on_meeting_processed;
mod on_records_changed;

pub use decide_waiting::DecideWaiting;
pub use decided::{Decided, Received, facts_of};
pub use on_meeting_processed::OnMeetingProcessed;
pub use on_records_changed::OnRecordsChanged;
