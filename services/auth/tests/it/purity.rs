//! The decisions stay pure: no clock, no randomness, no I/O in `src/domain`.

use std::path::Path;

#[test]
fn the_domain_knows_no_clock_no_chance_and_no_world() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).expect("the domain is there") {
        let path = entry.expect("readable").path();
        let text = std::fs::read_to_string(&path).expect("readable");
        files += 1;
        for forbidden in [
            "async ", "sqlx", "reqwest", "tokio", "now()", "rand::", "chassis", "std::env",
            "std::fs",
        ] {
            assert!(
                !text.contains(forbidden),
                "{} uses {forbidden}",
                path.display()
            );
        }
    }
    assert!(files >= 7);
}
