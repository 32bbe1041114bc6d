//! The demo company: twelve accounts, their people and deals, and two validation rules.
//!
//! Every name is invented; every address is under a reserved domain. The same seed gives the same ids.

use chrono::Days;
use serde_json::{Map, Value as Json, json};

use super::{Error, base, load};
use crate::config::Seed;
use crate::id::Id;
use crate::org::Org;
use crate::rules::ValidationRule;
use crate::value::Value;

/// Users: number, first name, last name, username, active.
const USERS: [(u64, &str, &str, &str, bool); 4] = [
    (
        3,
        "Rosa",
        "Marchetti",
        "rosa.marchetti@northwind.example",
        true,
    ),
    (4, "Dev", "Okafor", "dev.okafor@northwind.example", true),
    (
        5,
        "Lena",
        "Sorensen",
        "lena.sorensen@northwind.example",
        true,
    ),
    (6, "Gus", "Falk", "gus.falk@northwind.example", false),
];

/// Accounts: name, domain, industry, type, owner.
const ACCOUNTS: [(&str, &str, &str, &str, u64); 12] = [
    (
        "Acme Robotics",
        "acme-robotics.example",
        "Manufacturing",
        "Prospect",
        3,
    ),
    (
        "Bluebird Health",
        "bluebirdhealth.example",
        "Healthcare",
        "Customer - Direct",
        3,
    ),
    (
        "Cobalt Logistics",
        "cobaltlogistics.example",
        "Transportation",
        "Prospect",
        4,
    ),
    (
        "Dunmore & Tate LLP",
        "dunmoretate.example",
        "Consulting",
        "Prospect",
        4,
    ),
    (
        "Everline Energy",
        "everline.example",
        "Energy",
        "Customer - Direct",
        5,
    ),
    (
        "Fennel Foods",
        "fennelfoods.example",
        "Food & Beverage",
        "Prospect",
        5,
    ),
    (
        "Granite Bank",
        "granitebank.example",
        "Banking",
        "Customer - Direct",
        3,
    ),
    (
        "Harbor Media",
        "harbormedia.example",
        "Media",
        "Prospect",
        4,
    ),
    (
        "Ironwood Software",
        "ironwood.example",
        "Technology",
        "Customer - Direct",
        5,
    ),
    (
        "Juniper Travel",
        "junipertravel.example",
        "Hospitality",
        "Other",
        3,
    ),
    (
        "Kestrel Partners",
        "kestrelpartners.example",
        "Consulting",
        "Channel Partner / Reseller",
        4,
    ),
    (
        "Lumen Schools",
        "lumenschools.example",
        "Education",
        "Prospect",
        5,
    ),
];

/// Contacts: account, first name, last name, title.
const CONTACTS: [(usize, &str, &str, &str); 30] = [
    (0, "Priya", "Raman", "VP Operations"),
    (0, "Tom", "Becker", "Plant Manager"),
    (0, "Ines", "Duarte", "CFO"),
    (1, "Hannah", "Cole", "Chief Medical Officer"),
    (1, "Marcus", "Webb", "IT Director"),
    (1, "Yuki", "Tanabe", "Procurement Lead"),
    (2, "Olu", "Adeyemi", "Head of Fleet"),
    (2, "Sara", "Lindqvist", "COO"),
    (3, "James", "Tate", "Managing Partner"),
    (3, "Moira", "Dunmore", "Partner"),
    (4, "Carlos", "Vega", "Director of Grid Systems"),
    (4, "Anja", "Keller", "Head of Procurement"),
    (4, "Peter", "Novak", "Security Architect"),
    (5, "Beth", "Ashford", "Supply Chain Director"),
    (5, "Luc", "Moreau", "Quality Manager"),
    (6, "Fiona", "Grant", "CIO"),
    (6, "Raj", "Malhotra", "Head of Risk"),
    (6, "Elena", "Petrova", "Enterprise Architect"),
    (7, "Nina", "Castellano", "Publisher"),
    (7, "Owen", "Price", "Head of Audience"),
    (8, "Grace", "Kim", "CTO"),
    (8, "Ahmed", "Saleh", "VP Engineering"),
    (8, "Julia", "Brandt", "Finance Manager"),
    (9, "Leo", "Ferrari", "Managing Director"),
    (9, "Amy", "Zhou", "Operations Lead"),
    (10, "Victor", "Hale", "Alliance Manager"),
    (10, "Maya", "Stein", "Solution Consultant"),
    (11, "Ruth", "Olsen", "Superintendent"),
    (11, "Dan", "Whitaker", "Technology Coordinator"),
    (11, "Zoe", "Marsh", "Principal"),
];

