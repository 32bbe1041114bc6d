//! Renders describes: every key a real describe has, derived from the compact definitions.
//!
//! Field permissions are folded in as the platform does: fields a user cannot see are missing, fields
//! the user cannot edit say so.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::{Computed, Field, FieldType, Object, PicklistValue};
use crate::access::Access;
use crate::id::Id;
use crate::org::{API_VERSION, Org};

/// Describe global.
pub fn global(org: &Org, access: &Access, tooling: bool) -> Json {
    let objects = org.schema.objects().filter(|(number, object)| {
        (object.tooling == tooling) && access.sees(&org.schema, *number) && object.prefix != "-"
    });
    let sobjects: Vec<Json> = objects
        .map(|(number, object)| summary(object, number, access))
        .collect();
    json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": sobjects})
}

/// `GET /sobjects/{Object}`: the summary and the user's recent items.
pub fn basic(org: &Org, number: u16, access: &Access) -> Json {
    json!({"objectDescribe": summary(org.schema.object(number), number, access), "recentItems": []})
}

fn summary(object: &Object, number: u16, access: &Access) -> Json {
    let may = access.object(number);
    let base = format!("/services/data/v{API_VERSION}/sobjects/{}", object.name);
    let mut urls = json!({
        "rowTemplate": format!("{base}/{{ID}}"),
        "describe": format!("{base}/describe"),
        "sobject": base,
    });
    if object.layoutable {
        for name in ["compactLayouts", "approvalLayouts", "layouts"] {
            urls[name] = json!(format!("{base}/describe/{name}"));
        }
        urls["listviews"] = json!(format!("{base}/listviews"));
        urls["quickActions"] = json!(format!("{base}/quickActions"));
    }
    json!({
        "activateable": false,
        "associateEntityType": null,
        "associateParentEntity": null,
        "createable": may.create && !object.read_only,
        "custom": object.custom(),
        "customSetting": false,
        "deepCloneable": false,
        "deletable": may.delete && object.deletable,
        "deprecatedAndHidden": false,
        "feedEnabled": object.feed,
        "hasSubtypes": false,
        "isInterface": false,
        "isSubtype": false,
        "keyPrefix": if object.prefix == "-" { Json::Null } else { json!(object.prefix) },
        "label": object.label,
        "labelPlural": object.plural,
        "layoutable": object.layoutable,
        "mergeable": object.mergeable,
        "mruEnabled": object.layoutable,
        "name": object.name,
        "queryable": true,
        "replicateable": !object.is_virtual,
        "retrieveable": !object.is_virtual,
        "searchable": object.layoutable,
        "triggerable": object.layoutable,
        "undeletable": object.deletable,
        "updateable": may.edit && !object.read_only,
        "urls": urls,
    })
}

/// The full describe, as text.
pub fn object(org: &Org, number: u16, access: &Access) -> String {
    let object = org.schema.object(number);
    let mut out = summary(object, number, access);
    let may = access.object(number);
    let fields: Vec<Json> = access
        .visible(number, object)
        .map(|(slot, described)| {
            let edit = access.field(number, slot, described).edit && !object.read_only;
            field(object, described, edit && may.create, edit && may.edit)
        })
        .collect();
    let base = format!("/services/data/v{API_VERSION}/sobjects/{}", object.name);
    for (name, target) in [("uiDetailTemplate", "{ID}"), ("uiEditTemplate", "{ID}/e")] {
        out["urls"][name] = json!(format!("{}/{target}", org.base_url));
    }
    out["urls"]["uiNewRecord"] = json!(format!("{}/{}/e", org.base_url, object.prefix));
    let more = json!({
        "actionOverrides": [],
        "childRelationships": children(org, object, access),
        "compactLayoutable": object.layoutable,
        "defaultImplementation": null,
        "extendedBy": null,
        "extendsInterfaces": null,
        "fields": fields,
        "implementedBy": null,
        "implementsInterfaces": null,
        "listviewable": null,
        "lookupLayoutable": null,
        "namedLayoutInfos": [],
        "networkScopeFieldName": null,
        "recordTypeInfos": record_types(object, &base),
        "searchLayoutable": object.layoutable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [
            {"label": format!("All {}", object.plural.to_lowercase()), "name": "everything"},
            {"label": format!("My {}", object.plural.to_lowercase()), "name": "mine"},
        ],
    });
    if let (Json::Object(out), Json::Object(more)) = (&mut out, more) {
        out.extend(more);
    }
    out.to_string()
}

/// Record types as a describe and the UI API list them; the master comes last.
pub fn record_types(object: &Object, base: &str) -> Vec<Json> {
    if !object.layoutable {
        return Vec::new();
    }
    let info =
        |id: Id, developer_name: &str, name: &str, active: bool, default: bool, master: bool| {
            json!({
                "active": active,
                "available": active,
                "defaultRecordTypeMapping": default,
                "developerName": developer_name,
                "master": master,
                "name": name,
                "recordTypeId": id.to_string(),
                "urls": {"layout": format!("{base}/describe/layouts/{id}")},
            })
        };
    let mut infos: Vec<Json> = object
        .record_types
        .iter()
        .map(|kind| {
            info(
                kind.id,
                &kind.developer_name,
                &kind.name,
                kind.active,
                kind.default,
                false,
            )
        })
        .collect();
    let master_default = object.default_record_type().is_none();
    infos.push(info(
        Id::MASTER_RECORD_TYPE,
        "Master",
        "Master",
        true,
        master_default,
        true,
    ));
    infos
}

