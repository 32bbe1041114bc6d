//! Validation rules: predicts the org's own refusals. A definite prediction holds the change, so that a person sees the
//! rule, its message and why it fires before a call is spent; a doubt is only shown, and can be rehearsed.

use super::{Reason, Subject};
use crate::domain::change::Verdict;
use crate::domain::prediction::{NONE_BLOCKS, Said};

/// Rules told apart on one change; the rest are named together.
const TOLD_MAX: usize = 20;
/// Longest list of names, in characters.
const NAMES_CHARACTERS_MAX: usize = 2_000;

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    let settings = subject.around.settings;
    let Some(book) = settings.rules.get(&subject.proposal.object) else {
        return Vec::new();
    };
    let is_asked = if subject.proposal.field.is_empty() {
        subject.new_record().is_some()
    } else {
        subject.record().is_some() && subject.proposed().is_some()
    };
    if !is_asked {
        return Vec::new();
    }
    let findings = subject.around.foreseen.of(&subject.proposal.field);
    let mut reasons = Vec::new();
    let mut unknown = 0_usize;
    let mut fires = false;
    let mut untold = String::new();
    for finding in findings {
        let rule = &book.rules[finding.rule];
        let name = &rule.name;
        let reason = match &finding.said {
            Said::Fires(why) => {
                fires = true;
                Reason::new(
                    "",
                    Verdict::Hold,
                    "predicted_block",
                    format!("validation rule {name}: {}", rule.message),
                )
                .because(why.clone())
            }
            Said::DependsOnSiblings => Reason::new(
                "",
                Verdict::Pass,
                "depends_on_siblings",
                format!(
                    "validation rule {name}: it depends on what else is written with it: {}",
                    rule.message
                ),
            ),
            Said::CannotTell(why) => {
                unknown += 1;
                if unknown > TOLD_MAX {
                    if untold.len() < NAMES_CHARACTERS_MAX {
                        if !untold.is_empty() {
                            untold.push_str(", ");
                        }
                        untold.push_str(name);
                    }
                    continue;
                }
                Reason::new(
                    "",
                    Verdict::Pass,
                    "cannot_tell",
                    format!("validation rule {name}: {why}"),
                )
            }
        };
        reasons.push(reason.about((!rule.field.is_empty()).then(|| rule.field.clone())));
    }
    if !untold.is_empty() {
        reasons.push(Reason::new(
            "",
            Verdict::Pass,
            "cannot_tell_more",
            format!("{} more rules: {untold}", unknown - TOLD_MAX),
        ));
    }
    if !fires {
        let rules = book.rules.len();
        reasons.push(Reason::new(
            "",
            Verdict::Pass,
            "none_blocks",
            format!("{NONE_BLOCKS}: {} of {rules} evaluated", rules - unknown),
        ));
    }
    reasons
}
