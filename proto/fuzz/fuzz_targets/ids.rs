//! Any text as an id: parsing never panics, and an accepted id reads back as itself.

#![no_main]

use events::{EventId, RecordId, WorkspaceId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    if let Ok(id) = input.parse::<WorkspaceId>() {
        assert_eq!(id.as_str(), input);
        // It becomes a subject token.
        assert!(!input.contains(['.', '*', '>', ' ']));
    }
    if let Ok(id) = input.parse::<EventId>() {
        assert_eq!(id.as_str(), input);
        assert!(input.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    if let Ok(id) = RecordId::parse(input) {
        assert_eq!(RecordId::parse(id.as_str()).as_ref(), Ok(&id));
        assert_eq!(RecordId::parse(id.short()).as_ref(), Ok(&id));
    }
});
