//! Objects whose rows are worked out when asked for: permissions, record access, setup metadata.

use std::sync::Arc;

use crate::access::RecordAccess;
use crate::error::ApiError;
use crate::id::Id;
use crate::org::Org;
use crate::rules::ValidationRule;
use crate::schema::{Field, Object};
use crate::soql::plan::{Context, Plan, ids_for};
use crate::store::Row;
use crate::value::Value;

/// Records one UserRecordAccess query may name.
const RECORDS_MAX: usize = 200;

/// Rows of a derived object.
///
/// # Errors
/// A UserRecordAccess query without its two required filters or with too many records.
pub fn rows(context: Context<'_>, plan: &Plan) -> Result<Vec<Arc<Row>>, ApiError> {
    let org = context.org;
    let object = org.schema.object(plan.object);
    Ok(match object.name.as_str() {
        "ObjectPermissions" => object_permissions(org, object),
        "FieldPermissions" => field_permissions(org, object),
        "UserRecordAccess" => record_access(context, plan, object)?,
        "ValidationRule" if context.access.view_setup() => org
            .rules
            .iter()
            .map(|rule| Arc::new(validation_rule(org, object, rule)))
            .collect(),
        "EntityDefinition" => {
            let seen = org.schema.objects().filter(|(number, found)| {
                !found.tooling && context.access.sees(&org.schema, *number)
            });
            seen.map(|(number, found)| entity(org, object, number, found))
                .collect()
        }
        "FieldDefinition" => field_definitions(context, object),
        _ => Vec::new(),
    })
}

struct Builder<'a> {
    object: &'a Object,
    row: Row,
}

