//! The field mapping: what is published, the draft with everything that stands in its way, versions and what differs
//! between them, the document that is carried to another org. It is edited on a page of its own.

mod edit;
mod form;

pub(super) use edit::{save, show as show_editor};

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use events::rpc::Role;
use serde::Deserialize;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::{catalogue, mapping};
use crate::http::Desk;
use crate::wire::catalogue::{Difference, Version};
use crate::wire::mapping::{Entry, Mapping, MappingProblem};

/// Entries shown of a mapping at once.
const ENTRIES: usize = 25;
/// Versions to choose from.
const VERSIONS: u32 = 20;
/// Differences shown; the API tells all.
const DIFFERENCES: usize = 60;
/// Problems shown at once; the others show when these are mended.
const PROBLEMS: usize = 60;
/// Longest document shown again when it was not taken, in bytes: the page stays below 200 KB.
const DOCUMENT_BYTES_MAX: usize = 24 * 1024;

#[derive(Template)]
#[template(path = "mapping.html")]
struct Page {
    chrome: Chrome,
    published: Option<Shown>,
    draft: Option<Shown>,
    /// What stands in the way of the draft, or of a document that was not taken.
    problems: Vec<MappingProblem>,
    problems_total: usize,
    versions: Vec<Version>,
    between: Between,
    /// `None` when no two versions were chosen.
    differences: Option<Vec<Difference>>,
    differences_total: usize,
    /// A document that was not taken, to be mended.
    document: String,
    refused: bool,
}

/// A mapping with the entries of one page.
struct Shown {
    mapping: Mapping,
    entries_total: usize,
    /// Pages before and after, from 1; 0 for none.
    before: usize,
    after: usize,
}

impl Shown {
    fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    fn new(mut mapping: Mapping, page: usize) -> Self {
        let total = mapping.entries.len();
        let pages = pages(total, ENTRIES);
        let page = page.clamp(1, pages);
        mapping.entries = slice(mapping.entries, page, ENTRIES);
        Self {
            mapping,
            entries_total: total,
            before: page - 1,
            after: if page < pages { page + 1 } else { 0 },
        }
    }
}

/// How many pages a list has; one when it is empty.
fn pages(total: usize, size: usize) -> usize {
    total.div_ceil(size).max(1)
}

/// The entries of one page, counted from 1.
fn slice(entries: Vec<Entry>, page: usize, size: usize) -> Vec<Entry> {
    let begin = (page - 1) * size;
    entries.into_iter().skip(begin).take(size).collect()
}

/// Two versions to compare, and the page of the mapping shown.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Between {
    /// 0 for nothing at all.
    from: Option<u64>,
    /// 0 for the draft.
    to: Option<u64>,
    #[serde(default)]
    page: usize,
}

impl Between {
    fn begins_with(&self, version: &u64) -> bool {
        self.from == Some(*version)
    }

    fn ends_with(&self, version: &u64) -> bool {
        self.to == Some(*version)
    }
}

pub(super) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    Query(between): Query<Between>,
) -> Result<Response, Refusal> {
    let page = page(&desk, &visitor, between, Refused::default()).await?;
    Ok(render(StatusCode::OK, &page))
}

/// A document that was not taken.
#[derive(Default)]
struct Refused {
    document: String,
    problems: Vec<MappingProblem>,
}

async fn page(
    desk: &Desk,
    visitor: &Visitor,
    between: Between,
    refused: Refused,
) -> Result<Page, Refusal> {
    let (owners, asking) = (&desk.owners, &visitor.asking);
    let (chrome, mappings, versions) = futures::join!(
        visitor.step(desk, "mapping"),
        mapping::get(owners, asking),
        catalogue::versions(owners, asking, VERSIONS),
    );
    let mappings = mappings.map_err(|error| visitor.trouble(error))?;
    let was_refused = !refused.problems.is_empty();
    let mut problems = refused.problems;
    if let Some(draft) = &mappings.draft
        && !was_refused
    {
        problems = mapping::check(owners, asking, draft.clone())
            .await
            .map_err(|error| visitor.trouble(error))?;
    }
    let differences = match (between.from, between.to) {
        (Some(from), Some(to)) => Some(
            catalogue::differences(owners, asking, from, to)
                .await
                .map_err(|error| visitor.trouble(error))?,
        ),
        (None, _) | (_, None) => None,
    };
    let shown = |mapping| Shown::new(mapping, between.page);
    Ok(Page {
        chrome,
        published: mappings.published.map(shown),
        draft: mappings.draft.map(shown),
        problems_total: problems.len(),
        problems: problems.into_iter().take(PROBLEMS).collect(),
        versions: versions.map_err(|error| visitor.trouble(error))?,
        between,
        differences_total: differences.as_ref().map_or(0, Vec::len),
        differences: differences.map(|all| all.into_iter().take(DIFFERENCES).collect()),
        document: refused.document,
        refused: was_refused,
    })
}

/// Publishes the draft as it is stored, or makes a document the draft.
pub(super) async fn act(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let problems = match fields.get("action") {
        "publish" => {
            let published = mapping::publish(&desk.owners, &visitor.asking)
                .await
                .map_err(|error| visitor.trouble(error))?;
            match published {
                Ok(_) => return Ok(see(&visitor.path("mapping"))),
                Err(problems) => Refused {
                    document: String::new(),
                    problems,
                },
            }
        }
        _ => {
            let text = fields.get("yaml").to_owned();
            let imported = catalogue::import(&desk.owners, &visitor.asking, text.clone())
                .await
                .map_err(|error| visitor.trouble(error))?;
            if imported.stored {
                return Ok(see(&visitor.path("mapping")));
            }
            let again = text.len() <= DOCUMENT_BYTES_MAX;
            Refused {
                document: if again { text } else { String::new() },
                problems: imported.problems,
            }
        }
    };
    let page = page(&desk, &visitor, Between::default(), problems).await?;
    Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// A published version as a file; the newest when none is named.
pub(super) async fn document(
    State(desk): State<Desk>,
    visitor: Visitor,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let version = query
        .get("version")
        .and_then(|version| version.parse().ok())
        .unwrap_or(0);
    let document = catalogue::export(&desk.owners, &visitor.asking, version)
        .await
        .map_err(|error| visitor.trouble(error))?;
    let about = [
        (
            header::CONTENT_TYPE,
            "application/yaml; charset=utf-8".to_owned(),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"mapping-{}.yaml\"", document.version),
        ),
    ];
    Ok((about, document.yaml).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_every_entry() {
        for (total, size, expected) in [(0, 25, 1), (1, 25, 1), (25, 25, 1), (26, 25, 2)] {
            assert_eq!(pages(total, size), expected, "{total}");
        }
    }
}
