//! What the projection knows about a batch of meetings: loaded with one query, indexed by the keys that asked for it.

pub use super::settings::{Calibration, Settings};
use chrono::{DateTime, NaiveDate, Utc};
use std::borrow::Cow;
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
    /// Contacts by telephone key (see [`super::phone`]).
    pub contacts_by_phone: HashMap<String, Vec<PhoneHolder>>,
    /// Leads by telephone key.
    pub leads_by_phone: HashMap<String, Vec<Lead>>,
    /// Contacts of anybody by whole name, `last|first`.
    pub contacts_by_full_name: HashMap<String, Vec<Contact>>,
    /// Contacts of proposed accounts that share a name key with somebody in the room.
    pub namesakes_by_account: HashMap<String, Vec<Contact>>,
    /// Accounts by the skeleton of their website's domain (see [`super::address::skeleton`]).
    pub websites_by_skeleton: HashMap<String, Vec<(String, String)>>,
    /// Where records asked for by id went when they were merged.
    pub merged: HashMap<String, String>,
    /// Accounts the texts of a meeting name, by meeting.
    pub named: HashMap<String, Vec<Named>>,
    /// Accounts an admin's phrases in a meeting's texts mean, by meeting.
    pub phrases: HashMap<String, Vec<Phrase>>,
    /// Calendar events of people in the room around the time of the meeting, by meeting.
    pub calendar_events: HashMap<String, Vec<CalendarEvent>>,
    /// What earlier meetings of the same series were decided to be, newest first, by meeting.
    pub series: HashMap<String, Vec<SeriesMeeting>>,
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
    /// What the workspace's admin set.
    pub settings: Settings,
}

/// An account a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The account.
    pub account_id: String,
    /// The words, as read.
    pub value: String,
    /// Where they stand.
    pub source: Source,
    /// How they fit the account's name.
    pub fit: Fit,
    /// How many accounts they fit as well.
    pub shared_by: usize,
}

/// Where words stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// In the title.
    Title,
    /// Among the companies mentioned.
    Mention,
    /// In the label of a participant's domain.
    Domain,
}

/// How words fit a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// The whole core.
    Whole,
    /// Its first words.
    Beginning,
    /// One edit away.
    Near,
}

/// An account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// 18-character id.
    pub id: String,
    /// Name.
    pub name: String,
    /// OwnerId.
    pub owner_id: String,
    /// Whether its type says partner.
    pub is_partner: bool,
    /// ParentId; empty at the top.
    pub parent_id: String,
    /// LastActivityDate.
    pub last_activity: Option<NaiveDate>,
}

/// A contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// 18-character id.
    pub id: String,
    /// AccountId; empty for a private contact.
    pub account_id: String,
    /// FirstName.
    pub first: String,
    /// LastName, or the whole name where the parts are not known.
    pub last: String,
    /// LastModifiedDate by somebody else than us; orders duplicates.
    pub touched_at: DateTime<Utc>,
}

/// A contact with a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhoneHolder {
    /// Who.
    pub contact: Contact,
    /// The number with its country, where the record says it.
    pub international: Option<String>,
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opportunity {
    /// 18-character id.
    pub id: String,
    /// AccountId; empty when it has none.
    pub account_id: String,
    /// Name, as a person last left it.
    pub name: String,
    /// Type picklist value, as a person last left it; empty when not set.
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
    /// Users in its team, those we added left out.
    pub team_user_ids: Vec<String>,
    /// Names and codes of its products, those we added left out.
    pub products: Vec<String>,
    /// What it was before its latest edits, oldest first.
    pub past: Vec<PastState>,
}

/// What an opportunity was until an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastState {
    /// When it became another.
    pub until: DateTime<Utc>,
    /// IsClosed.
    pub is_closed: bool,
    /// CloseDate.
    pub close_date: NaiveDate,
    /// OwnerId.
    pub owner_id: String,
    /// RecordTypeId.
    pub record_type_id: String,
}

impl Opportunity {
    /// As it was at a moment; before the first state known, as in that one.
    #[must_use]
    pub fn at(&self, moment: DateTime<Utc>) -> Cow<'_, Self> {
        let Some(past) = self.past.iter().find(|state| state.until > moment) else {
            return Cow::Borrowed(self);
        };
        Cow::Owned(Self {
            is_closed: past.is_closed,
            close_date: past.close_date,
            record_type_id: past.record_type_id.clone(),
            // Whether a former owner is still active is not known: only the present one can be missed in a meeting.
            owner_active: self.owner_active && past.owner_id == self.owner_id,
            owner_id: past.owner_id.clone(),
            ..self.clone()
        })
    }
}

/// An event in somebody's calendar, entered by a person or their calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarEvent {
    /// 18-character id.
    pub id: String,
    /// Subject.
    pub subject: String,
    /// StartDateTime.
    pub starts_at: DateTime<Utc>,
    /// Address of the owner; empty when the owner has none.
    pub owner_address: String,
    /// Addresses of the contact or lead it is with.
    pub who_addresses: Vec<String>,
    /// The account it is entered for; empty for none.
    pub account_id: String,
    /// The opportunity it is entered for; empty for none.
    pub opportunity_id: String,
}

/// What an earlier meeting of a series was decided to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesMeeting {
    /// The meeting.
    pub meeting_id: String,
    /// The opportunity; empty for none.
    pub opportunity_id: String,
    /// A person said so.
    pub by_person: bool,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// An admin's phrase, found in a meeting's texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phrase {
    /// Its words in folded form.
    pub words: String,
    /// The account meant; empty when the opportunity says it.
    pub account_id: String,
    /// The opportunity meant; empty for none.
    pub opportunity_id: String,
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
