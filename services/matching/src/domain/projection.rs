//! Records of the org in the form the projection keeps: names as they are, addresses and domains in normal form.

use super::address::{Address, is_free_mail, website_domain};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;

/// What one `records.changed` event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// 18-character organization id.
    pub organization_id: String,
    /// 18-character id of the connected user.
    pub connected_user_id: String,
    /// Grows with every full load.
    pub generation: i64,
    /// Part of a full load.
    pub full: bool,
    /// The last event of a load.
    pub load_complete: bool,
    /// Accounts.
    pub accounts: Vec<AccountRow>,
    /// Contacts.
    pub contacts: Vec<ContactRow>,
    /// Leads.
    pub leads: Vec<LeadRow>,
    /// Opportunities.
    pub opportunities: Vec<OpportunityRow>,
    /// Contact roles.
    pub contact_roles: Vec<ContactRoleRow>,
    /// Members of opportunity teams.
    pub team_members: Vec<TeamMemberRow>,
    /// Products on opportunities.
    pub products: Vec<ProductRow>,
    /// Calendar events.
    pub calendar_events: Vec<CalendarEventRow>,
    /// Users.
    pub users: Vec<UserRow>,
    /// Records that are gone.
    pub deleted: Vec<DeletedRow>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// 18-character id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Domain of the website, unless that is a consumer provider's.
    pub website_domain: Option<String>,
    /// OwnerId.
    pub owner_id: String,
    /// ParentId, or empty.
    pub parent_id: String,
    /// Type.
    pub r#type: String,
    /// LastActivityDate.
    pub last_activity: Option<NaiveDate>,
    /// Canonical address of a person account.
    pub person_address: Option<String>,
    /// Created by the connected user.
    pub by_us: bool,
    /// Last modified by the connected user.
    pub touched_by_us: bool,
    /// SystemModstamp.
    pub modstamp: DateTime<Utc>,
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRow {
    /// 18-character id.
    pub id: String,
    /// AccountId, or empty.
    pub account_id: String,
    /// FirstName.
    pub first_name: String,
    /// LastName.
    pub last_name: String,
    /// Telephone keys.
    pub phones: BTreeSet<String>,
    /// Created by the connected user.
    pub by_us: bool,
    /// Last modified by the connected user.
    pub touched_by_us: bool,
    /// Canonical addresses.
    pub addresses: Vec<Address>,
    /// LastModifiedDate.
    pub touched_at: DateTime<Utc>,
    /// SystemModstamp.
    pub modstamp: DateTime<Utc>,
}

/// A lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadRow {
    /// 18-character id.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Company.
    pub company: String,
    /// Canonical address.
    pub address: Option<String>,
    /// Telephone keys.
    pub phones: BTreeSet<String>,
    /// IsConverted.
    pub is_converted: bool,
    /// ConvertedAccountId, or empty.
    pub converted_account_id: String,
    /// ConvertedContactId, or empty.
    pub converted_contact_id: String,
    /// Created by the connected user.
    pub by_us: bool,
    /// Last modified by the connected user.
    pub touched_by_us: bool,
    /// SystemModstamp.
    pub modstamp: DateTime<Utc>,
}

/// An opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpportunityRow {
    /// 18-character id.
    pub id: String,
    /// AccountId, or empty.
    pub account_id: String,
    /// Name.
    pub name: String,
    /// Type.
    pub r#type: String,
    /// OwnerId.
    pub owner_id: String,
    /// RecordTypeId, or empty.
    pub record_type_id: String,
    /// IsClosed.
    pub is_closed: bool,
    /// CloseDate.
    pub close_date: NaiveDate,
    /// CreatedDate.
    pub created_at: DateTime<Utc>,
    /// Created by the connected user.
    pub by_us: bool,
    /// Last modified by the connected user.
    pub touched_by_us: bool,
    /// SystemModstamp.
    pub modstamp: DateTime<Utc>,
}

/// A contact's role on an opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRoleRow {
    /// 18-character id.
    pub id: String,
    /// OpportunityId.
    pub opportunity_id: String,
    /// ContactId.
    pub contact_id: String,
    /// Created by the connected user.
    pub by_us: bool,
    /// SystemModstamp.
    pub modstamp: DateTime<Utc>,
}

/// A member of an opportunity's team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamMemberRow {
    /// 18-character id.
    pub id: String,
    /// OpportunityId.
    pub opportunity_id: String,
    /// UserId.
    pub user_id: String,
    /// Created by the connected user.
    pub by_us: bool,
    /// SystemModstamp.
    pub modstamp: DateTime<Utc>,
}

/// A product on an opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductRow {
    /// 18-character id.
    pub id: String,
    /// OpportunityId.
    pub opportunity_id: String,
    /// Name, as Salesforce composes it.
    pub name: String,
    /// ProductCode, or empty.
    pub code: String,
    /// Created by the connected user.
    pub by_us: bool,
    /// SystemModstamp.
    pub modstamp: DateTime<Utc>,
}

/// An event in somebody's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarEventRow {
    /// 18-character id.
    pub id: String,
    /// Subject.
    pub subject: String,
    /// StartDateTime.
    pub starts_at: DateTime<Utc>,
    /// OwnerId.
    pub owner_id: String,
    /// WhoId, or empty.
    pub who_id: String,
    /// WhatId, or empty.
    pub what_id: String,
    /// AccountId, or empty.
    pub account_id: String,
    /// Created by the connected user.
    pub by_us: bool,
    /// SystemModstamp.
    pub modstamp: DateTime<Utc>,
}

/// A Salesforce user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// 18-character id.
    pub id: String,
    /// Canonical address.
    pub address: Option<String>,
    /// Registrable domain of the address, unless it is a consumer provider's.
    pub domain: Option<String>,
    /// IsActive.
    pub is_active: bool,
    /// SystemModstamp.
    pub modstamp: DateTime<Utc>,
}

/// A record that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedRow {
    /// sObject name.
    pub object: String,
    /// 18-character id.
    pub id: String,
    /// The surviving record when it was merged; empty when it was deleted.
    pub master_id: String,
    /// SystemModstamp of the deletion.
    pub modstamp: DateTime<Utc>,
}

/// The domain of an account's website; a page at a consumer provider says nothing about who has a mailbox there.
#[must_use]
pub fn company_website(website: &str) -> Option<String> {
    website_domain(website).filter(|domain| !is_free_mail(domain))
}

/// A company's domain of an address; `None` for consumer mail.
#[must_use]
pub fn company_domain(address: &Address) -> Option<String> {
    address.domain_key().filter(|domain| !is_free_mail(domain))
}
