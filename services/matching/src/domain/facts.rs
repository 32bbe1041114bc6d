//! What the projection knows about a batch of meetings: loaded with one query, indexed by the keys that asked for it.

use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeSet, HashMap};

/// Everything known in one workspace about the keys of the batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The records have been loaded at least once; before that nothing can be decided.
    pub loaded: bool,
    /// Accounts by id.
    pub accounts: HashMap<String, Account>,
    /// Contacts by canonical address.
    pub contacts_by_address: HashMap<String, Vec<Contact>>,
    /// Contacts asked for by id.
    pub contacts_by_id: HashMap<String, Contact>,
    /// How many contacts of which account use a domain.
    pub accounts_by_domain: HashMap<String, Vec<DomainUse>>,
    /// Accounts by the domain of their website.
    pub accounts_by_website: HashMap<String, Vec<String>>,
    /// Leads by canonical address.
    pub leads_by_address: HashMap<String, Vec<Lead>>,
    /// Leads asked for by id.
    pub leads_by_id: HashMap<String, Lead>,
    /// Opportunities by account.
    pub opportunities_by_account: HashMap<String, Vec<Opportunity>>,
    /// Opportunities asked for by id.
    pub opportunities_by_id: HashMap<String, Opportunity>,
    /// The org's users by canonical address.
    pub users_by_address: HashMap<String, User>,
    /// Domains of the org's own active users, free mail left out.
    pub user_domains: BTreeSet<String>,
    /// The admin's rules by domain.
    pub domain_rules: HashMap<String, Vec<DomainRule>>,
    /// A person's choice, by meeting.
    pub choices: HashMap<String, Choice>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// 18-character id.
    pub id: String,
    /// Name.
    pub name: String,
    /// OwnerId.
    pub owner_id: String,
    /// Whether its type says partner.
    pub is_partner: bool,
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// 18-character id.
    pub id: String,
    /// AccountId; empty for a private contact.
    pub account_id: String,
    /// Full name.
    pub name: String,
    /// LastModifiedDate by somebody else than us; orders duplicates.
    pub touched_at: DateTime<Utc>,
}

/// A domain's contacts at one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainUse {
    /// The account.
    pub account_id: String,
    /// How many of its contacts have a mail there.
    pub contacts: u32,
}

/// A lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// 18-character id.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Company.
    pub company: String,
    /// What it was converted to, when it was.
    pub converted: Option<Converted>,
}

/// What a lead became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// ConvertedAccountId.
    pub account_id: String,
    /// ConvertedContactId.
    pub contact_id: String,
}

/// An opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opportunity {
    /// 18-character id.
    pub id: String,
    /// AccountId; empty when it has none.
    pub account_id: String,
    /// Name.
    pub name: String,
    /// Type picklist value; empty when not set.
    pub deal_type: String,
    /// OwnerId.
    pub owner_id: String,
    /// Whether the owner is an active user.
    pub owner_active: bool,
    /// RecordTypeId; empty when there is none.
    pub record_type_id: String,
    /// IsClosed.
    pub is_closed: bool,
    /// CloseDate.
    pub close_date: NaiveDate,
    /// CreatedDate.
    pub created_at: DateTime<Utc>,
    /// Contacts with a role, those we created left out.
    pub role_contact_ids: Vec<String>,
}

/// One of the org's users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// 18-character id.
    pub id: String,
}

/// An admin's reading of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainRule {
    /// How it is read.
    pub class: DomainClass,
    /// For one account only.
    pub account_id: Option<String>,
}

/// How a domain is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DomainClass {
    /// Our own people.
    Internal,
    /// A partner's people.
    Partner,
    /// A customer's people.
    Customer,
    /// Consumer mail.
    Free,
    /// Another domain of one account.
    Alternate,
}

/// A person's choice for one meeting: holds until reverted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The account; `None` when the person said that none fits.
    pub account_id: Option<String>,
    /// The opportunity, if any.
    pub opportunity_id: Option<String>,
    /// Who chose.
    pub chosen_by: String,
}
