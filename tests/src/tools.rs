//! Where the project, its tools and its binaries are. The only place of the harness that looks at the environment.

use anyhow::{Context, bail};
use clap::Parser;
use std::path::{Path, PathBuf};

/// What may be set from outside; read through clap like every configuration of ours.
#[derive(Debug, Clone, Parser)]
#[command(name = "testkit")]
pub struct Tools {
    /// A nats-server of one's own, 2.12 or newer
    #[arg(long, env = "NATS_SERVER_BIN")]
    pub nats_server_bin: Option<PathBuf>,

    /// A Postgres of one's own to make test databases in, as an admin
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// The folder with a Postgres of one's own
    #[arg(long, env = "POSTGRES_BIN_DIR")]
    pub postgres_bin_dir: Option<PathBuf>,

    /// Where cargo puts what it builds
    #[arg(long, env = "CARGO_TARGET_DIR")]
    pub target_dir: Option<PathBuf>,
}

impl Tools {
    /// As the environment says.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::parse_from(["testkit"])
    }

    /// The nats-server to start.
    ///
    /// # Errors
    /// When there is none, saying how to get it.
    pub fn nats_server(&self) -> anyhow::Result<PathBuf> {
        if let Some(own) = &self.nats_server_bin {
            return Ok(own.clone());
        }
        let fetched = root().join(".local/tools/bin/nats-server");
        if !fetched.exists() {
            fetch(&[])?;
        }
        if fetched.exists() {
            return Ok(fetched);
        }
        bail!(
            "nats-server is missing: run deploy/local/fetch-tools, or name your own in NATS_SERVER_BIN"
        )
    }

    /// The folder with Postgres' client programs, of the server that tests use; empty when they are on the path.
    ///
    /// # Errors
    /// When the tools cannot be fetched.
    pub fn postgres_clients(&self) -> anyhow::Result<Option<PathBuf>> {
        if let Some(own) = &self.postgres_bin_dir {
            return Ok(Some(own.clone()));
        }
        fetch(&[])?;
        let python = std::fs::read_dir(root().join(".local/tools/lib"));
        let wheels = python.into_iter().flatten().filter_map(Result::ok);
        Ok(wheels
            .map(|python| python.path().join("site-packages/pgserver/pginstall/bin"))
            .find(|folder| folder.join("pg_dump").exists()))
    }

    /// Cargo's target folder.
    #[must_use]
    pub fn target_dir(&self) -> PathBuf {
        match &self.target_dir {
            Some(folder) if folder.is_absolute() => folder.clone(),
            Some(folder) => root().join(folder),
            None => root().join("target"),
        }
    }

    /// The folder the running program's sibling binaries are in: `debug` or `release` of the target folder.
    ///
    /// # Errors
    /// When the running program's path cannot be told.
    pub fn binary_dir(&self) -> anyhow::Result<PathBuf> {
        let own = std::env::current_exe().context("path of the running program")?;
        let folder = own.parent().context("folder of the running program")?;
        // Test binaries lie one folder deeper than the programs they start.
        let deeper = folder.ends_with("deps");
        let folder = if deeper {
            folder.parent()
        } else {
            Some(folder)
        };
        Ok(folder.context("folder of the built programs")?.to_owned())
    }
}

/// The project's folder.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("the harness lies in the project's folder")
        .to_owned()
}

/// Installs what the harness starts, unless it is there.
///
/// # Errors
/// When Python is missing or the installation failed; its own message went to stderr.
pub fn fetch(arguments: &[&str]) -> anyhow::Result<()> {
    let script = root().join("deploy/local/fetch-tools");
    let status = std::process::Command::new("python3")
        .arg(&script)
        .args(arguments)
        .status()
        .context("start python3, which fetches the servers")?;
    anyhow::ensure!(status.success(), "deploy/local/fetch-tools failed");
    Ok(())
}
