//! Merges and lead conversions, which no REST client can do but every client meets.

use crate::id::Id;
use crate::org::Org;
use crate::store::{Key, Row};
use crate::value::Value;

fn parse(text: &str) -> Result<Id, String> {
    Id::parse(text).ok_or_else(|| format!("not an id: {text}"))
}

fn live(org: &Org, id: Id) -> Result<(u16, Row), String> {
    org.live(id)
        .map(|(number, row)| (number, Row::clone(row)))
        .ok_or_else(|| format!("no record {id}"))
}

fn store(org: &mut Org, object: u16, mut row: Row) {
    let now_ms = org.now_ms();
    row.modified_ms = now_ms.max(row.modified_ms);
    row.stamp_ms = now_ms.max(row.stamp_ms);
    org.table_mut(object).put(row);
}

fn set(org: &Org, object: u16, row: &mut Row, field: &str, value: Value) {
    if let Some(slot) = org.schema.object(object).slot(field) {
        row.set(slot, value);
    }
}

/// Deletes the losers, points them to the winner and moves their children to it.
pub(super) fn merge(org: &mut Org, winner: &str, losers: &[String]) -> Result<(), String> {
    let winner = parse(winner)?;
    let (object, _) = live(org, winner)?;
    for loser in losers {
        let loser = parse(loser)?;
        let (found, mut row) = live(org, loser)?;
        if found != object || !org.schema.object(object).mergeable {
            return Err(format!("{loser} cannot be merged into {winner}"));
        }
        set(org, object, &mut row, "MasterRecordId", Value::Id(winner));
        row.deleted = true;
        store(org, object, row);
        reparent(org, object, loser, winner);
    }
    let (_, row) = live(org, winner)?;
    store(org, object, row);
    Ok(())
}

fn reparent(org: &mut Org, object: u16, from: Id, to: Id) {
    let name = org.schema.object(object).name.clone();
    let mut moved = Vec::new();
    for (number, described) in org.schema.objects() {
        for (slot, field) in described.live_fields() {
            if field.name == "MasterRecordId" || !field.reference_to.contains(&name) {
                continue;
            }
            let table = org.table(number);
            for at in table.lookup(slot, &Key::Id(from)).unwrap_or_default() {
                if let Some(row) = table.at(at).filter(|row| !row.deleted) {
                    let mut row = Row::clone(row);
                    row.set(slot, Value::Id(to));
                    moved.push((number, row));
                }
            }
        }
    }
    for (number, row) in moved {
        store(org, number, row);
    }
}

/// Marks a lead as converted; it is read-only from then on.
pub(super) fn convert(
    org: &mut Org,
    lead: &str,
    account: &str,
    contact: &str,
    opportunity: Option<&str>,
) -> Result<(), String> {
    let (object, mut row) = live(org, parse(lead)?)?;
    let today = org.clock.today();
    let opportunity = opportunity.map(parse).transpose()?;
    for (field, value) in [
        ("IsConverted", Value::Bool(true)),
        ("Status", Value::text("Closed - Converted")),
        ("ConvertedDate", Value::Date(today)),
        ("ConvertedAccountId", Value::Id(parse(account)?)),
        ("ConvertedContactId", Value::Id(parse(contact)?)),
        (
            "ConvertedOpportunityId",
            opportunity.map_or(Value::Null, Value::Id),
        ),
    ] {
        set(org, object, &mut row, field, value);
    }
    store(org, object, row);
    Ok(())
}
