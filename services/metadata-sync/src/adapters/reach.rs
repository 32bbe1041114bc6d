//! What no describe tells about the connected user's reach: owners it cannot see, and how much of the pipeline it sees.

use std::collections::BTreeSet;

use salesforce::soql::{Condition, Direction, Nulls, Query};
use salesforce::{Error, FieldName, Id, ObjectName, Scope};

use super::org::Reader;
use super::refusal::{Offered, optional};
use crate::domain::access::Owners;

/// Newest records of each object whose owners are looked at: one page, so one call per object.
const ROWS_PER_OBJECT: u32 = 2_000;
/// Owners looked up; a large sales team has five hundred.
const OWNERS_MAX: usize = 1_000;
/// Owners asked about in one query.
const OWNERS_PER_QUERY: usize = 200;
/// Ids of users begin so; a lead may belong to a queue instead.
const USER_PREFIX: &str = "005";

const OWNER_ID: FieldName = FieldName::fixed("OwnerId");
const IS_CLOSED: FieldName = FieldName::fixed("IsClosed");

impl Reader {
    /// Users who own the newest records of `objects`, and those of them the connected user does not see.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn owners(&self, objects: &[ObjectName]) -> Result<Offered<Owners>, Error> {
        let mut owners: BTreeSet<Id> = BTreeSet::new();
        for object in objects {
            self.count();
            let query = Query::from(object.clone())
                .field(&OWNER_ID)
                .order_by(
                    FieldName::fixed("SystemModstamp"),
                    Direction::Descending,
                    Nulls::Last,
                )
                .limit(ROWS_PER_OBJECT);
            match optional(self.page(Scope::Live, query).await)? {
                Offered::Yes(page) => owners.extend(
                    page.records
                        .iter()
                        .filter_map(|row| Id::parse(row.text("OwnerId")?).ok())
                        .filter(|id| id.as_str().starts_with(USER_PREFIX)),
                ),
                Offered::No(reason) => return Ok(Offered::No(reason)),
            }
        }
        let owners: Vec<Id> = owners.into_iter().take(OWNERS_MAX).collect();
        let mut visible: BTreeSet<Id> = BTreeSet::new();
        for chunk in owners.chunks(OWNERS_PER_QUERY) {
            self.count();
            let query = Query::from(ObjectName::USER)
                .field(FieldName::fixed("Id"))
                .filter(Condition::is_in(
                    FieldName::fixed("Id"),
                    chunk.iter().cloned(),
                ));
            match optional(self.org.query(query, OWNERS_PER_QUERY).await)? {
                Offered::Yes(rows) => visible.extend(rows.iter().filter_map(|row| row.id())),
                Offered::No(reason) => return Ok(Offered::No(reason)),
            }
        }
        Ok(Offered::Yes(Owners {
            count: u32::try_from(owners.len()).unwrap_or(u32::MAX),
            hidden: owners
                .iter()
                .filter(|id| !visible.contains(*id))
                .map(|id| id.as_str().to_owned())
                .collect(),
        }))
    }

    /// Open opportunities the connected user sees.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn open_opportunities(&self) -> Result<Offered<u64>, Error> {
        self.count();
        let query = Query::from(ObjectName::OPPORTUNITY).filter(Condition::eq(&IS_CLOSED, false));
        optional(self.org.count(query).await)
    }
}
