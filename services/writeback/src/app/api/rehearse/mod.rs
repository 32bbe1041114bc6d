//! A rehearsal of changes before anybody decides: they are saved together, all or none, with a last row that must fail,
//! so that Salesforce evaluates its permissions and validation rules and rolls everything back (design section 8).
//!
//! One call carries all records of one object that are changed, and one all that are created: with all or none a later run
//! of another object might not be evaluated once an earlier one failed, and its silence would read as consent.

mod ask;

use std::collections::{BTreeMap, HashSet};

use chassis::Cause;
use chrono::Utc;
use events::rpc::{CallContext, Code, RpcError};
use events::writeback::v1::{Refusal, RehearseChangesRequest, RehearseChangesResponse};
use salesforce::Org;
use uuid::Uuid;

use super::{Api, failed, show, workspace};
use crate::domain::change::{Action, State};
use crate::domain::outcome;
use crate::domain::prediction::score::{Score, Source};
use crate::domain::reference;
use crate::domain::rehearsal::{self, Rehearsed, Said};
use crate::domain::value::{self, FieldValue, Fields};
use crate::store::audit::{self, Entry};
use crate::store::review::{self, Shown};
use crate::store::usage::{self, Spent};
use crate::store::workspace_id;
use crate::store::{predictions, rehearsals};

/// Changes of one request; with the last row they fit into one call.
const CHANGES_MAX: usize = 150;

/// Rows rehearsed in one call: records of one object, all of them there or all of them new.
type Runs<'a> = BTreeMap<(&'a str, bool), Vec<Rehearsing<'a>>>;

/// One record with the changes rehearsed on it; a new one has no id.
struct Rehearsing<'a> {
    record_id: &'a str,
    changes: Vec<&'a Shown>,
    fields: Fields,
}

impl Api {
    pub(super) async fn rehearse(
        &self,
        context: &CallContext,
        request: RehearseChangesRequest,
    ) -> Result<RehearseChangesResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let order = ids(&request.change_ids)?;
        let settings = self.settings.one(workspace).await.map_err(failed)?;
        if !settings.connection.usable {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "salesforce is not connected; connect it first",
            ));
        }
        let scope = self.scope(workspace)?;
        let standing = usage::standing(&scope, workspace).await.map_err(failed)?;
        if standing.paused || standing.budget.is_spent(self.budget_share) {
            return Err(RpcError::new(
                Code::Unavailable,
                "the org asked to be left alone, or our share of its daily calls is spent; try again later",
            ));
        }
        let shown = review::by_ids(&scope, workspace, &order)
            .await
            .map_err(failed)?;
        let mut refusals = Vec::new();
        let mut runs = Runs::new();
        for id in &order {
            let refused = match shown.iter().find(|shown| shown.id == *id) {
                None => Some("is not known in this workspace".to_owned()),
                Some(shown) => take(shown, &mut runs).err(),
            };
            refusals.extend(refused.map(|message| Refusal {
                change_id: id.to_string(),
                message,
            }));
        }
        let org = self.orgs.of(
            &workspace_id(workspace).map_err(failed)?,
            settings.connection.epoch,
        );
        let mut spent = Spent::default();
        let mut score = Score::default();
        let mut rehearsed: Vec<(Uuid, Rehearsed)> = Vec::new();
        for ((object, is_new), rows) in &runs {
            let run = ask::Run {
                settings: &settings,
                object,
                is_new: *is_new,
                rows,
            };
            match run.rehearse(&org, &mut spent, &mut score).await {
                Ok(said) => rehearsed.extend(kept(rows, said, &context.caller.actor)),
                Err(error) => {
                    self.orgs
                        .report(&workspace_id(workspace).map_err(failed)?, &error)
                        .await;
                    self.count(workspace, &org, spent).await?;
                    return Err(super::verify::org_failed(&error));
                }
            }
        }
        spent.org = org.usage().map(|usage| (usage.used, usage.max));
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        rehearsals::store(unit.connection(), workspace, &rehearsed)
            .await
            .map_err(failed)?;
        predictions::add(unit.connection(), workspace, &score, Source::Rehearsal)
            .await
            .map_err(failed)?;
        usage::spend(unit.connection(), workspace, spent)
            .await
            .map_err(failed)?;
        let entries: Vec<Entry<'_>> = rehearsed
            .iter()
            .map(|(id, rehearsed)| Entry {
                workspace,
                action: "change.rehearsed",
                subject: id.to_string(),
                before: None,
                after: Some(format!(r#"{{"accepted":{}}}"#, rehearsed.accepted)),
            })
            .collect();
        if !entries.is_empty() {
            audit::add(
                unit.connection(),
                &context.caller,
                &Cause::current(),
                entries,
            )
            .await
            .map_err(failed)?;
        }
        unit.commit().await.map_err(failed)?;
        self.telemetry
            .predicted(workspace, Source::Rehearsal, &score);
        let done: Vec<Uuid> = rehearsed.iter().map(|(id, _)| *id).collect();
        let after = review::by_ids(&scope, workspace, &done)
            .await
            .map_err(failed)?;
        Ok(RehearseChangesResponse {
            changes: after.into_iter().map(show::change).collect(),
            refusals,
            limits: rehearsal::CHANGE_LIMITS.to_owned(),
            api_calls: u32::try_from(spent.calls).unwrap_or(u32::MAX),
        })
    }

    /// Calls were made all the same.
    async fn count(&self, workspace: &str, org: &Org, mut spent: Spent) -> Result<(), RpcError> {
        spent.org = org.usage().map(|usage| (usage.used, usage.max));
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        usage::spend(unit.connection(), workspace, spent)
            .await
            .map_err(failed)?;
        unit.commit().await.map_err(failed)
    }
}

