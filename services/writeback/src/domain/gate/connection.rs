//! Connection: work waits while there is none, and what the connected user may not reach is held until they may.

use super::{Reason, Subject, Target};
use crate::domain::change::{Action, Verdict};
use crate::domain::schema::Object;

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
    if let Some(object) = subject.object {
        reasons.extend(reach(
            object,
            &proposal.object,
            proposal.action,
            &proposal.field,
        ));
    }
    reasons
}

/// What keeps the connected user from creating a record of the object, or from editing the field, by its present
/// schema. Asked again right before a write: access may have been lost since the change was approved.
#[must_use]
pub fn reach(object: &Object, name: &str, action: Action, field_name: &str) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if action.creates() {
        if !object.createable {
            reasons.push(Reason::new(
                "",
                Verdict::Hold,
                "object_not_createable",
                format!("the connected user may not create {name} records; grant it in Salesforce"),
            ));
        }
        return reasons;
    }
    // Taking back what we created concerns no field, and whether it may go is the org's own answer.
    if action == Action::DeleteRecord {
        return reasons;
    }
    if !object.updateable {
        reasons.push(Reason::new(
            "",
            Verdict::Hold,
            "object_not_updateable",
            format!("the connected user may not edit {name} records; grant it in Salesforce"),
        ));
    }
    let place = format!("{name}.{field_name}");
    match object.fields.get(field_name) {
        None => reasons.push(
            Reason::new(
                "",
                Verdict::Hold,
                "field_out_of_reach",
                format!("the connected user does not see {place}; grant field-level security or map another field"),
            )
            .about([field_name]),
        ),
        Some(field) if field.calculated || !field.updateable => reasons.push(
            Reason::new(
                "",
                Verdict::Hold,
                "field_not_updateable",
                format!("the connected user may not edit {place}; grant field-level security or map another field"),
            )
            .about([field_name]),
        ),
        Some(_) => {}
    }
    reasons
}
