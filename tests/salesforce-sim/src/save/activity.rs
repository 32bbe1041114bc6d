//! Rules of tasks and events (salesforce-api.md section 8).

use super::row::Draft;
use super::tx::Tx;
use crate::error::{ApiError, SaveErrors};
use crate::id::Id;
use crate::store::Row;
use crate::value::Value;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Longest event.
const EVENT_DAYS_MAX: i64 = 14;

/// Derives and checks what activities need.
pub fn derive(tx: &Tx<'_>, draft: &mut Draft<'_>) -> Result<(), SaveErrors> {
    let object = tx.org.schema.object(draft.object);
    let slot = |name: &str| object.slot(name);
    if let Some(archived) = slot("IsArchived")
        && draft
            .before
            .is_some_and(|before| before.get(archived).as_bool())
    {
        return Err(vec![ApiError::save(
            "ENTITY_IS_ARCHIVED",
            "entity is archived",
            &[],
        )]);
    }
    let (Some(who), Some(what), Some(account)) = (slot("WhoId"), slot("WhatId"), slot("AccountId"))
    else {
        return Ok(());
    };
    let leads = tx.org.number("Lead");
    let lead_prefix = tx.org.schema.object(leads).prefix.clone();
    let who_id = draft.after.get(who).as_id();
    if who_id.is_some_and(|id| id.prefix() == lead_prefix) && !draft.after.get(what).is_null() {
        let message = "Related To ID: a lead cannot be associated with a related-to record";
        return Err(vec![ApiError::save(
            "FIELD_INTEGRITY_EXCEPTION",
            message,
            &["WhatId"],
        )]);
    }
    if draft.changed(who) || draft.changed(what) {
        let from_what = draft
            .after
            .get(what)
            .as_id()
            .and_then(|id| account_of(tx, id));
        let derived = from_what.or_else(|| who_id.and_then(|id| account_of(tx, id)));
        draft
            .after
            .set(account, derived.map_or(Value::Null, Value::Id));
    }
    if object.name == "Task" {
        task(tx, draft)
    } else {
        event(tx, draft)
    }
}

/// The account a related record belongs to.
fn account_of(tx: &Tx<'_>, id: Id) -> Option<Id> {
    let (number, row) = tx.org.live(id)?;
    if tx.org.schema.object(number).name == "Account" {
        return Some(id);
    }
    tx.org.value_of(number, row, "AccountId").as_id()
}

fn task(tx: &Tx<'_>, draft: &mut Draft<'_>) -> Result<(), SaveErrors> {
    let object = tx.org.schema.object(draft.object);
    let (Some(status), Some(closed), Some(completed)) = (
        object.slot("Status"),
        object.slot("IsClosed"),
        object.slot("CompletedDateTime"),
    ) else {
        return Ok(());
    };
    let is_closed = draft
        .after
        .get(status)
        .as_text()
        .is_some_and(|name| status_is_closed(tx, name));
    let was_closed = draft
        .before
        .is_some_and(|before| before.get(closed).as_bool());
    draft.after.set(closed, Value::Bool(is_closed));
    if is_closed != was_closed {
        draft.after.set(
            completed,
            if is_closed {
                Value::DateTime(tx.now_ms)
            } else {
                Value::Null
            },
        );
    }
    if let Some(subtype) = object.slot("TaskSubtype")
        && draft.before.is_none()
        && draft.after.get(subtype).is_null()
    {
        draft.after.set(subtype, Value::text("Task"));
    }
    Ok(())
}

fn status_is_closed(tx: &Tx<'_>, name: &str) -> bool {
    let statuses = tx.org.number("TaskStatus");
    let table = tx.org.table(statuses);
    let mut rows = table.positions().filter_map(|at| table.at(at));
    rows.any(|row| {
        tx.org.value_of(statuses, row, "ApiName").as_text() == Some(name)
            && tx.org.value_of(statuses, row, "IsClosed").as_bool()
    })
}

