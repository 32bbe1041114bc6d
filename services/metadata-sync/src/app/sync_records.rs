//! One read of an org's records for matching: everything the first time, then what changed. Each page commits with the
//! cursor that says it was read and the messages that carry it, so a crash loses and doubles nothing, and no more than
//! one page is ever in memory.

use std::collections::HashSet;
use std::time::Duration;

use chassis::Cause;
use chrono::{DateTime, Utc};
use events::crm::v1::RecordsChanged;
use events::crm::v1::records_changed::Load;
use salesforce::{FieldName, Id, ObjectName, Record};

use super::now;
use super::runner::{Stop, Work};
use crate::adapters::org::{After, Rows};
use crate::domain::cursor::{self, Cursor, Phase, Step};
use crate::domain::run::Kind;
use crate::domain::schema::Object;
use crate::domain::selection::{self, WANTED, Wanted};
use crate::store::{cursor as store, run as runs, snapshot, workspace};
use crate::wire::records::{Row, chunks};

/// Largest message of records, in bytes: a page of 2,000 wide rows becomes several.
const CHUNK_BYTES_MAX: usize = 400 * 1024;
/// Pause while the bus catches up, in milliseconds.
const BACKPRESSURE_PAUSE_MS: u64 = 100;

/// One object being read.
struct Reading<'a> {
    work: &'a Work,
    object: ObjectName,
    fields: Vec<FieldName>,
    deleted: bool,
    generation: i64,
}

/// Reads and stores; answers notes for a person.
///
/// # Errors
/// When the run cannot go on.
pub async fn run(work: &Work) -> Result<Vec<String>, Stop> {
    let schema = snapshot::schema(work.db.pool(), work.id.as_str()).await?;
    if schema.is_empty() {
        return Err(Stop::Failed(
            "the org's schema has not been read yet; records follow after it".into(),
        ));
    }
    let generation = begin(work).await?;
    let mut notes = Vec::new();
    for wanted in &WANTED {
        match schema.get(wanted.object) {
            None => notes.push(format!(
                "{} is not in the org or hidden from the connected user",
                wanted.object
            )),
            Some(object) => {
                if !one_object(work, wanted, object, generation).await? {
                    notes.push(format!(
                        "{} cannot be read by the connected user",
                        wanted.object
                    ));
                }
            }
        }
    }
    complete(work, generation).await?;
    Ok(notes)
}

/// The full load this run belongs to; a full run that starts over after a crash does not begin another.
async fn begin(work: &Work) -> Result<i64, Stop> {
    let id = work.id.as_str();
    let mut unit = work.db.begin().await?;
    let Some(present) = workspace::lock(unit.connection(), id).await? else {
        return Err(Stop::Lost);
    };
    work.still_ours(unit.connection(), 0).await?;
    let full = work.claim.kind == Kind::RecordsFull;
    let generation = match work.claim.load_generation {
        Some(begun) if full => begun,
        Some(_) | None if !full && present.load_generation > 0 => present.load_generation,
        Some(_) | None => workspace::begin_load(unit.connection(), id).await?,
    };
    if full {
        runs::set_load_generation(unit.connection(), &work.claim, generation).await?;
    }
    unit.commit().await?;
    Ok(generation)
}

