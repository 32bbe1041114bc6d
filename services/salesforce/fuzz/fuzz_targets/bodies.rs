//! Any bytes as what Salesforce answers: errors and describes are read without a panic, and errors never quote more of a
//! body than they may.

#![no_main]

use libfuzzer_sys::fuzz_target;
use salesforce::error::{RAW_BYTES_MAX, parse_errors};
use salesforce::{ObjectDescribe, Record};

fuzz_target!(|input: &[u8]| {
    for status in [400, 401, 403, 404, 500, 503] {
        for error in parse_errors(status, input) {
            let _ = (error.class(), error.retry_advice(), error.quota());
            let _ = (error.existing_record(), error.length_max());
            assert!(error.to_string().len() <= RAW_BYTES_MAX + 1_024);
        }
        let _ = salesforce::oauth::classify_token_error(status, input);
    }
    if let Ok(described) = serde_json::from_slice::<ObjectDescribe>(input) {
        for field in &described.fields {
            let _ = field.required_on_create();
        }
        let text = serde_json::to_vec(&described).expect("a describe can be written");
        serde_json::from_slice::<ObjectDescribe>(&text).expect("and read again");
    }
    let _ = serde_json::from_slice::<Record>(input);
});
