//! Loads records straight into the tables: converted to the fields' types, not checked by rules.

use serde_json::{Map, Value as Json};

use super::Error;
use crate::id::Id;
use crate::org::Org;
use crate::save::coerce;
use crate::schema::Computed;
use crate::store::Row;
use crate::value::{Value, parse_datetime};

/// Loads one record and returns its id. `Id`, `CreatedDate`, `LastModifiedDate`, `SystemModstamp`,
/// `CreatedById`, `LastModifiedById` and `IsDeleted` may be given.
///
/// # Errors
/// Unknown objects or fields, values of the wrong type.
pub fn record(org: &mut Org, object: &str, fields: &Map<String, Json>) -> Result<Id, Error> {
    let fail = |reason: String| Error::Record {
        object: object.into(),
        reason,
    };
    let number = org
        .schema
        .number(object)
        .ok_or_else(|| fail("no such object".into()))?;
    let now_ms = org.now_ms();
    let described = org.schema.object(number);
    let mut row = Row::new(Id::numbered("000", 0), Id::numbered("005", 1), now_ms);
    let mut id = None;
    for (name, json) in fields.iter().filter(|(name, _)| *name != "attributes") {
        let slot = described
            .slot(name)
            .ok_or_else(|| fail(format!("no such field {name}")))?;
        let field = &described.fields[usize::from(slot)];
        let moment = || {
            json.as_str()
                .and_then(parse_datetime)
                .ok_or_else(|| fail(format!("{name} is not a datetime")))
        };
        let reference = || {
            json.as_str()
                .and_then(Id::parse)
                .ok_or_else(|| fail(format!("{name} is not an id")))
        };
        match field.computed {
            None => {
                let value = coerce::value(field, json)
                    .map_err(|error| fail(format!("{name}: {}", error.message)))?;
                row.set(slot, value);
            }
            Some(Computed::Id) => id = Some(reference()?),
            Some(Computed::CreatedDate) => row.created_ms = moment()?,
            Some(Computed::LastModifiedDate) => row.modified_ms = moment()?,
            Some(Computed::SystemModstamp) => row.stamp_ms = moment()?,
            Some(Computed::CreatedById) => row.created_by = reference()?,
            Some(Computed::LastModifiedById) => row.modified_by = reference()?,
            Some(Computed::IsDeleted) => row.deleted = json.as_bool().unwrap_or(false),
            Some(_) => return Err(fail(format!("{name} is computed"))),
        }
    }
    let (name, prefix) = (described.name.clone(), described.prefix.clone());
    row.id = match id {
        Some(id) => id,
        None => org.table_mut(number).next_id(&prefix),
    };
    derive(org, number, &name, &mut row);
    let id = row.id;
    org.table_mut(number).put(row);
    Ok(id)
}

/// Fields the platform would have kept up.
fn derive(org: &Org, number: u16, name: &str, row: &mut Row) {
    let object = org.schema.object(number);
    let mut set = |field: &str, value: Value| {
        if let Some(slot) = object.slot(field)
            && row.get(slot).is_null()
        {
            row.set(slot, value);
        }
    };
    for (_, field) in object.live_fields() {
        if let Some(default) = &field.default_value {
            set(&field.name, Value::text(default));
        }
    }
    if let Some(kind) = object.default_record_type() {
        set("RecordTypeId", Value::Id(kind.id));
    }
    set("OwnerId", Value::Id(Id::numbered("005", 1)));
    let stage = (name == "Opportunity")
        .then(|| object.slot("StageName"))
        .flatten();
    if let Some(stage) = stage
        .and_then(|slot| row.get(slot).as_text())
        .and_then(|name| org.schema.stage(name))
        .cloned()
    {
        let mut set = |field: &str, value: Value| {
            if let Some(slot) = object.slot(field)
                && row.get(slot).is_null()
            {
                row.set(slot, value);
            }
        };
        set("Probability", Value::Number(stage.probability.into()));
        set("ForecastCategory", Value::text(&stage.category));
        set("ForecastCategoryName", Value::text(&stage.category_name));
        set("IsClosed", Value::Bool(stage.closed));
        set("IsWon", Value::Bool(stage.won));
    }
    if name == "Task" {
        let closed = object
            .slot("Status")
            .is_some_and(|slot| row.get(slot).as_text() == Some("Completed"));
        if let Some(slot) = object.slot("IsClosed") {
            row.set(slot, Value::Bool(closed));
        }
    }
}