/// Reads one object as far as it goes; false when it cannot be read.
async fn one_object(
    work: &Work,
    wanted: &Wanted,
    object: &Object,
    generation: i64,
) -> Result<bool, Stop> {
    let Some(selected) = selection::fields(wanted, object) else {
        return Ok(false);
    };
    let mut fields = Vec::with_capacity(selected.len());
    for name in &selected {
        match FieldName::parse(name) {
            Ok(name) => fields.push(name),
            Err(error) => {
                return Err(Stop::Failed(format!(
                    "{} has a field with an impossible name: {error}",
                    wanted.object
                )));
            }
        }
    }
    let reading = Reading {
        work,
        object: ObjectName::fixed(wanted.object),
        fields,
        deleted: selected.iter().any(|name| name == "IsDeleted"),
        generation,
    };
    let known = store::load(work.db.pool(), work.id.as_str(), wanted.object).await?;
    let cursor = match (cursor::step(known.as_ref(), generation, &selected), known) {
        (Step::Follow, Some(cursor)) => cursor,
        (Step::Resume, Some(cursor)) => reading.load(cursor).await?,
        (Step::Load | Step::Resume | Step::Follow, _) => {
            let newest = reading.work.reader.newest(&reading.object).await?;
            let fresh = Cursor {
                generation,
                phase: Phase::Loading { after_id: None },
                watermark: newest.unwrap_or(DateTime::UNIX_EPOCH),
                moved_at: now(),
                settled: false,
                fields: selected,
            };
            reading.load(fresh).await?
        }
    };
    reading.follow(cursor).await?;
    Ok(true)
}

