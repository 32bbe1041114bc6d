//! Validation rules: predicts the org's own refusals. A definite prediction blocks; a doubt is only shown.

use super::{Reason, Subject};
use crate::domain::change::Verdict;
use crate::domain::rules::{self, Prediction, Rule};
use crate::domain::value::Fields;

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    let settings = subject.around.settings;
    let (Some(record), Some(object), Some(rules)) = (
        subject.record(),
        subject.object,
        settings.rules.get(&subject.proposal.object),
    ) else {
        return Vec::new();
    };
    if rules.is_empty() {
        return Vec::new();
    }
    let Some(value) = subject.proposed() else {
        return Vec::new();
    };
    let alone = Fields::from([(subject.proposal.field.clone(), value)]);
    let mut together = subject.around.siblings.clone();
    together.extend(alone.clone());
    let predict = |rule: &Rule, after: &Fields| {
        rules::predict(
            rule,
            object,
            record,
            after,
            &settings.connection.user_id,
            subject.around.now,
            settings.time_zone,
        )
    };
    let mut reasons = Vec::new();
    for rule in rules {
        // Fields of one record are saved together, but a sibling may be held: only what fires either way is certain.
        let first = predict(rule, &alone);
        let second = if together.len() > 1 {
            predict(rule, &together)
        } else {
            first.clone()
        };
        let (verdict, code, text) = match (first, second) {
            (Prediction::Silent, Prediction::Silent) => continue,
            (Prediction::Fires, Prediction::Fires) => {
                (Verdict::Block, "predicted_block", rule.message.clone())
            }
            (Prediction::CannotTell(why), _) | (_, Prediction::CannotTell(why)) => {
                (Verdict::Pass, "cannot_tell", why)
            }
            (Prediction::Fires, Prediction::Silent) | (Prediction::Silent, Prediction::Fires) => (
                Verdict::Pass,
                "depends_on_siblings",
                format!(
                    "it depends on what else is written with it: {}",
                    rule.message
                ),
            ),
        };
        reasons.push(
            Reason::new(
                "",
                verdict,
                code,
                format!("validation rule {}: {text}", rule.name),
            )
            .about((!rule.field.is_empty()).then(|| rule.field.clone())),
        );
    }
    reasons
}
