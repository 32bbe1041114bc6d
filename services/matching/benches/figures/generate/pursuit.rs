//! Customers with deals, drawn at random: who organises, who comes, what the title says follow from the deal the meeting is
//! about. Since it is known how they follow, so is what an ideal observer could conclude: where even that one would err more
//! often than once in five, the evidence cannot separate. Shares are judgement, none is taken from a data set.

use super::maker::{Maker, Person, day, guest, shown, truth, with_deal};
use crate::score::Truth;
use chrono::TimeDelta;
use matching::domain::facts::{Opportunity, SeriesMeeting};

/// Meetings with a customer that are about none of its deals.
pub(super) const NO_DEAL: f64 = 0.08;
/// An ideal observer surer than this counts as able to tell: below it no workspace may let a deal be taken (guide, section 6).
const TELLS: f64 = 0.8;
/// Sales people who own deals, and others of ours who meet customers.
const OWNERS: usize = 6;
const OTHERS: usize = 6;
/// Of meetings about a deal: organised by its owner, with its owner on the call, without.
const BY_OWNER: f64 = 0.65;
const WITH_OWNER: f64 = 0.20;
/// Of meetings about none: organised by somebody who owns one of the deals.
const NO_DEAL_BY_OWNER: f64 = 0.10;
/// Another of ours comes along, whatever the meeting is about: also to one the deal's owner organised, and to one about none.
const COLLEAGUE: f64 = 0.25;
/// A role holder of the deal comes; another contact, or any where no roles are filled.
const HOLDER_COMES: f64 = 0.60;
const OTHER_COMES: f64 = 0.12;
/// The title has a type's word, rightly or not; a word of the deal's name; for meetings about none, a type's word.
const TYPE_SAID: f64 = 0.25;
const TYPE_RIGHT: f64 = 0.97;
const NAME_SAID: f64 = 0.12;
const NO_DEAL_TYPE_SAID: f64 = 0.03;
/// An earlier meeting of the series was about this deal, about another, or for meetings about none about any.
const SERIES_SAME: f64 = 0.15;
const SERIES_OTHER: f64 = 0.01;
const NO_DEAL_SERIES: f64 = 0.02;
/// How likely a deal only reachable through the windows is meant, beside an open one.
const WINDOW_SHARE: f64 = 0.25;

const TYPES: [(&str, &str); 3] = [
    ("New Business", "Discovery"),
    ("Renewal", "Renewal"),
    ("Expansion", "Expansion"),
];

/// A deal and what follows from it.
struct Deal {
    record: Opportunity,
    owner: usize,
    kind: usize,
    code: String,
    holders: Vec<usize>,
    open: bool,
}

/// What the title says.
#[derive(Clone, Copy, PartialEq)]
enum Said {
    Nothing,
    Type(usize),
    Name(usize),
}

/// Everything there is to see.
struct Seen {
    organizer: usize,
    second: Option<usize>,
    present: Vec<bool>,
    said: Said,
    earlier: Option<usize>,
}

pub(super) fn pursuits(m: &mut Maker, count: usize, no_deal: f64) {
    for n in 0..OWNERS + OTHERS {
        m.org.user(&rep_id(n), &rep(n));
    }
    for number in 0..count {
        one(m, number, no_deal);
    }
}

fn rep(n: usize) -> String {
    format!("rep{n}@ours.example")
}

fn rep_id(n: usize) -> String {
    format!("005{n:012}AAB")
}