fn children(org: &Org, parent: &Object, access: &Access) -> Vec<Json> {
    let mut children = Vec::new();
    for (number, object) in org.schema.objects().filter(|(_, object)| !object.tooling) {
        if !access.sees(&org.schema, number) {
            continue;
        }
        for (_, field) in access.visible(number, object) {
            if field.reference_to.contains(&parent.name) {
                children.push(json!({
                    "cascadeDelete": field.cascade_delete,
                    "childSObject": object.name,
                    "deprecatedAndHidden": false,
                    "field": field.name,
                    "junctionIdListNames": [],
                    "junctionReferenceTo": [],
                    "relationshipName": field.child_relationship,
                    "restrictedDelete": false,
                }));
            }
        }
    }
    children
}

fn field(object: &Object, field: &Field, createable: bool, updateable: bool) -> Json {
    use FieldType as T;
    let kind = field.kind;
    let long = field.long_text();
    let numeric = matches!(kind, T::Double | T::Currency | T::Percent);
    let sortable = field.can_filter() && !matches!(kind, T::Address | T::MultiPicklist);
    let polymorphic = field.reference_to.len() > 1;
    let soap_type = match kind {
        T::Id | T::Reference => "tns:ID",
        T::Boolean => "xsd:boolean",
        T::Double | T::Currency | T::Percent => "xsd:double",
        T::Int => "xsd:int",
        T::Date => "xsd:date",
        T::DateTime => "xsd:dateTime",
        T::Address => "urn:address",
        T::Base64 => "xsd:base64Binary",
        _ => "xsd:string",
    };
    let groupable = (field.filterable || kind == T::Boolean)
        && !long
        && !numeric
        && !matches!(
            kind,
            T::DateTime | T::Address | T::Combobox | T::MultiPicklist
        );
    let default_value = match (kind, &field.default_value) {
        (T::Boolean, default) => json!(default.as_deref() == Some("true")),
        (_, Some(default)) => json!(default),
        (_, None) => Json::Null,
    };
    json!({
        "aggregatable": !long && !matches!(kind, T::Boolean | T::Address | T::MultiPicklist),
        "aiPredictionField": false,
        "autoNumber": false,
        "byteLength": byte_length(field),
        "calculated": false,
        "calculatedFormula": null,
        "cascadeDelete": false,
        "caseSensitive": false,
        "compoundFieldName": field.compound,
        "controllerName": field.controller,
        "createable": field.createable && createable,
        "custom": field.custom(),
        "defaultValue": default_value,
        "defaultValueFormula": null,
        "defaultedOnCreate": field.defaulted,
        "dependentPicklist": field.controller.is_some(),
        "deprecatedAndHidden": false,
        "digits": if kind == T::Int { field.precision } else { 0 },
        "displayLocationInDecimal": false,
        "encrypted": false,
        "externalId": field.external_id,
        "extraTypeInfo": field.extra,
        "filterable": field.can_filter(),
        "filteredLookupInfo": null,
        "formulaTreatNullNumberAsZero": false,
        "groupable": groupable,
        "highScaleNumber": false,
        "htmlFormatted": field.extra.as_deref() == Some("richtextarea"),
        "idLookup": field.id_lookup || field.external_id,
        "inlineHelpText": null,
        "label": field.label,
        "length": field.length,
        "mask": null,
        "maskType": null,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": polymorphic,
        "nillable": field.nillable,
        "permissionable": field.permissionable,
        "picklistValues": picklist(object, field),
        "polymorphicForeignKey": polymorphic,
        "precision": if numeric { field.precision } else { 0 },
        "queryByDistance": kind == T::Address,
        "referenceTargetField": null,
        "referenceTo": field.reference_to,
        "relationshipName": field.relationship,
        "relationshipOrder": null,
        "restrictedDelete": false,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": kind == T::Reference && field.permissionable,
        "soapType": soap_type,
        "sortable": sortable,
        "type": kind.name(),
        "unique": field.unique,
        "updateable": field.updateable && updateable,
        "writeRequiresMasterRead": false,
    })
}

/// Ids and the fiscal period are ASCII; every other character may take three bytes.
fn byte_length(field: &Field) -> u32 {
    match field.kind {
        FieldType::Id | FieldType::Reference => 18,
        _ if field.computed == Some(Computed::Fiscal) => field.length,
        _ => field.length * 3,
    }
}

fn picklist(object: &Object, field: &Field) -> Vec<Json> {
    let controlling = field
        .controller
        .as_deref()
        .and_then(|name| object.field(name));
    let entry = |value: &PicklistValue| {
        json!({
            "active": value.active,
            "defaultValue": value.default,
            "label": value.label,
            "validFor": controlling.map(|controller| valid_for(value, controller)),
            "value": value.value,
        })
    };
    field.values.iter().map(entry).collect()
}

/// The bitmap of controlling values: value `i` is bit `0x80 >> (i & 7)` of byte `i >> 3`.
fn valid_for(value: &PicklistValue, controller: &Field) -> String {
    let mut bytes = vec![0u8; controller.values.len().div_ceil(8).max(1)];
    for (position, controlling) in controller.values.iter().enumerate() {
        if value.valid_for.contains(&controlling.value) {
            bytes[position >> 3] |= 0x80 >> (position & 7);
        }
    }
    STANDARD.encode(bytes)
}
