//! Any bytes as an event: decoding never panics, and what was decoded survives being encoded and decoded again.

#![no_main]

use events::meeting::v1::MeetingProcessed;
use libfuzzer_sys::fuzz_target;
use prost::Message;

fuzz_target!(|input: &[u8]| {
    if let Ok(event) = MeetingProcessed::decode(input) {
        let bytes = event.encode_to_vec();
        let again = MeetingProcessed::decode(bytes.as_slice()).expect("our own encoding decodes");
        // By bytes: a NaN is not equal to itself.
        assert_eq!(again.encode_to_vec(), bytes);
    }
});