impl Reading<'_> {
    /// Walks all rows by id.
    async fn load(&self, mut cursor: Cursor) -> Result<Cursor, Stop> {
        loop {
            self.may_read().await?;
            let after = match &cursor.phase {
                Phase::Loading { after_id: Some(id) } => Some(Id::parse(id).map_err(|_| {
                    Stop::Failed(format!("the stored position in {} is no id", self.object))
                })?),
                Phase::Loading { after_id: None } | Phase::Following => None,
            };
            let page = self
                .work
                .reader
                .by_id(&self.object, &self.fields, after)
                .await?;
            let last_id = match page.records.last() {
                None => None,
                Some(row) => Some(self.identity(row)?.0),
            };
            cursor.phase = match (page.last, last_id) {
                (false, Some(id)) => Phase::Loading {
                    after_id: Some(id.as_str().to_owned()),
                },
                (true, _) | (false, None) => Phase::Following,
            };
            // Versions inside the overlap of the first incremental read are remembered, so that it does not repeat them.
            let window = cursor::window_start(&cursor);
            self.commit(&page, &cursor, Load::Full, |stamp| stamp >= window, false)
                .await?;
            if cursor.phase == Phase::Following {
                return Ok(cursor);
            }
        }
    }

    /// Reads what changed since the watermark.
    async fn follow(&self, mut cursor: Cursor) -> Result<(), Stop> {
        let began_at = now();
        let mut after = self.start(&cursor).await?;
        loop {
            self.may_read().await?;
            let page = self
                .work
                .reader
                .changed(&self.object, &self.fields, after, self.deleted)
                .await?;
            let newest = match page.records.last() {
                None => None,
                Some(row) => Some(self.identity(row)?),
            };
            let before = cursor.clone();
            cursor = cursor::advance(
                cursor,
                newest.as_ref().map(|(_, stamp)| *stamp),
                began_at,
                page.last,
            );
            if cursor != before || !page.records.is_empty() {
                self.commit(&page, &cursor, Load::Incremental, |_| true, page.last)
                    .await?;
            }
            match newest {
                Some((id, stamp)) if !page.last => {
                    after = After {
                        stamp,
                        id: Some(id),
                    }
                }
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// Where to read changes from. Looking back over a few rows is one page; when a bulk change left more than a page
    /// inside the overlap, they are counted instead, and read again only when the count says that one is missing or moved.
    async fn start(&self, cursor: &Cursor) -> Result<After, Stop> {
        let from = cursor::window_start(cursor);
        let all = After {
            stamp: from,
            id: None,
        };
        let id = self.work.id.as_str();
        let (rows, last) = store::seen_between(
            self.work.db.pool(),
            id,
            self.object.as_str(),
            from,
            cursor.watermark,
        )
        .await?;
        let last = last.and_then(|last| Id::parse(&last).ok());
        let (Some(last), true) = (last, rows >= i64::from(self.work.reader.page_rows())) else {
            return Ok(all);
        };
        let counted = self
            .work
            .reader
            .count_between(&self.object, from, cursor.watermark)
            .await?;
        if i64::try_from(counted).is_ok_and(|counted| counted == rows) {
            return Ok(After {
                stamp: cursor.watermark,
                id: Some(last),
            });
        }
        Ok(all)
    }

    /// One unit: the page's messages and the cursor that says it was read.
    async fn commit(
        &self,
        page: &Rows,
        cursor: &Cursor,
        load: Load,
        remembered: impl Fn(DateTime<Utc>) -> bool,
        forget: bool,
    ) -> Result<(), Stop> {
        let id = self.work.id.as_str();
        let mut versions = Vec::with_capacity(page.records.len());
        for row in &page.records {
            let (record, stamp) = self.identity(row)?;
            if remembered(stamp) {
                versions.push((record.as_str().to_owned(), stamp));
            }
        }
        let mut unit = self.work.db.begin().await?;
        self.work
            .still_ours(unit.connection(), page.records.len())
            .await?;
        let fresh = store::remember(unit.connection(), id, self.object.as_str(), &versions).await?;
        let sent: Vec<&Record> = match load {
            Load::Incremental => page
                .records
                .iter()
                .filter(|row| is_fresh(row, &fresh))
                .collect(),
            Load::Full | Load::Unspecified => page.records.iter().collect(),
        };
        let rows = sent
            .into_iter()
            .filter_map(|row| Row::of(self.object.as_str(), row));
        let envelope = self.work.envelope(load, self.generation);
        let cause = Cause::current();
        for message in chunks(&envelope, rows, CHUNK_BYTES_MAX) {
            unit.emit(&self.work.id, &message, &cause);
        }
        store::save(unit.connection(), id, self.object.as_str(), cursor).await?;
        if forget {
            store::forget(
                unit.connection(),
                id,
                self.object.as_str(),
                cursor::window_start(cursor),
            )
            .await?;
        }
        unit.commit().await?;
        Ok(())
    }

    fn identity(&self, row: &Record) -> Result<(Id, DateTime<Utc>), Stop> {
        match (row.id(), row.datetime("SystemModstamp")) {
            (Some(id), Some(stamp)) => Ok((id, stamp)),
            _ => Err(Stop::Failed(format!(
                "salesforce answered a row of {} without a usable Id and SystemModstamp",
                self.object
            ))),
        }
    }

    /// Waits while more events are waiting than the bus takes: a load must not fill the database when NATS is away.
    async fn may_read(&self) -> Result<(), Stop> {
        self.work.within_budget()?;
        let rows_max = i64::try_from(self.work.options.sync_outbox_rows_max).unwrap_or(i64::MAX);
        while store::outbox_rows(self.work.db.pool(), rows_max).await? >= rows_max {
            tokio::time::sleep(Duration::from_millis(BACKPRESSURE_PAUSE_MS)).await;
        }
        Ok(())
    }
}

fn is_fresh(row: &Record, fresh: &HashSet<String>) -> bool {
    row.id().is_some_and(|id| fresh.contains(id.as_str()))
}

impl Work {
    fn envelope(&self, load: Load, generation: i64) -> RecordsChanged {
        RecordsChanged {
            workspace: self.id.as_str().to_owned(),
            organization_id: self.workspace.organization_id.clone(),
            connected_user_id: self.workspace.user_id.clone(),
            load: load.into(),
            generation: generation.unsigned_abs(),
            ..RecordsChanged::default()
        }
    }
}

/// Says that the projection is whole, once per full load.
async fn complete(work: &Work, generation: i64) -> Result<(), Stop> {
    let id = work.id.as_str();
    let mut unit = work.db.begin().await?;
    let Some(present) = workspace::lock(unit.connection(), id).await? else {
        return Err(Stop::Lost);
    };
    if present.load_generation_complete >= generation {
        return Ok(());
    }
    work.still_ours(unit.connection(), 0).await?;
    workspace::complete_load(unit.connection(), id, generation).await?;
    let message = RecordsChanged {
        load_complete: true,
        ..work.envelope(Load::Full, generation)
    };
    unit.emit(&work.id, &message, &Cause::current());
    unit.commit().await?;
    tracing::info!(
        load.generation = generation,
        "full load of records complete"
    );
    Ok(())
}
