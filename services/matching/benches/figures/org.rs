//! An org in memory that answers a meeting's keys as the projection does, with the same limits: quality is measured without a
//! database, the query itself by the part `scale`.

use matching::domain::address::{Address, skeleton};
use matching::domain::facts::{
    Account, Contact, DomainUse, Facts, Lead, Opportunity, PhoneHolder, SeriesMeeting, User,
};
use matching::domain::keys::keys;
use matching::domain::meeting::Meeting;
use matching::domain::name::index::NameIndex;
use matching::domain::name::person::PersonName;
use matching::domain::named::named;
use matching::domain::phone;
use matching::domain::projection::{company_domain, company_website};
use std::collections::{BTreeSet, HashMap};

/// Rows per key, as the query limits them.
const ROWS_PER_KEY_MAX: usize = 41;

#[derive(Default)]
pub(crate) struct Org {
    accounts: HashMap<String, Account>,
    ids: Vec<String>,
    names: Vec<String>,
    index: NameIndex,
    websites: HashMap<String, Vec<String>>,
    skeletons: HashMap<String, Vec<(String, String)>>,
    mail: HashMap<String, Vec<Contact>>,
    phones: HashMap<String, Vec<PhoneHolder>>,
    series: HashMap<String, Vec<SeriesMeeting>>,
    full_names: HashMap<String, Vec<Contact>>,
    name_keys: HashMap<(String, String), Vec<Contact>>,
    roll_up: HashMap<String, HashMap<String, u32>>,
    leads: HashMap<String, Vec<Lead>>,
    deals: HashMap<String, Vec<Opportunity>>,
    users: HashMap<String, User>,
    user_domains: BTreeSet<String>,
}

impl Org {
    pub(crate) fn account(&mut self, account: Account, website: &str) {
        if let Some(domain) = company_website(website) {
            let looks = (account.id.clone(), domain.clone());
            self.skeletons
                .entry(skeleton(&domain))
                .or_default()
                .push(looks);
            self.websites
                .entry(domain)
                .or_default()
                .push(account.id.clone());
        }
        self.ids.push(account.id.clone());
        self.names.push(account.name.clone());
        self.accounts.insert(account.id.clone(), account);
    }

    pub(crate) fn contact(&mut self, contact: Contact, emails: &[String], phones: &[String]) {
        for address in emails.iter().filter_map(|email| Address::parse(email).ok()) {
            if let Some(domain) =
                company_domain(&address).filter(|_| !contact.account_id.is_empty())
            {
                *self
                    .roll_up
                    .entry(domain)
                    .or_default()
                    .entry(contact.account_id.clone())
                    .or_default() += 1;
            }
            self.mail
                .entry(address.as_str().to_owned())
                .or_default()
                .push(contact.clone());
        }
        for phone in phones {
            let keys = phone::keys(phone, None);
            let international = keys
                .iter()
                .find(|key| phone::is_international(key))
                .cloned();
            for key in keys {
                let holder = PhoneHolder {
                    contact: contact.clone(),
                    international: international.clone(),
                };
                self.phones.entry(key).or_default().push(holder);
            }
        }
        let name = PersonName::of_fields(&contact.first, &contact.last);
        if let Some(key) = name.full_key() {
            self.full_names
                .entry(key)
                .or_default()
                .push(contact.clone());
        }
        for key in [
            name.last_key().map(|key| format!("l{key}")),
            name.first_key().map(|key| format!("f{key}")),
        ]
        .into_iter()
        .flatten()
        {
            self.name_keys
                .entry((contact.account_id.clone(), key))
                .or_default()
                .push(contact.clone());
        }
    }

    pub(crate) fn lead(&mut self, lead: Lead, email: &str) {
        if let Ok(address) = Address::parse(email) {
            self.leads
                .entry(address.as_str().to_owned())
                .or_default()
                .push(lead);
        }
    }

    pub(crate) fn deal(&mut self, deal: Opportunity) {
        self.deals
            .entry(deal.account_id.clone())
            .or_default()
            .push(deal);
    }

    /// What an earlier meeting of a meeting's series was decided to be.
    pub(crate) fn earlier(&mut self, meeting_id: &str, earlier: SeriesMeeting) {
        self.series
            .entry(meeting_id.to_owned())
            .or_default()
            .push(earlier);
    }

    pub(crate) fn user(&mut self, id: &str, email: &str) {
        if let Ok(address) = Address::parse(email) {
            self.user_domains.extend(company_domain(&address));
            self.users
                .insert(address.as_str().to_owned(), User { id: id.to_owned() });
        }
    }

