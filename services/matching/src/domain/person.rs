//! Who is in the room (matching guide, section 3): what is no person is dropped with a reason, and every person is read as
//! one of ours, a partner's, a customer's or somebody with consumer mail.

use super::address::{is_free_mail, is_mixed};
use super::facts::{DomainClass, Facts};
use super::meeting::{Kind, Meeting, Participant};

/// How a person is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// One of our own people.
    Internal,
    /// A partner's.
    Partner,
    /// From outside, with a domain of their own.
    Customer,
    /// From outside, with consumer mail or none: the domain says nothing.
    Free,
}

/// One person in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person<'m> {
    /// Index in the meeting's participants.
    pub index: usize,
    /// Who.
    pub participant: &'m Participant,
    /// How they are read.
    pub side: Side,
    /// Registrable domain of their address.
    pub domain: Option<String>,
    /// The org's user they are, when they are one.
    pub user_id: Option<String>,
}

/// Something left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// What, as shown.
    pub what: String,
    /// Why.
    pub why: String,
}

/// The people of a meeting and what was left out.
#[must_use]
pub fn people<'m>(meeting: &'m Meeting, facts: &Facts) -> (Vec<Person<'m>>, Vec<Ignored>) {
    let mut people = Vec::new();
    let mut ignored = Vec::new();
    for (index, participant) in meeting.participants.iter().enumerate() {
        if let Some(why) = no_person(participant) {
            ignored.push(Ignored {
                what: shown(participant),
                why: why.to_owned(),
            });
            continue;
        }
        if !participant.address_problem.is_empty() {
            let why = format!("the address {}", participant.address_problem);
            ignored.push(Ignored {
                what: shown(participant),
                why,
            });
        }
        let domain = participant
            .address
            .as_ref()
            .and_then(|address| address.domain_key());
        let side = side(participant, domain.as_deref(), facts);
        people.push(Person {
            index,
            participant,
            side,
            domain,
            user_id: participant
                .address
                .as_ref()
                .and_then(|address| facts.users_by_address.get(address.as_str()))
                .map(|user| user.id.clone()),
        });
    }
    if meeting.participants_dropped > 0 {
        ignored.push(Ignored {
            what: format!("{} further participants", meeting.participants_dropped),
            why: format!(
                "only the first {} are weighed",
                super::meeting::PARTICIPANTS_MAX
            ),
        });
    }
    (people, ignored)
}

fn shown(participant: &Participant) -> String {
    match (&participant.address, participant.name.is_empty()) {
        (Some(address), true) => address.as_str().to_owned(),
        _ => participant.name.clone(),
    }
}

/// The calendar's own word first, then the address. A name alone never makes a robot: a person can be called Otter.
fn no_person(participant: &Participant) -> Option<&'static str> {
    match participant.kind {
        Kind::Resource => return Some("meeting room"),
        Kind::Group => return Some("distribution list"),
        Kind::Bot => return Some("robot"),
        Kind::Unknown | Kind::Person => {}
    }
    let address = participant.address.as_ref()?;
    match address.host() {
        "resource.calendar.google.com" => return Some("meeting room"),
        "group.calendar.google.com" | "import.calendar.google.com" => return Some("calendar"),
        _ => {}
    }
    let local = address.local();
    let no_reply = [
        "noreply",
        "no-reply",
        "donotreply",
        "do-not-reply",
        "mailer-daemon",
        "postmaster",
    ];
    if no_reply.contains(&local) {
        return Some("no-reply address");
    }
    robot(address, &participant.name).then_some("meeting recorder or scheduler")
}

/// A recorder's or scheduler's host is not enough, their makers' people meet too: the name or the mailbox must say so as well.
fn robot(address: &super::address::Address, name: &str) -> bool {
    const HOSTS: [&str; 14] = [
        "fireflies.ai",
        "otter.ai",
        "read.ai",
        "fathom.video",
        "tldv.io",
        "avoma.com",
        "gong.io",
        "calendly.com",
        "chorus.ai",
        "grain.com",
        "recall.ai",
        "circleback.ai",
        "supernormal.com",
        "krisp.ai",
    ];
    const MARKS: [&str; 9] = [
        "notetaker",
        "note taker",
        "recorder",
        "assistant",
        "bot",
        ".ai",
        "meeting notes",
        "scheduler",
        "notes",
    ];
    let host = address.domain_key();
    if !host.is_some_and(|host| HOSTS.contains(&host.as_str())) {
        return false;
    }
    let (name, local) = (name.to_lowercase(), address.local());
    MARKS
        .iter()
        .any(|mark| name.contains(mark) || local.contains(mark))
}

/// First hit wins: admin's rule, own users, partner accounts, consumer mail, else customer.
fn side(participant: &Participant, domain: Option<&str>, facts: &Facts) -> Side {
    if participant
        .address
        .as_ref()
        .is_some_and(|address| facts.users_by_address.contains_key(address.as_str()))
    {
        return Side::Internal;
    }
    let Some(domain) = domain else {
        return Side::Free;
    };
    let general = facts
        .domain_rules
        .get(domain)
        .and_then(|rules| rules.iter().find(|rule| rule.account_id.is_none()));
    match general.map(|rule| rule.class) {
        Some(DomainClass::Internal) => return Side::Internal,
        Some(DomainClass::Partner) => return Side::Partner,
        Some(DomainClass::Customer | DomainClass::Alternate) => return Side::Customer,
        Some(DomainClass::Free) => return Side::Free,
        None => {}
    }
    if facts.user_domains.contains(domain) {
        return Side::Internal;
    }
    // A provider that is a company too is read as one where an account has it.
    let owned = || {
        let by_contacts = facts.accounts_by_domain.get(domain).into_iter().flatten();
        facts.accounts_by_website.contains_key(domain)
            || by_contacts
                .into_iter()
                .any(|u| u.contacts >= super::weight::DOMAIN_CONTACTS_STRONG)
    };
    if is_mixed(domain) && !owned() {
        return Side::Free;
    }
    if is_free_mail(domain) && !is_mixed(domain) {
        return Side::Free;
    }
    if belongs_to_partners(domain, facts) {
        Side::Partner
    } else {
        Side::Customer
    }
}

/// Every account that has the domain is a partner.
fn belongs_to_partners(domain: &str, facts: &Facts) -> bool {
    let by_website = facts
        .accounts_by_website
        .get(domain)
        .into_iter()
        .flatten()
        .map(String::as_str);
    let by_contacts = facts
        .accounts_by_domain
        .get(domain)
        .into_iter()
        .flatten()
        .map(|u| u.account_id.as_str());
    let mut accounts = by_website
        .chain(by_contacts)
        .filter_map(|id| facts.accounts.get(id))
        .peekable();
    accounts.peek().is_some() && accounts.all(|account| account.is_partner)
}
