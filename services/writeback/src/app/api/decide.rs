//! A person approves, edits or dismisses. They decide on the version they saw, never on a newer one; the record is
//! read again right before an approved change is written, and if it moved the change comes back showing both values.

use std::collections::HashMap;

use chassis::Unit;
use chrono::Utc;
use events::rpc::{CallContext, RpcError};
use events::writeback::v1::{
    ChangeDecision, DecideChangesRequest, DecideChangesResponse, Decision, Refusal,
};
use uuid::Uuid;

use super::conclude::Conclusion;
use super::{Api, failed, show, workspace};
use crate::domain::change::{Action, State};
use crate::domain::fit::{self, Rules};
use crate::domain::lane;
use crate::domain::meeting::Typed;
use crate::domain::note;
use crate::domain::owner;
use crate::domain::settings::{Mode, Settings};
use crate::domain::text;
use crate::domain::value::{FieldValue, fields_from_json};
use crate::store::audit::Entry;
use crate::store::review::{self, Decided, Shown};

/// Decisions of one request.
const DECISIONS_MAX: usize = 500;
/// Longest reason kept, in UTF-16 code units.
const REASON_UNITS_MAX: usize = 1_000;

impl Api {
    pub(super) async fn decide(
        &self,
        context: &CallContext,
        request: DecideChangesRequest,
    ) -> Result<DecideChangesResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        if request.decisions.len() > DECISIONS_MAX {
            return Err(RpcError::invalid(
                "decisions",
                format!("has more than {DECISIONS_MAX} entries"),
            ));
        }
        let settings = self.settings.one(workspace).await.map_err(failed)?;
        let mut wanted: HashMap<Uuid, &ChangeDecision> = HashMap::new();
        let mut order = Vec::new();
        for decision in &request.decisions {
            let id: Uuid = decision
                .change_id
                .parse()
                .map_err(|_| RpcError::invalid("decisions.change_id", "is not a change's id"))?;
            if wanted.insert(id, decision).is_some() {
                return Err(RpcError::invalid("decisions.change_id", "is named twice"));
            }
            order.push(id);
        }
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        let locked = review::lock(unit.connection(), workspace, &order)
            .await
            .map_err(failed)?;
        let mut refusals = Vec::new();
        let mut verdicts = Verdicts::default();
        for id in &order {
            let judged = match locked.iter().find(|shown| shown.id == *id) {
                Some(shown) => verdicts.judge(workspace, shown, wanted[id], &settings, context),
                None => Err("is not known in this workspace".to_owned()),
            };
            if let Err(problem) = judged {
                refusals.push(refusal(*id, &problem));
            }
        }
        let done = verdicts.decided();
        self.decide_all(unit, context, workspace, verdicts).await?;
        let after = review::by_ids(&self.scope(workspace)?, workspace, &done)
            .await
            .map_err(failed)?;
        Ok(DecideChangesResponse {
            changes: after.into_iter().map(show::change).collect(),
            refusals,
        })
    }

    /// Writes decisions with everything they lead to.
    pub(super) async fn decide_all(
        &self,
        mut unit: Unit,
        context: &CallContext,
        workspace: &str,
        verdicts: Verdicts<'_>,
    ) -> Result<(), RpcError> {
        review::decide(unit.connection(), &verdicts.decided)
            .await
            .map_err(failed)?;
        self.conclude(unit, context, workspace, verdicts.conclusion)
            .await
    }
}

/// Decisions that can be taken, and what they lead to.
#[derive(Default)]
pub(super) struct Verdicts<'a> {
    decided: Vec<Decided>,
    conclusion: Conclusion<'a>,
}

impl<'a> Verdicts<'a> {
    /// Takes a decision about one change, or says why it cannot be taken.
    pub(super) fn judge(
        &mut self,
        workspace: &'a str,
        shown: &Shown,
        decision: &ChangeDecision,
        settings: &Settings,
        context: &CallContext,
    ) -> Result<(), String> {
        let decision = judge(shown, decision, settings, &context.caller.actor)?;
        let conclusion = &mut self.conclusion;
        conclusion.sets.push(shown.change_set_id);
        if decision.state == State::Approved {
            let backfill = shown.priority == lane::priority(true, true);
            conclusion.lanes.push((
                workspace.to_owned(),
                shown.lane.clone(),
                lane::priority(backfill, true),
            ));
        }
        conclusion.entries.push(entry(workspace, shown, &decision));
        self.decided.push(decision);
        Ok(())
    }

    /// The changes decided.
    pub(super) fn decided(&self) -> Vec<Uuid> {
        self.decided.iter().map(|decision| decision.id).collect()
    }
}

/// A decision that is not taken.
pub(super) fn refusal(id: Uuid, message: &str) -> Refusal {
    Refusal {
        change_id: id.to_string(),
        message: message.to_owned(),
    }
}

/// Whether a decision can be taken, or why not.
pub(crate) fn judge(
    shown: &Shown,
    decision: &ChangeDecision,
    settings: &Settings,
    actor: &str,
) -> Result<Decided, String> {
    if u64::try_from(shown.version).unwrap_or(0) != decision.version {
        return Err(format!(
            "the change is at version {} and you saw {}: look at it again",
            shown.version, decision.version
        ));
    }
    let reason = text::cut(&text::clean(&decision.reason), REASON_UNITS_MAX);
    let decided = |state, edited| Decided {
        id: shown.id,
        state,
        edited,
        by: actor.to_owned(),
        reason: reason.clone(),
    };
    match decision.decision() {
        Decision::Unspecified => Err("the decision is missing".to_owned()),
        Decision::Dismiss => match shown.state {
            State::Proposed | State::Held | State::Refused | State::Failed => {
                if reason.is_empty() {
                    return Err("a reason is required to dismiss".to_owned());
                }
                Ok(decided(State::Dismissed, None))
            }
            other => Err(format!(
                "a change that is {} cannot be dismissed",
                other.as_str()
            )),
        },
        Decision::Approve => match shown.state {
            // Refused and failed ones are tried again when a person says that the cause is mended.
            State::Held | State::Refused | State::Failed => {
                let edited = approvable(shown, decision, settings)?;
                Ok(decided(State::Approved, edited))
            }
            other => Err(format!(
                "a change that is {} cannot be approved",
                other.as_str()
            )),
        },
    }
}

