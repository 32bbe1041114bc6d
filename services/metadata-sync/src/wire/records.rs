//! Salesforce rows to the records matching knows, and how they are cut into messages.

use events::crm::v1::{self, RecordsChanged};
use prost::Message;
use salesforce::Record;

use super::timestamp;

/// Phone fields of a contact or lead, in the order they are sent.
const PHONES: [&str; 5] = [
    "Phone",
    "MobilePhone",
    "HomePhone",
    "OtherPhone",
    "AssistantPhone",
];
/// Tag and length of one element of a list.
const ELEMENT_BYTES: usize = 8;

/// One row, ready to travel.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// An account.
    Account(v1::Account),
    /// A contact.
    Contact(v1::Contact),
    /// A lead.
    Lead(v1::Lead),
    /// An opportunity.
    Opportunity(v1::Opportunity),
    /// A contact's role on an opportunity.
    ContactRole(v1::OpportunityContactRole),
    /// A member of an opportunity's team.
    TeamMember(v1::OpportunityTeamMember),
    /// A product on an opportunity.
    Product(v1::OpportunityProduct),
    /// A calendar event.
    CalendarEvent(v1::CalendarEvent),
    /// A user.
    User(v1::User),
    /// A row that is gone.
    Deleted(v1::Deleted),
}

impl Row {
    /// The row of a record of `object`; none when it is nothing matching has to know: the shadow contact of a person
    /// account, whose account carries its address already.
    #[must_use]
    pub fn of(object: &str, record: &Record) -> Option<Self> {
        if record.bool("IsDeleted") == Some(true) {
            return Some(Self::Deleted(deleted(object, record)));
        }
        Some(match object {
            "Account" => Self::Account(account(record)),
            "Contact" if record.bool("IsPersonAccount") == Some(true) => return None,
            "Contact" => Self::Contact(contact(record)),
            "Lead" => Self::Lead(lead(record)),
            "Opportunity" => Self::Opportunity(opportunity(record)),
            "OpportunityContactRole" => Self::ContactRole(contact_role(record)),
            "OpportunityTeamMember" => Self::TeamMember(team_member(record)),
            "OpportunityLineItem" => Self::Product(product(record)),
            "Event" => Self::CalendarEvent(calendar_event(record)),
            "User" => Self::User(user(record)),
            _ => return None,
        })
    }

    fn bytes(&self) -> usize {
        ELEMENT_BYTES
            + match self {
                Self::Account(row) => row.encoded_len(),
                Self::Contact(row) => row.encoded_len(),
                Self::Lead(row) => row.encoded_len(),
                Self::Opportunity(row) => row.encoded_len(),
                Self::ContactRole(row) => row.encoded_len(),
                Self::TeamMember(row) => row.encoded_len(),
                Self::Product(row) => row.encoded_len(),
                Self::CalendarEvent(row) => row.encoded_len(),
                Self::User(row) => row.encoded_len(),
                Self::Deleted(row) => row.encoded_len(),
            }
    }

    fn push(self, message: &mut RecordsChanged) {
        match self {
            Self::Account(row) => message.accounts.push(row),
            Self::Contact(row) => message.contacts.push(row),
            Self::Lead(row) => message.leads.push(row),
            Self::Opportunity(row) => message.opportunities.push(row),
            Self::ContactRole(row) => message.contact_roles.push(row),
            Self::TeamMember(row) => message.team_members.push(row),
            Self::Product(row) => message.products.push(row),
            Self::CalendarEvent(row) => message.calendar_events.push(row),
            Self::User(row) => message.users.push(row),
            Self::Deleted(row) => message.deleted.push(row),
        }
    }
}

/// Rows as messages of at most about `bytes_max`, in order. `envelope` carries what all of them say.
#[must_use]
pub fn chunks(
    envelope: &RecordsChanged,
    rows: impl IntoIterator<Item = Row>,
    bytes_max: usize,
) -> Vec<RecordsChanged> {
    let mut messages = Vec::new();
    let mut message = envelope.clone();
    let mut bytes = 0;
    for row in rows {
        let size = row.bytes();
        if bytes > 0 && bytes + size > bytes_max {
            messages.push(std::mem::replace(&mut message, envelope.clone()));
            bytes = 0;
        }
        bytes += size;
        row.push(&mut message);
    }
    if bytes > 0 {
        messages.push(message);
    }
    messages
}

