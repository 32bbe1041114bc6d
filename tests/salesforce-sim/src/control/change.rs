//! Commands that change the org: schema, permissions, rules, users, records.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::command::Command;
use super::server::{parse_id, user_id};
use super::{permissions, records, schema, stages};
use crate::duplicates::DuplicateRule;
use crate::id::Id;
use crate::log::Origin;
use crate::org::Org;
use crate::rules::ValidationRule;
use crate::save::{Options, Tx, create, delete, update};
use crate::seed;
use crate::value::Value;

/// Client name of saves made through `SaveAs`.
const HUMAN_CLIENT: &str = "human";

/// Applies a command that changes the org itself.
pub(super) fn apply(org: &mut Org, command: Command) -> Result<Json, String> {
    let done = Json::Null;
    match command {
        Command::AddField { object, definition } => {
            schema::add(org, &object, &definition).map(|()| done)
        }
        Command::DeleteField { object, field } => {
            schema::delete(org, &object, &field).map(|()| done)
        }
        Command::RenameField { object, field, to } => {
            schema::change(org, &object, &field, |field| field.name = to).map(|()| done)
        }
        Command::RetypeField {
            object,
            field,
            definition,
        } => schema::retype(org, &object, &field, &definition).map(|()| done),
        Command::SetLength {
            object,
            field,
            length,
        } => schema::change(org, &object, &field, |field| field.length = length).map(|()| done),
        Command::SetPicklist {
            object,
            field,
            active,
            inactive,
        } => schema::set_picklist(org, &object, &field, &active, &inactive).map(|()| done),
        Command::SetPicklistValue {
            object,
            field,
            value,
            to,
            label,
        } => schema::set_picklist_value(org, &object, &field, &value, &to, &label).map(|()| done),
        Command::SetRestricted {
            object,
            field,
            restricted,
        } => schema::change(org, &object, &field, |field| field.restricted = restricted)
            .map(|()| done),
        Command::SetRequired {
            object,
            field,
            required,
        } => {
            schema::change(org, &object, &field, |field| field.nillable = !required).map(|()| done)
        }
        Command::SetRecordTypePicklist {
            object,
            record_type,
            field,
            values,
        } => {
            record_type_of(org, &object, &record_type)?
                .picklists
                .insert(field, values);
            org.touch();
            Ok(done)
        }
        Command::SetRecordTypeActive {
            object,
            record_type,
            active,
        } => {
            record_type_of(org, &object, &record_type)?.active = active;
            org.touch();
            Ok(done)
        }
        Command::SetStageActive { stage, active } => {
            stages::set_active(org, &stage, active).map(|()| done)
        }
        Command::SetStageProbability { stage, probability } => {
            stages::set_probability(org, &stage, probability).map(|()| done)
        }
        Command::SetObjectPermission {
            username,
            object,
            access,
        } => {
            let number = org
                .schema
                .number(&object)
                .ok_or_else(|| format!("no object {object}"))?;
            permissions::change(org, &username, |set| {
                set.objects.insert(number, access);
            })
            .map(|()| done)
        }
        Command::SetFieldPermission {
            username,
            object,
            field,
            read,
            edit,
        } => {
            let number = org
                .schema
                .number(&object)
                .ok_or_else(|| format!("no object {object}"))?;
            let slot = org
                .schema
                .object(number)
                .slot(&field)
                .ok_or_else(|| format!("no field {object}.{field}"))?;
            let access = crate::access::FieldAccess { read, edit };
            permissions::change(org, &username, |set| {
                set.fields.insert((number, slot), access);
            })
            .map(|()| done)
        }
        Command::SetUserPermissions {
            username,
            api_enabled,
            view_setup,
            update_inactive_owners,
        } => permissions::change(org, &username, |set| {
            set.api_enabled = api_enabled.unwrap_or(set.api_enabled);
            set.view_setup = view_setup.unwrap_or(set.view_setup);
            set.update_inactive_owners =
                update_inactive_owners.unwrap_or(set.update_inactive_owners);
        })
        .map(|()| done),
        Command::ShareRecord {
            username,
            id,
            access,
        } => {
            let key = (user_id(org, &username)?, parse_id(&id)?);
            let sharing = Arc::make_mut(&mut org.sharing);
            match access {
                Some(access) => drop(sharing.insert(key, access)),
                None => drop(sharing.remove(&key)),
            }
            Ok(done)
        }
        Command::PutRule {
            object,
            name,
            formula,
            message,
            error_field,
            active,
        } => put_rule(org, &object, name, formula, message, error_field, active).map(|()| done),
        Command::RemoveRule { object, name } => {
            let number = org
                .schema
                .number(&object)
                .ok_or_else(|| format!("no object {object}"))?;
            org.rules
                .retain(|rule| !(rule.object == number && rule.name == name));
            org.touch();
            Ok(done)
        }
        Command::PutDuplicateRule {
            object,
            name,
            fields,
            allow_save,
            message,
        } => {
            let object = org
                .schema
                .number(&object)
                .ok_or_else(|| format!("no object {object}"))?;
            org.duplicate_rules.retain(|rule| rule.name != name);
            org.duplicate_rules.push(DuplicateRule {
                name,
                object,
                fields,
                allow_save,
                message,
                active: true,
            });
            Ok(done)
        }
        Command::RemoveDuplicateRule { name } => {
            org.duplicate_rules.retain(|rule| rule.name != name);
            Ok(done)
        }
        Command::SetUserActive { username, active } => {
            let id = user_id(org, &username)?;
            set_value(org, "User", id, "IsActive", Value::Bool(active));
            org.touch();
            Ok(done)
        }
        Command::SaveAs {
            username,
            object,
            id,
            fields,
        } => save_as(org, &username, &object, id.as_deref(), &fields),
        Command::DeleteAs { username, id } => {
            let id = parse_id(&id)?;
            let (number, _) = org.find(id).ok_or_else(|| format!("no record {id}"))?;
            as_user(org, &username, |tx| {
                delete::delete(tx, number, id).map(|()| Json::Null)
            })
        }
        Command::Merge { winner, losers } => records::merge(org, &winner, &losers).map(|()| done),
        Command::ConvertLead {
            lead,
            account,
            contact,
            opportunity,
        } => {
            records::convert(org, &lead, &account, &contact, opportunity.as_deref()).map(|()| done)
        }
        Command::Load { object, records } => {
            let mut ids = Vec::with_capacity(records.len());
            for fields in &records {
                ids.push(
                    seed::load::record(org, &object, fields)
                        .map_err(|error| error.to_string())?
                        .to_string(),
                );
            }
            Ok(json!(ids))
        }
        Command::Generate {
            accounts,
            contacts_per_account,
            opportunities_per_account,
        } => {
            let counts = seed::generate::Counts {
                accounts,
                contacts_per_account,
                opportunities_per_account,
            };
            seed::generate::rows(org, counts)
                .map_err(|error| error.to_string())
                .map(|()| done)
        }
        other => Err(format!("not a command on the org: {other:?}")),
    }
}

