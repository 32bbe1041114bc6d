//! Two independent clients against the process. Each keeps its packages in the workspace's local
//! folder and installs them only when what they pin has changed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use salesforce_sim::Control;
use salesforce_sim::config::INTEGRATION_USERNAME;
use serde_json::Value as Json;

struct Process {
    child: Child,
    addresses: Json,
}

impl Process {
    fn start() -> Process {
        let mut child = Command::new(env!("CARGO_BIN_EXE_salesforce-sim"))
            .args(["--seed", "demo"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("a line of addresses");
        let addresses = serde_json::from_str(&line).expect("addresses as json");
        Process { child, addresses }
    }

    fn url(&self, name: &str) -> &str {
        self.addresses[name].as_str().expect("an address")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sources(language: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(language)
}

fn installed(language: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../.local/clients")
        .join(language)
}

fn present(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

fn run(command: &mut Command) {
    let output = command.output().expect("the program runs");
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Installs unless the pinned file is the one installed last.
fn install(language: &str, pinned: &Path, install: impl FnOnce(&Path)) -> PathBuf {
    let folder = installed(language);
    let marker = folder.join("installed");
    let wanted = std::fs::read_to_string(pinned).expect("the pinned versions");
    if std::fs::read_to_string(&marker).is_ok_and(|found| found == wanted) {
        return folder;
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("removing an outdated installation");
    }
    std::fs::create_dir_all(&folder).expect("the local folder");
    install(&folder);
    std::fs::write(marker, wanted).expect("the marker");
    folder
}

async fn token(process: &Process) -> String {
    Control::new(process.url("control_url"))
        .token_for(INTEGRATION_USERNAME)
        .await
        .expect("a token")
}

#[tokio::test]
async fn simple_salesforce_works_against_the_org() {
    if !present("python3") {
        println!("skipped: python3 is not installed");
        return;
    }
    let requirements = sources("python").join("requirements.txt");
    let folder = install("python", &requirements, |folder| {
        run(Command::new("python3")
            .args(["-m", "venv"])
            .arg(folder.join("venv")));
        run(Command::new(folder.join("venv/bin/pip"))
            .args(["install", "--quiet", "-r"])
            .arg(&requirements));
    });
    let process = Process::start();
    let script = sources("python").join("client.py");
    run(Command::new(folder.join("venv/bin/python"))
        .arg(script)
        .arg(process.url("base_url"))
        .arg(token(&process).await));
}

#[tokio::test]
async fn jsforce_works_against_the_org() {
    if !present("node") || !present("npm") {
        println!("skipped: node is not installed");
        return;
    }
    let lock = sources("node").join("package-lock.json");
    let folder = install("node", &lock, |folder| {
        for name in ["package.json", "package-lock.json"] {
            std::fs::copy(sources("node").join(name), folder.join(name))
                .expect("copying the manifest");
        }
        run(Command::new("npm")
            .args([
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--silent",
            ])
            .current_dir(folder));
    });
    let process = Process::start();
    let script = sources("node").join("client.cjs");
    run(Command::new("node")
        .arg(script)
        .arg(process.url("base_url"))
        .arg(token(&process).await)
        .env("NODE_PATH", folder.join("node_modules")));
}
