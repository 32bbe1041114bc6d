//! One real Postgres for all test processes of a run, one fresh database per test.
//!
//! The server belongs to no single process: `deploy/local/postgres` runs it for as long as anybody holds the users' lock,
//! and every test process holds it for its whole life, even when it is killed (the system frees it).

use crate::eventually::within;
use crate::tools::{Tools, fetch, root};
use anyhow::{Context, bail};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, postgres::PgPoolOptions};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::Url;

/// Longest a server may take to be initialised and answer, on a busy machine.
const START_MAX: Duration = Duration::from_secs(90);
/// Connections of a test's own pool.
const TEST_CONNECTIONS_MAX: u32 = 5;

/// A server to make databases in.
#[derive(Debug, Clone)]
pub struct Postgres {
    admin_url: Url,
    /// Held for a server of one's own, which ends with its last holder.
    held: Option<Arc<File>>,
}

/// A database of one test; dropped with it.
#[derive(Debug)]
pub struct Database {
    admin_url: Url,
    name: String,
    _held: Option<Arc<File>>,
}

impl Postgres {
    /// The server of this run, started by whoever comes first.
    ///
    /// # Panics
    /// When there is none and none starts.
    pub async fn shared() -> Self {
        Self::try_shared().await.expect("postgres starts")
    }

    /// The server of this run, started by whoever comes first; `DATABASE_URL` names one of one's own.
    ///
    /// # Errors
    /// When Postgres is missing or does not answer in time.
    pub async fn try_shared() -> anyhow::Result<Self> {
        let given = Tools::from_environment().database_url;
        let url = match given {
            Some(url) => url,
            None => tokio::task::spawn_blocking(hold_shared).await??,
        };
        let admin_url = Url::parse(&url).context("address of the test Postgres")?;
        Ok(Self {
            admin_url,
            held: None,
        })
    }

    /// A server nobody else uses, with its address and log in `home`: it may be crashed.
    ///
    /// # Errors
    /// When Postgres is missing or does not answer in time.
    pub async fn try_own(home: &Path) -> anyhow::Result<Self> {
        let home = home.to_owned();
        let (held, url) = tokio::task::spawn_blocking(move || hold(&home)).await??;
        Ok(Self {
            admin_url: Url::parse(&url).context("address of the test Postgres")?,
            held: Some(Arc::new(held)),
        })
    }

    /// Address of the server's `postgres` database, as its admin.
    #[must_use]
    pub fn admin_url(&self) -> &Url {
        &self.admin_url
    }

    /// A fresh, empty database.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn create_database(&self) -> Database {
        self.try_create_database()
            .await
            .expect("database is created")
    }

    /// A fresh, empty database.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn try_create_database(&self) -> anyhow::Result<Database> {
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        let mut admin = PgConnection::connect(self.admin_url.as_str()).await?;
        admin
            .execute(AssertSqlSafe(format!("create database {name}")))
            .await?;
        if self.held.is_some() {
            // A server that may be crashed must keep what it confirmed; the machine stays up, so nothing has to be synced.
            let statement = format!("alter database {name} set synchronous_commit = on");
            admin.execute(AssertSqlSafe(statement)).await?;
        }
        admin.close().await?;
        Ok(Database {
            admin_url: self.admin_url.clone(),
            name,
            _held: self.held.clone(),
        })
    }
}

impl Database {
    /// A fresh, empty database on the server of this run.
    ///
    /// # Panics
    /// When there is no server or it refuses.
    pub async fn create() -> Self {
        Postgres::shared().await.create_database().await
    }

    /// Its address, as the admin.
    #[must_use]
    pub fn url(&self) -> String {
        let mut url = self.admin_url.clone();
        url.set_path(&self.name);
        url.into()
    }

    /// Its address through another port of this machine, a [`crate::chaos::Proxy`]'s.
    ///
    /// # Panics
    /// Never: the server's address has a host.
    #[must_use]
    pub fn url_through(&self, port: u16) -> String {
        let mut url = self.admin_url.clone();
        url.set_path(&self.name);
        url.set_host(Some("127.0.0.1"))
            .expect("an address with a host takes another");
        url.set_port(Some(port))
            .expect("an address with a host takes a port");
        url.into()
    }

