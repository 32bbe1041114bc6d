//! The draft of the mapping, to edit: some entries at a time, each with what is wrong with it and what would mend it.
//!
//! The form is checked by its owner without being saved, by a button and, where scripts run, while somebody types.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use events::crm::v1 as crm;
use events::rpc::Role;
use serde::Deserialize;

use super::form::{self, CONTENTS, Edited, Row, Said};
use super::{pages, slice};
use crate::ask::{catalogue, mapping};
use crate::http::Desk;
use crate::http::page::visitor::{Chrome, Fields, Posted, Refusal, Visitor};
use crate::http::page::{render, see};
use crate::wire::mapping::{Destination, Entry, Mapping, MappingProblem};
use crate::wire::word;

/// Entries of a page: with the longest texts the form takes it stays below 200 KB.
const ENTRIES: usize = 12;
/// Keys of properties proposed.
const KEYS: usize = 200;
/// Problems of the whole that are shown.
const PROBLEMS: usize = 20;

impl Said for Fields {
    fn said(&self, name: &str) -> &str {
        self.get(name)
    }

    fn every(&self, name: &str) -> Vec<&str> {
        let of = |(known, value)| (known == name).then_some(value);
        self.all().filter_map(of).collect()
    }
}

/// An entry of the form with what is wrong with it.
struct Card {
    number: usize,
    was: String,
    entry: Entry,
    synonyms: String,
    problems: Vec<MappingProblem>,
}

impl Card {
    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn problems(&self) -> &[MappingProblem] {
        &self.problems
    }
}

impl Place {
    fn problems(&self) -> &[MappingProblem] {
        &self.problems
    }
}

/// One content and where it goes.
struct Place {
    content: &'static str,
    words: &'static str,
    kind: String,
    object: String,
    field: String,
    overwrite: String,
    problems: Vec<MappingProblem>,
}

#[derive(Template)]
#[template(path = "mapping_edit.html")]
struct Page {
    chrome: Chrome,
    cards: Vec<Card>,
    /// Entries of this page that the form cannot hold.
    others: Vec<Entry>,
    places: Vec<Place>,
    keys: Vec<String>,
    /// About no entry of this page, nor a destination.
    problems: Vec<MappingProblem>,
    problems_total: usize,
    page: usize,
    pages: usize,
    /// It was only checked, or could not be saved.
    unsaved: bool,
    is_draft: bool,
}

impl Page {
    fn policies(&self) -> Vec<String> {
        word::words::<crm::OverwritePolicy>().collect()
    }

    fn kinds(&self, content: &str) -> Vec<(&'static str, &'static str)> {
        let mut kinds = vec![
            ("", "nowhere"),
            ("task", "a completed task"),
            ("event", "an event"),
            ("content_note", "a note"),
        ];
        // That it took place is no value.
        if content != "meeting" {
            kinds.push(("field", "a field"));
        }
        kinds
    }
}

#[derive(Deserialize)]
pub(in crate::http::page) struct Which {
    #[serde(default)]
    page: usize,
}

/// The draft, else what is published, else nothing; unfolded.
async fn known(desk: &Desk, visitor: &Visitor) -> Result<(Mapping, bool), Refusal> {
    let mappings = mapping::get(&desk.owners, &visitor.asking)
        .await
        .map_err(|error| visitor.trouble(error))?;
    let is_draft = mappings.draft.is_some();
    let empty = || Mapping {
        version: 0,
        revision: 0,
        published_by: String::new(),
        published_at: None,
        entries: Vec::new(),
        destinations: Vec::new(),
        properties: Vec::new(),
    };
    let mapping = mappings.draft.or(mappings.published).unwrap_or_else(empty);
    Ok((form::unfold(mapping), is_draft))
}

pub(in crate::http::page) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
    Query(which): Query<Which>,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let (mapping, is_draft) = known(&desk, &visitor).await?;
    let pages = pages(mapping.entries.len(), ENTRIES);
    let page = which.page.clamp(1, pages);
    let (fitting, others): (Vec<Entry>, Vec<Entry>) = slice(mapping.entries.clone(), page, ENTRIES)
        .into_iter()
        .partition(form::fits);
    let mut rows: Vec<Row> = fitting
        .into_iter()
        .enumerate()
        .map(|(number, entry)| Row {
            number,
            was: entry.id.clone(),
            entry,
        })
        .collect();
    rows.push(Row {
        number: rows.len(),
        was: String::new(),
        entry: form::blank(),
    });
    let problems = mapping::check(&desk.owners, &visitor.asking, mapping.clone())
        .await
        .map_err(|error| visitor.trouble(error))?;
    let view = View {
        rows,
        others,
        problems,
        page,
        unsaved: false,
        is_draft,
    };
    let page = view.page(&desk, &visitor, &mapping).await;
    Ok(render(StatusCode::OK, &page))
}

