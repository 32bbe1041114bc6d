//! The org's metadata: objects, fields, picklists, record types, and how it changes.
//!
//! Standard objects come from the compact texts in `objects/`; everything a describe prints is derived
//! from them. Fields live in slots that are never reused, so stored rows survive a rename or a delete.

pub mod describe;
pub mod parse;
pub mod ui_api;

use std::collections::{BTreeMap, HashMap};

use crate::id::Id;

/// Field types that occur in this org, named as a describe names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Salesforce's own")]
pub enum FieldType {
    Id,
    Boolean,
    Reference,
    String,
    Picklist,
    MultiPicklist,
    Combobox,
    Textarea,
    Double,
    Currency,
    Percent,
    Int,
    Date,
    DateTime,
    Email,
    Phone,
    Url,
    Address,
    Base64,
}

impl FieldType {
    /// Name in a describe.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Boolean => "boolean",
            Self::Reference => "reference",
            Self::String => "string",
            Self::Picklist => "picklist",
            Self::MultiPicklist => "multipicklist",
            Self::Combobox => "combobox",
            Self::Textarea => "textarea",
            Self::Double => "double",
            Self::Currency => "currency",
            Self::Percent => "percent",
            Self::Int => "int",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
            Self::Address => "address",
            Self::Base64 => "base64",
        }
    }

    /// The type a describe calls `name`.
    pub fn parse(name: &str) -> Option<Self> {
        const ALL: [FieldType; 19] = [
            FieldType::Id,
            FieldType::Boolean,
            FieldType::Reference,
            FieldType::String,
            FieldType::Picklist,
            FieldType::MultiPicklist,
            FieldType::Combobox,
            FieldType::Textarea,
            FieldType::Double,
            FieldType::Currency,
            FieldType::Percent,
            FieldType::Int,
            FieldType::Date,
            FieldType::DateTime,
            FieldType::Email,
            FieldType::Phone,
            FieldType::Url,
            FieldType::Address,
            FieldType::Base64,
        ];
        if name == "ref" {
            return Some(FieldType::Reference);
        }
        ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Types stored as text and bounded by a length.
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::String
                | Self::Picklist
                | Self::MultiPicklist
                | Self::Combobox
                | Self::Textarea
                | Self::Email
                | Self::Phone
                | Self::Url
                | Self::Base64
        )
    }
}

/// Values the org keeps for every row outside its slots, or computes on read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "one variant per system field or computed field, named like it"
)]
pub enum Computed {
    Id,
    IsDeleted,
    CreatedDate,
    CreatedById,
    LastModifiedDate,
    LastModifiedById,
    SystemModstamp,
    PersonName,
    Address,
    ExpectedRevenue,
    Fiscal,
    FiscalYear,
    FiscalQuarter,
    IsHighPriority,
}

/// One picklist entry.
#[derive(Debug, Clone, PartialEq)]
pub struct PicklistValue {
    /// API value.
    pub value: String,
    /// Label shown to people.
    pub label: String,
    /// Inactive values stay on old rows and are refused on new saves of restricted picklists.
    pub active: bool,
    /// Preselected.
    pub default: bool,
    /// Controlling values under which this one may be chosen; empty when independent.
    pub valid_for: Vec<String>,
}

/// One field.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "named as in a describe (salesforce-api.md 4.2)"
)]
pub struct Field {
    pub name: String,
    pub label: String,
    pub kind: FieldType,
    pub length: u32,
    pub precision: u32,
    pub scale: u32,
    pub createable: bool,
    pub updateable: bool,
    pub nillable: bool,
    pub defaulted: bool,
    pub permissionable: bool,
    pub id_lookup: bool,
    pub external_id: bool,
    pub unique: bool,
    pub restricted: bool,
    pub filterable: bool,
    pub name_field: bool,
    pub reference_to: Vec<String>,
    pub relationship: Option<String>,
    pub compound: Option<String>,
    pub extra: Option<String>,
    pub default_value: Option<String>,
    pub controller: Option<String>,
    pub values: Vec<PicklistValue>,
    /// Relationship name on the parent's side.
    pub child_relationship: Option<String>,
    pub cascade_delete: bool,
    /// Looked up by value often enough to be indexed.
    pub indexed: bool,
    pub computed: Option<Computed>,
    /// Deleted by a schema change; its slot stays.
    pub gone: bool,
}

impl Field {
    /// Custom fields end in `__c`.
    pub fn custom(&self) -> bool {
        self.name.ends_with("__c")
    }

    /// Text too long to filter, sort or group by.
    pub fn long_text(&self) -> bool {
        self.kind == FieldType::Base64 || (self.kind == FieldType::Textarea && self.length > 255)
    }

    /// Whether SOQL may filter by it.
    pub fn can_filter(&self) -> bool {
        self.filterable && !self.long_text()
    }

    /// Whether the create body must carry it.
    pub fn required(&self) -> bool {
        self.createable && !self.nillable && !self.defaulted
    }
}

/// A record type of one object.
#[derive(Debug, Clone)]
pub struct RecordType {
    /// Record id, prefix 012.
    pub id: Id,
    /// API name.
    pub developer_name: String,
    /// Label.
    pub name: String,
    /// Usable for new records.
    pub active: bool,
    /// Preselected for users.
    pub default: bool,
    /// Sales process behind it.
    pub business_process: Option<Id>,
    /// Values offered per picklist field; a field that is not listed offers all.
    pub picklists: BTreeMap<String, Vec<String>>,
}

