//! One read of an org's records for matching: everything the first time, then what changed. Each page commits with the
//! cursor that says it was read and the messages that carry it, so a crash loses and doubles nothing, and no more than
//! one page is ever in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use chassis::Cause;
use chrono::{DateTime, TimeDelta, Utc};
use events::crm::v1::records_changed::Load;
use events::crm::v1::{RecordsChanged, User};
use salesforce::{FieldName, FieldType, Id, ObjectName, Record};

use super::runner::{Stop, Work};
use super::{load_bulk, now, owners};
use crate::adapters::org::{After, From};
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
pub(super) struct Reading<'a> {
    pub(super) work: &'a Work,
    pub(super) object: ObjectName,
    pub(super) fields: Vec<FieldName>,
    /// Types of the fields, for answers that do not say.
    pub(super) kinds: BTreeMap<String, FieldType>,
    /// From where on its rows are loaded.
    pub(super) from: Option<From>,
    deleted: bool,
    generation: i64,
}

/// One row, understood.
pub(super) struct Read {
    pub(super) id: Id,
    stamp: DateTime<Utc>,
    /// None when it is nothing the others have to know.
    row: Option<Row>,
}

/// Reads and stores; answers notes for a person.
///
/// # Errors
/// When the run cannot go on.
pub async fn run(work: &Work) -> Result<Vec<String>, Stop> {
    let schema = snapshot::schema(&work.scope(), work.id.as_str()).await?;
    if schema.is_empty() {
        return Err(Stop::Failed(
            "the org's schema has not been read yet; records follow after it".into(),
        ));
    }
    let generation = begin(work).await?;
    let mut notes = Vec::new();
    let mut sizes = Sizes::default();
    for wanted in &WANTED {
        match schema.get(wanted.object) {
            None if wanted.spare => {}
            None => notes.push(format!(
                "{} is not in the org or hidden from the connected user",
                wanted.object
            )),
            Some(object) => {
                let read =
                    one_object(work, wanted, object, generation, &mut sizes, &mut notes).await?;
                if !read && !wanted.spare {
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
    let mut unit = work.scope().begin().await?;
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

/// How many rows each object has, asked once and only when something is loaded whole.
#[derive(Default)]
struct Sizes(Option<BTreeMap<String, u64>>);

impl Sizes {
    async fn of(&mut self, work: &Work, object: &str) -> Result<u64, Stop> {
        if self.0.is_none() {
            let names: Vec<&str> = WANTED.iter().map(|wanted| wanted.object).collect();
            let counts = work.reader.record_counts(&names).await?;
            work.step("reading records", counts.values().sum()).await?;
            self.0 = Some(counts);
        }
        Ok(self
            .0
            .as_ref()
            .and_then(|counts| counts.get(object).copied())
            .unwrap_or_default())
    }
}

/// Reads one object as far as it goes; false when it cannot be read.
async fn one_object(
    work: &Work,
    wanted: &Wanted,
    object: &Object,
    generation: i64,
    sizes: &mut Sizes,
    notes: &mut Vec<String>,
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
        kinds: selected
            .iter()
            .filter_map(|name| {
                Some((
                    name.clone(),
                    FieldType::parse(&object.fields.get(name)?.kind),
                ))
            })
            .collect(),
        from: wanted
            .recent
            .filter(|recent| selected.iter().any(|name| name == recent.field))
            .map(|recent| From {
                field: FieldName::fixed(recent.field),
                earliest: now() - TimeDelta::days(recent.days),
            }),
        deleted: selected.iter().any(|name| name == "IsDeleted"),
        generation,
    };
    let known = store::load(&work.scope(), work.id.as_str(), wanted.object).await?;
    let cursor = match (cursor::step(known.as_ref(), generation, &selected), known) {
        (Step::Follow, Some(cursor)) => cursor,
        (Step::Resume, Some(cursor)) => reading.load(cursor).await?,
        (Step::Load | Step::Resume | Step::Follow, _) => {
            let rows = sizes.of(work, wanted.object).await?;
            work.step(&format!("loading {}", wanted.object), 0).await?;
            let newest = reading.work.reader.newest(&reading.object).await?;
            let phase = if rows >= work.options.sync_bulk_rows_min {
                load_bulk::begin(&reading, notes).await?
            } else {
                Phase::Loading { after_id: None }
            };
            let fresh = Cursor {
                generation,
                phase,
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
    /// Reads everything, by whichever way the cursor began.
    async fn load(&self, cursor: Cursor) -> Result<Cursor, Stop> {
        match cursor.phase {
            Phase::Bulk { .. } => load_bulk::run(self, cursor).await,
            Phase::Loading { .. } | Phase::Following => self.load_by_id(cursor).await,
        }
    }

    /// Walks all rows by id.
    pub(super) async fn load_by_id(&self, mut cursor: Cursor) -> Result<Cursor, Stop> {
        loop {
            self.may_read().await?;
            let after = match &cursor.phase {
                Phase::Loading { after_id: Some(id) } => Some(Id::parse(id).map_err(|_| {
                    Stop::Failed(format!("the stored position in {} is no id", self.object))
                })?),
                Phase::Loading { after_id: None } | Phase::Bulk { .. } | Phase::Following => None,
            };
            let page = self
                .work
                .reader
                .by_id(&self.object, &self.fields, after, self.from.as_ref())
                .await?;
            let (last, page) = (page.last, self.page(page.records.into_iter().map(Ok))?);
            cursor.phase = match (last, page.last()) {
                (false, Some(row)) => Phase::Loading {
                    after_id: Some(row.id.as_str().to_owned()),
                },
                (true, _) | (false, None) => Phase::Following,
            };
            self.commit_load(page, &cursor).await?;
            if cursor.phase == Phase::Following {
                return Ok(cursor);
            }
        }
    }

    /// One page of a full load. Versions inside the overlap of the first incremental read are remembered, so that it does
    /// not repeat them.
    pub(super) async fn commit_load(&self, page: Vec<Read>, cursor: &Cursor) -> Result<(), Stop> {
        let window = cursor::window_start(cursor);
        self.commit(page, cursor, Load::Full, |stamp| stamp >= window, false)
            .await
    }

    /// What a page's rows mean; each row is let go as soon as it is understood.
    pub(super) fn page(
        &self,
        records: impl Iterator<Item = Result<Record, salesforce::Error>>,
    ) -> Result<Vec<Read>, Stop> {
        let mut rows = Vec::new();
        for record in records {
            let record = record?;
            let (id, stamp) = self.identity(&record)?;
            rows.push(Read {
                id,
                stamp,
                row: Row::of(self.object.as_str(), &record),
            });
        }
        Ok(rows)
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
            let (last, page) = (page.last, self.page(page.records.into_iter().map(Ok))?);
            let newest = page.last().map(|row| (row.id, row.stamp));
            let before = cursor.clone();
            cursor = cursor::advance(
                cursor,
                newest.as_ref().map(|(_, stamp)| *stamp),
                began_at,
                last,
            );
            if cursor != before || !page.is_empty() {
                self.commit(page, &cursor, Load::Incremental, |_| true, last)
                    .await?;
            }
            match newest {
                Some((id, stamp)) if !last => {
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
            &self.work.scope(),
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
        page: Vec<Read>,
        cursor: &Cursor,
        load: Load,
        remembered: impl Fn(DateTime<Utc>) -> bool,
        forget: bool,
    ) -> Result<(), Stop> {
        let id = self.work.id.as_str();
        let versions: Vec<(String, DateTime<Utc>)> = page
            .iter()
            .filter(|row| remembered(row.stamp))
            .map(|row| (row.id.as_str().to_owned(), row.stamp))
            .collect();
        let mut unit = self.work.scope().begin().await?;
        self.work.still_ours(unit.connection(), page.len()).await?;
        let fresh = store::remember(unit.connection(), id, self.object.as_str(), &versions).await?;
        let sent = |row: &Read| match load {
            Load::Incremental => fresh.contains(row.id.as_str()),
            Load::Full | Load::Unspecified => true,
        };
        let rows: Vec<Row> = page
            .into_iter()
            .filter(sent)
            .filter_map(|read| read.row)
            .collect();
        let envelope = self.work.envelope(load, self.generation);
        let cause = Cause::current();
        let users: Vec<User> = rows
            .iter()
            .filter_map(|row| match row {
                Row::User(user) => Some(user.clone()),
                _ => None,
            })
            .collect();
        owners::followed(&mut unit, &self.work.id, &users, &cause).await?;
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
    pub(super) async fn may_read(&self) -> Result<(), Stop> {
        self.work.within_budget()?;
        let rows_max = i64::try_from(self.work.options.sync_outbox_rows_max).unwrap_or(i64::MAX);
        while store::outbox_rows(&self.work.scope(), rows_max).await? >= rows_max {
            tokio::time::sleep(Duration::from_millis(BACKPRESSURE_PAUSE_MS)).await;
        }
        Ok(())
    }
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
    let mut unit = work.scope().begin().await?;
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
