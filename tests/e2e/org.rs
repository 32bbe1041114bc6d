//! What the harness itself needs of an org: going through its pages, and finding or creating the sample records.

use salesforce_sim::Control;
use testkit::org::{Arrival, Consent, Records, Rest};
use testkit::stack::Simulator;
use testkit::tools::Tools;

const CALLBACK: &str = "http://127.0.0.1:9/oauth/callback";
/// S256 of `dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`, the example of RFC 7636.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn simulator(folder: &std::path::Path) -> Simulator {
    let binaries = Tools::from_environment()
        .binary_dir()
        .expect("binaries are built");
    Simulator::start(&binaries, folder, CALLBACK)
        .await
        .expect("the simulator starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consent_page_is_found_and_answered_without_knowing_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let simulator = simulator(folder.path()).await;
    let org = simulator.target();
    let mut url = org
        .url
        .join("/services/oauth2/authorize")
        .expect("is an address");
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &org.consumer_key),
        ("redirect_uri", CALLBACK),
        ("state", "the-state"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let arrived = Consent::new(&org.username, &org.password)
        .give(url.as_str(), CALLBACK)
        .await;
    let Arrival::There(at) = arrived.expect("the org answers") else {
        panic!("the page could not be answered");
    };
    let pairs: Vec<(String, String)> = at.query_pairs().into_owned().collect();
    assert!(
        pairs
            .iter()
            .any(|(name, value)| name == "code" && !value.is_empty()),
        "a code came back"
    );
    assert!(
        pairs.contains(&("state".to_owned(), "the-state".to_owned())),
        "with our state"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sample_records_are_created_once_and_found_ever_after() {
    let folder = tempfile::tempdir().expect("a folder");
    let simulator = simulator(folder.path()).await;
    let control = Control::new(simulator.control_url());
    let org = simulator.target();
    let token = control.token_for(&org.username).await.expect("a token");
    let rest = Rest::new(org.url.as_str(), &org.api_version, &token);
    let first = Records::prepare(&rest).await.expect("records are created");
    let again = Records::prepare(&rest).await.expect("records are found");
    for key in ["alder", "maya", "alder_expansion", "juniper"] {
        assert!(first.id(key).is_some(), "{key}");
        assert_eq!(first.id(key), again.id(key), "{key}");
    }
}
