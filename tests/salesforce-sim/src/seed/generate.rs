//! Many synthetic rows, for load tests. Deterministic, and loaded without checks.

use rust_decimal::Decimal;

use super::Error;
use crate::id::Id;
use crate::org::Org;
use crate::store::Row;
use crate::value::Value;

/// How many of what.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    /// Accounts.
    pub accounts: u64,
    /// Contacts of each.
    pub contacts_per_account: u64,
    /// Opportunities of each.
    pub opportunities_per_account: u64,
}

const FIRST: [&str; 16] = [
    "Alex", "Bea", "Chen", "Dora", "Emil", "Fay", "Goran", "Hana", "Ivo", "Jo", "Kira", "Liam",
    "Mona", "Nils", "Orla", "Pau",
];
const LAST: [&str; 16] = [
    "Abel", "Bloom", "Cruz", "Dahl", "Eder", "Frost", "Gale", "Holt", "Iqbal", "Jonas", "Kern",
    "Lowe", "Moss", "Nash", "Orr", "Pike",
];

struct Maker<'a> {
    org: &'a mut Org,
    object: u16,
    prefix: String,
    now_ms: i64,
}

impl<'a> Maker<'a> {
    fn new(org: &'a mut Org, object: &str) -> Maker<'a> {
        let number = org.number(object);
        let prefix = org.schema.object(number).prefix.clone();
        let now_ms = org.now_ms();
        Maker {
            org,
            object: number,
            prefix,
            now_ms,
        }
    }

    fn add(&mut self, values: &[(&str, Value)]) -> Id {
        let id = self.org.table_mut(self.object).next_id(&self.prefix);
        let mut row = Row::new(id, Id::numbered("005", 1), self.now_ms);
        let described = self.org.schema.object(self.object);
        for (name, value) in values {
            if let Some(slot) = described.slot(name) {
                row.set(slot, value.clone());
            }
        }
        self.org.table_mut(self.object).put(row);
        id
    }
}

/// Adds the rows.
///
/// # Errors
/// None today; the signature leaves room for limits.
pub fn rows(org: &mut Org, counts: Counts) -> Result<(), Error> {
    let owner = Value::Id(Id::numbered("005", 3));
    let mut accounts = Vec::with_capacity(usize::try_from(counts.accounts).unwrap_or(0));
    let mut maker = Maker::new(org, "Account");
    for index in 0..counts.accounts {
        let domain = format!("company{index}.example");
        accounts.push(maker.add(&[
            ("Name", Value::text(&format!("Company {index}"))),
            ("Website", Value::text(&domain)),
            ("OwnerId", owner.clone()),
        ]));
    }
    let mut maker = Maker::new(org, "Contact");
    for (index, account) in accounts.iter().enumerate() {
        for person in 0..counts.contacts_per_account {
            let number = index as u64 * counts.contacts_per_account + person;
            let (first, last) = (
                FIRST[(number % 16) as usize],
                LAST[(number / 16 % 16) as usize],
            );
            maker.add(&[
                ("AccountId", Value::Id(*account)),
                ("FirstName", Value::text(first)),
                ("LastName", Value::text(last)),
                (
                    "Email",
                    Value::text(&format!(
                        "{}.{}{number}@company{index}.example",
                        first.to_lowercase(),
                        last.to_lowercase()
                    )),
                ),
                ("OwnerId", owner.clone()),
            ]);
        }
    }
    let close = org.clock.today() + chrono::Days::new(60);
    let record_type = Value::Id(Id::numbered("012", 1));
    let mut maker = Maker::new(org, "Opportunity");
    for (index, account) in accounts.iter().enumerate() {
        for deal in 0..counts.opportunities_per_account {
            maker.add(&[
                ("AccountId", Value::Id(*account)),
                (
                    "Name",
                    Value::text(&format!("Company {index} - Deal {deal}")),
                ),
                ("StageName", Value::text("Qualification")),
                ("Probability", Value::Number(Decimal::TEN)),
                ("ForecastCategory", Value::text("Pipeline")),
                ("ForecastCategoryName", Value::text("Pipeline")),
                ("CloseDate", Value::Date(close)),
                (
                    "Amount",
                    Value::Number(Decimal::from(10_000 + index % 90_000)),
                ),
                ("OwnerId", owner.clone()),
                ("RecordTypeId", record_type.clone()),
            ]);
        }
    }
    Ok(())
}