/// The edited value to write, when there is one; or why the change cannot be approved.
fn approvable(
    shown: &Shown,
    decision: &ChangeDecision,
    settings: &Settings,
) -> Result<Option<String>, String> {
    if shown.action == Action::DeleteRecord {
        return if decision.edited_json.is_empty() {
            Ok(None)
        } else {
            Err("a deletion has no value to edit".to_owned())
        };
    }
    // Taking back what we wrote asks for no permission to write more.
    if shown.undoes.is_some() && decision.edited_json.is_empty() {
        return Ok(None);
    }
    let creates = shown.action.creates();
    if !creates && shown.record_id.is_empty() {
        return Err(
            "the match is not settled: correct it, and the change is proposed anew".to_owned(),
        );
    }
    let mode = settings.permissions.of(
        shown.action,
        &shown.object,
        &shown.field,
        !shown.entry_id.is_empty(),
    );
    // A reviewer decides about one change, not about what the workspace may write.
    if mode < Mode::Review {
        return Err(format!(
            "the workspace's permission is {}: an admin has to open it first",
            mode.as_str()
        ));
    }
    if decision.edited_json.is_empty() {
        return match shown.proposed {
            Some(_) => Ok(None),
            None => Err("there is no value that fits the field: edit it".to_owned()),
        };
    }
    if creates {
        let edited = fields_from_json(&decision.edited_json)
            .map_err(|error| format!("edited_json {error}"))?;
        let proposed = fields_from_json(shown.proposed.as_deref().unwrap_or("{}"))
            .map_err(|error| error.to_string())?;
        if let Some(extra) = edited.keys().find(|name| !proposed.contains_key(*name)) {
            return Err(format!(
                "edited_json names {extra}, which the new record does not have"
            ));
        }
        let mut merged = proposed;
        merged.extend(edited);
        return Ok(Some(crate::domain::value::fields_to_json(&merged)));
    }
    let value = FieldValue::from_json(&decision.edited_json)
        .map_err(|error| format!("edited_json {error}"))?;
    fits(shown, &value, settings)?;
    Ok(Some(value.to_json()))
}

/// A person's own value is held to the field's type as well: Salesforce would refuse it anyway.
fn fits(shown: &Shown, value: &FieldValue, settings: &Settings) -> Result<(), String> {
    let Some(object) = settings.schema.get(&shown.object) else {
        return Ok(());
    };
    let Some(field) = object.fields.get(&shown.field) else {
        return Err(format!(
            "the connected user does not see {}.{}",
            shown.object, shown.field
        ));
    };
    if note::is_content(&shown.object, &shown.field) {
        return match value {
            FieldValue::Text(html) if !html.is_empty() => Ok(()),
            _ => Err("a note's content is HTML, and not empty".to_owned()),
        };
    }
    if owner::takes_users(field) && !value.is_empty() {
        return if owner::is_user(value) {
            Ok(())
        } else {
            Err("the field takes a user, named by the id it has in Salesforce, which begins with 005".to_owned())
        };
    }
    let typed = match value {
        FieldValue::Null if field.nillable => return Ok(()),
        FieldValue::Null => return Err("the field may not be empty".to_owned()),
        FieldValue::Bool(flag) => Typed::Bool(*flag),
        FieldValue::Number(number) => Typed::Number(*number),
        // A moment is text in JSON; the field's type says that it is one.
        FieldValue::Text(text) if field.kind == crate::domain::schema::Kind::DateTime => {
            match chrono::DateTime::parse_from_rfc3339(text) {
                Ok(moment) => Typed::DateTime(moment.with_timezone(&Utc)),
                Err(_) => {
                    return Err(
                        "the field takes a moment, written as 2026-03-02T10:00:00Z".to_owned()
                    );
                }
            }
        }
        FieldValue::Text(text) => Typed::Text(text.clone()),
    };
    let rules = Rules {
        truncate: false,
        synonyms: &[],
        list_separator: "",
        time_zone: settings.time_zone,
        record_type_id: None,
        currency: None,
        // The reviewer sees the record; a wrong dependent value is Salesforce's to refuse.
        controlling_index: None,
        stages: &[],
    };
    match fit::fit(&typed, field, rules) {
        Ok(_) => Ok(()),
        Err(unfit) if unfit.code == "picklist_controller_empty" => Ok(()),
        Err(unfit) => Err(unfit.message),
    }
}

fn entry<'a>(workspace: &'a str, shown: &Shown, decision: &Decided) -> Entry<'a> {
    let quote = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    Entry {
        workspace,
        action: if decision.state == State::Approved {
            "change.approved"
        } else {
            "change.dismissed"
        },
        subject: shown.id.to_string(),
        before: Some(format!(
            r#"{{"state":"{}","proposed":{}}}"#,
            shown.state.as_str(),
            shown.proposed.as_deref().unwrap_or("null")
        )),
        after: Some(format!(
            r#"{{"state":"{}","edited":{},"reason":{}}}"#,
            decision.state.as_str(),
            decision.edited.as_deref().unwrap_or("null"),
            quote(&decision.reason)
        )),
    }
}
