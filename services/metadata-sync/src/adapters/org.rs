//! One org, read for a run. Counts calls; tells apart what the run needs from what a host may lack.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use salesforce::soql::{Condition, Direction, Literal, LiteralError, Nulls, Query};
use salesforce::{
    ApiUsage, Class, Code, Composite, Conditional, Error, FieldName, FieldPath, Id, ObjectName,
    Org, Page, Record, RecordTypePicklists, Scope, Subrequest,
};

use futures::TryStreamExt;

use super::describe;
use crate::domain::schema::{Object, Stage, ValidationRule};

/// Stages of one org; a long list has fifty.
const STAGES_MAX: usize = 2_000;
/// Validation rules of one org; a large one has three hundred.
const RULES_MAX: usize = 5_000;

const ID: FieldName = FieldName::fixed("Id");
const SYSTEM_MODSTAMP: FieldName = FieldName::fixed("SystemModstamp");
const OPPORTUNITY_STAGE: ObjectName = ObjectName::fixed("OpportunityStage");
const VALIDATION_RULE: ObjectName = ObjectName::fixed("ValidationRule");
const RULE_OBJECT: FieldPath = FieldPath::fixed("EntityDefinition.QualifiedApiName");

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

/// An answer a run can do without.
#[derive(Debug)]
pub enum Offered<T> {
    /// Here it is.
    Yes(T),
    /// The host does not have it or does not let the connected user see it; for a person.
    No(String),
}