fn record_type_of<'a>(
    org: &'a mut Org,
    object: &str,
    name: &str,
) -> Result<&'a mut crate::schema::RecordType, String> {
    let number = org
        .schema
        .number(object)
        .ok_or_else(|| format!("no object {object}"))?;
    let kinds = &mut org.schema.object_mut(number).record_types;
    kinds
        .iter_mut()
        .find(|kind| kind.developer_name == name)
        .ok_or_else(|| format!("no record type {object}.{name}"))
}

/// Sets one field as setup would: stamped, not logged.
pub(super) fn set_value(org: &mut Org, object: &str, id: Id, field: &str, value: Value) {
    let number = org.number(object);
    let now_ms = org.now_ms();
    let Some(slot) = org.schema.object(number).slot(field) else {
        return;
    };
    let Some(mut row) = org.table(number).get(id).map(|row| (**row).clone()) else {
        return;
    };
    row.set(slot, value);
    row.modified_ms = now_ms.max(row.modified_ms);
    row.stamp_ms = now_ms.max(row.stamp_ms);
    org.table_mut(number).put(row);
}

fn put_rule(
    org: &mut Org,
    object: &str,
    name: String,
    formula: String,
    message: String,
    error_field: Option<String>,
    active: bool,
) -> Result<(), String> {
    let number = org
        .schema
        .number(object)
        .ok_or_else(|| format!("no object {object}"))?;
    crate::evaluate::compile(org, number, &formula)?;
    let now_ms = org.now_ms();
    let old = org
        .rules
        .iter()
        .position(|rule| rule.object == number && rule.name == name)
        .map(|at| org.rules.remove(at));
    let next = org.rules.len() as u64 + 100 + org.schema.version;
    org.rules.push(ValidationRule {
        id: old
            .as_ref()
            .map_or_else(|| Id::numbered("03d", next), |rule| rule.id),
        object: number,
        name,
        active,
        description: None,
        formula,
        error_field,
        message,
        created_ms: old.map_or(now_ms, |rule| rule.created_ms),
        modified_ms: now_ms,
        compiled: None,
    });
    org.touch();
    Ok(())
}

fn as_user(
    org: &mut Org,
    username: &str,
    save: impl FnOnce(&mut Tx<'_>) -> Result<Json, Vec<crate::error::ApiError>>,
) -> Result<Json, String> {
    let user = user_id(org, username)?;
    let access = org.access(user);
    let origin = Origin {
        username: username.into(),
        client: HUMAN_CLIENT.into(),
        ..Origin::default()
    };
    let options = Options {
        allow_duplicates: true,
        ..Options::default()
    };
    let mut tx = Tx::new(org, access, Arc::new(origin), options);
    let savepoint = tx.savepoint();
    let saved = save(&mut tx);
    if saved.is_err() {
        tx.rollback_to(savepoint);
    }
    tx.commit();
    saved.map_err(|errors| {
        let texts: Vec<String> = errors
            .iter()
            .map(|error| format!("{}: {}", error.code, error.message))
            .collect();
        texts.join("; ")
    })
}

fn save_as(
    org: &mut Org,
    username: &str,
    object: &str,
    id: Option<&str>,
    fields: &Map<String, Json>,
) -> Result<Json, String> {
    let number = org
        .schema
        .number(object)
        .ok_or_else(|| format!("no object {object}"))?;
    let id = id.map(parse_id).transpose()?;
    as_user(org, username, |tx| match id {
        Some(id) => update(tx, number, id, fields).map(|()| json!(id.to_string())),
        None => create(tx, number, fields).map(|id| json!(id.to_string())),
    })
}
