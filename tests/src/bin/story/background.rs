//! `up` and `down`: the story told by a process that stays, so that the stack has an owner that stops it by its ids.

use crate::options::Options;
use crate::{tell, verdict};
use anyhow::{Context, bail};
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// Longest the story may take before `up` gives up watching.
const TOLD_MAX: Duration = Duration::from_secs(900);
/// Longest everything may take to stop.
const STOPPED_MAX: Duration = Duration::from_secs(60);
/// Pause between two looks at a file another process writes.
const LOOK: Duration = Duration::from_millis(100);

fn folder() -> PathBuf {
    testkit::tools::root().join(".local/up")
}

/// Starts the process that stays and shows what it says until the story is told.
pub(crate) fn up(options: &Options) -> anyhow::Result<()> {
    options.org.target()?;
    let folder = folder();
    if running()?.is_some() {
        bail!("it is up already; make down stops it");
    }
    // Logs of an earlier stay would be taken for this one's.
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let said = fs::File::create(folder.join("story.log"))?;
    // Options reach it the way they reached us, except those given as flags, which Make never does.
    let mut child = Command::new(std::env::current_exe()?)
        .arg("hold")
        .stdin(Stdio::null())
        .stdout(said.try_clone()?)
        .stderr(said)
        .process_group(0)
        .spawn()
        .context("start the process that stays")?;
    fs::write(folder.join("pid"), child.id().to_string())?;
    let mut shown = 0;
    let deadline = Instant::now() + TOLD_MAX;
    loop {
        let ended = child.try_wait()?;
        shown += show(&folder.join("story.log"), shown)?;
        if folder.join("told").exists() {
            return Ok(());
        }
        if let Some(status) = ended {
            fs::remove_file(folder.join("pid"))?;
            bail!("it did not stay up: {status}; logs are in .local/up");
        }
        if Instant::now() > deadline {
            bail!(
                "the story is not told after {TOLD_MAX:?}; logs are in .local/up, make down stops it"
            );
        }
        std::thread::sleep(LOOK);
    }
}

/// Tells the story and keeps everything running until it is told to stop.
pub(crate) async fn hold(options: &Options) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let folder = folder();
    let mut told = tokio::select! {
        told = tell::tell(options, Some(&folder)) => told?,
        _ = terminate.recv() => bail!("stopped before the story was told"),
        _ = interrupt.recv() => bail!("stopped before the story was told"),
    };
    verdict::check(&told.tales, options.strict)?;
    println!("\nThe console is at {}", told.stack.console_url());
    let (user, password) = told.stack.console_login();
    println!("Log in as {user} with the password {password}");
    println!("Logs are in .local/up; make down stops everything.");
    std::io::stdout().flush()?;
    fs::write(folder.join("told"), "")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    told.stack.stop().await;
    Ok(())
}

/// Asks the process that stays to stop, and waits for it.
pub(crate) fn down() -> anyhow::Result<()> {
    let Some(pid) = running()? else {
        println!("nothing is up");
        return Ok(());
    };
    let asked = Command::new("kill")
        .args(["-TERM", &pid.to_string()])
        .status()?;
    anyhow::ensure!(asked.success(), "process {pid} could not be asked to stop");
    let deadline = Instant::now() + STOPPED_MAX;
    while running()?.is_some() {
        if Instant::now() > deadline {
            bail!("process {pid} has not stopped after {STOPPED_MAX:?}");
        }
        std::thread::sleep(LOOK);
    }
    fs::remove_file(folder().join("pid"))?;
    println!("stopped");
    Ok(())
}

/// The process that stays, if it does. Its command line is compared, because ids are used again.
fn running() -> anyhow::Result<Option<u32>> {
    let Ok(text) = fs::read_to_string(folder().join("pid")) else {
        return Ok(None);
    };
    let pid: u32 = text
        .trim()
        .parse()
        .context(".local/up/pid holds no process id")?;
    let listed = Command::new("ps")
        .args(["-o", "args=", "-p", &pid.to_string()])
        .output()
        .context("ask ps")?;
    let arguments = String::from_utf8_lossy(&listed.stdout);
    let ours = arguments.trim().ends_with("story hold");
    Ok(ours.then_some(pid))
}

/// Prints what a file holds beyond `from`; answers how much that was.
fn show(path: &std::path::Path, from: u64) -> anyhow::Result<u64> {
    let mut file = fs::File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    std::io::stdout().write_all(&text)?;
    std::io::stdout().flush()?;
    Ok(text.len() as u64)
}