fn one(m: &mut Maker, number: usize, no_deal: f64) {
    let company = m.company();
    let people: Vec<Person> = (0..6 + m.next(8)).map(|_| m.contact(&company)).collect();
    let main = m.next(OWNERS);
    let count = [1, 1, 1, 1, 2, 2, 2, 3, 3, 4][m.next(10)];
    let mut deals = Vec::new();
    for _ in 0..count {
        let deal = deal(m, &company.id, &company.name, &people, main);
        m.org.deal(deal.record.clone());
        deals.push(deal);
    }
    let weights: Vec<f64> = deals
        .iter()
        .map(|deal| if deal.open { 1.0 } else { WINDOW_SHARE })
        .collect();
    let about = if m.chance(no_deal) {
        None
    } else {
        Some(drawn(m, &weights))
    };
    let seen = seen(m, &deals, people.len(), about);
    let (best, sure) = ideal(&deals, &weights, no_deal, &seen);
    let mut guests: Vec<_> = people
        .iter()
        .zip(&seen.present)
        .filter(|(_, present)| **present)
        .map(|(person, _)| shown(person))
        .collect();
    let there: Vec<&Person> = people
        .iter()
        .zip(&seen.present)
        .filter(|(_, p)| **p)
        .map(|(p, _)| p)
        .collect();
    let right = truth(&company, &there);
    let mut right = match about {
        Some(about) => with_deal(right, &deals[about].record),
        None => right,
    };
    // Where an ideal observer would be wrong, or not sure enough, nobody could tell.
    right.deal_unclear = sure < TELLS || best != about;
    right.tags = vec![tag(&deals, about, &right)];
    let title = match seen.said {
        Said::Nothing => m.vague(),
        Said::Type(kind) => format!("{} call", TYPES[kind].1),
        Said::Name(deal) => format!("{}: open points", deals[deal].code),
    };
    let ours = std::iter::once(seen.organizer).chain(seen.second);
    guests.extend(ours.map(|n| guest("", &rep(n))));
    let id = format!("pursuit-{number}-{}", m.number);
    if let Some(earlier) = seen.earlier {
        let before = SeriesMeeting {
            meeting_id: format!("{id}-before"),
            opportunity_id: deals[earlier].record.id.clone(),
            by_person: false,
            started_at: day() - TimeDelta::days(7),
        };
        m.org.earlier(&id, before);
    }
    m.held(id, &title, &rep(seen.organizer), guests, right);
}

fn tag(deals: &[Deal], about: Option<usize>, truth: &Truth) -> String {
    let number = match deals.len() {
        1 => "one deal",
        _ => "several deals",
    };
    let what = match (truth.deal_unclear, about) {
        (true, _) => "cannot be told",
        (false, None) => "none of them meant",
        (false, Some(_)) => "one meant",
    };
    format!("customer with {number}, {what}")
}

fn deal(m: &mut Maker, account: &str, company: &str, people: &[Person], main: usize) -> Deal {
    let owner = if m.chance(0.7) { main } else { m.next(OWNERS) };
    let kind = m.next(TYPES.len());
    let code = m.word(3);
    let filled = m.chance(0.45);
    let holders: Vec<usize> = (0..people.len())
        .filter(|_| filled && m.chance(0.2))
        .collect();
    let state = m.next(10);
    let (created, closes, is_closed) = match state {
        0 => (-90, -(1 + m.next(12) as i64), true),
        1 => (1 + m.next(12) as i64, 90, false),
        _ => (-(10 + m.next(200) as i64), 10 + m.next(150) as i64, false),
    };
    let record = Opportunity {
        id: m.id("006"),
        account_id: account.to_owned(),
        name: format!("{company} {code} {}", TYPES[kind].0),
        deal_type: TYPES[kind].0.to_owned(),
        owner_id: rep_id(owner),
        owner_active: true,
        is_closed,
        created_at: day() + TimeDelta::days(created),
        close_date: (day() + TimeDelta::days(closes)).date_naive(),
        role_contact_ids: holders.iter().map(|n| people[*n].id.clone()).collect(),
        ..Opportunity::default()
    };
    Deal {
        record,
        owner,
        kind,
        code,
        holders,
        open: state > 1,
    }
}

fn drawn(m: &mut Maker, weights: &[f64]) -> usize {
    let mut left = m.next(1_000_000) as f64 / 1e6 * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return index;
        }
    }
    weights.len() - 1
}

/// Draws what there is to see.
fn seen(m: &mut Maker, deals: &[Deal], people: usize, about: Option<usize>) -> Seen {
    let everybody = OWNERS + OTHERS;
    let (organizer, owner) = match about {
        Some(about) => {
            let owner = deals[about].owner;
            let another = (owner + 1 + m.next(everybody - 1)) % everybody;
            let draw = m.next(1_000_000) as f64 / 1e6;
            if draw < BY_OWNER {
                (owner, None)
            } else if draw < BY_OWNER + WITH_OWNER {
                (another, Some(owner))
            } else {
                (another, None)
            }
        }
        None if m.chance(NO_DEAL_BY_OWNER) => (deals[m.next(deals.len())].owner, None),
        None => (OWNERS + m.next(OTHERS), None),
    };
    // Whoever comes along is neither the organiser nor, where the owner did not come, the owner.
    let absent = about.map(|about| deals[about].owner);
    let second = owner.or_else(|| {
        if !m.chance(COLLEAGUE) {
            return None;
        }
        let free: Vec<usize> = (0..everybody)
            .filter(|n| *n != organizer && Some(*n) != absent)
            .collect();
        Some(free[m.next(free.len())])
    });
    let present = loop {
        let present: Vec<bool> = (0..people)
            .map(|n| m.chance(comes(deals, about, n)))
            .collect();
        if present.contains(&true) {
            break present;
        }
    };
    let draw = m.next(1_000_000) as f64 / 1e6;
    let said = match about {
        Some(about) if draw < TYPE_SAID * TYPE_RIGHT => Said::Type(deals[about].kind),
        Some(about) if draw < TYPE_SAID => Said::Type((deals[about].kind + 1 + m.next(2)) % 3),
        Some(about) if draw < TYPE_SAID + NAME_SAID => Said::Name(about),
        None if draw < NO_DEAL_TYPE_SAID => Said::Type(m.next(3)),
        _ => Said::Nothing,
    };
    let draw = m.next(1_000_000) as f64 / 1e6;
    let earlier = match about {
        Some(about) if draw < SERIES_SAME => Some(about),
        Some(_) if draw < SERIES_SAME + SERIES_OTHER => Some(m.next(deals.len())),
        None if draw < NO_DEAL_SERIES => Some(m.next(deals.len())),
        _ => None,
    };
    Seen {
        organizer,
        second,
        present,
        said,
        earlier,
    }
}

