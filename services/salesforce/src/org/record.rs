//! Single records. Writes are made once: whether to repeat one is decided by whoever knows what the
//! write means, from [`Error::outcome`].

use chrono::{DateTime, Utc};
use http::{HeaderName, HeaderValue, Method, header};
use serde::Deserialize;

use super::{Org, call, decode, path};
use crate::error::{Error, parse_errors};
use crate::id::Id;
use crate::name::{FieldName, ObjectName};
use crate::time;
use crate::value::Record;
use crate::wire::Call;

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// Refuse (412) when the record changed after this moment; one-second resolution, and proven for
    /// some objects only, so compare the old values as well. Single updates only.
    pub if_unmodified_since: Option<DateTime<Utc>>,
    /// Save although an alerting duplicate rule objects. Only after a person said so.
    pub allow_duplicates: bool,
}

impl WriteOptions {
    pub(super) fn apply(self, call: &mut Call) -> Result<(), Error> {
        if let Some(moment) = self.if_unmodified_since {
            let value = HeaderValue::from_str(&time::format_http_date(moment))
                .map_err(|_| Error::Invalid("precondition is not a date".to_owned()))?;
            call.headers.push((header::IF_UNMODIFIED_SINCE, value));
        }
        if self.allow_duplicates {
            call.headers.push((
                HeaderName::from_static("sforce-duplicate-rule-header"),
                HeaderValue::from_static(
                    "allowSave=true, includeRecordDetails=false, runAsCurrentUser=true",
                ),
            ));
        }
        Ok(())
    }
}

/// The answer to a create.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Saved {
    /// The record.
    pub id: Id,
}

/// The answer to an upsert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upserted {
    /// No record had the key.
    Created(Id),
    /// One had; old versions do not say which.
    Updated(Option<Id>),
    /// Several have it; never pick one automatically.
    Several(Vec<Id>),
}

/// Rows deleted within a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedRecords {
    /// Ids with the moment of deletion.
    pub records: Vec<(Id, DateTime<Utc>)>,
    /// Earlier deletions are not known any more.
    pub earliest_available: Option<DateTime<Utc>>,
    /// Use as the next span's start.
    pub latest_covered: Option<DateTime<Utc>>,
}

impl Org {
    /// Reads fields of one record; all readable ones when `fields` is empty.
    ///
    /// # Errors
    /// Class stale with [`crate::Code::NotFound`] when it is deleted or not shared; see [`Error`].
    pub async fn retrieve(
        &self,
        object: &ObjectName,
        id: &Id,
        fields: &[FieldName],
    ) -> Result<Record, Error> {
        let mut target = self.data(&format!("/sobjects/{object}/{id}"));
        if !fields.is_empty() {
            target.push_str("?fields=");
            target.push_str(&joined(fields));
        }
        self.get("retrieve", target).await
    }