/// An opportunity of the demo company.
struct Deal {
    account: usize,
    name: &'static str,
    stage: &'static str,
    amount: Option<u32>,
    /// Days from today to the close date.
    days: i64,
    renewal: bool,
    owner: u64,
    contact: usize,
}

const fn deal(
    (account, contact, owner): (usize, usize, u64),
    name: &'static str,
    stage: &'static str,
    amount: Option<u32>,
    days: i64,
    renewal: bool,
) -> Deal {
    Deal {
        account,
        name,
        stage,
        amount,
        days,
        renewal,
        owner,
        contact,
    }
}

/// Account, primary contact and owner; name; stage; amount; days to close; renewal.
const OPPORTUNITIES: [Deal; 18] = [
    deal(
        (0, 0, 3),
        "Acme Robotics - Line Monitoring",
        "Needs Analysis",
        Some(84_000),
        45,
        false,
    ),
    deal(
        (1, 3, 3),
        "Bluebird Health - Platform",
        "Proposal/Price Quote",
        Some(150_000),
        30,
        false,
    ),
    deal(
        (1, 4, 3),
        "Bluebird Health - Renewal",
        "Negotiation/Review",
        Some(96_000),
        20,
        true,
    ),
    deal(
        (2, 6, 4),
        "Cobalt Logistics - Fleet Pilot",
        "Qualification",
        Some(40_000),
        60,
        false,
    ),
    deal(
        (3, 8, 4),
        "Dunmore & Tate - Knowledge Base",
        "Prospecting",
        None,
        90,
        false,
    ),
    deal(
        (4, 10, 5),
        "Everline Energy - Expansion",
        "Value Proposition",
        Some(220_000),
        75,
        false,
    ),
    deal(
        (4, 11, 5),
        "Everline Energy - Renewal",
        "Qualification",
        Some(130_000),
        100,
        true,
    ),
    deal(
        (5, 13, 5),
        "Fennel Foods - Traceability",
        "Id. Decision Makers",
        Some(58_000),
        40,
        false,
    ),
    deal(
        (6, 15, 3),
        "Granite Bank - Risk Desk",
        "Negotiation/Review",
        Some(310_000),
        15,
        false,
    ),
    deal(
        (6, 17, 3),
        "Granite Bank - Branch Rollout",
        "Perception Analysis",
        Some(175_000),
        55,
        false,
    ),
    deal(
        (7, 18, 4),
        "Harbor Media - Newsroom",
        "Prospecting",
        Some(25_000),
        80,
        false,
    ),
    deal(
        (8, 20, 5),
        "Ironwood Software - Seats",
        "Proposal/Price Quote",
        Some(64_000),
        25,
        false,
    ),
    deal(
        (8, 22, 5),
        "Ironwood Software - Renewal 2025",
        "Closed Won",
        Some(60_000),
        -120,
        true,
    ),
    deal(
        (9, 23, 3),
        "Juniper Travel - Itineraries",
        "Closed Lost",
        Some(33_000),
        -45,
        false,
    ),
    deal(
        (10, 25, 4),
        "Kestrel Partners - Reseller Kit",
        "Qualification",
        Some(12_000),
        65,
        false,
    ),
    deal(
        (11, 27, 5),
        "Lumen Schools - District Licence",
        "Needs Analysis",
        Some(47_500),
        110,
        false,
    ),
    deal(
        (0, 1, 3),
        "Acme Robotics - Service Contract",
        "Closed Won",
        Some(18_000),
        -200,
        false,
    ),
    deal(
        (2, 7, 6),
        "Cobalt Logistics - Warehouse",
        "Value Proposition",
        None,
        70,
        false,
    ),
];

/// Leads: first name, last name, company, domain.
const LEADS: [(&str, &str, &str, &str); 6] = [
    ("Iris", "Calloway", "Mosaic Dental", "mosaicdental.example"),
    (
        "Ben",
        "Thorne",
        "Northgate Cycles",
        "northgatecycles.example",
    ),
    ("Farah", "Aziz", "Opal Insurance", "opalinsurance.example"),
    (
        "Gil",
        "Navarro",
        "Pinecrest Homes",
        "pinecresthomes.example",
    ),
    ("Wendy", "Lau", "Quarry Stone Works", "quarrystone.example"),
    ("Sam", "Eriksen", "Ridgeway Farms", "ridgewayfarms.example"),
];

fn add(org: &mut Org, name: &str, json: Json) -> Result<Id, Error> {
    let fields: Map<String, Json> = if let Json::Object(map) = json {
        map
    } else {
        Map::new()
    };
    load::record(org, name, &fields)
}