fn comes(deals: &[Deal], about: Option<usize>, person: usize) -> f64 {
    match about.map(|about| &deals[about].holders) {
        Some(holders) if holders.contains(&person) => HOLDER_COMES,
        _ => OTHER_COMES,
    }
}

/// What an observer who knows how everything is drawn concludes, and how sure that is.
fn ideal(deals: &[Deal], weights: &[f64], no_deal: f64, seen: &Seen) -> (Option<usize>, f64) {
    let all: f64 = weights.iter().sum();
    let mut sure: Vec<(Option<usize>, f64)> = (0..deals.len())
        .map(|n| {
            (
                Some(n),
                (1.0 - no_deal) * weights[n] / all * likely(deals, Some(n), seen),
            )
        })
        .collect();
    sure.push((None, no_deal * likely(deals, None, seen)));
    let total: f64 = sure.iter().map(|(_, p)| p).sum();
    let (best, p) = sure
        .into_iter()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .expect("none of them is always possible");
    (best, p / total)
}

fn likely(deals: &[Deal], about: Option<usize>, seen: &Seen) -> f64 {
    let count = deals.len() as f64;
    let others = (OWNERS + OTHERS - 1) as f64;
    // Nobody along, or this one of so many.
    let along = |free: f64| match seen.second {
        None => 1.0 - COLLEAGUE,
        Some(_) => COLLEAGUE / free,
    };
    let rep = match about {
        Some(n) => {
            let owner = deals[n].owner;
            if seen.organizer == owner {
                BY_OWNER * along(others)
            } else if seen.second == Some(owner) {
                WITH_OWNER / others
            } else {
                (1.0 - BY_OWNER - WITH_OWNER) / others * along(others - 1.0)
            }
        }
        None if seen.organizer >= OWNERS => {
            (1.0 - NO_DEAL_BY_OWNER) / OTHERS as f64 * along(others)
        }
        None => {
            let owned = deals
                .iter()
                .filter(|deal| deal.owner == seen.organizer)
                .count() as f64;
            NO_DEAL_BY_OWNER * owned / count * along(others)
        }
    };
    let (mut room, mut empty) = (1.0, 1.0);
    for (person, present) in seen.present.iter().enumerate() {
        let comes = comes(deals, about, person);
        room *= if *present { comes } else { 1.0 - comes };
        empty *= 1.0 - comes;
    }
    let said = match (about, seen.said) {
        (Some(n), Said::Type(kind)) if deals[n].kind == kind => TYPE_SAID * TYPE_RIGHT,
        (Some(_), Said::Type(_)) => TYPE_SAID * (1.0 - TYPE_RIGHT) / 2.0,
        (Some(n), Said::Name(name)) => f64::from(u8::from(n == name)) * NAME_SAID,
        (Some(_), Said::Nothing) => 1.0 - TYPE_SAID - NAME_SAID,
        (None, Said::Type(_)) => NO_DEAL_TYPE_SAID / 3.0,
        (None, Said::Name(_)) => 0.0,
        (None, Said::Nothing) => 1.0 - NO_DEAL_TYPE_SAID,
    };
    let series = match (about, seen.earlier) {
        (Some(n), Some(earlier)) if n == earlier => SERIES_SAME + SERIES_OTHER / count,
        (Some(_), Some(_)) => SERIES_OTHER / count,
        (Some(_), None) => 1.0 - SERIES_SAME - SERIES_OTHER,
        (None, Some(_)) => NO_DEAL_SERIES / count,
        (None, None) => 1.0 - NO_DEAL_SERIES,
    };
    rep * room / (1.0 - empty) * said * series
}
