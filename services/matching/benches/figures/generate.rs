//! Our own meetings: every noise class of the matching guide's section 9, each with what is right about it and whether the
//! evidence can tell. Seeded, so that two runs are one; written from the list of classes, not from any data set.

use crate::org::Org;
use crate::report::Report;
use crate::score::{Score, Truth};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use matching::domain::address::Address;
use matching::domain::decide::decide;
use matching::domain::facts::{Account, Contact, Converted, Lead, Opportunity};
use matching::domain::meeting::{Kind, Meeting, Participant};
use matching::domain::phone;

const SEED: u64 = 20_261_124;
const EACH: usize = 60;
const REP: &str = "dana.cole@ours.example";

const FIRST: [&str; 24] = [
    "Robert",
    "Patricia",
    "William",
    "Margaret",
    "Charles",
    "Elizabeth",
    "Thomas",
    "Susan",
    "Richard",
    "Katherine",
    "Edward",
    "Deborah",
    "Samuel",
    "Theodore",
    "Jennifer",
    "Nicholas",
    "Victoria",
    "Benjamin",
    "Rebecca",
    "Alexander",
    "Christina",
    "Daniel",
    "Joseph",
    "Michael",
];
const NICK: [&str; 24] = [
    "Bob", "Trish", "Bill", "Peggy", "Chuck", "Beth", "Tom", "Sue", "Dick", "Kate", "Ted",
    "Debbie", "Sam", "Ted", "Jenny", "Nick", "Vicky", "Ben", "Becky", "Sasha", "Tina", "Danny",
    "Joe", "Mike",
];
const PARTS: [&str; 30] = [
    "bar", "cor", "den", "fal", "gor", "hal", "jun", "kel", "lam", "mor", "nor", "pel", "quin",
    "ros", "sal", "tam", "ulm", "ver", "wen", "yor", "zan", "bri", "cla", "dru", "fen", "gri",
    "ost", "pra", "ste", "tri",
];
const TRADES: [&str; 12] = [
    "Robotics",
    "Foods",
    "Logistics",
    "Pharma",
    "Textiles",
    "Optics",
    "Shipping",
    "Ceramics",
    "Turbines",
    "Biotech",
    "Paper",
    "Steelworks",
];
const FORMS: [&str; 5] = ["Inc.", "GmbH", "Ltd", "S.A.", "AB"];
const VAGUE: [&str; 6] = [
    "Weekly sync",
    "Catch up",
    "Follow up",
    "Next steps",
    "Demo",
    "Quick call",
];

/// A company and what the scenarios need of it.
#[derive(Clone)]
struct Company {
    id: String,
    name: String,
    domain: String,
}

#[derive(Clone)]
struct Person {
    id: String,
    first: String,
    last: String,
    email: String,
}

struct Maker {
    state: u64,
    number: usize,
    org: Org,
    meetings: Vec<(Meeting, Truth)>,
}

