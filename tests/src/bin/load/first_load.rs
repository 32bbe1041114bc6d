//! The first load of a large org: records per second and the most memory metadata-sync ever held, then what a look at the
//! unchanged schema costs. Needs the simulator, which makes a million contacts in seconds.

use crate::disk::Disk;
use crate::report::{Figures, rate};
use anyhow::{Context, ensure};
use events::metadata::v1::{ListSyncRunsRequest, MetadataSyncClient, SyncKind, SyncRun, SyncState};
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::eventually::within;
use testkit::rpc::as_admin;
use testkit::setup::Admin;
use testkit::stack::{ServiceName, Stack, StackOptions};

const WORKSPACE: &str = "large";
/// Contacts of each generated account.
const CONTACTS_PER_ACCOUNT: u64 = 5;
/// Longest the load may take.
const LOAD_MAX: Duration = Duration::from_secs(3_600);

/// Measures a load of this many contacts and their accounts.
pub(crate) async fn measure(contacts: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let mut stack = Stack::start(StackOptions::default()).await?;
    let measured = load(&stack, contacts, figures).await;
    stack.stop().await;
    measured
}

async fn load(stack: &Stack, contacts: u64, figures: &mut Figures) -> anyhow::Result<()> {
    let simulator = stack.simulator().context("the simulator runs")?;
    let accounts = contacts.div_ceil(CONTACTS_PER_ACCOUNT);
    simulator
        .command(&json!({
            "command": "generate", "accounts": accounts,
            "contacts_per_account": CONTACTS_PER_ACCOUNT, "opportunities_per_account": 0,
        }))
        .await?;
    let admin = Admin {
        rpc: stack.rpc().await,
        workspace: WORKSPACE.to_owned(),
    };
    let before = Disk::taken(stack).await?;
    let began = Instant::now();
    admin
        .connect(stack.org(), &stack.console_url(), |_| {})
        .await?;
    // Connecting asks for both; nobody has to.
    let run = within(LOAD_MAX, || ended(&admin, SyncKind::RecordsFull))
        .await
        .context("the first load did not end")?;
    ensure!(
        run.state() == SyncState::Done,
        "the first load failed: {}",
        run.error
    );
    let took = began.elapsed();
    let records = usize::try_from(run.items).unwrap_or(usize::MAX);
    figures.add(
        format!("first load of {} records", run.items),
        format!(
            "{} in {:.0} s, {} calls",
            rate(records, took),
            took.as_secs_f64(),
            run.api_calls
        ),
        "",
    );
    if let Some(kib) = stack.service(ServiceName::MetadataSync).peak_kib() {
        figures.add(
            "first load: most memory of metadata-sync",
            format!("{:.1} MB", kib as f64 / 1024.0),
            "<= 150 MB",
        );
    }
    let process = stack.service(ServiceName::MetadataSync);
    if let (Some(kib), Some(own)) = (process.resident_kib(), process.own_kib()) {
        figures.add(
            "memory of metadata-sync after the first load",
            format!(
                "{:.1} MB, {:.1} of it allocated",
                kib as f64 / 1024.0,
                own as f64 / 1024.0
            ),
            "",
        );
    }
    projected(stack).await?;
    before
        .since(stack, "record of an org", run.items, figures)
        .await?;
    // The first look notes when the org last changed, the second finds that it has not since.
    admin.sync(SyncKind::Schema).await?;
    let unchanged = admin.sync(SyncKind::Schema).await?;
    figures.add(
        "calls of a look at the unchanged schema",
        unchanged.api_calls.to_string(),
        "a handful",
    );
    Ok(())
}

/// Waits until matching has taken in everything that was read.
async fn projected(stack: &Stack) -> anyhow::Result<()> {
    let pool = stack.database().pool().await;
    let loaded = within(LOAD_MAX, || async {
        let loaded: bool = sqlx::query_scalar(
            "select exists (select from matching.workspace where loaded_at is not null)",
        )
        .fetch_one(&pool)
        .await
        .ok()?;
        loaded.then_some(())
    });
    loaded.await.context("matching did not take the load in")
}

async fn ended(admin: &Admin, kind: SyncKind) -> Option<SyncRun> {
    let request = ListSyncRunsRequest {
        workspace: admin.workspace.clone(),
        limit: 50,
    };
    let runs = MetadataSyncClient::new(admin.rpc.clone())
        .list_sync_runs(&as_admin(), request)
        .await
        .ok()?
        .runs;
    runs.into_iter().find(|run| {
        run.kind() == kind && matches!(run.state(), SyncState::Done | SyncState::Failed)
    })
}
