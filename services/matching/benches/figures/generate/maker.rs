//! Makes companies, people, deals and meetings with what is right about them.

use super::words::{FIRST, FORMS, PARTS, TRADES, VAGUE};
use crate::org::Org;
use crate::score::Truth;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use matching::domain::address::Address;
use matching::domain::facts::{Account, Contact, Opportunity};
use matching::domain::meeting::{Kind, Meeting, Participant};

/// Who organises unless somebody else does.
pub(super) const REP: &str = "dana.cole@ours.example";
pub(super) const REP_ID: &str = "005000000000002AAA";

/// A company and what the scenarios need of it.
#[derive(Clone)]
pub(super) struct Company {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) domain: String,
}

#[derive(Clone)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) email: String,
}

/// Makes an org and its meetings, the same from the same seed.
pub(super) struct Maker {
    state: u64,
    pub(super) number: usize,
    pub(super) org: Org,
    pub(super) meetings: Vec<(Meeting, Truth)>,
}

impl Maker {
    pub(super) fn new(seed: u64) -> Self {
        let mut maker = Self {
            // Never zero: a xorshift stays there.
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            number: 0,
            org: Org::default(),
            meetings: Vec::new(),
        };
        maker.org.user(REP_ID, REP);
        maker
    }

    /// Whether something with this probability happens.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        (self.next(1_000_000) as f64) < probability * 1e6
    }

    pub(super) fn next(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % below as u64) as usize
    }

    pub(super) fn id(&mut self, prefix: &str) -> String {
        self.number += 1;
        format!("{prefix}{:012}AAA", self.number)
    }

    pub(super) fn word(&mut self, parts: usize) -> String {
        let word: String = (0..parts).map(|_| PARTS[self.next(PARTS.len())]).collect();
        let (head, tail) = word.split_at(1);
        format!("{}{tail}", head.to_uppercase())
    }

    pub(super) fn invented(&mut self) -> (String, String) {
        let word = self.word(4);
        let trade = TRADES[self.next(TRADES.len())];
        let form = FORMS[self.next(FORMS.len())];
        let domain = format!("{}{}.com", word.to_lowercase(), trade.to_lowercase());
        (format!("{word} {trade} {form}"), domain)
    }

    pub(super) fn account(
        &mut self,
        name: &str,
        website: &str,
        kind: &str,
        active: bool,
    ) -> Company {
        let id = self.id("001");
        let last_activity = day() - TimeDelta::days(if active { 20 } else { 700 });
        let account = Account {
            id: id.clone(),
            name: name.to_owned(),
            owner_id: REP_ID.into(),
            is_partner: kind == "partner",
            parent_id: String::new(),
            last_activity: Some(last_activity.date_naive()),
        };
        self.org.account(account, website);
        Company {
            id,
            name: name.to_owned(),
            domain: website.to_owned(),
        }
    }

    pub(super) fn company(&mut self) -> Company {
        let (name, domain) = self.invented();
        self.account(&name, &domain, "customer", true)
    }

    pub(super) fn name(&mut self) -> (usize, String, String) {
        let first = self.next(FIRST.len());
        (first, FIRST[first].to_owned(), self.word(4))
    }

    pub(super) fn contact_named(
        &mut self,
        company: &Company,
        first: &str,
        last: &str,
        emails: &[String],
        phones: &[String],
    ) -> Person {
        let id = self.id("003");
        let contact = Contact {
            id: id.clone(),
            account_id: company.id.clone(),
            first: first.to_owned(),
            last: last.to_owned(),
            touched_at: day() - TimeDelta::days(self.next(300) as i64),
        };
        self.org.contact(contact, emails, phones);
        Person {
            id,
            first: first.to_owned(),
            last: last.to_owned(),
            email: emails.first().cloned().unwrap_or_default(),
        }
    }

    pub(super) fn contact(&mut self, company: &Company) -> Person {
        let (_, first, last) = self.name();
        let email = format!(
            "{}.{}@{}",
            first.to_lowercase(),
            last.to_lowercase(),
            company.domain
        );
        self.contact_named(company, &first, &last, &[email], &[])
    }

    pub(super) fn deal(
        &mut self,
        company: &Company,
        name: &str,
        kind: &str,
        roles: &[&Person],
    ) -> Opportunity {
        let deal = Opportunity {
            id: self.id("006"),
            account_id: company.id.clone(),
            name: format!("{} {name}", company.name),
            deal_type: kind.to_owned(),
            owner_id: REP_ID.into(),
            owner_active: true,
            close_date: (day() + TimeDelta::days(60)).date_naive(),
            created_at: day() - TimeDelta::days(60),
            role_contact_ids: roles.iter().map(|person| person.id.clone()).collect(),
            ..Opportunity::default()
        };
        self.org.deal(deal.clone());
        deal
    }

    pub(super) fn vague(&mut self) -> String {
        VAGUE[self.next(VAGUE.len())].to_owned()
    }

    pub(super) fn add(
        &mut self,
        tag: &str,
        title: &str,
        participants: Vec<Participant>,
        mut truth: Truth,
    ) {
        let id = format!("{tag}-{}", self.meetings.len());
        truth.tags = vec![tag.to_owned()];
        let mut all = vec![guest("Dana Cole", REP)];
        all.extend(participants);
        self.held(id, title, REP, all, truth);
    }

    /// A meeting somebody else of ours organised, with everybody named.
    pub(super) fn held(
        &mut self,
        id: String,
        title: &str,
        organizer: &str,
        all: Vec<Participant>,
        truth: Truth,
    ) {
        let meeting = Meeting {
            workspace: "generated".parse().expect("a workspace"),
            id,
            revision: 1,
            title: title.to_owned(),
            started_at: day(),
            organizer: Address::parse(organizer).ok(),
            participants: all,
            participants_dropped: 0,
            mentions: Vec::new(),
            hints: Vec::new(),
            series_id: String::new(),
        };
        self.meetings.push((meeting, truth));
    }

    pub(super) fn mention(&mut self, text: String) {
        if let Some((meeting, _)) = self.meetings.last_mut() {
            meeting.mentions.push(text);
        }
    }
}

pub(super) fn day() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2026, 3, 2)
        .and_then(|day| day.and_hms_opt(10, 0, 0))
        .expect("a day")
        .and_utc()
}

pub(super) fn guest(name: &str, email: &str) -> Participant {
    Participant {
        name: name.to_owned(),
        address: Address::parse(email).ok(),
        address_problem: String::new(),
        phones: Vec::new(),
        kind: Kind::Unknown,
        declined: false,
    }
}

pub(super) fn shown(person: &Person) -> Participant {
    guest(&format!("{} {}", person.first, person.last), &person.email)
}

pub(super) fn truth(company: &Company, people: &[&Person]) -> Truth {
    Truth {
        outcome: "matched".into(),
        account: Some(company.id.clone()),
        contacts: people.iter().map(|person| person.id.clone()).collect(),
        ..Truth::default()
    }
}

pub(super) fn unclear(company: &Company) -> Truth {
    Truth {
        account_unclear: true,
        ..truth(company, &[])
    }
}

pub(super) fn outcome(word: &str) -> Truth {
    Truth {
        outcome: word.to_owned(),
        ..Truth::default()
    }
}

pub(super) fn with_deal(truth: Truth, deal: &Opportunity) -> Truth {
    Truth {
        deal: Some(deal.id.clone()),
        ..truth
    }
}