impl Maker {
    fn next(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % below as u64) as usize
    }

    fn id(&mut self, prefix: &str) -> String {
        self.number += 1;
        format!("{prefix}{:012}AAA", self.number)
    }

    fn word(&mut self, parts: usize) -> String {
        let word: String = (0..parts).map(|_| PARTS[self.next(PARTS.len())]).collect();
        let (head, tail) = word.split_at(1);
        format!("{}{tail}", head.to_uppercase())
    }

    fn invented(&mut self) -> (String, String) {
        let word = self.word(4);
        let trade = TRADES[self.next(TRADES.len())];
        let form = FORMS[self.next(FORMS.len())];
        let domain = format!("{}{}.com", word.to_lowercase(), trade.to_lowercase());
        (format!("{word} {trade} {form}"), domain)
    }

    fn account(&mut self, name: &str, website: &str, kind: &str, active: bool) -> Company {
        let id = self.id("001");
        let last_activity = day() - TimeDelta::days(if active { 20 } else { 700 });
        let account = Account {
            id: id.clone(),
            name: name.to_owned(),
            owner_id: "005000000000002AAA".into(),
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

    fn company(&mut self) -> Company {
        let (name, domain) = self.invented();
        self.account(&name, &domain, "customer", true)
    }

    fn name(&mut self) -> (usize, String, String) {
        let first = self.next(FIRST.len());
        (first, FIRST[first].to_owned(), self.word(4))
    }

    fn contact_named(
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

    fn contact(&mut self, company: &Company) -> Person {
        let (_, first, last) = self.name();
        let email = format!(
            "{}.{}@{}",
            first.to_lowercase(),
            last.to_lowercase(),
            company.domain
        );
        self.contact_named(company, &first, &last, &[email], &[])
    }

    fn deal(
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
            owner_id: "005000000000002AAA".into(),
            owner_active: true,
            record_type_id: String::new(),
            is_closed: false,
            close_date: (day() + TimeDelta::days(60)).date_naive(),
            created_at: day() - TimeDelta::days(60),
            role_contact_ids: roles.iter().map(|person| person.id.clone()).collect(),
        };
        self.org.deal(deal.clone());
        deal
    }

    fn vague(&mut self) -> String {
        VAGUE[self.next(VAGUE.len())].to_owned()
    }

    fn add(&mut self, tag: &str, title: &str, participants: Vec<Participant>, mut truth: Truth) {
        let id = format!("{tag}-{}", self.meetings.len());
        truth.tags = vec![tag.to_owned()];
        let mut all = vec![guest("Dana Cole", REP)];
        all.extend(participants);
        let meeting = Meeting {
            workspace: "generated".parse().expect("a workspace"),
            id,
            revision: 1,
            title: title.to_owned(),
            started_at: day(),
            organizer: Address::parse(REP).ok(),
            participants: all,
            participants_dropped: 0,
            mentions: Vec::new(),
            hints: Vec::new(),
        };
        self.meetings.push((meeting, truth));
    }

    fn mention(&mut self, text: String) {
        if let Some((meeting, _)) = self.meetings.last_mut() {
            meeting.mentions.push(text);
        }
    }
}

fn day() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2026, 3, 2)
        .and_then(|day| day.and_hms_opt(10, 0, 0))
        .expect("a day")
        .and_utc()
}

fn guest(name: &str, email: &str) -> Participant {
    Participant {
        name: name.to_owned(),
        address: Address::parse(email).ok(),
        address_problem: String::new(),
        phones: Vec::new(),
        kind: Kind::Unknown,
        declined: false,
    }
}

fn shown(person: &Person) -> Participant {
    guest(&format!("{} {}", person.first, person.last), &person.email)
}

fn truth(company: &Company, people: &[&Person]) -> Truth {
    Truth {
        outcome: "matched".into(),
        account: Some(company.id.clone()),
        contacts: people.iter().map(|person| person.id.clone()).collect(),
        ..Truth::default()
    }
}

fn unclear(company: &Company) -> Truth {
    Truth {
        account_unclear: true,
        ..truth(company, &[])
    }
}

fn outcome(word: &str) -> Truth {
    Truth {
        outcome: word.to_owned(),
        ..Truth::default()
    }
}

fn with_deal(truth: Truth, deal: &Opportunity) -> Truth {
    Truth {
        deal: Some(deal.id.clone()),
        ..truth
    }
}