/// Where a page of changed records starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// SystemModstamp of the last row.
    pub stamp: DateTime<Utc>,
    /// Its id; none for the first page, which includes rows of exactly `stamp`.
    pub id: Option<Id>,
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
    org: Org,
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

    fn count(&self) {
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
        const FIELDS: [FieldName; 7] = [
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

    /// Active validation rules by object. The formula of a rule that is as in `known` is not read again.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn validation_rules(
        &self,
        objects: &[ObjectName],
        known: &BTreeMap<String, ValidationRule>,
    ) -> Result<Offered<BTreeMap<String, Vec<ValidationRule>>>, Error> {
        let listed = match self.list_rules(objects).await? {
            Offered::Yes(listed) => listed,
            Offered::No(reason) => return Ok(Offered::No(reason)),
        };
        let mut rules: BTreeMap<String, Vec<ValidationRule>> = BTreeMap::new();
        let mut unread: Vec<(String, Id, ValidationRule)> = Vec::new();
        for (object, rule) in listed {
            let same = known.get(&rule.id).filter(|old| {
                !rule.last_modified.is_empty() && old.last_modified == rule.last_modified
            });
            match (same, Id::parse(&rule.id)) {
                (Some(old), _) => rules.entry(object).or_default().push(old.clone()),
                (None, Ok(id)) => unread.push((object, id, rule)),
                (None, Err(_)) => rules.entry(object).or_default().push(rule),
            }
        }
        for chunk in unread.chunks(salesforce::COMPOSITE_REQUESTS_MAX) {
            let formulas = self.formulas(chunk.iter().map(|(_, id, _)| id)).await?;
            for (object, id, rule) in chunk {
                let formula = formulas.get(id).cloned().unwrap_or_default();
                rules
                    .entry(object.clone())
                    .or_default()
                    .push(ValidationRule {
                        formula,
                        ..rule.clone()
                    });
            }
        }
        Ok(Offered::Yes(rules))
    }

    async fn list_rules(
        &self,
        objects: &[ObjectName],
    ) -> Result<Offered<Vec<(String, ValidationRule)>>, Error> {
        const FIELDS: [FieldName; 6] = [
            ID,
            FieldName::fixed("ValidationName"),
            FieldName::fixed("Active"),
            FieldName::fixed("ErrorDisplayField"),
            FieldName::fixed("ErrorMessage"),
            FieldName::fixed("LastModifiedDate"),
        ];
        let mut names = Vec::with_capacity(objects.len());
        for object in objects {
            names.push(Literal::text(object.as_str()).map_err(impossible)?);
        }
        self.count();
        let query = Query::from(VALIDATION_RULE)
            .fields(FIELDS)
            .field(RULE_OBJECT)
            .filter(Condition::is_in(RULE_OBJECT, names));
        let rows = match optional(self.org.tooling_query(query, RULES_MAX).await)? {
            Offered::Yes(rows) => rows,
            Offered::No(reason) => return Ok(Offered::No(reason)),
        };
        let active = rows.iter().filter(|row| row.bool("Active") == Some(true));
        let listed = active.filter_map(|row| {
            Some((
                row.text("EntityDefinition.QualifiedApiName")?.to_owned(),
                rule(row)?,
            ))
        });
        Ok(Offered::Yes(listed.collect()))
    }

    /// Formulas by rule id; one that cannot be read is left out, as a managed package hides its own.
    async fn formulas(
        &self,
        ids: impl Iterator<Item = &Id>,
    ) -> Result<BTreeMap<Id, String>, Error> {
        let ids: Vec<Id> = ids.cloned().collect();
        let mut composite = Composite::new(false);
        for (at, id) in ids.iter().enumerate() {
            let reference = FieldName::parse(&format!("rule{at}"))
                .map_err(|error| Error::Invalid(error.to_string()))?;
            composite = composite.push(Subrequest::tooling_retrieve(
                reference,
                &VALIDATION_RULE,
                id,
            ));
        }
        self.count();
        let answers = match optional(self.org.composite(composite).await)? {
            Offered::Yes(answers) => answers,
            Offered::No(_) => return Ok(BTreeMap::new()),
        };
        let read = ids
            .into_iter()
            .zip(answers)
            .filter(|(_, answer)| answer.is_success());
        Ok(read
            .filter_map(|(id, answer)| {
                let row = answer.record().ok()?;
                Some((id, row.text("Metadata.errorConditionFormula")?.to_owned()))
            })
            .collect())
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

    /// A page of all rows by id, after `after`.
    ///
    /// # Errors
    /// When Salesforce cannot answer or refuses.
    pub async fn by_id(
        &self,
        object: &ObjectName,
        fields: &[FieldName],
        after: Option<Id>,
    ) -> Result<Rows, Error> {
        let mut query = Query::from(object.clone()).fields(fields);
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
    async fn page(&self, scope: Scope, query: Query) -> Result<Page, Error> {
        self.count();
        let page = self.org.pages(scope, query).try_next().await?;
        page.ok_or(Error::Inconsistent {
            operation: "query",
            reason: "no page was answered",
        })
    }
}

fn impossible(error: LiteralError) -> Error {
    Error::Invalid(error.to_string())
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
    }
}

fn rule(row: &Record) -> Option<ValidationRule> {
    let text = |field: &str| row.text(field).unwrap_or_default().to_owned();
    Some(ValidationRule {
        id: row.id()?.as_str().to_owned(),
        name: text("ValidationName"),
        formula: String::new(),
        error_message: text("ErrorMessage"),
        error_field: text("ErrorDisplayField"),
        last_modified: text("LastModifiedDate"),
    })
}

/// A refusal that asking again will not change.
fn is_lasting(error: &Error) -> bool {
    let lasting = match error.class() {
        Class::Retry | Class::RetrySlowly | Class::Quota | Class::Session => false,
        Class::User
        | Class::Admin
        | Class::RetryNarrower
        | Class::RestartQuery
        | Class::Stale
        | Class::StaleThenAdmin
        | Class::Bug
        | Class::Follow
        | Class::Final => true,
    };
    match error {
        Error::Refused { http_status, .. } => lasting && (400..500).contains(http_status),
        // The host answers something else under this address.
        Error::Decode { .. } => true,
        _ => false,
    }
}

fn is_absent(error: &Error) -> bool {
    match error {
        Error::Refused { http_status, .. } => {
            *http_status == 404 || error.has_code(&Code::InvalidType)
        }
        _ => false,
    }
}

/// Turns a refusal that will not change by asking again into "not offered".
fn optional<T>(answer: Result<T, Error>) -> Result<Offered<T>, Error> {
    let error = match answer {
        Ok(value) => return Ok(Offered::Yes(value)),
        Err(error) => error,
    };
    if !is_lasting(&error) {
        return Err(error);
    }
    Ok(Offered::No(match &error {
        Error::Refused {
            http_status, first, ..
        } => format!("{} ({http_status})", first.code.as_str()),
        other => other.to_string(),
    }))
}