fn event(tx: &Tx<'_>, draft: &mut Draft<'_>) -> Result<(), SaveErrors> {
    let object = tx.org.schema.object(draft.object);
    let names = [
        "StartDateTime",
        "EndDateTime",
        "DurationInMinutes",
        "ActivityDateTime",
        "ActivityDate",
        "IsAllDayEvent",
        "EventSubtype",
    ];
    let slots: Vec<u16> = names.iter().filter_map(|name| object.slot(name)).collect();
    let [
        start,
        end,
        duration,
        activity,
        activity_date,
        all_day,
        subtype,
    ] = slots[..]
    else {
        return Ok(());
    };
    if draft.before.is_none() && draft.after.get(subtype).is_null() {
        draft.after.set(subtype, Value::text("Event"));
    }
    let moment = |row: &Row, slot: u16| {
        if let Value::DateTime(ms) = row.get(slot) {
            Some(*ms)
        } else {
            None
        }
    };
    let date_ms = match draft.after.get(activity_date) {
        Value::Date(day) => Some(crate::value::day_start_ms(*day)),
        _ => None,
    };
    let started = moment(&draft.after, start)
        .or_else(|| moment(&draft.after, activity))
        .or_else(|| date_ms.filter(|_| draft.after.get(all_day).as_bool()));
    let Some(start_ms) = started else {
        let message = "Required fields are missing: [StartDateTime, ActivityDateTime]";
        return Err(vec![ApiError::save(
            "REQUIRED_FIELD_MISSING",
            message,
            &["StartDateTime", "ActivityDateTime"],
        )]);
    };
    let minutes = if let Value::Int(minutes) = draft.after.get(duration) {
        Some(*minutes)
    } else {
        None
    };
    // An end that was sent wins; a duration that was sent moves the end.
    let end_known = moment(&draft.after, end)
        .filter(|_| draft.sent.contains(&end) || !draft.sent.contains(&duration));
    let moved = draft.before.is_some() && draft.changed(start) && !draft.sent.contains(&end);
    let end_ms = match (end_known.filter(|_| !moved), minutes) {
        (Some(end_ms), _) => end_ms,
        (None, Some(minutes)) => start_ms + minutes * MINUTE_MS,
        (None, None) if draft.after.get(all_day).as_bool() => start_ms,
        (None, None) => {
            let message = "Required fields are missing: [EndDateTime, DurationInMinutes]";
            return Err(vec![ApiError::save(
                "REQUIRED_FIELD_MISSING",
                message,
                &["EndDateTime", "DurationInMinutes"],
            )]);
        }
    };
    if draft.sent.contains(&duration)
        && draft.sent.contains(&end)
        && minutes != Some((end_ms - start_ms) / MINUTE_MS)
    {
        let message = "Duration does not match the start and end of the event";
        return Err(vec![ApiError::save(
            "FIELD_INTEGRITY_EXCEPTION",
            message,
            &["DurationInMinutes"],
        )]);
    }
    if end_ms < start_ms || end_ms - start_ms > EVENT_DAYS_MAX * DAY_MS {
        let message = format!("Event duration must be between 0 and {EVENT_DAYS_MAX} days");
        return Err(vec![ApiError::save(
            "FIELD_INTEGRITY_EXCEPTION",
            message,
            &["EndDateTime"],
        )]);
    }
    let day = crate::clock::datetime(start_ms).date_naive();
    let end_day = crate::clock::datetime(end_ms).date_naive();
    draft.after.set(start, Value::DateTime(start_ms));
    draft.after.set(end, Value::DateTime(end_ms));
    draft
        .after
        .set(duration, Value::Int((end_ms - start_ms) / MINUTE_MS));
    let timed = !draft.after.get(all_day).as_bool();
    draft.after.set(
        activity,
        if timed {
            Value::DateTime(start_ms)
        } else {
            Value::Null
        },
    );
    draft.after.set(activity_date, Value::Date(day));
    if let Some(slot) = object.slot("EndDate") {
        draft.after.set(slot, Value::Date(end_day));
    }
    Ok(())
}

/// A saved activity moves its parents' last activity date: a system change, so only the stamp moves with it.
pub fn after(tx: &mut Tx<'_>, object: u16, id: Id) -> Result<(), SaveErrors> {
    let Some(row) = tx.org.table(object).get(id).cloned() else {
        return Ok(());
    };
    let done = tx.org.schema.object(object).name == "Event"
        || tx.org.value_of(object, &row, "IsClosed").as_bool();
    let Value::Date(day) = tx.org.value_of(object, &row, "ActivityDate") else {
        return Ok(());
    };
    if !done {
        return Ok(());
    }
    for name in ["WhoId", "WhatId", "AccountId"] {
        let Some(parent) = tx.org.value_of(object, &row, name).as_id() else {
            continue;
        };
        let Some((number, parent)) = tx.org.live(parent) else {
            continue;
        };
        let Some(slot) = tx.org.schema.object(number).slot("LastActivityDate") else {
            continue;
        };
        if matches!(parent.get(slot), Value::Date(known) if *known >= day) {
            continue;
        }
        let mut changed = Row::clone(parent);
        changed.set(slot, Value::Date(day));
        changed.stamp_ms = tx.now_ms.max(changed.stamp_ms);
        tx.put(
            number,
            changed,
            crate::log::Operation::Update,
            Vec::new(),
            true,
        );
    }
    Ok(())
}
