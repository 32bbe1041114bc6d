//! The first load of a large object through a bulk query: one job, whose results Salesforce keeps for days. The job and
//! the locator of the next page are stored with each page, so that a crash goes on with the page after it.

use std::time::Duration;

use salesforce::{BulkPage, Id};

use super::runner::Stop;
use super::sync_records::Reading;
use crate::adapters::bulk::Job;
use crate::adapters::refusal::Offered;
use crate::domain::cursor::{Cursor, Phase};
use crate::store::cursor as store;

/// First pause between two looks at a job, in milliseconds; doubles each time.
const LOOK_PAUSE_MS: u64 = 250;
/// Longest pause between two looks, in milliseconds: a job of a million rows takes minutes, and each look is a call.
const LOOK_PAUSE_MS_MAX: u64 = 15_000;

/// Starts a job and answers the phase the load begins in. A host without bulk queries is read page by page.
pub(super) async fn begin(reading: &Reading<'_>, notes: &mut Vec<String>) -> Result<Phase, Stop> {
    reading.work.within_budget()?;
    let started = reading
        .work
        .reader
        .start_bulk(&reading.object, &reading.fields, reading.from.as_ref())
        .await?;
    Ok(match started {
        Offered::Yes(job) => Phase::Bulk { job, locator: None },
        Offered::No(reason) => {
            notes.push(format!(
                "bulk queries of {} are not offered, it is read page by page: {reason}",
                reading.object
            ));
            Phase::Loading { after_id: None }
        }
    })
}

/// Reads a job's results to their end. A job that is lost or failed is no reason to stop: the rows are then walked by id,
/// from the first, under the same generation.
pub(super) async fn run(reading: &Reading<'_>, mut cursor: Cursor) -> Result<Cursor, Stop> {
    // Stored before the first wait: a process that dies now finds its job again instead of starting another.
    save(reading, &cursor).await?;
    let reason = match results(reading, &mut cursor).await? {
        Ok(()) => return Ok(cursor),
        Err(reason) => reason,
    };
    tracing::warn!(salesforce.object = %reading.object, reason, "a bulk query cannot be read to its end");
    cursor.phase = Phase::Loading { after_id: None };
    reading.load_by_id(cursor).await
}

async fn save(reading: &Reading<'_>, cursor: &Cursor) -> Result<(), Stop> {
    let work = reading.work;
    let mut unit = work.scope().begin().await?;
    work.still_ours(unit.connection(), 0).await?;
    store::save(
        unit.connection(),
        work.id.as_str(),
        reading.object.as_str(),
        cursor,
    )
    .await?;
    unit.commit().await?;
    Ok(())
}

/// Every page; the inner error says why there are no more.
async fn results(reading: &Reading<'_>, cursor: &mut Cursor) -> Result<Result<(), String>, Stop> {
    let Phase::Bulk { job, locator } = cursor.phase.clone() else {
        return Ok(Ok(()));
    };
    let Ok(id) = Id::parse(&job) else {
        return Ok(Err("the stored job is no id".into()));
    };
    if let Err(reason) = wait(reading, &id).await? {
        return Ok(Err(reason));
    }
    let mut locator = locator;
    loop {
        reading.may_read().await?;
        let rows_max = reading.work.options.sync_bulk_page_rows;
        let page: BulkPage = match reading
            .work
            .reader
            .bulk_page(&reading.object, &id, locator.as_deref(), rows_max)
            .await?
        {
            Offered::Yes(page) => page,
            Offered::No(reason) => return Ok(Err(reason)),
        };
        let rows = reading.page(page.rows(&reading.kinds))?;
        if page.records > 0 && page.records != rows.len() as u64 {
            return Err(Stop::Failed(format!(
                "a page of {} holds {} rows and salesforce says {}; it is read again",
                reading.object,
                rows.len(),
                page.records
            )));
        }
        locator.clone_from(&page.locator);
        drop(page);
        cursor.phase = match &locator {
            Some(_) => Phase::Bulk {
                job: job.clone(),
                locator: locator.clone(),
            },
            None => Phase::Following,
        };
        reading.commit_load(rows, cursor).await?;
        if locator.is_none() {
            reading.work.reader.forget_bulk(&id).await?;
            return Ok(Ok(()));
        }
    }
}

/// Waits until a job is done; the inner error says that it never will be.
async fn wait(reading: &Reading<'_>, job: &Id) -> Result<Result<(), String>, Stop> {
    let limit = Duration::from_secs(reading.work.options.sync_bulk_wait_s_max);
    let began = tokio::time::Instant::now();
    let mut pause_ms = LOOK_PAUSE_MS;
    loop {
        reading.work.within_budget()?;
        match reading.work.reader.bulk_job(job).await? {
            Job::Done { rows } => {
                tracing::info!(salesforce.object = %reading.object, rows, "a bulk query is done");
                return Ok(Ok(()));
            }
            Job::Over(reason) => return Ok(Err(reason)),
            Job::Waiting if began.elapsed() >= limit => {
                return Ok(Err("it is not done within the time it may take".into()));
            }
            Job::Waiting => tokio::time::sleep(Duration::from_millis(pause_ms)).await,
        }
        pause_ms = (pause_ms * 2).min(LOOK_PAUSE_MS_MAX);
    }
}
