//! Queries and their pages.

use futures::stream::{BoxStream, StreamExt, TryStreamExt, unfold};
use http::Method;
use serde::Deserialize;

use super::composite::Composite;
use super::subrequest::Subrequest;
use super::{Org, call, decode, path};
use crate::error::Error;
use crate::host;
use crate::name::FieldName;
use crate::soql::{GET_BYTES_MAX, Query, SOQL_CHARS_MAX};
use crate::value::Record;

/// Which rows a query sees, and through which resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Live rows.
    Live,
    /// Also rows in the recycle bin and archived activities.
    WithDeleted,
    /// Setup objects, such as validation rules, through the Tooling API.
    Tooling,
}

impl Scope {
    fn resource(self) -> &'static str {
        match self {
            Self::Live => "/query",
            Self::WithDeleted => "/queryAll",
            Self::Tooling => "/tooling/query",
        }
    }

    fn operation(self) -> &'static str {
        match self {
            Self::Live => "query",
            Self::WithDeleted => "query_all",
            Self::Tooling => "tooling_query",
        }
    }
}

/// One page of rows.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Rows in all pages; the answer of `count()`.
    #[serde(default)]
    pub total_size: u64,
    /// Whether this is the last page.
    pub done: bool,
    /// Where the next page is.
    pub next_records_url: Option<String>,
    /// The rows.
    #[serde(default)]
    pub records: Vec<Record>,
}

enum Next {
    First(Query),
    Link(String),
    End,
}

impl Org {
    /// The pages of a query, fetched as they are consumed. At most `SALESFORCE_QUERY_PAGES_MAX`.
    ///
    /// A cursor may expire between pages ([`crate::Class::RestartQuery`]): start over from the watermark.
    pub fn pages(&self, scope: Scope, query: Query) -> BoxStream<'static, Result<Page, Error>> {
        let org = self.clone();
        let state = (org, Next::First(query), 0_usize);
        unfold(state, move |(org, next, pages)| async move {
            let result = match next {
                Next::End => return None,
                Next::First(query) => org.first_page(scope, &query).await,
                Next::Link(_) if pages >= org.pages_max() => Err(Error::TooMany {
                    limit: org.pages_max(),
                    unit: "pages",
                }),
                Next::Link(link) => org.get(scope.operation(), link).await,
            };
            let following = match &result {
                Ok(page) => match next_link(page) {
                    Ok(Some(link)) => Next::Link(link),
                    Ok(None) => Next::End,
                    Err(error) => return Some((Err(error), (org, Next::End, pages))),
                },
                Err(_) => Next::End,
            };
            Some((result, (org, following, pages + 1)))
        })
        .boxed()
    }

    /// Every row of a query on live rows, at most `rows_max`.
    ///
    /// # Errors
    /// [`Error::TooMany`] when there are more rows; see [`Error`] for the rest.
    pub async fn query(&self, query: Query, rows_max: usize) -> Result<Vec<Record>, Error> {
        self.collect(Scope::Live, query, rows_max).await
    }

    /// Like [`Org::query`], deleted and archived rows included.
    ///
    /// # Errors
    /// See [`Org::query`].
    pub async fn query_all(&self, query: Query, rows_max: usize) -> Result<Vec<Record>, Error> {
        self.collect(Scope::WithDeleted, query, rows_max).await
    }

    /// Like [`Org::query`], on setup objects.
    ///
    /// # Errors
    /// See [`Org::query`].
    pub async fn tooling_query(&self, query: Query, rows_max: usize) -> Result<Vec<Record>, Error> {
        self.collect(Scope::Tooling, query, rows_max).await
    }

    /// How many rows a query has.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn count(&self, query: Query) -> Result<u64, Error> {
        let page = self.first_page(Scope::Live, &query.count()).await?;
        Ok(page.total_size)
    }

    async fn collect(
        &self,
        scope: Scope,
        query: Query,
        rows_max: usize,
    ) -> Result<Vec<Record>, Error> {
        let mut pages = self.pages(scope, query);
        let mut records = Vec::new();
        while let Some(page) = pages.try_next().await? {
            if records.len() + page.records.len() > rows_max {
                return Err(Error::TooMany {
                    limit: rows_max,
                    unit: "rows",
                });
            }
            records.extend(page.records);
        }
        Ok(records)
    }

    async fn first_page(&self, scope: Scope, query: &Query) -> Result<Page, Error> {
        let soql = query.to_soql();
        if soql.chars().count() > SOQL_CHARS_MAX {
            return Err(Error::Invalid(format!(
                "query is longer than {SOQL_CHARS_MAX} characters"
            )));
        }
        let operation = scope.operation();
        let target = self.data(&format!("{}?q={}", scope.resource(), path::encode(&soql)));
        if target.len() <= GET_BYTES_MAX {
            return self.get(operation, target).await;
        }
        // Too long for an address: the same GET travels in the body of a composite request.
        let only = FieldName::fixed("query");
        let composite = Composite::new(false).push(Subrequest::get_path(only, target));
        let mut request = call(operation, Method::POST, self.data("/composite"), true);
        request.operation = operation;
        let answer = self.composite_as(request, composite).await?.pop();
        let answer = answer.ok_or(Error::Inconsistent {
            operation,
            reason: "no subrequest was answered",
        })?;
        if answer.http_status >= 300 {
            return Err(Error::refused(
                operation,
                answer.http_status,
                answer.body_text().as_bytes(),
            ));
        }
        decode(operation, answer.body_text().as_bytes())
    }
}

/// Path of the next page, joined to our own base later; the host in the answer is never used.
fn next_link(page: &Page) -> Result<Option<String>, Error> {
    match (&page.next_records_url, page.done) {
        (Some(link), false) => host::data_path(link).map(Some).map_err(Error::Host),
        (None, false) => Err(Error::Inconsistent {
            operation: "query",
            reason: "neither done nor a next page",
        }),
        (_, true) => Ok(None),
    }
}