fn addresses(m: &mut Maker) {
    let c = m.company();
    let (_, first, last) = m.name();
    let mails = [
        format!("{}@{}", last.to_lowercase(), c.domain),
        format!("{}@{}.net", first.to_lowercase(), last.to_lowercase()),
    ];
    let p = m.contact_named(&c, &first, &last, &mails, &[]);
    let title = m.vague();
    m.add(
        "alias or second address",
        &title,
        vec![guest("", &mails[1])],
        truth(&c, &[&p]),
    );
    let c = m.company();
    let p = m.contact(&c);
    let title = m.vague();
    m.add(
        "plus tag",
        &title,
        vec![guest("", &p.email.replace('@', "+zoom@"))],
        truth(&c, &[&p]),
    );
    let c = m.company();
    let (_, first, last) = m.name();
    let last = format!("{last}{}", m.number);
    let p = m.contact_named(
        &c,
        &first,
        &last,
        &[format!("{first}.{last}@gmail.com")],
        &[],
    );
    m.add(
        "Gmail dots",
        &title,
        vec![guest("", &format!("{first}{last}@googlemail.com"))],
        truth(&c, &[&p]),
    );
    let c = m.company();
    m.contact(&c);
    m.add(
        "subdomain",
        &title,
        vec![guest("Ina Neu", &format!("ina@mail.emea.{}", c.domain))],
        truth(&c, &[]),
    );
    let c = m.company();
    let (_, first, last) = m.name();
    m.contact_named(&c, &first, &last, &[format!("x@{}", c.domain)], &[]);
    let personal = guest(
        &format!("{first} {last}"),
        &format!("{last}{}@icloud.com", m.number),
    );
    m.add(
        "personal address, name seen once",
        &title,
        vec![personal],
        unclear(&c),
    );
    let c = m.company();
    m.add(
        "role address",
        &title,
        vec![guest("", &format!("info@{}", c.domain))],
        truth(&c, &[]),
    );
    let c = m.company();
    let p = m.contact_named(
        &c,
        "Ines",
        "Vogel",
        &[],
        &["+49 30 901820".replace("901820", &format!("{:07}", 1_000_000 + m.number))],
    );
    let mut caller = guest("", "");
    caller.phones = phone::keys(&format!("0049 30 {:07}", 1_000_000 + m.number - 1), None)
        .into_iter()
        .collect();
    m.add("telephone", &title, vec![caller], truth(&c, &[]));
    let _ = p;
}

fn names(m: &mut Maker) {
    let title = m.vague();
    let c = m.company();
    let p = m.contact(&c);
    let core = c
        .name
        .rsplit_once(' ')
        .map_or("", |(core, _)| core)
        .to_owned();
    m.add(
        "name only, no mail",
        &format!("{core} <> Ours"),
        vec![guest(&format!("{} {}", p.first, p.last), "")],
        truth(&c, &[&p]),
    );
    let c = m.company();
    m.contact(&c);
    m.add(
        "unknown colleague at a known domain",
        &title,
        vec![guest("Nora New", &format!("nora.new@{}", c.domain))],
        truth(&c, &[]),
    );
    let unlisted = |c: &Company, n: usize| format!("u{n}@{}", c.domain);
    let c = m.company();
    let (index, first, last) = m.name();
    let p = m.contact_named(&c, &first, &last, &[format!("{last}@{}", c.domain)], &[]);
    m.add(
        "nickname",
        &title,
        vec![guest(
            &format!("{} {last}", NICK[index]),
            &unlisted(&c, index),
        )],
        truth(&c, &[&p]),
    );
    m.add(
        "initial",
        &title,
        vec![guest(
            &format!("{}. {last}", &first[..1]),
            &unlisted(&c, 99),
        )],
        truth(&c, &[&p]),
    );
    m.add(
        "swapped first and last name",
        &title,
        vec![guest(&format!("{last}, {first}"), &unlisted(&c, 98))],
        truth(&c, &[&p]),
    );
    m.add(
        "swapped first and last name",
        &title,
        vec![guest(&format!("{last} {first}"), &unlisted(&c, 97))],
        truth(&c, &[&p]),
    );
    let mut misspelt = last.clone();
    misspelt.remove(last.len() / 2);
    m.add(
        "misspelt name",
        &title,
        vec![guest(&format!("{first} {misspelt}"), &unlisted(&c, 96))],
        truth(&c, &[&p]),
    );
    for (tag, of_record, as_shown) in [
        ("transliteration", ("Jürgen", "Müller"), "Juergen Mueller"),
        ("transliteration", ("Dmitry", "Sokolov"), "Dmitriy Sokolow"),
        ("other script", ("Дмитрий", "Соколов"), "Dmitry Sokolov"),
        ("other script", ("Łukasz", "Wójcik"), "Lukasz Wojcik"),
    ] {
        let c = m.company();
        let p = m.contact_named(
            &c,
            of_record.0,
            of_record.1,
            &[format!("a@{}", c.domain)],
            &[],
        );
        m.add(
            tag,
            &title,
            vec![guest(as_shown, &unlisted(&c, 1))],
            truth(&c, &[&p]),
        );
    }
    let c = m.company();
    let (_, first, last) = m.name();
    let p = m.contact_named(&c, &first, &last, &[], &[]);
    m.add(
        "contact without mail",
        &title,
        vec![guest(&format!("{first} {last}"), &unlisted(&c, 2))],
        truth(&c, &[&p]),
    );
    let c = m.company();
    let p = m.contact(&c);
    let twin = m.contact_named(
        &c,
        &p.first.clone(),
        &p.last.clone(),
        std::slice::from_ref(&p.email),
        &[],
    );
    let mut twins = truth(&c, &[]);
    twins.also_ok = [p.id.clone(), twin.id].into();
    m.add("duplicate contact", &title, vec![shown(&p)], twins);
}