/// Loads the demo company.
pub fn rows(org: &mut Org) -> Result<(), Error> {
    debug_assert_eq!(org.config.seed, Seed::Demo);
    let profiles = org.number("Profile");
    let standard = Id::numbered("00e", 2);
    debug_assert!(org.table(profiles).get(standard).is_some());
    for (number, first, last, username, active) in USERS {
        base::user(
            org,
            Id::numbered("005", number),
            username,
            first,
            last,
            standard,
            active,
        )?;
    }
    let owner = |number: u64| Id::numbered("005", number).to_string();
    let mut accounts = Vec::new();
    for (index, (name, domain, industry, kind, owned_by)) in ACCOUNTS.into_iter().enumerate() {
        let fields = json!({"Name": name, "Website": format!("https://www.{domain}"), "Industry": industry, "Type": kind,
            "OwnerId": owner(owned_by), "Phone": format!("+1 555 01{:02}", index), "IsPartner": kind.starts_with("Channel"),
            "BillingCity": "Springfield", "BillingCountry": "United States"});
        accounts.push(add(org, "Account", fields)?);
    }
    let mut contacts = Vec::new();
    for (index, (account, first, last, title)) in CONTACTS.into_iter().enumerate() {
        let (_, domain, _, _, owned_by) = ACCOUNTS[account];
        let fields = json!({"FirstName": first, "LastName": last, "Title": title, "AccountId": accounts[account].to_string(),
            "Email": format!("{}.{}@{domain}", first.to_lowercase(), last.to_lowercase()), "OwnerId": owner(owned_by),
            "Phone": format!("+1 555 02{:02}", index)});
        contacts.push(add(org, "Contact", fields)?);
    }
    let today = org.clock.today();
    for deal in OPPORTUNITIES {
        let Deal {
            account,
            name,
            stage,
            amount,
            days,
            renewal,
            contact,
            owner: owned_by,
        } = deal;
        let close = if days < 0 {
            today - Days::new(days.unsigned_abs())
        } else {
            today + Days::new(days.unsigned_abs())
        };
        let mut fields = json!({"Name": name, "AccountId": accounts[account].to_string(), "StageName": stage,
            "CloseDate": close.to_string(), "OwnerId": owner(owned_by), "Type": if renewal { "Existing Customer - Upgrade" } else { "New Customer" },
            "RecordTypeId": Id::numbered("012", if renewal { 2 } else { 1 }).to_string(), "ContactId": contacts[contact].to_string()});
        if let Some(amount) = amount {
            fields["Amount"] = json!(amount);
        }
        if stage == "Negotiation/Review" {
            fields["Competitor__c"] = json!("Vantage Suite");
        }
        let opportunity = add(org, "Opportunity", fields)?.to_string();
        add(
            org,
            "OpportunityContactRole",
            json!({"OpportunityId": opportunity, "ContactId": contacts[contact].to_string(),
            "Role": "Decision Maker", "IsPrimary": true}),
        )?;
    }
    for (first, last, company, domain) in LEADS {
        add(
            org,
            "Lead",
            json!({"FirstName": first, "LastName": last, "Company": company, "OwnerId": owner(4),
            "Email": format!("{}@{domain}", first.to_lowercase()), "LeadSource": "Web"}),
        )?;
    }
    rules(org);
    Ok(())
}

fn rules(org: &mut Org) {
    let object = org.number("Opportunity");
    let now_ms = org.now_ms();
    let rules = [
        (
            "Closed_Won_Needs_Amount",
            "AND(ISPICKVAL(StageName, \"Closed Won\"), ISBLANK(Amount))",
            "Amount",
            "Enter an amount before closing the deal as won.",
        ),
        (
            "Competitor_Required_In_Negotiation",
            "AND(ISPICKVAL(StageName, \"Negotiation/Review\"), ISBLANK(Competitor__c))",
            "Competitor__c",
            "Name the competitor before moving the deal to negotiation.",
        ),
    ];
    for (index, (name, formula, field, message)) in rules.into_iter().enumerate() {
        org.rules.push(ValidationRule {
            id: Id::numbered("03d", index as u64 + 1),
            object,
            name: name.into(),
            active: true,
            description: None,
            formula: formula.into(),
            error_field: Some(field.into()),
            message: message.into(),
            created_ms: now_ms,
            modified_ms: now_ms,
            compiled: None,
        });
    }
}

/// The demo account with this name.
pub fn account(org: &Org, name: &str) -> Option<Id> {
    let accounts = org.number("Account");
    let table = org.table(accounts);
    let mut rows = table.positions().filter_map(|at| table.at(at));
    rows.find(|row| org.value_of(accounts, row, "Name") == Value::text(name))
        .map(|row| row.id)
}
