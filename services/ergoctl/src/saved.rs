//! What `login` keeps: where the console is, who asks and about which workspace, in a file only its owner may read.

use std::path::PathBuf;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::arguments::Target;

/// As in the file.
#[derive(Default, Serialize, Deserialize)]
struct File {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    workspace: Option<String>,
}

/// The file named, else the usual one.
fn path(target: &Target) -> Option<PathBuf> {
    let usual = || Some(std::env::home_dir()?.join(".config/ergo/login.json"));
    target.login_file.clone().or_else(usual)
}

/// Fills in what neither the command line nor the environment says. Without a file nothing changes.
pub(crate) fn complete(target: &mut Target) -> anyhow::Result<()> {
    let Some(path) = path(target).filter(|path| path.exists()) else {
        return Ok(());
    };
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let file: File = serde_json::from_str(&text)
        .with_context(|| format!("{} is not what login wrote; log in again", path.display()))?;
    // A token is only ever sent to the console it was made for.
    let same = match (&target.url, &file.url) {
        (None, Some(url)) => {
            target.url = Some(url.parse().context("the saved address is no URL")?);
            true
        }
        (Some(asked), Some(saved)) => saved.parse::<Url>().is_ok_and(|saved| saved == *asked),
        (None, None) => true,
        (Some(_), None) => false,
    };
    if same && target.token.is_none() {
        target.token = file.token.map(SecretString::from);
    }
    if target.workspace.is_none() {
        target.workspace = file.workspace;
    }
    Ok(())
}

/// Keeps a target that works; answers where.
pub(crate) fn keep(target: &Target) -> anyhow::Result<PathBuf> {
    let path = path(target).context("there is no home folder; name a file with --login-file")?;
    let file = File {
        url: target.url.as_ref().map(Url::to_string),
        token: target
            .token
            .as_ref()
            .map(|token| token.expose_secret().to_owned()),
        workspace: target.workspace.clone(),
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let text = serde_json::to_string_pretty(&file).context("a login is always JSON")?;
    write_private(&path, &text).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}

/// Forgets it; false when there was nothing.
pub(crate) fn forget(target: &Target) -> anyhow::Result<bool> {
    let Some(path) = path(target).filter(|path| path.exists()) else {
        return Ok(false);
    };
    std::fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
    Ok(true)
}

#[cfg(unix)]
fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    // A new file each time: an older one may be readable by others, and stays so when it is only overwritten.
    if path.exists() {
        std::fs::remove_file(path)?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(not(unix))]
fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(file: PathBuf) -> Target {
        Target {
            url: None,
            token: None,
            workspace: None,
            login_file: Some(file),
        }
    }

    #[test]
    fn what_was_kept_is_sent_to_its_own_console_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a/login.json");
        let kept = Target {
            url: "https://console.example.com".parse().ok(),
            token: Some(SecretString::from("ergo_a_b".to_owned())),
            workspace: Some("acme".to_owned()),
            ..target(file.clone())
        };
        keep(&kept).expect("is written");
        let mut same = target(file.clone());
        complete(&mut same).expect("is read");
        assert_eq!(same.url, kept.url);
        assert!(same.token.is_some());
        assert_eq!(same.workspace.as_deref(), Some("acme"));
        let mut other = Target {
            url: "https://evil.example".parse().ok(),
            ..target(file.clone())
        };
        complete(&mut other).expect("is read");
        assert!(other.token.is_none());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file)
                .expect("is there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o077, 0);
        }
        assert!(forget(&kept).expect("is removed"));
        assert!(!forget(&kept).expect("is gone"));
    }
}
