//! Narrows a query to the rows an index says may match. The filter still runs on each of them.

use super::ast::Comparison;
use super::filter::{Condition, Right};
use super::plan::{FieldRef, Leaf};
use crate::org::Org;
use crate::schema::Computed;
use crate::store::Key;

/// Positions that may match, or `None` when only a full scan can tell.
pub fn positions(org: &Org, object: u16, condition: &Condition) -> Option<Vec<u32>> {
    match condition {
        Condition::And(terms) => terms
            .iter()
            .filter_map(|term| positions(org, object, term))
            .min_by_key(Vec::len),
        Condition::Or(terms) => {
            let mut all = Vec::new();
            for term in terms {
                all.extend(positions(org, object, term)?);
            }
            all.sort_unstable();
            all.dedup();
            Some(all)
        }
        Condition::Compare(field, Comparison::Equal, right) => {
            let key = match right {
                Right::Id(id) => Key::Id(*id),
                Right::Text(text) => Key::Text(text.as_str().into()),
                Right::Number(number) => Key::Number(number.normalize()),
                _ => return None,
            };
            of_keys(org, object, field, std::iter::once(&key))
        }
        Condition::Compare(
            field,
            Comparison::Greater | Comparison::GreaterEqual,
            Right::DateTime(from),
        ) => stamped(org, object, field, *from),
        Condition::In(field, true, set) if !set.null && set.others.is_empty() => {
            of_keys(org, object, field, set.keys.iter())
        }
        _ => None,
    }
}

fn own_slot(field: &FieldRef) -> Option<u16> {
    match field.leaf {
        Leaf::Slot(_, slot) if field.hops.is_empty() => Some(slot),
        _ => None,
    }
}

fn of_keys<'a>(
    org: &Org,
    object: u16,
    field: &FieldRef,
    keys: impl Iterator<Item = &'a Key>,
) -> Option<Vec<u32>> {
    let slot = own_slot(field)?;
    let table = org.table(object);
    if org.schema.object(object).fields[usize::from(slot)].computed == Some(Computed::Id) {
        let ids = keys.filter_map(|key| {
            if let Key::Id(id) = key {
                table.position(*id)
            } else {
                None
            }
        });
        return Some(ids.collect());
    }
    if !table.is_indexed(slot) {
        return None;
    }
    let mut all = Vec::new();
    for key in keys {
        all.extend(table.lookup(slot, key)?);
    }
    Some(all)
}

/// Rows touched since a moment, when that is few enough to be worth it.
fn stamped(org: &Org, object: u16, field: &FieldRef, from_ms: i64) -> Option<Vec<u32>> {
    let slot = own_slot(field)?;
    let computed = org.schema.object(object).fields[usize::from(slot)].computed;
    // A row modified since then was also stamped since then.
    if !matches!(
        computed,
        Some(Computed::SystemModstamp | Computed::LastModifiedDate)
    ) {
        return None;
    }
    Some(org.table(object).since(from_ms).collect())
}