fn text(record: &Record, field: &str) -> String {
    record.text(field).unwrap_or_default().to_owned()
}

/// An id in its 18-character form; what is no id is sent as it is, so that a reader can say so.
fn id(record: &Record, field: &str) -> String {
    record
        .id_at(field)
        .map_or_else(|| text(record, field), |id| id.as_str().to_owned())
}

fn flag(record: &Record, field: &str) -> bool {
    record.bool(field).unwrap_or_default()
}

fn stamps(record: &Record) -> Option<v1::Stamps> {
    Some(v1::Stamps {
        created_by_id: id(record, "CreatedById"),
        last_modified_by_id: id(record, "LastModifiedById"),
        last_modified_at: record.datetime("LastModifiedDate").map(timestamp),
        system_modstamp: record.datetime("SystemModstamp").map(timestamp),
    })
}

fn phones(record: &Record) -> Vec<String> {
    let filled = PHONES.iter().map(|field| text(record, field));
    filled.filter(|phone| !phone.is_empty()).collect()
}

/// The primary address first, then every other text field that holds an address: only e-mail fields are selected beside
/// the named ones.
fn emails(record: &Record, known: &[&str]) -> Vec<String> {
    let mut found = vec![text(record, "Email")];
    for (field, value) in &record.fields {
        let further = value.as_text().filter(|text| text.contains('@'));
        if let Some(further) = further
            && !known.contains(&field.as_str())
        {
            found.push(further.to_owned());
        }
    }
    found.retain(|address| !address.is_empty());
    found
}

fn account(record: &Record) -> v1::Account {
    v1::Account {
        id: id(record, "Id"),
        name: text(record, "Name"),
        website: text(record, "Website"),
        phone: text(record, "Phone"),
        parent_id: id(record, "ParentId"),
        owner_id: id(record, "OwnerId"),
        r#type: text(record, "Type"),
        is_person_account: flag(record, "IsPersonAccount"),
        person_email: text(record, "PersonEmail"),
        last_activity_date: text(record, "LastActivityDate"),
        stamps: stamps(record),
    }
}

fn contact(record: &Record) -> v1::Contact {
    const NAMED: [&str; 10] = [
        "Email",
        "FirstName",
        "LastName",
        "Title",
        "Id",
        "Phone",
        "MobilePhone",
        "HomePhone",
        "OtherPhone",
        "AssistantPhone",
    ];
    v1::Contact {
        id: id(record, "Id"),
        account_id: id(record, "AccountId"),
        first_name: text(record, "FirstName"),
        last_name: text(record, "LastName"),
        emails: emails(record, &NAMED),
        phones: phones(record),
        title: text(record, "Title"),
        owner_id: id(record, "OwnerId"),
        stamps: stamps(record),
    }
}

fn lead(record: &Record) -> v1::Lead {
    v1::Lead {
        id: id(record, "Id"),
        first_name: text(record, "FirstName"),
        last_name: text(record, "LastName"),
        company: text(record, "Company"),
        email: text(record, "Email"),
        phones: phones(record),
        website: text(record, "Website"),
        owner_id: id(record, "OwnerId"),
        is_converted: flag(record, "IsConverted"),
        converted_account_id: id(record, "ConvertedAccountId"),
        converted_contact_id: id(record, "ConvertedContactId"),
        converted_opportunity_id: id(record, "ConvertedOpportunityId"),
        stamps: stamps(record),
    }
}

fn opportunity(record: &Record) -> v1::Opportunity {
    v1::Opportunity {
        id: id(record, "Id"),
        account_id: id(record, "AccountId"),
        name: text(record, "Name"),
        stage_name: text(record, "StageName"),
        is_closed: flag(record, "IsClosed"),
        is_won: flag(record, "IsWon"),
        close_date: text(record, "CloseDate"),
        owner_id: id(record, "OwnerId"),
        record_type_id: id(record, "RecordTypeId"),
        r#type: text(record, "Type"),
        created_at: record.datetime("CreatedDate").map(timestamp),
        stamps: stamps(record),
    }
}

fn contact_role(record: &Record) -> v1::OpportunityContactRole {
    v1::OpportunityContactRole {
        id: id(record, "Id"),
        opportunity_id: id(record, "OpportunityId"),
        contact_id: id(record, "ContactId"),
        role: text(record, "Role"),
        is_primary: flag(record, "IsPrimary"),
        stamps: stamps(record),
    }
}

