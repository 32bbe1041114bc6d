//! Loads what is known about a batch of meetings: one statement, whatever the batch's size (matching guide, section 4).

mod asked;
mod class;
mod rows;

pub use class::{class, class_text};

use crate::domain::facts::Facts;
use crate::domain::keys::Keys;
use asked::Asked;
use chassis::Scope;
use chrono::{DateTime, Utc};
use events::WorkspaceId;
use rows::add;
use std::collections::{HashMap, HashSet};

/// What one meeting asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The meeting, for a person's choice.
    pub meeting_id: String,
    /// When it began: opportunities closed long before, the workspace's window and a day for the time zone, are not loaded.
    pub started_at: DateTime<Utc>,
    /// Its keys.
    pub keys: Keys,
}

/// What is known in one workspace, and which version of its names that is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The facts.
    pub facts: Facts,
    /// Grows whenever an account's name changes.
    pub names_version: i64,
}

/// What is known, by workspace; a workspace that is not there is not known at all.
///
/// # Errors
/// When Postgres does not answer or a stored row cannot be read.
pub async fn load(
    scope: &Scope,
    questions: &[Question],
) -> Result<HashMap<WorkspaceId, Loaded>, sqlx::Error> {
    let asked = Asked::of(questions);
    // The best plan does not depend on which keys are asked, and planning anew would cost as much as the answer [measured at
    // 1 M contacts: one meeting 0.7 ms planned once, 8 ms planned each time]. Said in the round trip that sets the scope: on a
    // busy machine each round trip is two turns in the queue for a processor.
    let mut connection = scope
        .acquire_with("; set plan_cache_mode = force_generic_plan")
        .await?;
    let rows = sqlx::query_file!(
        "src/store/facts/facts.sql",
        &asked.address_workspaces,
        &asked.addresses,
        &asked.domain_workspaces,
        &asked.domains,
        &asked.record_workspaces,
        &asked.record_objects,
        &asked.record_ids,
        &asked.meeting_workspaces,
        &asked.meeting_ids,
        asked.earliest,
        &asked.workspaces,
        &asked.last_keys,
        &asked.first_keys,
        &asked.key_workspaces,
        &asked.key_meetings,
        &asked.key_kinds,
        &asked.keys,
        &asked.started_at,
    )
    .fetch_all(&mut *connection)
    .await?;

    let mut found: HashMap<String, Loaded> = HashMap::new();
    let mut known: HashSet<String> = HashSet::new();
    for row in rows {
        if row.kind == "workspace" {
            known.insert(row.workspace.clone());
        }
        let facts = found.entry(row.workspace).or_default();
        add(facts, &row.kind, row.key, &row.body)
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    }
    for loaded in found.values_mut() {
        for earlier in loaded.facts.series.values_mut() {
            // Found under two keys of the series, one meeting is one; the newest first, and the order of rows never matters.
            earlier.sort_by(|a, b| {
                (b.started_at, &b.meeting_id, &b.opportunity_id).cmp(&(
                    a.started_at,
                    &a.meeting_id,
                    &a.opportunity_id,
                ))
            });
            earlier.dedup();
        }
    }
    // Rules may be there before any record; only the workspace's own row makes it known.
    let workspaces = questions.iter().map(|question| &question.workspace);
    let mut facts = HashMap::new();
    for workspace in workspaces.filter(|workspace| known.contains(workspace.as_str())) {
        if let Some(of_workspace) = found.remove(workspace.as_str()) {
            facts.insert(workspace.clone(), of_workspace);
        }
    }
    Ok(facts)
}
