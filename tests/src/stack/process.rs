//! One started program: its log, its end, and starting it again as it was.

use crate::eventually::within;
use anyhow::{Context, bail};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Longest a service may take to become ready on a busy machine, waiting for its dependencies included.
const READY_MAX: Duration = Duration::from_secs(60);
/// Longest a service may take to stop when asked to: its own drain limit and a little.
const STOP_MAX: Duration = Duration::from_secs(25);

/// A program, running or not.
#[derive(Debug)]
pub struct Process {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    log: PathBuf,
    /// `http://127.0.0.1:<port>` of `/readyz`, when it has one.
    admin: Option<String>,
    child: Option<Child>,
}

impl Process {
    /// A program that is not running yet; its output is appended to `<folder>/<name>.log`.
    #[must_use]
    pub fn new(name: &str, program: &Path, arguments: &[&str], folder: &Path) -> Self {
        Self {
            name: name.to_owned(),
            program: program.to_owned(),
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            environment: Vec::new(),
            log: folder.join(format!("{name}.log")),
            admin: None,
            child: None,
        }
    }

    /// With these environment variables beside the inherited ones.
    #[must_use]
    pub fn environment(mut self, pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        self.environment.extend(pairs);
        self
    }

    /// With `/readyz` on this port.
    #[must_use]
    pub fn admin_port(mut self, port: u16) -> Self {
        self.admin = Some(format!("http://127.0.0.1:{port}"));
        self
    }

    /// Where `/readyz` and `/metrics` are, when it has them.
    #[must_use]
    pub fn admin_url(&self) -> Option<&str> {
        self.admin.as_deref()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its log file.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Starts it.
    ///
    /// # Errors
    /// When the program is missing or cannot be started.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let child = self.command()?.spawn();
        let child = child.with_context(|| format!("start {}", self.program.display()))?;
        self.child = Some(child);
        Ok(())
    }

    /// Starts it and waits until it is ready; answers how long that took.
    ///
    /// # Errors
    /// When it ends, or is not ready in time; with the end of its log.
    pub async fn start_ready(&mut self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.start()?;
        self.ready().await?;
        Ok(began.elapsed())
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it cannot be started or ends with another code than 0; with the end of its log.
    pub fn run(&mut self) -> anyhow::Result<()> {
        let status = self.command()?.status();
        let status = status.with_context(|| format!("start {}", self.program.display()))?;
        if !status.success() {
            bail!(
                "{} {} ended with {status}\n{}",
                self.name,
                self.arguments.join(" "),
                self.log_end()
            );
        }
        Ok(())
    }

    /// Runs another verb of the program with the same environment to its end; answers what it printed.
    ///
    /// # Errors
    /// When it cannot be started or ends with another code than 0; with what it said.
    pub fn run_verb(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .envs(self.environment.iter().cloned());
        let done = command
            .output()
            .with_context(|| format!("start {}", self.program.display()))?;
        let printed = String::from_utf8_lossy(&done.stdout).into_owned();
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            bail!(
                "{} {} ended with {}: {printed}{said}",
                self.name,
                arguments.join(" "),
                done.status
            );
        }
        Ok(printed)
    }

    /// Waits until `/readyz` answers 200.
    ///
    /// # Errors
    /// When the process ends, or is not ready in time; with the end of its log.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let Some(admin) = self.admin.clone() else {
            return Ok(());
        };
        let url = format!("{admin}/readyz");
        let http = crate::http::client();
        let became = within(READY_MAX, || {
            let ended = self.ended();
            let asking = http.get(&url).timeout(Duration::from_secs(2)).send();
            async move {
                if let Some(status) = ended {
                    return Some(Err(status));
                }
                let answer = asking.await.ok()?;
                answer.status().is_success().then_some(Ok(()))
            }
        })
        .await;
        match became {
            Some(Ok(())) => Ok(()),
            Some(Err(status)) => bail!("{} ended with {status}\n{}", self.name, self.log_end()),
            None => {
                let said = http.get(&url).send().await;
                let said = match said {
                    Ok(answer) => answer.text().await.unwrap_or_default(),
                    Err(error) => error.to_string(),
                };
                bail!(
                    "{} is not ready after {READY_MAX:?}: {said}\n{}",
                    self.name,
                    self.log_end()
                )
            }
        }
    }

    /// Kills it without warning, as a crash or the kernel would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // An error means it ended before us, which is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to stop, waits for its drain, and kills it when that takes too long.
    pub async fn stop(&mut self) {
        let Some(pid) = self.pid() else { return };
        // The only way to send a signal other than KILL without unsafe code.
        let _ = Command::new("kill")
            .args(["-TERM", &pid.to_string()])
            .status();
        within(STOP_MAX, || std::future::ready(self.ended())).await;
        self.kill();
    }

    /// Resident memory, in KiB, while it runs; on systems that tell.
    #[must_use]
    pub fn resident_kib(&self) -> Option<u64> {
        self.status_kib("VmRSS:")
    }

    fn status_kib(&self, name: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// The most memory it ever had resident, in KiB, while it runs; on systems that tell.
    #[must_use]
    pub fn peak_kib(&self) -> Option<u64> {
        self.status_kib("VmHWM:")
    }

    /// Resident memory it allocated itself, in KiB, while it runs; the rest of what is resident is mapped from its
    /// executable, shared by its replicas on one machine and given up when memory is short.
    #[must_use]
    pub fn own_kib(&self) -> Option<u64> {
        self.status_kib("RssAnon:")
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log_end(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(30);
        format!("--- {}\n{}", self.log.display(), lines[from..].join("\n"))
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().ok().flatten()
    }

    fn command(&self) -> anyhow::Result<Command> {
        if !self.program.exists() {
            bail!(
                "{} is not built; run `cargo build --workspace --bins` first",
                self.program.display()
            );
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
