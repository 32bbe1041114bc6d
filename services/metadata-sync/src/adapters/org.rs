//! One org, read for a run. Counts calls; tells apart what the run needs from what a host may lack.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use salesforce::soql::{Condition, Direction, Nulls, Query};
use salesforce::{
    ApiUsage, Conditional, Error, FieldName, Id, ObjectName, Org, Page, Record,
    RecordTypePicklists, Scope,
};

use super::describe;
use super::refusal::{Offered, is_absent, is_lasting, optional};
use crate::domain::schema::{Object, Stage};

/// Stages of one org; a long list has fifty.
const STAGES_MAX: usize = 2_000;

const ID: FieldName = FieldName::fixed("Id");
const SYSTEM_MODSTAMP: FieldName = FieldName::fixed("SystemModstamp");
const OPPORTUNITY_STAGE: ObjectName = ObjectName::fixed("OpportunityStage");

/// The answer about one object.
#[derive(Debug)]
pub enum Described {
    /// As it was at the moment named.
    Unchanged,
    /// As it is now.
    Changed {
        /// The object.
        object: Box<Object>,
        /// Its Last-Modified.
        last_modified: Option<DateTime<Utc>>,
    },
    /// Not in the org, or hidden from the connected user.
    Absent,
}

/// Where a page of changed records starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// SystemModstamp of the last row.
    pub stamp: DateTime<Utc>,
    /// Its id; none for the first page, which includes rows of exactly `stamp`.
    pub id: Option<Id>,
}

/// From where on rows of a full load are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    /// A field of type datetime.
    pub field: FieldName,
    /// The earliest.
    pub earliest: DateTime<Utc>,
}

impl From {
    pub(super) fn condition(&self) -> Condition {
        Condition::at_least(&self.field, self.earliest)
    }
}

/// One page of records.
#[derive(Debug)]
pub struct Rows {
    /// The rows.
    pub records: Vec<Record>,
    /// Nothing comes after them.
    pub last: bool,
}

/// A connected org during one run.
pub struct Reader {
    pub(super) org: Org,
    page_rows: u32,
    calls: AtomicI64,
}

impl Reader {
    /// A reader of pages of `page_rows` rows that starts counting at `calls`, which earlier attempts of the run made.
    #[must_use]
    pub fn new(org: Org, page_rows: u32, calls: i64) -> Self {
        Self {
            org,
            page_rows,
            calls: AtomicI64::new(calls),
        }
    }

    /// Calls made for the run so far. Repeats inside the client are not counted; the org's own count is in its limits.
    #[must_use]
    pub fn calls(&self) -> i64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// What the org last said about its allowance.
    #[must_use]
    pub fn usage(&self) -> Option<ApiUsage> {
        self.org.usage()
    }

    pub(super) fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Describes an object, unless it is unchanged since `since`. A `spare` one counts as absent however a host refuses
    /// it; for the others a refusal of another kind (the API switched off) must never look like a deleted object.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now; an absent object is an answer.
    pub async fn describe(
        &self,
        name: &ObjectName,
        since: Option<DateTime<Utc>>,
        spare: bool,
    ) -> Result<Described, Error> {
        self.count();
        match self.org.describe(name, since).await {
            Ok(Conditional::NotModified) => Ok(Described::Unchanged),
            Ok(Conditional::Modified {
                value,
                last_modified,
                ..
            }) => Ok(Described::Changed {
                object: Box::new(describe::object(&value)),
                last_modified,
            }),
            Err(error) if is_absent(&error) || (spare && is_lasting(&error)) => {
                Ok(Described::Absent)
            }
            Err(error) => Err(error),
        }
    }

