//! What this service does when something happens: load, decide, write. One trigger per file.

mod calibrate;
mod decide_waiting;
mod decided;
pub mod forget;
mod names;
mod on_meeting_processed;
mod on_records_changed;
mod reconsider;

pub use calibrate::calibrate;
pub use decide_waiting::DecideWaiting;
pub use decided::{Decided, Received, Reconsidered, facts_of};
pub use names::{Names, NamesOf};
pub use on_meeting_processed::OnMeetingProcessed;
pub use on_records_changed::OnRecordsChanged;
pub use reconsider::Reconsider;