impl<'a> Builder<'a> {
    fn new(org: &Org, object: &'a Object, number: u64) -> Builder<'a> {
        let prefix = if object.prefix == "-" {
            "000"
        } else {
            &object.prefix
        };
        let ms = org.schema.modified_s * 1000;
        Builder {
            object,
            row: Row::new(Id::numbered(prefix, number), Id::numbered("005", 1), ms),
        }
    }

    fn set(mut self, field: &str, value: Value) -> Self {
        if let Some(slot) = self.object.slot(field) {
            self.row.set(slot, value);
        }
        self
    }

    fn text(self, field: &str, text: &str) -> Self {
        self.set(field, Value::text(text))
    }

    fn flag(self, field: &str, flag: bool) -> Self {
        self.set(field, Value::Bool(flag))
    }

    fn done(self) -> Arc<Row> {
        Arc::new(self.row)
    }
}

/// Permission sets in a stable order, numbered.
fn sets(org: &Org) -> Vec<(u64, &crate::access::PermissionSet)> {
    let mut sets: Vec<_> = org.permission_sets.values().map(|set| &**set).collect();
    sets.sort_by_key(|set| set.id);
    sets.into_iter()
        .enumerate()
        .map(|(index, set)| (index as u64, set))
        .collect()
}

fn object_permissions(org: &Org, object: &Object) -> Vec<Arc<Row>> {
    let mut rows = Vec::new();
    for (index, set) in sets(org) {
        for (number, described) in org
            .schema
            .objects()
            .filter(|(_, found)| found.layoutable && !found.hidden)
        {
            let may = set.object(number);
            if !may.read {
                continue;
            }
            let row = Builder::new(org, object, index * 1_000 + u64::from(number))
                .set("ParentId", Value::Id(set.id))
                .text("SobjectType", &described.name)
                .flag("PermissionsRead", may.read)
                .flag("PermissionsCreate", may.create)
                .flag("PermissionsEdit", may.edit)
                .flag("PermissionsDelete", may.delete)
                .flag("PermissionsViewAllRecords", may.view_all)
                .flag("PermissionsModifyAllRecords", may.modify_all);
            rows.push(row.done());
        }
    }
    rows
}

fn field_permissions(org: &Org, object: &Object) -> Vec<Arc<Row>> {
    let mut rows = Vec::new();
    for (index, set) in sets(org) {
        for (number, described) in org
            .schema
            .objects()
            .filter(|(_, found)| found.layoutable && !found.hidden)
        {
            for (slot, field) in described
                .live_fields()
                .filter(|(_, field)| field.permissionable)
            {
                let may = set.field(number, slot);
                if !may.read {
                    continue;
                }
                let row = Builder::new(
                    org,
                    object,
                    (index * 1_000 + u64::from(number)) * 1_000 + u64::from(slot),
                )
                .set("ParentId", Value::Id(set.id))
                .text("SobjectType", &described.name)
                .text("Field", &format!("{}.{}", described.name, field.name))
                .flag("PermissionsRead", true)
                .flag("PermissionsEdit", may.edit);
                rows.push(row.done());
            }
        }
    }
    rows
}

fn record_access(
    context: Context<'_>,
    plan: &Plan,
    object: &Object,
) -> Result<Vec<Arc<Row>>, ApiError> {
    let org = context.org;
    let ids = |field: &str| {
        object
            .slot(field)
            .and_then(|slot| ids_for(plan.filter.as_ref(), slot))
    };
    let (Some(users), Some(records)) = (ids("UserId"), ids("RecordId")) else {
        return Err(ApiError::malformed_query(
            "Can select only RecordId, a Has<...>Access field, and MaxAccessLevel when filtering by a UserId and RecordId.",
        ));
    };
    if records.len() > RECORDS_MAX {
        return Err(ApiError::malformed_query(format!(
            "Number of records exceeds limit:{RECORDS_MAX}"
        )));
    }
    let mut rows = Vec::new();
    for user in users {
        let access = org.access(user);
        let mut records: Vec<Id> = records.iter().copied().collect();
        records.sort_unstable();
        for id in records {
            let Some((number, row)) = org.live(id) else {
                continue;
            };
            let may = access.object(number);
            let shared = access.record(row.id);
            let read = may.read && shared != Some(RecordAccess::None);
            let edit = read && may.edit && shared.is_none();
            let delete = edit && may.delete;
            let all = delete && may.modify_all;
            let level = match (all, delete, edit, read) {
                (true, ..) => "All",
                (_, true, ..) => "Delete",
                (_, _, true, _) => "Edit",
                (_, _, _, true) => "Read",
                _ => "None",
            };
            let built = Builder::new(org, object, rows.len() as u64 + 1)
                .set("UserId", Value::Id(user))
                .set("RecordId", Value::Id(id))
                .flag("HasReadAccess", read)
                .flag("HasEditAccess", edit)
                .flag("HasDeleteAccess", delete)
                .flag("HasTransferAccess", all)
                .flag("HasAllAccess", all)
                .text("MaxAccessLevel", level);
            rows.push(built.done());
        }
    }
    Ok(rows)
}

/// The Tooling row of a validation rule, metadata included.
pub fn validation_rule(org: &Org, object: &Object, rule: &ValidationRule) -> Row {
    let target = org.schema.object(rule.object);
    let builder = Builder::new(org, object, 0)
        .text("ValidationName", &rule.name)
        .text("EntityDefinitionId", &target.name)
        .text("EntityDefinition.QualifiedApiName", &target.name)
        .text("EntityDefinition.DeveloperName", &target.name)
        .text("EntityDefinition.DurableId", &target.name)
        .flag("Active", rule.active)
        .text("Description", rule.description.as_deref().unwrap_or(""))
        .text(
            "ErrorDisplayField",
            rule.error_field.as_deref().unwrap_or(""),
        )
        .text("ErrorMessage", &rule.message)
        .text("FullName", &format!("{}.{}", target.name, rule.name))
        .text("Metadata", &rule.metadata().to_string())
        .set("CreatedDate", Value::DateTime(rule.created_ms))
        .set("LastModifiedDate", Value::DateTime(rule.modified_ms))
        .set("CreatedById", Value::Id(Id::numbered("005", 1)))
        .set("LastModifiedById", Value::Id(Id::numbered("005", 1)));
    let mut row = builder.row;
    row.id = rule.id;
    row
}

fn entity(org: &Org, object: &Object, number: u16, described: &Object) -> Arc<Row> {
    Builder::new(org, object, u64::from(number) + 1)
        .text("DurableId", &described.name)
        .text("QualifiedApiName", &described.name)
        .text("DeveloperName", described.name.trim_end_matches("__c"))
        .text("MasterLabel", &described.label)
        .text("Label", &described.label)
        .text("PluralLabel", &described.plural)
        .text(
            "KeyPrefix",
            if described.prefix == "-" {
                ""
            } else {
                &described.prefix
            },
        )
        .flag("IsCustomizable", described.layoutable)
        .flag("IsQueryable", true)
        .set(
            "LastModifiedDate",
            Value::DateTime(org.schema.modified_s * 1000),
        )
        .done()
}

fn field_definitions(context: Context<'_>, object: &Object) -> Vec<Arc<Row>> {
    let org = context.org;
    let mut rows = Vec::new();
    for (number, described) in org.schema.objects().filter(|(_, found)| found.layoutable) {
        for (slot, field) in context.access.visible(number, described) {
            rows.push(field_definition(
                org,
                object,
                rows.len() as u64 + 1,
                described,
                (slot, field),
            ));
        }
    }
    rows
}

fn field_definition(
    org: &Org,
    object: &Object,
    number: u64,
    described: &Object,
    (slot, field): (u16, &Field),
) -> Arc<Row> {
    // Custom fields are named by an id that outlives a rename, standard ones by name.
    let own = if field.name.ends_with("__c") {
        let of_object = org.schema.number(&described.name).unwrap_or_default();
        Id::numbered("00N", u64::from(of_object) * 10_000 + u64::from(slot)).to_string()
    } else {
        field.name.clone()
    };
    Builder::new(org, object, number)
        .text("DurableId", &format!("{}.{own}", described.name))
        .text("QualifiedApiName", &field.name)
        .text("EntityDefinitionId", &described.name)
        .text("EntityDefinition.QualifiedApiName", &described.name)
        .text("DeveloperName", field.name.trim_end_matches("__c"))
        .text("Label", &field.label)
        .text("DataType", field.kind.name())
        .set("Length", Value::Int(i64::from(field.length)))
        .flag("IsNillable", field.nillable)
        .done()
}
