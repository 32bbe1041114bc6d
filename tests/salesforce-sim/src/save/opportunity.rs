//! What the platform derives on opportunities: probability and forecast from the stage, expected
//! revenue, fiscal periods, and the contact role of `ContactId`.

use chrono::Datelike;
use rust_decimal::Decimal;

use super::row::Draft;
use super::tx::Tx;
use crate::error::{ApiError, SaveErrors};
use crate::id::Id;
use crate::schema::{Computed, Object};
use crate::store::Row;
use crate::value::Value;

/// Fills what the stage implies. Both Probability and ForecastCategoryName stay as sent when sent.
pub fn derive(tx: &Tx<'_>, draft: &mut Draft<'_>) -> Result<(), SaveErrors> {
    let object = tx.org.schema.object(draft.object);
    let slot = |name: &str| object.slot(name);
    let (Some(stage_slot), Some(probability), Some(category_name)) = (
        slot("StageName"),
        slot("Probability"),
        slot("ForecastCategoryName"),
    ) else {
        return Ok(());
    };
    if !draft.changed(stage_slot) {
        return Ok(());
    }
    let Some(stage) = draft
        .after
        .get(stage_slot)
        .as_text()
        .and_then(|name| tx.org.schema.stage(name))
    else {
        return Ok(());
    };
    if draft.sent.contains(&category_name) {
        let sent = draft
            .after
            .get(category_name)
            .as_text()
            .unwrap_or("")
            .to_owned();
        if stage.closed != matches!(sent.as_str(), "Closed" | "Omitted") && !sent.is_empty() {
            let message = format!(
                "Forecast category {sent} does not fit the stage {}",
                stage.name
            );
            return Err(vec![ApiError::save(
                "FIELD_INTEGRITY_EXCEPTION",
                message,
                &["ForecastCategoryName"],
            )]);
        }
    }
    let both_sent = draft.sent.contains(&probability) && draft.sent.contains(&category_name);
    if !both_sent {
        if !draft.sent.contains(&probability) {
            draft
                .after
                .set(probability, Value::Number(Decimal::from(stage.probability)));
        }
        if !draft.sent.contains(&category_name) {
            draft
                .after
                .set(category_name, Value::text(&stage.category_name));
        }
    }
    for (name, value) in [
        ("IsClosed", Value::Bool(stage.closed)),
        ("IsWon", Value::Bool(stage.won)),
        ("ForecastCategory", Value::text(&stage.category)),
        (
            "LastStageChangeDate",
            if draft.before.is_some() {
                Value::DateTime(tx.now_ms)
            } else {
                Value::Null
            },
        ),
    ] {
        if let Some(slot) = slot(name) {
            draft.after.set(slot, value);
        }
    }
    Ok(())
}

/// Creating with `ContactId` makes a primary contact role.
pub fn after(tx: &mut Tx<'_>, object: u16, id: Id) -> Result<(), SaveErrors> {
    let described = tx.org.schema.object(object);
    let Some(slot) = described.slot("ContactId") else {
        return Ok(());
    };
    let Some(contact) = tx
        .org
        .table(object)
        .get(id)
        .and_then(|row| row.get(slot).as_id())
    else {
        return Ok(());
    };
    let roles = tx.org.number("OpportunityContactRole");
    let role = tx.org.schema.object(roles);
    let (Some(opportunity_slot), Some(contact_slot), Some(primary_slot)) = (
        role.slot("OpportunityId"),
        role.slot("ContactId"),
        role.slot("IsPrimary"),
    ) else {
        return Ok(());
    };
    let key = crate::store::Key::Id(id);
    let exists = tx
        .org
        .table(roles)
        .lookup(opportunity_slot, &key)
        .is_some_and(|found| !found.is_empty());
    if exists {
        return Ok(());
    }
    let values = vec![
        (opportunity_slot, Value::Id(id)),
        (contact_slot, Value::Id(contact)),
        (primary_slot, Value::Bool(true)),
    ];
    super::row::create_values(tx, roles, values, true).map(|_| ())
}

/// Amount times probability.
pub fn expected_revenue(object: &Object, row: &Row) -> Value {
    let number = |name: &str| object.slot(name).and_then(|slot| row.get(slot).as_number());
    match (number("Amount"), number("Probability")) {
        (Some(amount), Some(probability)) => Value::Number(
            (amount * probability / Decimal::ONE_HUNDRED)
                .round_dp(2)
                .normalize(),
        ),
        _ => Value::Null,
    }
}

/// Fiscal periods of the close date; the fiscal year is the calendar year.
pub fn fiscal(object: &Object, row: &Row, which: Computed) -> Value {
    let Some(Value::Date(day)) = object.slot("CloseDate").map(|slot| row.get(slot)) else {
        return Value::Null;
    };
    let quarter = i64::from(day.month0() / 3 + 1);
    match which {
        Computed::FiscalYear => Value::Int(i64::from(day.year())),
        Computed::FiscalQuarter => Value::Int(quarter),
        _ => Value::text(&format!("{} {quarter}", day.year())),
    }
}
