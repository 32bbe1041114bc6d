//! sObject collections: up to 200 rows per call, our default write path. One call costs one API
//! request whatever its size.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::record::{WriteOptions, errors_of};
use super::{Org, call, decode};
use crate::error::{ApiError, Error};
use crate::id::Id;
use crate::name::{FieldName, ObjectName};
use crate::value::{Record, RowsBody};

/// Rows of one collection write.
pub const COLLECTION_ROWS_MAX: usize = 200;

/// Rows of one collection read by POST.
pub const RETRIEVE_ROWS_MAX: usize = 2_000;

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOutcome {
    /// Written.
    Saved {
        /// The record; upserts of old versions do not say.
        id: Option<Id>,
        /// For upserts, whether it is new.
        created: Option<bool>,
    },
    /// Not written; every error of the row. Never empty.
    Refused(Vec<ApiError>),
}

#[derive(Serialize)]
struct IdsAndFields<'a> {
    ids: &'a [Id],
    fields: &'a [FieldName],
}

#[derive(Deserialize)]
struct RowSent {
    id: Option<String>,
    success: bool,
    created: Option<bool>,
    errors: Option<Box<RawValue>>,
}

impl Org {
    /// Creates rows; the outcomes are in their order. Sort by object: Salesforce works in runs.
    ///
    /// # Errors
    /// Only when the whole call failed; a refused row is an outcome. See [`Error`].
    pub async fn create_many(
        &self,
        records: &[Record],
        all_or_none: bool,
        options: WriteOptions,
    ) -> Result<Vec<RowOutcome>, Error> {
        let target = self.data("/composite/sobjects");
        self.write_rows(
            "create_many",
            Method::POST,
            target,
            records,
            all_or_none,
            options,
        )
        .await
    }

    /// Updates rows; each record must have its `Id` set.
    ///
    /// # Errors
    /// See [`Org::create_many`].
    pub async fn update_many(
        &self,
        records: &[Record],
        all_or_none: bool,
        options: WriteOptions,
    ) -> Result<Vec<RowOutcome>, Error> {
        if records.iter().any(|record| record.id().is_none()) {
            return Err(Error::Invalid("a row to update has no Id".to_owned()));
        }
        let target = self.data("/composite/sobjects");
        self.write_rows(
            "update_many",
            Method::PATCH,
            target,
            records,
            all_or_none,
            options,
        )
        .await
    }

    /// Creates or updates rows of one object by an external id set in each.
    ///
    /// # Errors
    /// See [`Org::create_many`].
    pub async fn upsert_many(
        &self,
        object: &ObjectName,
        key: &FieldName,
        records: &[Record],
        all_or_none: bool,
        options: WriteOptions,
    ) -> Result<Vec<RowOutcome>, Error> {
        let target = self.data(&format!("/composite/sobjects/{object}/{key}"));
        self.write_rows(
            "upsert_many",
            Method::PATCH,
            target,
            records,
            all_or_none,
            options,
        )
        .await
    }

    /// Deletes rows.
    ///
    /// # Errors
    /// See [`Org::create_many`].
    pub async fn delete_many(
        &self,
        ids: &[Id],
        all_or_none: bool,
    ) -> Result<Vec<RowOutcome>, Error> {
        let operation = "delete_many";
        check_rows(ids.len(), COLLECTION_ROWS_MAX)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let list: Vec<&str> = ids.iter().map(Id::as_str).collect();
        let target = self.data(&format!(
            "/composite/sobjects?ids={}&allOrNone={all_or_none}",
            list.join(",")
        ));
        let reply = self
            .run(&call(operation, Method::DELETE, target, false))
            .await?;
        outcomes(operation, ids.len(), &reply.body)
    }

    /// Reads fields of many records of one object, in the order of `ids`; `None` for those deleted
    /// or not shared.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn retrieve_many(
        &self,
        object: &ObjectName,
        ids: &[Id],
        fields: &[FieldName],
    ) -> Result<Vec<Option<Record>>, Error> {
        let operation = "retrieve_many";
        check_rows(ids.len(), RETRIEVE_ROWS_MAX)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let target = self.data(&format!("/composite/sobjects/{object}"));
        let request = call(operation, Method::POST, target, true);
        let reply = self
            .send_json(request, &IdsAndFields { ids, fields })
            .await?;
        let rows: Vec<Option<Record>> = decode(operation, &reply.body)?;
        if rows.len() != ids.len() {
            return Err(row_mismatch(operation));
        }
        Ok(rows)
    }

    async fn write_rows(
        &self,
        operation: &'static str,
        method: Method,
        target: String,
        records: &[Record],
        all_or_none: bool,
        options: WriteOptions,
    ) -> Result<Vec<RowOutcome>, Error> {
        check_rows(records.len(), COLLECTION_ROWS_MAX)?;
        if records.is_empty() {
            return Ok(Vec::new());
        }
        if options.if_unmodified_since.is_some() {
            return Err(Error::Invalid(
                "if_unmodified_since applies to single updates only".to_owned(),
            ));
        }
        let mut request = call(operation, method, target, false);
        options.apply(&mut request)?;
        let body = RowsBody {
            all_or_none,
            records,
        };
        let reply = self.send_json(request, &body).await?;
        outcomes(operation, records.len(), &reply.body)
    }
}

fn check_rows(rows: usize, rows_max: usize) -> Result<(), Error> {
    if rows > rows_max {
        return Err(Error::Invalid(format!(
            "{rows} rows in one call, at most {rows_max} are allowed"
        )));
    }
    Ok(())
}

fn row_mismatch(operation: &'static str) -> Error {
    Error::Inconsistent {
        operation,
        reason: "number of rows differs from the request",
    }
}

/// Reads the row results: HTTP 200 even when every row failed.
pub(super) fn outcomes(
    operation: &'static str,
    rows: usize,
    body: &[u8],
) -> Result<Vec<RowOutcome>, Error> {
    let sent: Vec<RowSent> = decode(operation, body)?;
    if sent.len() != rows {
        return Err(row_mismatch(operation));
    }
    Ok(sent.into_iter().map(outcome).collect())
}

fn outcome(row: RowSent) -> RowOutcome {
    if row.success {
        return RowOutcome::Saved {
            id: row.id.and_then(|id| Id::parse(&id).ok()),
            created: row.created,
        };
    }
    let errors = row.errors.as_deref().map_or("", RawValue::get);
    // Row errors carry no status of their own; they are what a single call answers with 400.
    RowOutcome::Refused(errors_of(400, errors))
}