    /// Reads one setup record whole, such as a validation rule with its `Metadata`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tooling_retrieve(&self, object: &ObjectName, id: &Id) -> Result<Record, Error> {
        let target = self.data(&format!("/tooling/sobjects/{object}/{id}"));
        self.get("tooling_retrieve", target).await
    }

    /// Creates a record.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create(
        &self,
        object: &ObjectName,
        record: &Record,
        options: WriteOptions,
    ) -> Result<Saved, Error> {
        let target = self.data(&format!("/sobjects/{object}"));
        let mut request = call("create", Method::POST, target, false);
        options.apply(&mut request)?;
        let reply = self.send_json(request, &record.fields_only()).await?;
        decode("create", &reply.body)
    }

    /// Updates the fields set in `record`; null clears, unset fields are untouched.
    ///
    /// # Errors
    /// [`crate::Code::PreconditionFailed`] when the precondition does not hold; see [`Error`].
    pub async fn update(
        &self,
        object: &ObjectName,
        id: &Id,
        record: &Record,
        options: WriteOptions,
    ) -> Result<(), Error> {
        let target = self.data(&format!("/sobjects/{object}/{id}"));
        let mut request = call("update", Method::PATCH, target, false);
        options.apply(&mut request)?;
        self.send_json(request, &record.fields_only()).await?;
        Ok(())
    }

    /// Deletes a record. Already deleted is [`crate::Code::EntityIsDeleted`], class stale.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete(&self, object: &ObjectName, id: &Id) -> Result<(), Error> {
        let target = self.data(&format!("/sobjects/{object}/{id}"));
        self.run(&call("delete", Method::DELETE, target, false))
            .await?;
        Ok(())
    }

    /// Creates or updates by an external id. The key's own field must not be set in `record`.
    ///
    /// # Errors
    /// See [`Error`]; several matches are not an error but [`Upserted::Several`].
    pub async fn upsert(
        &self,
        object: &ObjectName,
        key: &FieldName,
        key_value: &str,
        record: &Record,
        options: WriteOptions,
    ) -> Result<Upserted, Error> {
        if key_value.is_empty() {
            return Err(Error::Invalid("external id is empty".to_owned()));
        }
        let value = path::encode(key_value);
        let target = self.data(&format!("/sobjects/{object}/{key}/{value}"));
        let mut request = call("upsert", Method::PATCH, target, false);
        options.apply(&mut request)?;
        let reply = self.send_json(request, &record.fields_only()).await?;
        upserted(reply.status, &reply.body)
    }

    /// Rows of `object` deleted between two moments at most 30 days apart.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn deleted(
        &self,
        object: &ObjectName,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) -> Result<DeletedRecords, Error> {
        let target = self.data(&format!(
            "/sobjects/{object}/deleted?start={}&end={}",
            path::encode(&time::format_datetime(start)),
            path::encode(&time::format_datetime(end)),
        ));
        let sent: DeletedSent = self.get("deleted", target).await?;
        let mut records = Vec::with_capacity(sent.deleted_records.len());
        for row in sent.deleted_records {
            let moment = time::parse_datetime(&row.deleted_date).ok_or(Error::Inconsistent {
                operation: "deleted",
                reason: "deletion date is not a date",
            })?;
            records.push((row.id, moment));
        }
        Ok(DeletedRecords {
            records,
            earliest_available: sent
                .earliest_date_available
                .as_deref()
                .and_then(time::parse_datetime),
            latest_covered: sent
                .latest_date_covered
                .as_deref()
                .and_then(time::parse_datetime),
        })
    }
}

pub(super) fn joined(fields: &[FieldName]) -> String {
    let names: Vec<&str> = fields.iter().map(FieldName::as_str).collect();
    names.join(",")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeletedSent {
    deleted_records: Vec<DeletedRow>,
    earliest_date_available: Option<String>,
    latest_date_covered: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeletedRow {
    id: Id,
    deleted_date: String,
}

#[derive(Deserialize)]
struct UpsertSent {
    id: Option<Id>,
    created: Option<bool>,
}

/// Reads an upsert's answer, which has a different shape for each status.
pub(super) fn upserted(http_status: u16, body: &[u8]) -> Result<Upserted, Error> {
    let operation = "upsert";
    match http_status {
        300 => {
            let links: Vec<String> = decode(operation, body)?;
            let ids = links
                .iter()
                .filter_map(|link| Id::parse(link.rsplit('/').next()?).ok())
                .collect();
            Ok(Upserted::Several(ids))
        }
        204 => Ok(Upserted::Updated(None)),
        _ => {
            let sent: UpsertSent = decode(operation, body)?;
            // Versions before 46 leave `created` out; the status says the same.
            let created = sent.created.unwrap_or(http_status == 201);
            match (created, sent.id) {
                (true, Some(id)) => Ok(Upserted::Created(id)),
                (true, None) => Err(Error::Inconsistent {
                    operation,
                    reason: "created without an id",
                }),
                (false, id) => Ok(Upserted::Updated(id)),
            }
        }
    }
}

/// Errors of one row or subrequest.
pub(super) fn errors_of(http_status: u16, body: &str) -> Vec<crate::error::ApiError> {
    parse_errors(http_status, body.as_bytes())
}
