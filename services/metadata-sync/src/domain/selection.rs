//! Which records are read for matching, and which of their fields: only what matching uses, and only what the connected
//! user sees, because one hidden field would fail the whole query.

use super::schema::{Behaviour, Object};

/// One object to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// sObject API name.
    pub object: &'static str,
    /// Fields matching uses.
    pub fields: &'static [&'static str],
    /// Also every visible field of type e-mail.
    pub all_emails: bool,
    /// Of a full load, only rows whose field lies at most so many days back: older ones can concern no meeting any more.
    pub recent: Option<Recent>,
    /// Many orgs do not have the object at all; its absence is worth no note.
    pub spare: bool,
}

/// Rows of a full load that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recent {
    /// A field of type datetime.
    pub field: &'static str,
    /// Days before the load began.
    pub days: i64,
}

/// How far back calendar events are loaded, in days: a meeting is published within hours, and decided again for 30 days.
const EVENT_DAYS: i64 = 45;

/// Further e-mail fields of one object, beside its own.
const EMAIL_FIELDS_MAX: usize = 8;

/// What every row needs: without these it can be neither identified nor followed.
const REQUIRED: [&str; 2] = ["Id", "SystemModstamp"];
/// Who touched a row and when, and whether it is gone.
const COMMON: [&str; 5] = [
    "CreatedById",
    "LastModifiedById",
    "LastModifiedDate",
    "IsDeleted",
    "MasterRecordId",
];

/// Objects in the order they are read: owners first, children after their parents.
pub const WANTED: [Wanted; 9] = [
    Wanted {
        object: "User",
        fields: &["Name", "Email", "IsActive", "UserType"],
        all_emails: false,
        recent: None,
        spare: false,
    },
    Wanted {
        object: "Account",
        fields: &[
            "Name",
            "Website",
            "Phone",
            "ParentId",
            "OwnerId",
            "Type",
            "IsPersonAccount",
            "PersonEmail",
            "LastActivityDate",
        ],
        all_emails: false,
        recent: None,
        spare: false,
    },
    Wanted {
        object: "Contact",
        fields: &[
            "AccountId",
            "FirstName",
            "LastName",
            "Email",
            "Phone",
            "MobilePhone",
            "HomePhone",
            "OtherPhone",
            "AssistantPhone",
            "Title",
            "OwnerId",
            "IsPersonAccount",
        ],
        all_emails: true,
        recent: None,
        spare: false,
    },
    Wanted {
        object: "Lead",
        fields: &[
            "FirstName",
            "LastName",
            "Company",
            "Email",
            "Phone",
            "MobilePhone",
            "Website",
            "OwnerId",
            "IsConverted",
            "ConvertedAccountId",
            "ConvertedContactId",
            "ConvertedOpportunityId",
        ],
        all_emails: false,
        recent: None,
        spare: false,
    },
    Wanted {
        object: "Opportunity",
        fields: &[
            "AccountId",
            "Name",
            "StageName",
            "IsClosed",
            "IsWon",
            "CloseDate",
            "OwnerId",
            "RecordTypeId",
            "Type",
            "CreatedDate",
        ],
        all_emails: false,
        recent: None,
        spare: false,
    },
    Wanted {
        object: "OpportunityContactRole",
        fields: &["OpportunityId", "ContactId", "Role", "IsPrimary"],
        all_emails: false,
        recent: None,
        spare: false,
    },
    // Only where team selling is on.
    Wanted {
        object: "OpportunityTeamMember",
        fields: &["OpportunityId", "UserId", "TeamMemberRole"],
        all_emails: false,
        recent: None,
        spare: true,
    },
    // Only where products are used.
    Wanted {
        object: "OpportunityLineItem",
        fields: &["OpportunityId", "Name", "ProductCode"],
        all_emails: false,
        recent: None,
        spare: true,
    },
    Wanted {
        object: "Event",
        fields: &[
            "Subject",
            "StartDateTime",
            "EndDateTime",
            "OwnerId",
            "WhoId",
            "WhatId",
            "AccountId",
            "IsChild",
        ],
        all_emails: false,
        recent: Some(Recent {
            field: "StartDateTime",
            days: EVENT_DAYS,
        }),
        spare: true,
    },
];

/// The fields to select of `object`, sorted; nothing when it cannot be read or lacks what every row needs.
#[must_use]
pub fn fields(wanted: &Wanted, object: &Object) -> Option<Vec<String>> {
    let visible = |name: &str| object.fields.contains_key(name);
    if !object.queryable || !REQUIRED.into_iter().all(visible) {
        return None;
    }
    let mut selected: Vec<String> = REQUIRED
        .into_iter()
        .chain(COMMON)
        .chain(wanted.fields.iter().copied())
        .filter(|name| visible(name))
        .map(str::to_owned)
        .collect();
    if wanted.all_emails {
        let further = object
            .fields
            .iter()
            .filter(|(_, field)| field.behaviour() == Behaviour::Email)
            .map(|(name, _)| name.clone());
        selected.extend(further.take(EMAIL_FIELDS_MAX));
    }
    selected.sort();
    selected.dedup();
    Some(selected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schema::Field;

    fn object(fields: &[(&str, &str)]) -> Object {
        Object {
            queryable: true,
            fields: fields
                .iter()
                .map(|(name, kind)| {
                    let field = Field {
                        kind: (*kind).into(),
                        ..Field::default()
                    };
                    ((*name).to_owned(), field)
                })
                .collect(),
            ..Object::default()
        }
    }

    #[test]
    fn only_visible_fields_are_selected_and_every_email_of_a_contact() {
        let contact = object(&[
            ("Id", "id"),
            ("SystemModstamp", "datetime"),
            ("LastName", "string"),
            ("Email", "email"),
            ("Work_Mail__c", "email"),
            ("Salary__c", "currency"),
        ]);
        let selected = fields(&WANTED[2], &contact).expect("readable");
        assert_eq!(
            selected,
            ["Email", "Id", "LastName", "SystemModstamp", "Work_Mail__c"]
        );
    }

    #[test]
    fn an_object_without_its_stamp_is_not_read() {
        assert_eq!(fields(&WANTED[0], &object(&[("Id", "id")])), None);
    }
}