fn team_member(record: &Record) -> v1::OpportunityTeamMember {
    v1::OpportunityTeamMember {
        id: id(record, "Id"),
        opportunity_id: id(record, "OpportunityId"),
        user_id: id(record, "UserId"),
        role: text(record, "TeamMemberRole"),
        stamps: stamps(record),
    }
}

fn product(record: &Record) -> v1::OpportunityProduct {
    v1::OpportunityProduct {
        id: id(record, "Id"),
        opportunity_id: id(record, "OpportunityId"),
        name: text(record, "Name"),
        product_code: text(record, "ProductCode"),
        stamps: stamps(record),
    }
}

fn calendar_event(record: &Record) -> v1::CalendarEvent {
    v1::CalendarEvent {
        id: id(record, "Id"),
        subject: text(record, "Subject"),
        starts_at: record.datetime("StartDateTime").map(timestamp),
        ends_at: record.datetime("EndDateTime").map(timestamp),
        owner_id: id(record, "OwnerId"),
        who_id: id(record, "WhoId"),
        what_id: id(record, "WhatId"),
        account_id: id(record, "AccountId"),
        is_child: flag(record, "IsChild"),
        stamps: stamps(record),
    }
}

fn user(record: &Record) -> v1::User {
    v1::User {
        id: id(record, "Id"),
        name: text(record, "Name"),
        email: text(record, "Email"),
        is_active: flag(record, "IsActive"),
        user_type: text(record, "UserType"),
        stamps: stamps(record),
    }
}

fn deleted(object: &str, record: &Record) -> v1::Deleted {
    v1::Deleted {
        record: Some(v1::RecordRef {
            object: object.to_owned(),
            id: id(record, "Id"),
        }),
        master_record_id: id(record, "MasterRecordId"),
        system_modstamp: record.datetime("SystemModstamp").map(timestamp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(json: &str) -> Record {
        serde_json::from_str(json).expect("a record")
    }

    #[test]
    fn a_contact_carries_every_address_the_primary_first() {
        let row = Row::of(
            "Contact",
            &record(
                r#"{"attributes":{"type":"Contact"},"Id":"003D000000QOMqg","LastName":"O'Hara \"x\"","Assistant__c":"b@x.com",
                "Email":"a@x.com","Phone":null,"MobilePhone":"+49 1","SystemModstamp":"2026-01-02T03:04:05.000+0000"}"#,
            ),
        );
        let Some(Row::Contact(contact)) = row else {
            panic!("a contact");
        };
        assert_eq!(contact.emails, ["a@x.com", "b@x.com"]);
        assert_eq!(contact.phones, ["+49 1"]);
        assert_eq!(contact.last_name, "O'Hara \"x\"");
        assert_eq!(contact.id.len(), 18);
    }

    #[test]
    fn a_merged_row_names_the_survivor() {
        let row = Row::of(
            "Account",
            &record(
                r#"{"Id":"001D000000IRFmaIAH","IsDeleted":true,"MasterRecordId":"001D000000IRFma","Name":"x"}"#,
            ),
        );
        let Some(Row::Deleted(gone)) = row else {
            panic!("deleted");
        };
        assert_eq!(gone.master_record_id, "001D000000IRFmaIAH");
    }

    #[test]
    fn the_shadow_contact_of_a_person_account_is_left_out() {
        let shadow = record(r#"{"Id":"003D000000QOMqg","IsPersonAccount":true}"#);
        assert_eq!(Row::of("Contact", &shadow), None);
    }

    proptest! {
        #[test]
        fn chunks_keep_every_row_in_order_and_stay_small(lengths in prop::collection::vec(0_usize..3_000, 0..200)) {
            let rows = lengths.iter().enumerate().map(|(n, length)| {
                Row::User(v1::User { id: n.to_string(), name: "n".repeat(*length), ..v1::User::default() })
            });
            let messages = chunks(&RecordsChanged::default(), rows, 10_000);
            let ids: Vec<String> = messages.iter().flat_map(|m| &m.users).map(|user| user.id.clone()).collect();
            let expected: Vec<String> = (0..lengths.len()).map(|n| n.to_string()).collect();
            prop_assert_eq!(ids, expected);
            prop_assert!(messages.iter().all(|message| message.encoded_len() <= 10_100 && !message.users.is_empty()));
        }
    }
}