    /// Indexes the names; call it once everything is in.
    pub(crate) fn ready(&mut self) {
        self.index = NameIndex::build(self.names.iter().map(String::as_str));
    }

    /// What the projection would answer.
    pub(crate) fn facts(&self, meeting: &Meeting) -> Facts {
        let keys = keys(meeting);
        let mut facts = Facts {
            loaded: true,
            ..Facts::default()
        };
        let named = named(meeting, &self.index, |number| {
            self.ids[number as usize].clone()
        });
        let mut accounts: BTreeSet<String> =
            named.iter().map(|named| named.account_id.clone()).collect();
        facts.named.insert(meeting.id.clone(), named);
        for address in &keys.addresses {
            if let Some(found) = self.mail.get(address) {
                let found: Vec<Contact> = found.iter().take(ROWS_PER_KEY_MAX).cloned().collect();
                accounts.extend(found.iter().map(|contact| contact.account_id.clone()));
                facts.contacts_by_address.insert(address.clone(), found);
            }
            if let Some(found) = self.leads.get(address) {
                accounts.extend(
                    found
                        .iter()
                        .filter_map(|lead| lead.converted.as_ref().map(|c| c.account_id.clone())),
                );
                facts
                    .leads_by_address
                    .insert(address.clone(), found.clone());
            }
            if let Some(user) = self.users.get(address) {
                facts.users_by_address.insert(address.clone(), user.clone());
            }
        }
        for domain in &keys.domains {
            if let Some(uses) = self.roll_up.get(domain) {
                let mut uses: Vec<DomainUse> = uses
                    .iter()
                    .map(|(account_id, contacts)| DomainUse {
                        account_id: account_id.clone(),
                        contacts: *contacts,
                    })
                    .collect();
                uses.sort_by(|a, b| {
                    b.contacts
                        .cmp(&a.contacts)
                        .then_with(|| a.account_id.cmp(&b.account_id))
                });
                uses.truncate(ROWS_PER_KEY_MAX);
                accounts.extend(uses.iter().map(|u| u.account_id.clone()));
                facts.accounts_by_domain.insert(domain.clone(), uses);
            }
            if let Some(found) = self.websites.get(domain) {
                let found: Vec<String> = found.iter().take(ROWS_PER_KEY_MAX).cloned().collect();
                accounts.extend(found.iter().cloned());
                facts.accounts_by_website.insert(domain.clone(), found);
            }
            if self.user_domains.contains(domain) {
                facts.user_domains.insert(domain.clone());
            }
        }
        for skeleton in &keys.skeletons {
            if let Some(found) = self.skeletons.get(skeleton) {
                accounts.extend(found.iter().map(|(account, _)| account.clone()));
                facts
                    .websites_by_skeleton
                    .insert(skeleton.clone(), found.clone());
            }
        }
        for phone in &keys.phones {
            if let Some(found) = self.phones.get(phone) {
                accounts.extend(found.iter().map(|holder| holder.contact.account_id.clone()));
                facts.contacts_by_phone.insert(phone.clone(), found.clone());
            }
        }
        for name in &keys.full_names {
            if let Some(found) = self.full_names.get(name) {
                let found: Vec<Contact> = found.iter().take(ROWS_PER_KEY_MAX).cloned().collect();
                accounts.extend(found.iter().map(|contact| contact.account_id.clone()));
                facts.contacts_by_full_name.insert(name.clone(), found);
            }
        }
        if let Some(earlier) = self.series.get(&meeting.id) {
            facts.series.insert(meeting.id.clone(), earlier.clone());
        }
        accounts.remove("");
        for id in accounts {
            let mut here: Vec<Contact> = Vec::new();
            let wanted = keys
                .last_keys
                .iter()
                .map(|key| format!("l{key}"))
                .chain(keys.first_keys.iter().map(|key| format!("f{key}")));
            for key in wanted {
                here.extend(
                    self.name_keys
                        .get(&(id.clone(), key))
                        .into_iter()
                        .flatten()
                        .cloned(),
                );
            }
            here.sort_by(|a, b| a.id.cmp(&b.id));
            here.dedup();
            if !here.is_empty() {
                facts.namesakes_by_account.insert(id.clone(), here);
            }
            if let Some(deals) = self.deals.get(&id) {
                facts
                    .opportunities_by_account
                    .insert(id.clone(), deals.clone());
            }
            if let Some(account) = self.accounts.get(&id) {
                facts.accounts.insert(id, account.clone());
            }
        }
        facts
    }
}
