//! What the executor needs and does: many changes queue while the workspace is not live, then all are written, against an
//! org that answers at once and against a slow one.

use crate::report::{Figures, rate};
use crate::run::{Bench, IN_FLIGHT_MAX};
use anyhow::Context;
use events::writeback::v1::ChangeState;
use std::time::{Duration, Instant};
use testkit::eventually::within;
use testkit::publish::Trace;
use testkit::setup::Admin;
use testkit::stack::{ServiceName, Stack};

/// Longest until everything published is queued, and until everything queued is written.
const LONGEST: Duration = Duration::from_secs(900);

/// Queues `changes` changes, tells what writeback held in memory meanwhile, then lets them be written.
pub(crate) async fn measure(
    bench: &Bench<'_>,
    stack: &Stack,
    admin: &Admin,
    name: &str,
    changes: usize,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    // A field and a task each.
    let meetings = changes.div_ceil(2);
    admin.live(false).await?;
    let before = count(admin, &[ChangeState::Applied]).await?;
    let publications: Vec<_> = (0..meetings)
        .map(|number| bench.publication(&name.replace(' ', "-"), number))
        .collect();
    for part in publications.chunks(IN_FLIGHT_MAX) {
        let mut stored = Vec::with_capacity(part.len());
        for publication in part {
            stored.push(bench.publisher.send(publication, &Trace::begin()).await?);
        }
        for stored in stored {
            stored.await.context("store a meeting")?;
        }
    }
    let queued = within(LONGEST, || async {
        let queued = count(admin, &[ChangeState::Approved]).await.ok()?;
        (queued >= meetings as u64 * 2).then_some(queued)
    });
    let queued = queued
        .await
        .with_context(|| format!("{changes} changes were not queued within {LONGEST:?}"))?;
    let process = stack.service(ServiceName::Writeback);
    let memory = |kib: Option<u64>| {
        kib.map_or("?".to_owned(), |kib| {
            format!("{:.1} MB", kib as f64 / 1024.0)
        })
    };
    figures.add(
        format!("{name}: memory of writeback with {queued} changes queued"),
        format!(
            "{}, {} at most",
            memory(process.resident_kib()),
            memory(process.peak_kib())
        ),
        "<= 150 MB",
    );
    let calls_before = bench.calls().await?;
    let began = Instant::now();
    admin.live(true).await?;
    let open = [
        ChangeState::Approved,
        ChangeState::Executing,
        ChangeState::Uncertain,
    ];
    let written = within(LONGEST, || async {
        (count(admin, &open).await.ok()? == 0).then_some(())
    });
    written
        .await
        .with_context(|| format!("the queue was not written within {LONGEST:?}"))?;
    let took = began.elapsed();
    let calls = bench.calls().await?.saturating_sub(calls_before + 1);
    let applied = count(admin, &[ChangeState::Applied])
        .await?
        .saturating_sub(before);
    figures.add(
        format!("{name}: executor"),
        format!(
            "{} changes",
            rate(usize::try_from(applied).unwrap_or(usize::MAX), took)
        ),
        "",
    );
    figures.add(
        format!("{name}: changes applied"),
        format!(
            "{applied} of {queued}, {:.3} calls per meeting",
            calls as f64 / meetings as f64
        ),
        "all",
    );
    figures.add(
        format!("{name}: memory of writeback after writing"),
        format!(
            "{}, {} at most",
            memory(process.resident_kib()),
            memory(process.peak_kib())
        ),
        "<= 150 MB",
    );
    Ok(())
}

/// Changes in these states.
async fn count(admin: &Admin, states: &[ChangeState]) -> anyhow::Result<u64> {
    let status = admin.status().await?;
    Ok(status
        .counts
        .iter()
        .filter(|count| states.contains(&count.state()))
        .map(|count| count.count)
        .sum())
}
