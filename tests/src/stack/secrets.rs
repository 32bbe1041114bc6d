//! The secrets of a stack, made anew for its folder, as the files an operator would mount.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Who may do everything in the console.
pub(super) const CONSOLE_EMAIL: &str = "admin@example.com";

/// All of them.
#[derive(Clone)]
pub(super) struct Secrets {
    /// Key that seals tokens in the database.
    pub(super) seal_keys: PathBuf,
    /// Password of the console's first user.
    pub(super) password: String,
    /// File that holds it.
    pub(super) password_file: PathBuf,
    /// The console's API token.
    pub(super) api_token: String,
    /// File that holds it.
    pub(super) api_token_file: PathBuf,
}

impl Secrets {
    /// Makes them in `folder`, readable by nobody else.
    pub(super) fn make(folder: &Path) -> anyhow::Result<Self> {
        let key: [u8; 32] = rand::random();
        let (password, token): ([u8; 12], [u8; 24]) = (rand::random(), rand::random());
        let password = URL_SAFE_NO_PAD.encode(password);
        let api_token = format!("ergo_local_{}", URL_SAFE_NO_PAD.encode(token));
        Ok(Self {
            seal_keys: write(
                folder,
                "seal-keys",
                &format!("local:{}\n", STANDARD.encode(key)),
            )?,
            password_file: write(folder, "console-password", &password)?,
            api_token_file: write(folder, "console-token", &api_token)?,
            password,
            api_token,
        })
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    let file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}