/// Checks, saves, or saves and publishes what the form says.
pub(in crate::http::page) async fn save(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let (known, is_draft) = known(&desk, &visitor).await?;
    let page: usize = fields.get("page").parse().unwrap_or(1);
    let Edited {
        mapping,
        rows,
        unread,
        added,
    } = form::edit(known, &fields);
    let action = fields.get("action");
    let mut status = StatusCode::OK;
    let unsaved = action == "check" || !unread.is_empty();
    let problems = if !unread.is_empty() {
        status = StatusCode::UNPROCESSABLE_ENTITY;
        unread
    } else if action == "check" {
        mapping::check(&desk.owners, &visitor.asking, mapping.clone())
            .await
            .map_err(|error| visitor.trouble(error))?
    } else {
        mapping::save_draft(&desk.owners, &visitor.asking, mapping.clone())
            .await
            .map_err(|error| visitor.trouble(error))?;
        // A new entry is the last.
        let page = if added {
            pages(mapping.entries.len(), ENTRIES)
        } else {
            page
        };
        if action != "publish" {
            return Ok(see(&visitor.path(&format!("mapping/edit?page={page}"))));
        }
        let published = mapping::publish(&desk.owners, &visitor.asking)
            .await
            .map_err(|error| visitor.trouble(error))?;
        match published {
            Ok(_) => return Ok(see(&visitor.path("mapping"))),
            Err(problems) => {
                status = StatusCode::UNPROCESSABLE_ENTITY;
                problems
            }
        }
    };
    // While somebody types, what cannot be read yet is only told.
    if action == "check" {
        status = StatusCode::OK;
    }
    let view = View {
        rows,
        others: Vec::new(),
        problems,
        page,
        unsaved,
        is_draft,
    };
    let page = view.page(&desk, &visitor, &mapping).await;
    Ok(render(status, &page))
}

/// What a page is made of.
struct View {
    rows: Vec<Row>,
    others: Vec<Entry>,
    problems: Vec<MappingProblem>,
    page: usize,
    unsaved: bool,
    is_draft: bool,
}

impl View {
    async fn page(self, desk: &Desk, visitor: &Visitor, mapping: &Mapping) -> Page {
        let (chrome, keys) = futures::join!(
            visitor.step(desk, "mapping"),
            catalogue::properties(&desk.owners, &visitor.asking),
        );
        // Without the catalogue a key is typed.
        let keys = keys.map_or_else(
            |_| Vec::new(),
            |catalogue| {
                let all = catalogue.properties.into_iter().chain(catalogue.built_in);
                all.map(|property| property.key).take(KEYS).collect()
            },
        );
        let mut problems = self.problems;
        let mut take = |id: &str| -> Vec<MappingProblem> {
            if id.is_empty() {
                return Vec::new();
            }
            problems
                .extract_if(.., |problem| problem.entry_id == id)
                .collect()
        };
        let cards = self
            .rows
            .into_iter()
            .map(|row| Card {
                number: row.number,
                problems: take(&row.entry.id),
                synonyms: form::synonyms(&row.entry),
                was: row.was,
                entry: row.entry,
            })
            .collect();
        let places = CONTENTS
            .iter()
            .map(|(content, words)| {
                let id = format!("destination_{content}");
                place(content, words, &mapping.destinations, take(&id))
            })
            .collect();
        Page {
            chrome,
            cards,
            others: self.others,
            places,
            keys,
            problems_total: problems.len(),
            problems: problems.into_iter().take(PROBLEMS).collect(),
            page: self.page,
            pages: pages(mapping.entries.len(), ENTRIES),
            unsaved: self.unsaved,
            is_draft: self.is_draft,
        }
    }
}

fn place(
    content: &'static str,
    words: &'static str,
    destinations: &[Destination],
    problems: Vec<MappingProblem>,
) -> Place {
    let known = destinations.iter().find(|known| known.content == content);
    let text = |of: fn(&Destination) -> &str| known.map(of).unwrap_or_default().to_owned();
    Place {
        content,
        words,
        kind: text(|known| &known.kind),
        object: text(|known| &known.object),
        field: text(|known| &known.field),
        overwrite: text(|known| known.overwrite.as_deref().unwrap_or_default()),
        problems,
    }
}
