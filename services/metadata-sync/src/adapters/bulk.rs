//! Bulk queries of one org: started, waited for, read page by page.

use std::collections::BTreeMap;

use salesforce::soql::Query;
use salesforce::{BulkPage, BulkState, Error, FieldName, Id, ObjectName, Scope};

use super::org::{From, Reader};
use super::refusal::{Offered, is_lasting, optional};

/// Where a bulk query stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Not yet done; look again.
    Waiting,
    /// Its results can be read.
    Done {
        /// Rows it found.
        rows: u64,
    },
    /// It will never be done: failed, aborted, or no longer kept; for a person.
    Over(String),
}

impl Reader {
    /// About how many rows each object has. A host that does not say makes nothing large.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn record_counts(&self, objects: &[&str]) -> Result<BTreeMap<String, u64>, Error> {
        self.count();
        match optional(self.org.record_counts(objects).await)? {
            Offered::Yes(counts) => Ok(counts),
            Offered::No(reason) => {
                tracing::info!(reason, "record counts are not offered");
                Ok(BTreeMap::new())
            }
        }
    }

    /// Starts a bulk query of all live rows, or of those from `from` on, and answers its job's id.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn start_bulk(
        &self,
        object: &ObjectName,
        fields: &[FieldName],
        from: Option<&From>,
    ) -> Result<Offered<String>, Error> {
        self.count();
        // No order: it would keep Salesforce from splitting the query, and a job's pages have a fixed order of their own.
        let mut query = Query::from(object.clone()).fields(fields);
        if let Some(from) = from {
            query = query.filter(from.condition());
        }
        Ok(
            match optional(self.org.start_bulk_query(Scope::Live, &query).await)? {
                Offered::Yes(job) => match Id::parse(&job.id) {
                    Ok(_) => Offered::Yes(job.id),
                    Err(_) => Offered::No("the job has no usable id".into()),
                },
                Offered::No(reason) => Offered::No(reason),
            },
        )
    }

    /// Where a job stands.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn bulk_job(&self, job: &Id) -> Result<Job, Error> {
        self.count();
        let found = match optional(self.org.bulk_query(job).await)? {
            Offered::Yes(found) => found,
            Offered::No(reason) => return Ok(Job::Over(reason)),
        };
        Ok(match found.state {
            BulkState::Done => Job::Done {
                rows: found.records,
            },
            BulkState::Queued | BulkState::Running | BulkState::Unknown(_) => Job::Waiting,
            BulkState::Aborted => Job::Over("somebody aborted it".into()),
            BulkState::Failed => Job::Over(
                found
                    .error_message
                    .unwrap_or_else(|| "it failed without a reason".into()),
            ),
        })
    }

    /// A page of a job's results; "not offered" when the job or the position is no longer kept.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn bulk_page(
        &self,
        object: &ObjectName,
        job: &Id,
        locator: Option<&str>,
        rows_max: u32,
    ) -> Result<Offered<BulkPage>, Error> {
        self.count();
        let page = self
            .org
            .bulk_results(object.as_str(), job, locator, rows_max)
            .await;
        optional(page)
    }

    /// Forgets a job. Salesforce does so by itself, so that a refusal matters to nobody.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn forget_bulk(&self, job: &Id) -> Result<(), Error> {
        self.count();
        match self.org.delete_bulk_query(job).await {
            Err(error) if !is_lasting(&error) => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
