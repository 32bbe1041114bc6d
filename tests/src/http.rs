//! One HTTP client for the whole harness.

use std::time::Duration;

/// Longest request, in seconds: a Salesforce query may take two minutes.
const REQUEST_S_MAX: u64 = 130;

/// A client that follows no redirects and keeps no cookies: whoever uses it does so by hand and sees each step.
///
/// # Panics
/// Never: the settings are constants that work.
#[must_use]
pub fn client() -> reqwest::Client {
    install_crypto();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(REQUEST_S_MAX))
        .build()
        .expect("constant settings make a client")
}

/// Chooses ring for TLS in this process; repeated calls change nothing.
pub fn install_crypto() {
    // An error means that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