    /// Its address, as another role.
    ///
    /// # Panics
    /// Never: the server's address has a host.
    #[must_use]
    pub fn url_as(&self, role: &str, password: &str) -> String {
        let mut url = self.admin_url.clone();
        url.set_path(&self.name);
        url.set_username(role)
            .expect("an address with a host takes a user");
        url.set_password(Some(password))
            .expect("an address with a host takes a password");
        url.into()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Host and port of its server, for a proxy.
    ///
    /// # Panics
    /// Never: the server's address has a host.
    #[must_use]
    pub fn server(&self) -> (String, u16) {
        let host = self
            .admin_url
            .host_str()
            .expect("a server has a host")
            .to_owned();
        (host, self.admin_url.port().unwrap_or(5432))
    }

    /// Crashes the server as a failing process would: every session ends, and it recovers from its log. Only for a server
    /// of one's own ([`Postgres::try_own`]).
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn crash(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self._held.is_some(), "others use this server");
        let mut own = PgConnection::connect(&self.url()).await?;
        let process: i32 = sqlx::query_scalar("select pg_backend_pid()")
            .fetch_one(&mut own)
            .await?;
        // One killed session makes the server end all others and recover: it cannot trust what they shared.
        let status = Command::new("kill")
            .args(["-KILL", &process.to_string()])
            .status()
            .context("kill a session of the server")?;
        anyhow::ensure!(status.success(), "the session could not be killed");
        Ok(())
    }

    /// Ends every session of this database, as an administrator would.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn end_sessions(&self) -> anyhow::Result<()> {
        let mut admin = PgConnection::connect(self.admin_url.as_str()).await?;
        sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
            .bind(&self.name)
            .execute(&mut admin)
            .await?;
        admin.close().await?;
        Ok(())
    }

    /// A pool of its admin's connections.
    ///
    /// # Panics
    /// When the server is away.
    pub async fn pool(&self) -> PgPool {
        let options = PgPoolOptions::new().max_connections(TEST_CONNECTIONS_MAX);
        options
            .connect(&self.url())
            .await
            .expect("the test database answers")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (url, name) = (self.admin_url.clone(), self.name.clone());
        // A runtime of its own: the test's may be ending. Failing only leaves a database behind, which ends with the server.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut admin = PgConnection::connect(url.as_str()).await?;
                let statement = format!("drop database if exists {name} with (force)");
                admin.execute(AssertSqlSafe(statement)).await?;
                anyhow::Ok(())
            })
        });
        let _ = dropping.join();
    }
}

/// Holds the users' lock for the life of this process and answers the server's address.
fn hold_shared() -> anyhow::Result<String> {
    static HELD: OnceLock<Result<(File, String), String>> = OnceLock::new();
    let held = HELD.get_or_init(|| hold(&home()).map_err(|error| format!("{error:#}")));
    match held {
        Ok((_, url)) => Ok(url.clone()),
        Err(error) => bail!("{error}"),
    }
}

fn home() -> PathBuf {
    root().join(".local/postgres")
}

fn hold(home: &Path) -> anyhow::Result<(File, String)> {
    std::fs::create_dir_all(home).with_context(|| format!("make {}", home.display()))?;
    let open = |name: &str| {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(home.join(name))
    };
    // One process at a time looks and, if need be, starts: two servers would have two addresses.
    let starting = open("starting")?;
    starting.lock()?;
    let users = open("users")?;
    // The server's address is taken away under the exclusive lock; with the shared one held it stays good.
    users.lock_shared()?;
    if let Some(url) = answering(home) {
        return Ok((users, url));
    }
    fetch(&[])?;
    let log = File::create(home.join("server.log"))?;
    Command::new("python3")
        .arg(root().join("deploy/local/postgres"))
        .arg("--home")
        .arg(home)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group_of_its_own()
        .spawn()
        .context("start python3, which runs Postgres")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let url = runtime.block_on(within(START_MAX, async || answering(home)));
    let url = url.with_context(|| {
        format!(
            "postgres did not start, see {}",
            home.join("server.log").display()
        )
    })?;
    Ok((users, url))
}

/// The address written down, when a server answers there: a killed one leaves its address behind.
fn answering(home: &Path) -> Option<String> {
    let url = std::fs::read_to_string(home.join("url")).ok()?;
    let parsed = Url::parse(&url).ok()?;
    let address = (parsed.host_str()?.to_owned(), parsed.port()?);
    std::net::TcpStream::connect(address).ok().map(|_| url)
}

/// Signals meant for a test, such as an interrupt at the terminal, must not reach the server others use.
trait OwnGroup {
    fn process_group_of_its_own(&mut self) -> &mut Self;
}

impl OwnGroup for Command {
    fn process_group_of_its_own(&mut self) -> &mut Self {
        std::os::unix::process::CommandExt::process_group(self, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_test_has_a_database_of_its_own() {
        let (one, other) = (Database::create().await, Database::create().await);
        let pool = one.pool().await;
        sqlx::query("create table t (x int)")
            .execute(&pool)
            .await
            .expect("is created");
        let found: Option<String> = sqlx::query_scalar("select to_regclass('t')::text")
            .fetch_one(&other.pool().await)
            .await
            .expect("is asked");
        assert_eq!(found, None);
        assert_ne!(one.name(), other.name());
    }
}
