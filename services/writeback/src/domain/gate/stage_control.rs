//! Stage control: a deal moves only along the exits an admin listed, never silently backward, past a step or shut.

use super::{Reason, Subject};
use crate::domain::change::Verdict;
use crate::domain::value::FieldValue;

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    if subject.proposal.object != "Opportunity" || subject.proposal.field != "StageName" {
        return Vec::new();
    }
    let (Some(record), Some(object), Some(FieldValue::Text(to))) =
        (subject.record(), subject.object, subject.proposed())
    else {
        return Vec::new();
    };
    let from = record
        .get("StageName")
        .and_then(FieldValue::text)
        .unwrap_or_default();
    if from == to {
        return Vec::new();
    }
    let reason = |verdict, code: &str, message: String| {
        Reason::new("", verdict, code, message).about(["StageName"])
    };
    let mut reasons = Vec::new();
    let stages = &subject.around.settings.stages;
    match stages.controls.get(from) {
        None => reasons.push(reason(
            Verdict::Block,
            "stage_not_listed",
            format!("the stage \"{from}\" may not be left: it has no exits in this workspace"),
        )),
        Some(control) if !control.allowed_exits.contains(&to) => reasons.push(reason(
            Verdict::Block,
            "exit_not_allowed",
            format!("a move from \"{from}\" to \"{to}\" is not among the allowed exits"),
        )),
        Some(_) => {}
    }
    let known = |name: &str| object.stages.iter().find(|stage| stage.api_name == name);
    if let Some(target) = known(&to) {
        if target.closed {
            reasons.push(reason(
                Verdict::Hold,
                "closes_the_deal",
                format!("\"{to}\" closes the deal; a person decides"),
            ));
        }
        if let Some(source) = known(from) {
            if source.closed {
                reasons.push(reason(
                    Verdict::Hold,
                    "reopens_the_deal",
                    format!("the deal is closed as \"{from}\"; a person decides"),
                ));
            }
            if target.sort_order < source.sort_order {
                reasons.push(reason(
                    Verdict::Hold,
                    "backward",
                    format!("\"{to}\" comes before \"{from}\""),
                ));
            }
            let between = object
                .stages
                .iter()
                .filter(|stage| {
                    stage.active
                        && !stage.closed
                        && stage.sort_order > source.sort_order
                        && stage.sort_order < target.sort_order
                })
                .count();
            if between > 0 && !target.closed {
                reasons.push(reason(
                    Verdict::Hold,
                    "skips_a_step",
                    format!("the move skips {between} stages between \"{from}\" and \"{to}\""),
                ));
            }
        }
    }
    let empty: Vec<String> = stages
        .controls
        .get(&to)
        .iter()
        .flat_map(|control| &control.required_fields)
        .filter(|name| {
            let filled = |fields: &crate::domain::value::Fields| {
                fields
                    .get(name.as_str())
                    .is_some_and(|value| !value.is_empty())
            };
            !filled(record) && !filled(subject.around.siblings)
        })
        .cloned()
        .collect();
    if !empty.is_empty() {
        reasons.push(
            Reason::new(
                "",
                Verdict::Hold,
                "required_fields_empty",
                format!(
                    "before \"{to}\" these fields must be filled: {}",
                    empty.join(", ")
                ),
            )
            .about(empty),
        );
    }
    reasons
}
