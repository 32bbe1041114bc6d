//! The parts of a composite request.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use http::Method;
use serde::Serialize;

use super::path;
use super::record::joined;
use crate::id::Id;
use crate::name::{FieldName, ObjectName};
use crate::soql::Query;
use crate::time;
use crate::value::{Record, RowsBody};

/// One subrequest. Paths are relative to the data API until it is sent.
#[derive(Debug, Clone)]
pub struct Subrequest {
    pub(super) reference: FieldName,
    pub(super) method: Method,
    target: Target,
    pub(super) headers: BTreeMap<&'static str, String>,
    pub(super) body: Option<Body>,
    /// Queries and collections have a lower limit per request.
    pub(super) is_heavy: bool,
}

#[derive(Debug, Clone)]
enum Target {
    /// Below `/services/data/{version}`.
    Versioned(String),
    /// From the root.
    Absolute(String),
}

#[derive(Debug, Clone)]
pub(super) enum Body {
    Fields(Record),
    Rows {
        all_or_none: bool,
        records: Vec<Record>,
    },
}

impl Serialize for Body {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fields(record) => record.fields_only().serialize(serializer),
            Self::Rows {
                all_or_none,
                records,
            } => RowsBody {
                all_or_none: *all_or_none,
                records,
            }
            .serialize(serializer),
        }
    }
}

impl Subrequest {
    /// Creates a record.
    pub fn create(reference: FieldName, object: &ObjectName, record: Record) -> Self {
        let target = format!("/sobjects/{object}");
        Self::new(reference, Method::POST, target).with_body(Body::Fields(record))
    }

    /// Updates a record. Its answer has no body, so later subrequests cannot refer to it.
    pub fn update(reference: FieldName, object: &ObjectName, id: &Id, record: Record) -> Self {
        let target = format!("/sobjects/{object}/{id}");
        Self::new(reference, Method::PATCH, target).with_body(Body::Fields(record))
    }

    /// Creates or updates a record by an external id.
    pub fn upsert(
        reference: FieldName,
        object: &ObjectName,
        key: &FieldName,
        key_value: &str,
        record: Record,
    ) -> Self {
        let target = format!("/sobjects/{object}/{key}/{}", path::encode(key_value));
        Self::new(reference, Method::PATCH, target).with_body(Body::Fields(record))
    }

    /// Deletes a record.
    pub fn delete(reference: FieldName, object: &ObjectName, id: &Id) -> Self {
        Self::new(
            reference,
            Method::DELETE,
            format!("/sobjects/{object}/{id}"),
        )
    }

    /// Reads fields of a record.
    pub fn retrieve(
        reference: FieldName,
        object: &ObjectName,
        id: &Id,
        fields: &[FieldName],
    ) -> Self {
        let mut target = format!("/sobjects/{object}/{id}");
        if !fields.is_empty() {
            target.push_str("?fields=");
            target.push_str(&joined(fields));
        }
        Self::new(reference, Method::GET, target)
    }

    /// Reads a setup record whole.
    pub fn tooling_retrieve(reference: FieldName, object: &ObjectName, id: &Id) -> Self {
        let target = format!("/tooling/sobjects/{object}/{id}");
        Self::new(reference, Method::GET, target)
    }

    /// Runs a query; only its first page.
    pub fn query(reference: FieldName, query: &Query) -> Self {
        let target = format!("/query?q={}", path::encode(&query.to_soql()));
        Self {
            is_heavy: true,
            ..Self::new(reference, Method::GET, target)
        }
    }

    /// Creates up to 200 rows.
    pub fn create_many(reference: FieldName, records: Vec<Record>, all_or_none: bool) -> Self {
        Self::rows(reference, Method::POST, records, all_or_none)
    }

    /// Updates up to 200 rows, each with its `Id`.
    pub fn update_many(reference: FieldName, records: Vec<Record>, all_or_none: bool) -> Self {
        Self::rows(reference, Method::PATCH, records, all_or_none)
    }

    /// Refuses the subrequest when the record changed after this moment.
    #[must_use]
    pub fn if_unmodified_since(mut self, moment: DateTime<Utc>) -> Self {
        self.headers
            .insert("If-Unmodified-Since", time::format_http_date(moment));
        self
    }

    pub(super) fn get_path(reference: FieldName, target: String) -> Self {
        Self {
            target: Target::Absolute(target),
            is_heavy: true,
            ..Self::new(reference, Method::GET, String::new())
        }
    }

    fn rows(reference: FieldName, method: Method, records: Vec<Record>, all_or_none: bool) -> Self {
        let body = Body::Rows {
            all_or_none,
            records,
        };
        Self {
            is_heavy: true,
            ..Self::new(reference, method, "/composite/sobjects".to_owned()).with_body(body)
        }
    }

    /// The records it writes.
    pub(super) fn records(&self) -> &[Record] {
        match &self.body {
            None => &[],
            Some(Body::Fields(record)) => std::slice::from_ref(record),
            Some(Body::Rows { records, .. }) => records,
        }
    }

    /// Its address, `versioned` completing a path below the data API.
    pub(super) fn url(&self, versioned: impl Fn(&str) -> String) -> String {
        match &self.target {
            Target::Versioned(rest) => versioned(rest),
            Target::Absolute(path) => path.clone(),
        }
    }

    fn new(reference: FieldName, method: Method, target: String) -> Self {
        Self {
            reference,
            method,
            target: Target::Versioned(target),
            headers: BTreeMap::new(),
            body: None,
            is_heavy: false,
        }
    }

    fn with_body(self, body: Body) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }
}
