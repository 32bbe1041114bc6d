//! Match: an ambiguous or unlikely match goes to a person; other pipelines are left alone.

use super::{Reason, Subject};
use crate::domain::change::Verdict;
use crate::domain::value::FieldValue;

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let matched = subject.around.matched;
    let proposal = subject.proposal;
    if !proposal.action.creates() && proposal.record_id.is_empty() {
        let settle = if matched.would_settle.is_empty() {
            String::new()
        } else {
            format!("; it would settle it: {}", matched.would_settle)
        };
        reasons.push(Reason::new(
            "",
            Verdict::Hold,
            "ambiguous",
            format!(
                "more than one {} could be meant: {}{settle}",
                proposal.object, matched.explanation
            ),
        ));
        return reasons;
    }
    let on_opportunity = (proposal.object == "Opportunity" && !proposal.action.creates())
        || proposal.object == "OpportunityContactRole";
    let probability = if on_opportunity {
        matched.opportunity_probability
    } else {
        matched.probability
    };
    let least = subject.around.settings.match_probability_min;
    if probability < least {
        reasons.push(Reason::new(
            "",
            Verdict::Hold,
            "below_threshold",
            format!(
                "the match is {:.0} % likely and the workspace asks for {:.0} %",
                probability * 100.0,
                least * 100.0
            ),
        ));
    }
    let pipelines = &subject.around.settings.stages.pipelines;
    if on_opportunity && !pipelines.is_empty() {
        let read = subject
            .record()
            .and_then(|record| record.get("RecordTypeId"))
            .and_then(FieldValue::text);
        let record_type = read.unwrap_or(&matched.opportunity_record_type_id);
        if !pipelines.iter().any(|id| id == record_type) {
            reasons.push(Reason::new(
                "",
                Verdict::Block,
                "pipeline_not_selected",
                "the opportunity is in a pipeline this workspace does not write to",
            ));
        }
    }
    reasons
}
