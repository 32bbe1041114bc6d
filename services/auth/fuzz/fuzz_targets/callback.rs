//! Any address as the one a browser returns with: reading it never panics, and no part is longer than it may be.

#![no_main]

use auth::http::callback::{PARAMETER_BYTES_MAX, answer};
use axum::http::Uri;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let Ok(uri) = format!("/oauth/callback?{input}").parse::<Uri>() else {
        return;
    };
    let Some(answer) = answer(&uri) else { return };
    let parts = [Some(&answer.state), answer.code.as_ref(), answer.error.as_ref()];
    for part in parts.into_iter().flatten() {
        assert!(part.len() <= PARAMETER_BYTES_MAX);
    }
    assert!(answer.error_description.len() <= PARAMETER_BYTES_MAX);
});
