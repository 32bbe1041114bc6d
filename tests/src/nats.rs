//! A real nats-server per test: its own port and folder, fifteen milliseconds to start, gone with the test.

use crate::eventually::within;
use crate::tools::Tools;
use anyhow::{Context, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Longest a server may take to answer, on a busy machine.
const START_MAX: Duration = Duration::from_secs(20);
/// What its streams may reserve together, in bytes. Without it the server takes three quarters of the disk that is
/// free when it starts, and refuses to declare streams on a machine whose disk is nearly full although nothing of
/// their size is ever stored.
const STORE_BYTES_MAX: u64 = 100 << 30;

/// One server with JetStream.
#[derive(Debug)]
pub struct Nats {
    program: PathBuf,
    /// Store, port file and log.
    folder: tempfile::TempDir,
    port: u16,
    process: Option<Child>,
    /// Further settings, in the server's own language.
    settings: String,
}

impl Nats {
    /// Starts a server on a port the system chooses.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Self {
        Self::try_start().await.expect("nats-server starts")
    }

    /// Starts a server on a port the system chooses.
    ///
    /// # Errors
    /// When there is no nats-server, or it does not answer in time.
    pub async fn try_start() -> anyhow::Result<Self> {
        Self::start_with(String::new()).await
    }

    /// Starts a server with further settings, on a port the system chooses.
    pub(crate) async fn start_with(settings: String) -> anyhow::Result<Self> {
        let program = Tools::from_environment().nats_server()?;
        let folder = tempfile::Builder::new().prefix("ergo-nats-").tempdir()?;
        let mut nats = Self {
            program,
            folder,
            port: 0,
            process: None,
            settings,
        };
        nats.launch("-1").await?;
        Ok(nats)
    }

    /// `nats://127.0.0.1:<port>`; the same after a restart.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The client port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// A connected client.
    ///
    /// # Panics
    /// When the server is away.
    pub async fn client(&self) -> async_nats::Client {
        async_nats::connect(self.url())
            .await
            .expect("nats-server answers")
    }

    /// Kills the server; what it stored stays.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // An error means it ended before us, which is what is wanted.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it again, on the same port and with what it stored.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        self.stop();
        let port = self.port.to_string();
        self.launch(&port).await.expect("nats-server starts again");
    }

    /// Starts it again, on the same port, with nothing of what it stored: a broker whose disks are lost.
    ///
    /// # Errors
    /// When its store cannot be deleted or it does not start.
    pub async fn restart_empty(&mut self) -> anyhow::Result<()> {
        self.stop();
        let store = self.folder.path().join("store");
        std::fs::remove_dir_all(&store).with_context(|| format!("delete {}", store.display()))?;
        let port = self.port.to_string();
        self.launch(&port).await
    }

    async fn launch(&mut self, port: &str) -> anyhow::Result<()> {
        let folder = self.folder.path().to_owned();
        let log = std::fs::File::create(folder.join("nats.log"))?;
        for stale in port_files(&folder)? {
            std::fs::remove_file(stale)?;
        }
        let file = folder.join("nats.conf");
        let store = folder.join("store");
        std::fs::write(
            &file,
            format!(
                "jetstream {{ store_dir: {:?}, max_file_store: {STORE_BYTES_MAX} }}\n{}",
                store.display().to_string(),
                self.settings
            ),
        )?;
        let mut process = Command::new(&self.program)
            .args(["-a", "127.0.0.1", "-p", port, "-c"])
            .arg(&file)
            .arg("--ports_file_dir")
            .arg(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("start {}", self.program.display()))?;
        let answered = within(START_MAX, || {
            let ended = process.try_wait().is_ok_and(|status| status.is_some());
            std::future::ready(if ended {
                Some(None)
            } else {
                listening(&folder).map(Some)
            })
        })
        .await;
        self.process = Some(process);
        let Some(Some(port)) = answered else {
            let log = std::fs::read_to_string(folder.join("nats.log")).unwrap_or_default();
            bail!("nats-server did not start within {START_MAX:?}: {log}");
        };
        self.port = port;
        Ok(())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The port, once the server wrote it down and accepts connections on it.
fn listening(folder: &Path) -> Option<u16> {
    let text = std::fs::read_to_string(port_files(folder).ok()?.first()?).ok()?;
    let port = port_of(&text).ok()?;
    std::net::TcpStream::connect(("127.0.0.1", port))
        .ok()
        .map(|_| port)
}

fn port_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries: Result<Vec<_>, _> = std::fs::read_dir(folder)?.collect();
    let paths = entries?.into_iter().map(|entry| entry.path());
    Ok(paths
        .filter(|path| path.extension().is_some_and(|e| e == "ports"))
        .collect())
}

/// The client port in what the server writes: `{"nats":["nats://127.0.0.1:41243"],...}`.
fn port_of(text: &str) -> anyhow::Result<u16> {
    let ports: serde_json::Value = serde_json::from_str(text)?;
    let url = ports["nats"][0].as_str().context("no nats address")?;
    let (_, port) = url.rsplit_once(':').context("no port in the address")?;
    let port: u16 = port.parse()?;
    ensure!(port != 0, "port is 0");
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_restarted_server_keeps_its_port_and_its_messages() {
        let mut nats = Nats::start().await;
        let stream = async_nats::jetstream::stream::Config {
            name: "S".into(),
            subjects: vec!["s".into()],
            ..Default::default()
        };
        let js = async_nats::jetstream::new(nats.client().await);
        js.create_stream(stream).await.expect("stream is created");
        js.publish("s", "x".into())
            .await
            .expect("is sent")
            .await
            .expect("is stored");
        let before = nats.url();
        nats.restart().await;
        assert_eq!(nats.url(), before);
        let js = async_nats::jetstream::new(nats.client().await);
        let mut stream = js.get_stream("S").await.expect("stream is still there");
        assert_eq!(stream.info().await.expect("info").state.messages, 1);
    }
}
