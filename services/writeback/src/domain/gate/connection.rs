//! Connection: work waits while there is none, and what the connected user may not reach is held until they may.

use super::{Reason, Subject, Target};
use crate::domain::change::Verdict;

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let settings = subject.around.settings;
    let proposal = subject.proposal;
    if !settings.connection.usable {
        let detail = &settings.connection.detail;
        reasons.push(Reason::new(
            "",
            Verdict::Wait,
            "not_connected",
            if detail.is_empty() {
                "Salesforce is not connected; the change goes on when it is".to_owned()
            } else {
                format!("Salesforce is not connected: {detail}")
            },
        ));
    }
    if matches!(subject.around.target, Target::Gone) {
        reasons.push(Reason::new(
            "",
            Verdict::Hold,
            "record_out_of_reach",
            format!(
                "the {} is deleted, merged or not shared with the connected user",
                proposal.object
            ),
        ));
    }
    let Some(object) = subject.object else {
        return reasons;
    };
    let object_name = &proposal.object;
    if proposal.action.creates() {
        if !object.createable {
            reasons.push(Reason::new(
                "",
                Verdict::Hold,
                "object_not_createable",
                format!("the connected user may not create {object_name} records; grant it in Salesforce"),
            ));
        }
        return reasons;
    }
    if !object.updateable {
        reasons.push(Reason::new(
            "",
            Verdict::Hold,
            "object_not_updateable",
            format!(
                "the connected user may not edit {object_name} records; grant it in Salesforce"
            ),
        ));
    }
    let name = format!("{object_name}.{}", proposal.field);
    match subject.field {
        None => reasons.push(
            Reason::new(
                "",
                Verdict::Hold,
                "field_out_of_reach",
                format!("the connected user does not see {name}; grant field-level security or map another field"),
            )
            .about([proposal.field.clone()]),
        ),
        Some(field) if field.calculated || !field.updateable => reasons.push(
            Reason::new(
                "",
                Verdict::Hold,
                "field_not_updateable",
                format!("the connected user may not edit {name}; grant field-level security or map another field"),
            )
            .about([proposal.field.clone()]),
        ),
        Some(_) => {}
    }
    reasons
}
