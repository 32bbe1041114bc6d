//! The UI API's view of an object: object info, and picklist values per record type.

use serde_json::{Map, Value as Json, json};

use super::{Field, FieldType, Object};
use crate::access::Access;
use crate::id::Id;
use crate::org::{API_VERSION, Org};

/// `GET /ui-api/object-info/{Object}`.
pub fn object_info(org: &Org, number: u16, access: &Access) -> Json {
    let object = org.schema.object(number);
    let may = access.object(number);
    let mut fields = Map::new();
    let mut dependent = Map::new();
    for (slot, field) in access.visible(number, object) {
        let edit = access.field(number, slot, field).edit;
        fields.insert(field.name.clone(), info(field, edit));
        if let Some(controller) = &field.controller {
            dependent.insert(controller.clone(), json!({field.name.clone(): {}}));
        }
    }
    let base = format!("/services/data/v{API_VERSION}/sobjects/{}", object.name);
    let mut record_types = Map::new();
    for kind in super::describe::record_types(object, &base) {
        let id = kind["recordTypeId"].as_str().unwrap_or_default().to_owned();
        record_types.insert(
            id,
            json!({
                "available": kind["available"],
                "defaultRecordTypeMapping": kind["defaultRecordTypeMapping"],
                "master": kind["master"],
                "name": kind["name"],
                "recordTypeId": kind["recordTypeId"],
            }),
        );
    }
    let default = object
        .default_record_type()
        .map_or(Id::MASTER_RECORD_TYPE, |kind| kind.id);
    json!({
        "apiName": object.name,
        "associateEntityType": null,
        "associateParentEntity": null,
        "childRelationships": [],
        "compactLayoutable": object.layoutable,
        "createable": may.create && !object.read_only,
        "custom": object.custom(),
        "defaultRecordTypeId": default.to_string(),
        "deletable": may.delete && object.deletable,
        "dependentFields": dependent,
        "eTag": format!("{:016x}", org.schema.version),
        "feedEnabled": object.feed,
        "fields": fields,
        "keyPrefix": object.prefix,
        "label": object.label,
        "labelPlural": object.plural,
        "layoutable": object.layoutable,
        "mruEnabled": object.layoutable,
        "nameFields": object.live_fields().filter(|(_, field)| field.name_field).map(|(_, field)| &field.name).collect::<Vec<_>>(),
        "queryable": true,
        "recordTypeInfos": record_types,
        "searchable": object.layoutable,
        "themeInfo": null,
        "updateable": may.edit && !object.read_only,
    })
}

fn info(field: &Field, edit: bool) -> Json {
    let kind = match field.kind {
        FieldType::Id | FieldType::Reference => "Reference",
        FieldType::Boolean => "Boolean",
        FieldType::String => "String",
        FieldType::Picklist => "Picklist",
        FieldType::MultiPicklist => "MultiPicklist",
        FieldType::Combobox => "ComboBox",
        FieldType::Textarea => "TextArea",
        FieldType::Double => "Double",
        FieldType::Currency => "Currency",
        FieldType::Percent => "Percent",
        FieldType::Int => "Int",
        FieldType::Date => "Date",
        FieldType::DateTime => "DateTime",
        FieldType::Email => "Email",
        FieldType::Phone => "Phone",
        FieldType::Url => "Url",
        FieldType::Address => "Address",
        FieldType::Base64 => "Base64",
    };
    let references: Vec<Json> = field
        .reference_to
        .iter()
        .map(|target| json!({"apiName": target, "nameFields": ["Name"]}))
        .collect();
    json!({
        "apiName": field.name,
        "calculated": false,
        "compound": field.kind == FieldType::Address,
        "compoundComponentName": null,
        "compoundFieldName": field.compound,
        "controllerName": field.controller,
        "controllingFields": field.controller.iter().collect::<Vec<_>>(),
        "createable": field.createable && edit,
        "custom": field.custom(),
        "dataType": kind,
        "externalId": field.external_id,
        "extraTypeInfo": field.extra,
        "filterable": field.can_filter(),
        "filteredLookupInfo": null,
        "highScaleNumber": false,
        "htmlFormatted": false,
        "inlineHelpText": null,
        "label": field.label,
        "length": field.length,
        "nameField": field.name_field,
        "polymorphicForeignKey": field.reference_to.len() > 1,
        "precision": field.precision,
        "reference": field.kind == FieldType::Reference,
        "referenceTargetField": null,
        "referenceToInfos": references,
        "relationshipName": field.relationship,
        "required": field.required(),
        "scale": field.scale,
        "searchPrefilterable": false,
        "sortable": field.can_filter(),
        "unique": field.unique,
        "updateable": field.updateable && edit,
    })
}

/// `GET /ui-api/object-info/{Object}/picklist-values/{recordTypeId}`: every picklist.
pub fn all_picklists(org: &Org, number: u16, record_type: Id, access: &Access) -> Json {
    let object = org.schema.object(number);
    let picklists: Map<String, Json> = access
        .visible(number, object)
        .filter(|(_, field)| !field.values.is_empty())
        .map(|(_, field)| (field.name.clone(), values(org, object, field, record_type)))
        .collect();
    json!({"eTag": format!("{:016x}", org.schema.version), "picklistFieldValues": picklists})
}

/// One picklist for a record type; `validFor` holds controller indexes here, not a bitmap.
pub fn values(org: &Org, object: &Object, field: &Field, record_type: Id) -> Json {
    let controller = field
        .controller
        .as_deref()
        .and_then(|name| object.field(name));
    let controller_values: Map<String, Json> = controller
        .map(|controller| {
            let entries = controller.values.iter().enumerate();
            entries
                .map(|(index, value)| (value.value.clone(), json!(index)))
                .collect()
        })
        .unwrap_or_default();
    let offered = super::offered(object, field, Some(record_type));
    let values: Vec<Json> = offered
        .iter()
        .map(|value| {
            let valid_for: Vec<usize> = controller
                .map(|controller| {
                    let all = controller.values.iter().enumerate();
                    all.filter(|(_, found)| value.valid_for.contains(&found.value))
                        .map(|(index, _)| index)
                        .collect()
                })
                .unwrap_or_default();
            json!({
                "attributes": stage_attributes(org, field, &value.value),
                "label": value.label,
                "validFor": valid_for,
                "value": value.value,
            })
        })
        .collect();
    let default = offered.iter().find(|value| value.default).map(|value| {
        json!({"attributes": null, "label": value.label, "validFor": [], "value": value.value})
    });
    json!({
        "controllerValues": controller_values,
        "defaultValue": default,
        "eTag": format!("{:016x}", org.schema.version),
        "url": format!(
            "/services/data/v{API_VERSION}/ui-api/object-info/{}/picklist-values/{record_type}/{}",
            object.name, field.name
        ),
        "values": values,
    })
}

fn stage_attributes(org: &Org, field: &Field, value: &str) -> Json {
    let Some(stage) = org
        .schema
        .stage(value)
        .filter(|_| field.name == "StageName")
    else {
        return Json::Null;
    };
    json!({
        // The misspelling is Salesforce's.
        "picklistAtrributesValueType": "OpportunityStage",
        "closed": stage.closed,
        "defaultProbability": stage.probability,
        "forecastCategoryName": stage.category_name,
        "won": stage.won,
    })
}