    /// The picklists of one record type.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn picklists(
        &self,
        object: &ObjectName,
        record_type: &Id,
    ) -> Result<Offered<RecordTypePicklists>, Error> {
        self.count();
        optional(self.org.picklists(object, record_type).await)
    }

    /// Opportunity stages.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn stages(&self) -> Result<Offered<Vec<Stage>>, Error> {
        const FIELDS: [FieldName; 10] = [
            FieldName::fixed("Id"),
            FieldName::fixed("Description"),
            FieldName::fixed("ForecastCategoryName"),
            FieldName::fixed("ApiName"),
            FieldName::fixed("MasterLabel"),
            FieldName::fixed("IsActive"),
            FieldName::fixed("IsClosed"),
            FieldName::fixed("IsWon"),
            FieldName::fixed("SortOrder"),
            FieldName::fixed("DefaultProbability"),
        ];
        self.count();
        let query = Query::from(OPPORTUNITY_STAGE).fields(FIELDS).order_by(
            FieldName::fixed("SortOrder"),
            Direction::Ascending,
            Nulls::First,
        );
        let rows = optional(self.org.query(query, STAGES_MAX).await)?;
        Ok(match rows {
            Offered::Yes(rows) => Offered::Yes(rows.iter().map(stage).collect()),
            Offered::No(reason) => Offered::No(reason),
        })
    }

    /// The newest SystemModstamp of an object; none when it has no rows.
    ///
    /// # Errors
    /// When Salesforce cannot answer or refuses.
    pub async fn newest(&self, object: &ObjectName) -> Result<Option<DateTime<Utc>>, Error> {
        let query = Query::from(object.clone())
            .field(&SYSTEM_MODSTAMP)
            .order_by(&SYSTEM_MODSTAMP, Direction::Descending, Nulls::Last)
            .limit(1);
        let page = self.page(Scope::Live, query).await?;
        Ok(page
            .records
            .first()
            .and_then(|row| row.datetime("SystemModstamp")))
    }

    /// A page of all rows by id, after `after`; only those from `from` on where one is given.
    ///
    /// # Errors
    /// When Salesforce cannot answer or refuses.
    pub async fn by_id(
        &self,
        object: &ObjectName,
        fields: &[FieldName],
        after: Option<Id>,
        from: Option<&From>,
    ) -> Result<Rows, Error> {
        let mut query = Query::from(object.clone()).fields(fields);
        if let Some(from) = from {
            query = query.filter(from.condition());
        }
        if let Some(after) = after {
            query = query.filter(Condition::greater(&ID, after));
        }
        let query = query
            .order_by(&ID, Direction::Ascending, Nulls::First)
            .limit(self.page_rows);
        Ok(self.rows(self.page(Scope::Live, query).await?))
    }

    /// A page of rows changed since `after`, deleted ones included when `deleted`.
    ///
    /// # Errors
    /// When Salesforce cannot answer or refuses.
    pub async fn changed(
        &self,
        object: &ObjectName,
        fields: &[FieldName],
        after: After,
        deleted: bool,
    ) -> Result<Rows, Error> {
        let from = match after.id {
            None => Condition::at_least(&SYSTEM_MODSTAMP, after.stamp),
            Some(id) => Condition::greater(&SYSTEM_MODSTAMP, after.stamp).or(Condition::eq(
                &SYSTEM_MODSTAMP,
                after.stamp,
            )
            .and(Condition::greater(&ID, id))),
        };
        let query = Query::from(object.clone())
            .fields(fields)
            .filter(from)
            .order_by(&SYSTEM_MODSTAMP, Direction::Ascending, Nulls::First)
            .order_by(&ID, Direction::Ascending, Nulls::First)
            .limit(self.page_rows);
        if deleted {
            // A host without queryAll shows no deletions, and everything else.
            match optional(self.page(Scope::WithDeleted, query.clone()).await)? {
                Offered::Yes(page) => return Ok(self.rows(page)),
                Offered::No(reason) => {
                    tracing::info!(salesforce.object = %object, reason, "deleted rows are not offered");
                }
            }
        }
        Ok(self.rows(self.page(Scope::Live, query).await?))
    }

    /// Salesforce may cut a page short of the limit when rows are wide; then it says that it is not done.
    fn rows(&self, page: Page) -> Rows {
        Rows {
            last: page.done && page.records.len() < self.page_rows as usize,
            records: page.records,
        }
    }

    /// How many live rows have a SystemModstamp between two moments, both included.
    ///
    /// # Errors
    /// When Salesforce cannot answer or refuses.
    pub async fn count_between(
        &self,
        object: &ObjectName,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<u64, Error> {
        self.count();
        let query = Query::from(object.clone()).filter(
            Condition::at_least(&SYSTEM_MODSTAMP, from)
                .and(Condition::at_most(&SYSTEM_MODSTAMP, to)),
        );
        self.org.count(query).await
    }

    /// Rows in one page.
    #[must_use]
    pub fn page_rows(&self) -> u32 {
        self.page_rows
    }

    /// The first page only: the next one is asked for by key, so that no server-side cursor can expire.
    pub(super) async fn page(&self, scope: Scope, query: Query) -> Result<Page, Error> {
        self.count();
        let page = self.org.pages(scope, query).try_next().await?;
        page.ok_or(Error::Inconsistent {
            operation: "query",
            reason: "no page was answered",
        })
    }
}

fn stage(row: &Record) -> Stage {
    let number = |field: &str| {
        let rounded = row.decimal(field).map(|number| number.round());
        rounded
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or_default()
    };
    let label = row.text("MasterLabel").unwrap_or_default().to_owned();
    Stage {
        api_name: row
            .text("ApiName")
            .map_or_else(|| label.clone(), str::to_owned),
        label,
        sort_order: number("SortOrder"),
        active: row.bool("IsActive").unwrap_or_default(),
        closed: row.bool("IsClosed").unwrap_or_default(),
        won: row.bool("IsWon").unwrap_or_default(),
        probability: number("DefaultProbability"),
        id: row
            .id()
            .map(|id| id.as_str().to_owned())
            .unwrap_or_default(),
        description: row.text("Description").unwrap_or_default().to_owned(),
        forecast_category: row
            .text("ForecastCategoryName")
            .unwrap_or_default()
            .to_owned(),
    }
}
