//! The domain is pure: a decision can be tested with two literals, or it is not in the domain.

use std::path::Path;

#[test]
fn the_domain_has_no_clock_no_randomness_and_no_io() {
    let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain")];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for forbidden in [
            "async fn", ".await", "sqlx", "reqwest", "tokio", "::now()", "rand::", "now_v7",
            "std::env", "std::fs",
        ] {
            assert!(
                !text.contains(forbidden),
                "{} contains {forbidden}",
                path.display()
            );
        }
    }
}