fn companies(m: &mut Maker) {
    let title = m.vague();
    let (name, domain) = m.invented();
    let core = name
        .rsplit_once(' ')
        .map_or("", |(core, _)| core)
        .to_owned();
    let live = m.account(&name, &domain, "customer", true);
    m.account(
        &format!("{core} Limited"),
        &format!("http://www.{domain}/"),
        "customer",
        false,
    );
    let p = m.contact(&live);
    m.add(
        "duplicate account",
        &title,
        vec![shown(&p)],
        truth(&live, &[&p]),
    );
    m.add(
        "duplicate account, stranger",
        &title,
        vec![guest("Nora New", &format!("n@{domain}"))],
        unclear(&live),
    );
    let (name, domain) = m.invented();
    let parent = m.account(&name, &domain, "customer", true);
    let word = name.split(' ').next().unwrap_or("").to_owned();
    let child = m.account(&format!("{word} Nordics AB"), &domain, "customer", true);
    let p = m.contact(&child);
    m.add(
        "parent and subsidiary sharing a domain",
        &title,
        vec![shown(&p)],
        truth(&child, &[&p]),
    );
    m.add(
        "parent and subsidiary, stranger",
        &title,
        vec![guest("Nora New", &format!("n@{domain}"))],
        unclear(&parent),
    );
    let c = m.company();
    let other = format!("{}-group.com", c.domain.trim_end_matches(".com"));
    for n in 0..3 {
        m.contact_named(
            &c,
            "Kai",
            &format!("Berg{n}"),
            &[format!("k{n}@{other}")],
            &[],
        );
    }
    m.add(
        "one company, several domains",
        &title,
        vec![guest("Nora New", &format!("n@{other}"))],
        truth(&c, &[]),
    );
    let (name, domain) = m.invented();
    let c = m.account(&name, "", "customer", true);
    for n in 0..4 {
        m.contact_named(
            &c,
            "Kai",
            &format!("Tal{n}"),
            &[format!("k{n}@{domain}")],
            &[],
        );
    }
    m.add(
        "website missing",
        &title,
        vec![guest("Nora New", &format!("n@{domain}"))],
        truth(&c, &[]),
    );
    let (_, fresh) = m.invented();
    let c = m.company();
    for n in 0..4 {
        m.contact_named(
            &c,
            "Kai",
            &format!("Hof{n}"),
            &[format!("k{n}@{fresh}")],
            &[],
        );
    }
    m.add(
        "website stale",
        &title,
        vec![guest("Nora New", &format!("n@{fresh}"))],
        truth(&c, &[]),
    );
    let (old, new) = (m.company(), m.company());
    m.contact(&new);
    let p = m.contact(&old);
    m.add(
        "job changer",
        &title,
        vec![guest(
            &format!("{} {}", p.first, p.last),
            &format!("moved@{}", new.domain),
        )],
        truth(&new, &[]),
    );
    let (name, domain) = m.invented();
    let partner = m.account(&name, &domain, "partner", true);
    let helpers: Vec<Person> = (0..3).map(|_| m.contact(&partner)).collect();
    let c = m.company();
    let p = m.contact(&c);
    let mut with_partner = truth(&c, &[&p]);
    with_partner.also_ok = helpers.iter().map(|helper| helper.id.clone()).collect();
    m.add(
        "partner present",
        &title,
        vec![shown(&helpers[0]), shown(&p)],
        with_partner.clone(),
    );
    m.add(
        "partner dominating",
        &title,
        helpers.iter().chain([&p]).map(shown).collect(),
        with_partner,
    );
    m.add(
        "partner alone",
        &title,
        vec![shown(&helpers[0]), shown(&helpers[1])],
        outcome("partner_only"),
    );
    let (one, two) = (m.company(), m.company());
    let (a, b, x) = (m.contact(&one), m.contact(&one), m.contact(&two));
    m.add(
        "two customers, one of each",
        &title,
        vec![shown(&a), shown(&x)],
        unclear(&one),
    );
    let third = m.contact(&one);
    let mut main = truth(&one, &[&a, &b, &third]);
    main.also_ok.insert(x.id.clone());
    m.add(
        "two customers, one with more people",
        &title,
        [&a, &b, &third, &x].map(shown).into(),
        main,
    );
}

