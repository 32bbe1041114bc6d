//! The decision as a person would check it: one small world, one meeting, one line; and the laws it keeps.

mod against;
mod cases;
mod deals;
mod hostile;
mod laws;

use crate::domain::address::Address;
use crate::domain::decide::{Decision, Outcome, decide};
use crate::domain::explain::explain;
use crate::domain::facts::*;
use crate::domain::meeting::{Hint, HintObject, Kind, Meeting, Participant};
use chrono::{DateTime, TimeDelta, Utc};

const ACME: &str = "001000000000001AAA";
const ACME_FR: &str = "001000000000002AAA";
const ANN: &str = "003000000000001AAA";
const DEAL: &str = "006000000000001AAA";
const RENEWAL: &str = "006000000000002AAA";
const REP: &str = "005000000000001AAA";

fn day() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_600_000, 0).unwrap()
}

fn meeting(addresses: &[&str]) -> Meeting {
    let participant = |address: &&str| Participant {
        name: String::new(),
        address: Address::parse(address).ok(),
        address_problem: String::new(),
        phones: Vec::new(),
        kind: Kind::Unknown,
        declined: false,
    };
    Meeting {
        workspace: "ours".parse().unwrap(),
        id: "m-1".into(),
        revision: 1,
        title: "Weekly".into(),
        started_at: day(),
        organizer: Address::parse("rep@ours.example").ok(),
        participants: addresses.iter().map(participant).collect(),
        participants_dropped: 0,
        mentions: Vec::new(),
        hints: Vec::new(),
        series_id: String::new(),
    }
}

fn account(facts: &mut Facts, id: &str, name: &str, website: Option<&str>) {
    let account = Account {
        id: id.into(),
        name: name.into(),
        owner_id: REP.into(),
        ..Account::default()
    };
    facts.accounts.insert(id.into(), account);
    if let Some(domain) = website {
        facts
            .accounts_by_website
            .entry(domain.into())
            .or_default()
            .push(id.into());
    }
}

fn contact(facts: &mut Facts, id: &str, account: &str, address: &str) {
    let contact = Contact {
        id: id.into(),
        account_id: account.into(),
        first: "Ann".into(),
        last: "Lee".into(),
        touched_at: day(),
    };
    facts.contacts_by_id.insert(id.into(), contact.clone());
    facts
        .contacts_by_address
        .entry(address.into())
        .or_default()
        .push(contact);
    let domain = Address::parse(address).unwrap().domain_key().unwrap();
    let uses = facts.accounts_by_domain.entry(domain).or_default();
    match uses.iter_mut().find(|u| u.account_id == account) {
        Some(found) => found.contacts += 1,
        None => uses.push(DomainUse {
            account_id: account.into(),
            contacts: 1,
        }),
    }
}

fn deal(facts: &mut Facts, id: &str, name: &str, roles: &[&str]) {
    let opportunity = Opportunity {
        id: id.into(),
        account_id: ACME.into(),
        name: name.into(),
        owner_id: REP.into(),
        owner_active: true,
        close_date: (day() + TimeDelta::days(40)).date_naive(),
        created_at: day() - TimeDelta::days(40),
        role_contact_ids: roles.iter().map(|id| (*id).to_owned()).collect(),
        ..Opportunity::default()
    };
    facts
        .opportunities_by_account
        .entry(ACME.into())
        .or_default()
        .push(opportunity.clone());
    facts.opportunities_by_id.insert(id.into(), opportunity);
}

/// Our rep, Acme with Ann and one open deal on which she has a role.
fn world() -> Facts {
    let mut facts = Facts {
        loaded: true,
        ..Facts::default()
    };
    facts
        .users_by_address
        .insert("rep@ours.example".into(), User { id: REP.into() });
    facts.user_domains.insert("ours.example".into());
    account(&mut facts, ACME, "Acme GmbH", Some("acme.com"));
    contact(&mut facts, ANN, ACME, "ann@acme.com");
    deal(&mut facts, DEAL, "Acme 2026", &[ANN]);
    facts
}

fn line(meeting: &Meeting, facts: &Facts) -> String {
    explain(&decide(meeting, facts))
}

/// The same world, and a title that names Acme.
fn spoken_of(mut facts: Facts) -> Facts {
    facts.named.insert(
        "m-1".into(),
        vec![Named {
            account_id: ACME.into(),
            value: "acme".into(),
            source: Source::Title,
            fit: Fit::Whole,
            shared_by: 1,
        }],
    );
    facts
}
