//! The data sets beside the project.

use std::path::{Path, PathBuf};

/// A file of the matching fixtures; `None` when they are not there.
pub(crate) fn file(name: &str) -> Option<String> {
    std::fs::read_to_string(folder().join(name)).ok()
}

fn folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let beside = workspace.join("../shared/fixtures/matching");
    match std::env::var_os("MATCHING_FIXTURES") {
        Some(path) => path.into(),
        None => beside,
    }
}

/// The rows of a tab-separated file, by column name.
pub(crate) fn rows(text: &str) -> Vec<std::collections::HashMap<&str, &str>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    lines
        .map(|line| header.iter().copied().zip(line.split('\t')).collect())
        .collect()
}