fn leads(m: &mut Maker) {
    let title = m.vague();
    let (company, domain) = m.invented();
    let id = m.id("00Q");
    let lead = Lead {
        id: id.clone(),
        name: "Lea Lead".into(),
        company,
        converted: None,
    };
    m.org.lead(lead.clone(), &format!("lea@{domain}"));
    let mut right = outcome("matched");
    right.lead = Some(id);
    m.add(
        "lead",
        &title,
        vec![guest("Lea Lead", &format!("lea@{domain}"))],
        right,
    );
    let c = m.company();
    let p = m.contact_named(&c, "Lea", "Became", &[], &[]);
    let converted = Converted {
        account_id: c.id.clone(),
        contact_id: p.id.clone(),
    };
    let email = format!("lea{}@web.de", m.number);
    m.org.lead(
        Lead {
            id: m.number.to_string(),
            converted: Some(converted),
            ..lead
        },
        &email,
    );
    m.add(
        "converted lead",
        &title,
        vec![guest("Lea Became", &email)],
        truth(&c, &[&p]),
    );
}

fn deals(m: &mut Maker) {
    let title = m.vague();
    let c = m.company();
    let p = m.contact(&c);
    m.deal(&c, "Phase one", "New Business", &[]);
    m.deal(&c, "Phase two", "New Business", &[]);
    let mut open = truth(&c, &[&p]);
    open.deal_unclear = true;
    m.add(
        "several open deals with one owner",
        &title,
        vec![shown(&p)],
        open,
    );
    let c = m.company();
    let p = m.contact(&c);
    m.deal(&c, "New business", "New Business", &[]);
    let renewal = m.deal(&c, "Renewal", "Renewal", &[]);
    m.add(
        "renewal beside new business",
        "Renewal call",
        vec![shown(&p)],
        with_deal(truth(&c, &[&p]), &renewal),
    );
    for (tag, closed, created, close) in [
        ("deal closed just before", true, -90, -6),
        ("deal opened just after", false, 6, 90),
    ] {
        let c = m.company();
        let p = m.contact(&c);
        let deal = Opportunity {
            id: m.id("006"),
            is_closed: closed,
            created_at: day() + TimeDelta::days(created),
            close_date: (day() + TimeDelta::days(close)).date_naive(),
            role_contact_ids: vec![p.id.clone()],
            account_id: c.id.clone(),
            name: "Deal".into(),
            deal_type: String::new(),
            owner_id: "005000000000002AAA".into(),
            owner_active: true,
            record_type_id: String::new(),
        };
        m.org.deal(deal.clone());
        m.add(
            tag,
            &title,
            vec![shown(&p)],
            with_deal(truth(&c, &[&p]), &deal),
        );
    }
    let c = m.company();
    let p = m.contact(&c);
    m.add("no deal", &title, vec![shown(&p)], truth(&c, &[&p]));
    let c = m.company();
    let p = m.contact(&c);
    let mut deal = m.deal(&c, "Rollout", "New Business", &[&p]);
    deal.owner_active = false;
    m.add(
        "inactive owner",
        &title,
        vec![shown(&p)],
        with_deal(truth(&c, &[&p]), &deal),
    );
    let c = m.company();
    let p = m.contact(&c);
    m.deal(&c, "Falcon", "New Business", &[]);
    let named = m.deal(&c, "Heron", "New Business", &[]);
    m.add(
        "deal or product named",
        "Heron: open points",
        vec![shown(&p)],
        with_deal(truth(&c, &[&p]), &named),
    );
}