/// One object.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "named as in a describe (salesforce-api.md 4.1)"
)]
pub struct Object {
    pub name: String,
    pub label: String,
    pub plural: String,
    pub prefix: String,
    pub fields: Vec<Field>,
    pub record_types: Vec<RecordType>,
    pub read_only: bool,
    pub deletable: bool,
    pub mergeable: bool,
    pub feed: bool,
    pub layoutable: bool,
    /// Rows are derived when asked for, never stored.
    pub is_virtual: bool,
    /// Reachable through the Tooling API only.
    pub tooling: bool,
    /// Switched off in this org, as Shared Activities is by default.
    pub hidden: bool,
    by_name: HashMap<String, u16>,
}

impl Object {
    /// The slot of a field, by name in any case.
    pub fn slot(&self, name: &str) -> Option<u16> {
        if let Some(slot) = self.by_name.get(name) {
            return Some(*slot);
        }
        self.by_name.get(&name.to_ascii_lowercase()).copied()
    }

    /// A field by name in any case.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.slot(name).map(|slot| &self.fields[usize::from(slot)])
    }

    /// Fields that still exist, with their slots.
    pub fn live_fields(&self) -> impl Iterator<Item = (u16, &Field)> {
        self.fields
            .iter()
            .enumerate()
            .filter(|(_, field)| !field.gone)
            .map(|(slot, field)| (slot as u16, field))
    }

    /// The field holding the record's name.
    pub fn name_slot(&self) -> Option<u16> {
        self.live_fields()
            .find(|(_, field)| field.name_field)
            .map(|(slot, _)| slot)
    }

    /// Rebuilds the name lookup after fields changed.
    pub fn reindex(&mut self) {
        self.by_name.clear();
        for (slot, field) in self.fields.iter().enumerate() {
            if !field.gone {
                self.by_name.insert(field.name.clone(), slot as u16);
                self.by_name
                    .insert(field.name.to_ascii_lowercase(), slot as u16);
            }
        }
    }

    /// Whether the object is custom.
    pub fn custom(&self) -> bool {
        self.name.ends_with("__c")
    }

    /// The record type rows get when none is named.
    pub fn default_record_type(&self) -> Option<&RecordType> {
        self.record_types
            .iter()
            .find(|kind| kind.default && kind.active)
    }
}

/// One stage of the opportunity pipeline.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named as on OpportunityStage")]
pub struct Stage {
    pub name: String,
    pub probability: i64,
    pub closed: bool,
    pub won: bool,
    pub category: String,
    pub category_name: String,
    pub active: bool,
}

/// All objects of the org.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    objects: Vec<Object>,
    by_name: HashMap<String, u16>,
    by_prefix: HashMap<String, u16>,
    /// Pipeline stages in order.
    pub stages: Vec<Stage>,
    /// Grows with every change of metadata, permissions or profiles.
    pub version: u64,
    /// When that was, as describes report it: whole seconds, so that two changes in one second look like one.
    pub modified_s: i64,
}

impl Schema {
    /// Adds an object and returns its number.
    pub fn add(&mut self, mut object: Object) -> u16 {
        object.reindex();
        let number = self.objects.len() as u16;
        self.by_name
            .insert(object.name.to_ascii_lowercase(), number);
        self.by_name.insert(object.name.clone(), number);
        if object.prefix != "-" {
            self.by_prefix
                .entry(object.prefix.clone())
                .or_insert(number);
        }
        self.objects.push(object);
        number
    }

    /// The number of an object, by name in any case.
    pub fn number(&self, name: &str) -> Option<u16> {
        if let Some(number) = self.by_name.get(name) {
            return Some(*number);
        }
        self.by_name.get(&name.to_ascii_lowercase()).copied()
    }

    /// The object whose ids start with `prefix`.
    pub fn of_prefix(&self, prefix: &str) -> Option<u16> {
        self.by_prefix.get(prefix).copied()
    }

    /// An object by number.
    pub fn object(&self, number: u16) -> &Object {
        &self.objects[usize::from(number)]
    }

    /// An object by number, to change.
    pub fn object_mut(&mut self, number: u16) -> &mut Object {
        &mut self.objects[usize::from(number)]
    }

    /// Every object with its number.
    pub fn objects(&self) -> impl Iterator<Item = (u16, &Object)> {
        self.objects
            .iter()
            .enumerate()
            .map(|(number, object)| (number as u16, object))
    }

    /// A stage by name, exactly.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// Records that something a describe shows has changed.
    pub fn touch(&mut self, now_ms: i64) {
        self.version += 1;
        self.modified_s = (now_ms / 1000).max(self.modified_s);
    }
}

/// Active values a field offers under a record type.
pub fn offered<'a>(
    object: &'a Object,
    field: &'a Field,
    record_type: Option<Id>,
) -> Vec<&'a PicklistValue> {
    let limited = record_type
        .and_then(|id| object.record_types.iter().find(|kind| kind.id == id))
        .and_then(|kind| kind.picklists.get(&field.name));
    let active = field.values.iter().filter(|value| value.active);
    active
        .filter(|value| limited.is_none_or(|limited| limited.contains(&value.value)))
        .collect()
}
