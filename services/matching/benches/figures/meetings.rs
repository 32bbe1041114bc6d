//! The invented meetings beside the project: 1,200 with the truth about each.

use crate::data;
use crate::org::Org;
use crate::report::Report;
use crate::score::{Score, Truth};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use matching::domain::address::Address;
use matching::domain::decide::decide;
use matching::domain::facts::{Account, Contact, Lead, Opportunity};
use matching::domain::meeting::{Kind, Meeting, Participant};
use matching::domain::weight;
use serde_json::Value;
use std::collections::HashMap;

pub(crate) fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or("").to_owned()
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

fn lines(file: &str) -> Option<Vec<Value>> {
    let text = data::file(file)?;
    Some(
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect(),
    )
}

fn org() -> Option<Org> {
    let mut org = Org::default();
    for a in lines("crm_accounts.jsonl")? {
        let account = Account {
            id: text(&a, "id"),
            name: text(&a, "name"),
            owner_id: text(&a, "owner_id"),
            is_partner: text(&a, "type") == "partner",
            parent_id: text(&a, "parent_id"),
            last_activity: day(&text(&a, "last_activity")),
        };
        org.account(account, &text(&a, "website"));
    }
    for c in lines("crm_contacts.jsonl")? {
        let touched = day(&text(&c, "last_activity"))
            .unwrap_or_default()
            .and_time(NaiveTime::MIN)
            .and_utc();
        let contact = Contact {
            id: text(&c, "id"),
            account_id: text(&c, "account_id"),
            first: text(&c, "first"),
            last: text(&c, "last"),
            touched_at: touched,
        };
        org.contact(contact, &[text(&c, "email")], &[]);
    }
    for l in lines("crm_leads.jsonl")? {
        let lead = Lead {
            id: text(&l, "id"),
            name: format!("{} {}", text(&l, "first"), text(&l, "last")),
            company: text(&l, "company"),
            converted: None,
        };
        if l["is_converted"] != true {
            org.lead(lead, &text(&l, "email"));
        }
    }
    for o in lines("crm_opportunities.jsonl")? {
        let midnight = |key: &str| day(&text(&o, key)).unwrap_or_default();
        org.deal(Opportunity {
            id: text(&o, "id"),
            account_id: text(&o, "account_id"),
            name: text(&o, "name"),
            deal_type: text(&o, "type"),
            owner_id: text(&o, "owner_id"),
            owner_active: true,
            is_closed: o["is_closed"] == true,
            close_date: midnight("close_date"),
            created_at: midnight("created").and_time(NaiveTime::MIN).and_utc(),
            role_contact_ids: strings(&o["contact_roles"]),
            ..Opportunity::default()
        });
    }
    for u in lines("crm_users.jsonl")? {
        org.user(&text(&u, "id"), &text(&u, "email"));
    }
    org.ready();
    Some(org)
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn participant(value: &Value) -> Participant {
    let address = Address::parse(&text(value, "email"));
    Participant {
        name: text(value, "name"),
        address: address.ok(),
        address_problem: String::new(),
        phones: Vec::new(),
        kind: Kind::Unknown,
        declined: false,
    }
}

fn meeting(value: &Value) -> Meeting {
    let start: DateTime<Utc> = text(value, "start").parse().unwrap_or_default();
    Meeting {
        workspace: "fixtures".parse().expect("a workspace"),
        id: text(value, "id"),
        revision: 1,
        title: text(value, "title"),
        started_at: start,
        organizer: Address::parse(&text(value, "organizer")).ok(),
        participants: value["participants"]
            .as_array()
            .into_iter()
            .flatten()
            .map(participant)
            .collect(),
        participants_dropped: 0,
        mentions: strings(&value["mentions"]),
        hints: Vec::new(),
        series_id: String::new(),
    }
}

pub(crate) fn run(report: &mut Report) {
    let (Some(org), Some(meetings), Some(truths)) = (
        org(),
        lines("meetings.jsonl"),
        lines("meetings_truth.jsonl"),
    ) else {
        report.skipped(
            "invented meetings",
            "the data set is not beside the project",
        );
        return;
    };
    let truths: HashMap<String, Truth> = truths
        .iter()
        .map(|t| {
            let some = |key: &str| t[key].as_str().map(str::to_owned);
            let truth = Truth {
                outcome: text(t, "outcome"),
                account: some("account_id"),
                lead: some("lead_id"),
                deal: some("opportunity_id"),
                contacts: strings(&t["contact_ids"]).into_iter().collect(),
                also_ok: strings(&t["also_ok"]).into_iter().collect(),
                account_unclear: t["ambiguous_account"] == true,
                deal_unclear: t["ambiguous_opportunity"] == true,
                tags: strings(&t["tags"]),
            };
            (text(t, "id"), truth)
        })
        .collect();
    let mut score = Score::default();
    let mut others: Vec<(f64, Score)> = [0.80, 0.83, 0.85, 0.90]
        .map(|threshold| (threshold, Score::default()))
        .into();
    for value in &meetings {
        let meeting = meeting(value);
        let facts = org.facts(&meeting);
        score.add(&meeting.id, &truths[&meeting.id], &decide(&meeting, &facts));
        let mut bolder = facts;
        for (threshold, score) in &mut others {
            bolder.settings.opportunity_matched = weight::total(*threshold);
            score.add("", &truths[&meeting.id], &decide(&meeting, &bolder));
        }
    }
    score.report(
        report,
        "meetings beside the project, thresholds 0.95 and 0.87",
        true,
    );
    for (threshold, score) in &others {
        score.deals(
            report,
            &format!("  opportunity threshold {threshold:.2} instead"),
        );
    }
}
