//! The words of a gap: what is missing, and the place in Setup where an admin sets it (`salesforce-api` 4.6: object and
//! field permissions come from the profile and every assigned permission set; sharing and record types are apart).

use super::{Gap, Kind};

/// When not one opportunity is visible: legitimate in a new org, so nobody is stopped by it.
pub(super) const NO_OPPORTUNITY: &str = "the connected user sees no open opportunity; if the org has some, share them: Setup > Sharing Settings > Opportunity, or View All on Opportunity in a permission set";

fn gap(kind: Kind, object: &str, message: String, fix: String) -> Gap {
    Gap {
        kind,
        object: object.to_owned(),
        field: String::new(),
        subject_id: String::new(),
        message,
        fix,
        entry_ids: Vec::new(),
    }
}

pub(super) fn api() -> Gap {
    gap(
        Kind::Api,
        "",
        "the connected user may not use the API".to_owned(),
        "in a permission set assigned to the connected user: Setup > Permission Sets > System Permissions > enable API Enabled".to_owned(),
    )
}

pub(super) fn object(kind: Kind, object: &str, entry_ids: Vec<String>) -> Gap {
    let (verb, right) = match kind {
        Kind::ObjectCreate => ("create", "Create"),
        Kind::ObjectEdit => ("edit", "Edit"),
        Kind::Api
        | Kind::ObjectRead
        | Kind::FieldRead
        | Kind::FieldEdit
        | Kind::RecordType
        | Kind::Owner => ("read", "Read"),
    };
    Gap {
        entry_ids,
        ..gap(
            kind,
            object,
            format!("the connected user may not {verb} {object} records"),
            format!(
                "in a permission set assigned to the connected user: Setup > Permission Sets > Object Settings > {object} > enable {right}"
            ),
        )
    }
}

pub(super) fn field(kind: Kind, object: &str, field: &str, entry_ids: Vec<String>) -> Gap {
    let (message, right) = match kind {
        Kind::FieldEdit => (
            format!("the connected user may not edit {object}.{field}"),
            "Edit Access",
        ),
        Kind::Api
        | Kind::ObjectRead
        | Kind::ObjectCreate
        | Kind::ObjectEdit
        | Kind::FieldRead
        | Kind::RecordType
        | Kind::Owner => (
            format!(
                "the connected user does not see {object}.{field}, or it is gone: Salesforce does not tell the two apart"
            ),
            "Read and Edit Access",
        ),
    };
    Gap {
        field: field.to_owned(),
        entry_ids,
        ..gap(
            kind,
            object,
            message,
            format!(
                "field-level security: Setup > Permission Sets > Object Settings > {object} > Field Permissions > {field} > {right}"
            ),
        )
    }
}

pub(super) fn record_type(object: &str, id: &str, name: &str) -> Gap {
    Gap {
        subject_id: id.to_owned(),
        ..gap(
            Kind::RecordType,
            object,
            format!(
                "the pipeline {name} is inactive, gone or not assigned to the connected user as a record type"
            ),
            format!(
                "record type assignment: Setup > Permission Sets > Object Settings > {object} > Record Types > assign {name}; it must be active under Setup > Object Manager > {object} > Record Types"
            ),
        )
    }
}

pub(super) fn owner(id: &str) -> Gap {
    Gap {
        subject_id: id.to_owned(),
        ..gap(
            Kind::Owner,
            "User",
            format!("the connected user does not see the user {id}, who owns records"),
            "sharing: Setup > Sharing Settings > User, or a permission set with View All Users assigned to the connected user".to_owned(),
        )
    }
}
