//! Runs a plan: candidates, filter, sharing, order, limits.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use super::plan::{Context, Leaf, Node, Plan, ids_for};
use super::{candidates, filter};
use crate::access::RecordAccess;
use crate::derived;
use crate::error::ApiError;
use crate::id::Id;
use crate::schema::Computed;
use crate::store::Row;
use crate::value::Value;

/// Rows a plan selects, in order, after OFFSET and LIMIT.
///
/// # Errors
/// Restrictions of single objects, such as the required filter of ContentDocumentLink.
pub fn rows(context: Context<'_>, plan: &Plan) -> Result<Vec<Arc<Row>>, ApiError> {
    let org = context.org;
    let object = org.schema.object(plan.object);
    if object.name == "ContentDocumentLink" {
        let restricted = ["ContentDocumentId", "LinkedEntityId"]
            .iter()
            .filter_map(|name| object.slot(name))
            .any(|slot| ids_for(plan.filter.as_ref(), slot).is_some());
        if !restricted {
            return Err(ApiError::malformed_query(
                "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or \
                 LinkedEntityId using the equals operator or multiple Id's using the IN operator.",
            ));
        }
    }
    let mut rows: Vec<Arc<Row>> = if object.is_virtual {
        let derived = derived::rows(context, plan)?;
        derived
            .into_iter()
            .filter(|row| keep(context, plan, row))
            .collect()
    } else {
        let table = org.table(plan.object);
        let candidates = plan
            .filter
            .as_ref()
            .and_then(|filter| candidates::positions(org, plan.object, filter));
        match candidates {
            Some(positions) => {
                let mut rows: Vec<Arc<Row>> = positions
                    .into_iter()
                    .filter_map(|at| table.at(at))
                    .filter(|row| keep(context, plan, row))
                    .cloned()
                    .collect();
                // Without an order the platform answers by id; index order must not leak.
                rows.sort_unstable_by_key(|row| row.id);
                rows.dedup_by_key(|row| row.id);
                rows
            }
            None => {
                let all = table.positions().filter_map(|at| table.at(at));
                // An unordered LIMIT may stop early.
                let wanted = match (plan.order.is_empty(), plan.limit) {
                    (true, Some(limit)) => {
                        usize::try_from(limit + plan.offset).unwrap_or(usize::MAX)
                    }
                    _ => usize::MAX,
                };
                all.filter(|row| keep(context, plan, row))
                    .take(wanted)
                    .cloned()
                    .collect()
            }
        }
    };
    sort(context, plan, &mut rows);
    let skip = usize::try_from(plan.offset)
        .unwrap_or(usize::MAX)
        .min(rows.len());
    rows.drain(..skip);
    if let Some(limit) = plan.limit {
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Ok(rows)
}

/// Whether a row belongs to the result: alive (unless asked for), shared, matching.
fn keep(context: Context<'_>, plan: &Plan, row: &Row) -> bool {
    (context.all_rows || !row.deleted)
        && context.access.record(row.id) != Some(RecordAccess::None)
        && plan
            .filter
            .as_ref()
            .is_none_or(|filter| filter.matches(context.org, plan.object, row))
}

fn sort(context: Context<'_>, plan: &Plan, rows: &mut Vec<Arc<Row>>) {
    if plan.order.is_empty() {
        return;
    }
    let org = context.org;
    let mut keyed: Vec<(Vec<Value>, Arc<Row>)> = std::mem::take(rows)
        .into_iter()
        .map(|row| {
            let keys = plan
                .order
                .iter()
                .map(|key| filter::read(org, plan.object, &row, &key.field))
                .collect();
            (keys, row)
        })
        .collect();
    keyed.sort_by(|(left, left_row), (right, right_row)| {
        for (key, (left, right)) in plan.order.iter().zip(left.iter().zip(right)) {
            let ordering = match (left.is_null(), right.is_null()) {
                (true, true) => Ordering::Equal,
                (true, false) => {
                    if key.nulls_last {
                        Ordering::Greater
                    } else {
                        Ordering::Less
                    }
                }
                (false, true) => {
                    if key.nulls_last {
                        Ordering::Less
                    } else {
                        Ordering::Greater
                    }
                }
                (false, false) => {
                    let ordering = filter::order(left, right);
                    if key.descending {
                        ordering.reverse()
                    } else {
                        ordering
                    }
                }
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        left_row.id.cmp(&right_row.id)
    });
    rows.extend(keyed.into_iter().map(|(_, row)| row));
}

/// Number of rows a `COUNT()` plan selects.
pub fn count(context: Context<'_>, plan: &Plan) -> Result<usize, ApiError> {
    let whole_table =
        plan.filter.is_none() && !context.all_rows && plan.limit.is_none() && plan.offset == 0;
    if whole_table && !context.org.schema.object(plan.object).is_virtual {
        return Ok(context.org.table(plan.object).live());
    }
    Ok(rows(context, plan)?.len())
}

/// Ids selected by a semi-join's subquery.
pub fn id_set(context: Context<'_>, plan: &Plan) -> Result<HashSet<Id>, ApiError> {
    let [Node::Field(_, slot)] = plan.nodes.as_slice() else {
        return Err(ApiError::malformed_query(
            "semi join sub-selects must select exactly one id field",
        ));
    };
    let rows = rows(context, plan)?;
    Ok(rows
        .iter()
        .filter_map(|row| context.org.value(plan.object, row, *slot).as_id())
        .collect())
}

/// Children of one parent row for a subquery.
pub fn children(context: Context<'_>, plan: &Plan, slot: u16, parent: Id) -> Vec<Arc<Row>> {
    let table = context.org.table(plan.object);
    let key = crate::store::Key::Id(parent);
    let positions = table.lookup(slot, &key).unwrap_or_else(|| {
        let matching = |at: &u32| {
            table
                .at(*at)
                .is_some_and(|row| row.get(slot).as_id() == Some(parent))
        };
        table.positions().filter(matching).collect()
    });
    let mut rows: Vec<Arc<Row>> = positions
        .into_iter()
        .filter_map(|at| table.at(at))
        .filter(|row| keep(context, plan, row))
        .cloned()
        .collect();
    rows.sort_unstable_by_key(|row| row.id);
    sort(context, plan, &mut rows);
    rows.truncate(plan.limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    }));
    rows
}

/// Whether a field reference is the row's own id.
pub fn is_own_id(context: Context<'_>, object: u16, leaf: &Leaf) -> bool {
    matches!(leaf, Leaf::Slot(_, slot)
        if context.org.schema.object(object).fields[usize::from(*slot)].computed == Some(Computed::Id))
}