fn ids(sent: &[String]) -> Result<Vec<Uuid>, RpcError> {
    if sent.is_empty() || sent.len() > CHANGES_MAX {
        return Err(RpcError::invalid(
            "change_ids",
            format!("has not 1 to {CHANGES_MAX} entries"),
        ));
    }
    let mut seen = HashSet::new();
    let mut order = Vec::with_capacity(sent.len());
    for id in sent {
        let id: Uuid = id.parse().map_err(|_| {
            RpcError::invalid("change_ids", "has an entry that is not a change's id")
        })?;
        if !seen.insert(id) {
            return Err(RpcError::invalid("change_ids", "names a change twice"));
        }
        order.push(id);
    }
    Ok(order)
}

/// Puts a change into the row of its record, or says why it is not rehearsed.
fn take<'a>(shown: &'a Shown, runs: &mut Runs<'a>) -> Result<(), String> {
    match shown.state {
        State::Proposed
        | State::Approved
        | State::Held
        | State::Blocked
        | State::Refused
        | State::Failed => {}
        State::Executing
        | State::Applied
        | State::Uncertain
        | State::Dismissed
        | State::Expired
        | State::Superseded
        | State::Undone => {
            return Err(format!(
                "a change that is {} is not rehearsed",
                shown.state.as_str()
            ));
        }
    }
    let Some(proposed) = &shown.proposed else {
        return Err("there is no value that fits the field".to_owned());
    };
    match shown.action {
        Action::CreateNote => return Err("a note has no rules to rehearse".to_owned()),
        action if action.creates() => {
            let fields = value::fields_from_json(proposed).map_err(|error| error.to_string())?;
            if !reference::keys(&fields).is_empty() {
                return Err("it refers to a record that is still to be created".to_owned());
            }
            let rows = runs.entry((&shown.object, true)).or_default();
            rows.push(Rehearsing {
                record_id: "",
                changes: vec![shown],
                fields,
            });
            return Ok(());
        }
        _ => {}
    }
    if shown.action != Action::UpdateField || shown.record_id.is_empty() || shown.field.is_empty() {
        return Err(
            "only new records, and updates of fields of a settled record, are rehearsed".to_owned(),
        );
    }
    let value = FieldValue::from_json(proposed).map_err(|error| error.to_string())?;
    let rows = runs.entry((&shown.object, false)).or_default();
    let at = match rows.iter().position(|row| row.record_id == shown.record_id) {
        Some(at) => at,
        None => {
            rows.push(Rehearsing {
                record_id: &shown.record_id,
                changes: Vec::new(),
                fields: Fields::new(),
            });
            rows.len() - 1
        }
    };
    if rows[at].fields.contains_key(&shown.field) {
        return Err("another change of the same field is rehearsed already".to_owned());
    }
    rows[at].fields.insert(shown.field.clone(), value);
    rows[at].changes.push(shown);
    Ok(())
}

/// What is kept with each change of the rows.
fn kept(rows: &[Rehearsing<'_>], said: Vec<Said>, by: &str) -> Vec<(Uuid, Rehearsed)> {
    let at = Utc::now();
    let mut kept = Vec::new();
    for (row, said) in rows.iter().zip(said) {
        let reasons = match &said {
            Said::Accepted => Vec::new(),
            Said::Refused(problems) => outcome::explain(problems),
        };
        for change in &row.changes {
            kept.push((
                change.id,
                Rehearsed {
                    accepted: said == Said::Accepted,
                    said: reasons.clone(),
                    together: row
                        .changes
                        .iter()
                        .map(|other| &other.field)
                        .filter(|field| **field != change.field)
                        .cloned()
                        .collect(),
                    by: by.to_owned(),
                    at,
                },
            ));
        }
    }
    kept
}