fn surroundings(m: &mut Maker) {
    let title = m.vague();
    let (c, other) = (m.company(), m.company());
    let p = m.contact(&c);
    m.add(
        "distractor company mentioned",
        &title,
        vec![shown(&p)],
        truth(&c, &[&p]),
    );
    m.mention(other.name.clone());
    let c = m.company();
    let p = m.contact(&c);
    m.add(
        "name is an everyday word",
        "Target account review with Orange team",
        vec![shown(&p)],
        truth(&c, &[&p]),
    );
    let c = m.company();
    let p = m.contact(&c);
    let noise = vec![
        guest("Room Fjord (8)", "c_1@resource.calendar.google.com"),
        guest("Notetaker", "fred@fireflies.ai"),
        guest("", "noreply@zoom.us"),
        Participant {
            kind: Kind::Group,
            ..guest("All sales", "sales@ours.example")
        },
        shown(&p),
    ];
    m.add("rooms, bots, groups", &title, noise, truth(&c, &[&p]));
    let c = m.company();
    let p = m.contact(&c);
    m.add(
        "forwarded invite",
        &title,
        vec![shown(&p), guest("", "somebody77@gmail.com")],
        truth(&c, &[&p]),
    );
    let c = m.company();
    m.add(
        "internal meeting naming a customer",
        &format!("{} pipeline", c.name),
        vec![guest("Jo", "jo@ours.example")],
        outcome("internal"),
    );
    m.add(
        "interview",
        "Interview: Nora New",
        vec![guest("Nora New", &format!("nora{}@gmx.de", m.number))],
        outcome("unmatched"),
    );
    let (_, vendor) = m.invented();
    m.add(
        "vendor",
        "Tool demo",
        vec![guest("Vic Vendor", &format!("vic@{vendor}"))],
        outcome("unmatched"),
    );
    m.add(
        "press",
        "Briefing",
        vec![guest("Pia Press", &format!("pia@the{vendor}"))],
        outcome("unmatched"),
    );
    let word = m.word(2);
    let c = m.account(
        &format!("{word}mer Foods Inc."),
        &format!("{}mer.com", word.to_lowercase()),
        "customer",
        true,
    );
    m.contact(&c);
    let fake = format!("ceo@{}rner.com", word.to_lowercase());
    m.add(
        "look-alike domain",
        &format!("{word}mer Foods"),
        vec![guest("The Boss", &fake)],
        unclear(&c),
    );
    m.add(
        "mixed consumer and corporate domain",
        &title,
        vec![guest("Al Any", &format!("al{}@telus.com", m.number))],
        outcome("unmatched"),
    );
    let c = m.company();
    let p = m.contact(&c);
    let mut crowd: Vec<Participant> = (0..490)
        .map(|n| guest(&"\u{202e}x\u{0}".repeat(100), &format!("{n}@@bad")))
        .collect();
    crowd.push(shown(&p));
    m.add(
        "oversized and hostile input",
        &"A".repeat(4_096),
        crowd,
        truth(&c, &[&p]),
    );
}

pub(crate) fn run(report: &mut Report) {
    let mut m = Maker {
        state: SEED,
        number: 0,
        org: Org::default(),
        meetings: Vec::new(),
    };
    m.org.user("005000000000002AAA", REP);
    m.account("Target Corporation", "target-corp.com", "customer", true);
    m.account("Orange S.A.", "orange-sa.com", "customer", true);
    for _ in 0..EACH {
        for class in [addresses, names, companies, leads, deals, surroundings] {
            class(&mut m);
        }
    }
    m.org.ready();
    let mut score = Score::default();
    for (meeting, truth) in &m.meetings {
        let facts = m.org.facts(meeting);
        score.add(&meeting.id, truth, &decide(meeting, &facts));
    }
    score.report(
        report,
        &format!("our own meetings (seed {SEED}), thresholds 0.95 and 0.87"),
        true,
    );
}
