//! What the org's objects look like to the connected user.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::{HeaderValue, Method, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::batch::BatchGet;
use super::composite::COMPOSITE_REQUESTS_MAX;
use super::field_type::FieldType;
use super::{Org, call, decode};
use crate::error::Error;
use crate::name::ObjectName;
use crate::time;

/// The answer to a conditional read.
#[derive(Debug, Clone)]
pub enum Conditional<T> {
    /// Unchanged since the moment named.
    NotModified,
    /// The current value, and the moment to name next time.
    Modified {
        /// The value.
        value: T,
        /// Its `Last-Modified`, when sent.
        last_modified: Option<DateTime<Utc>>,
        /// Its `Date`, the clock that `last_modified` is told by, when sent.
        answered_at: Option<DateTime<Utc>>,
    },
}

/// One object in the global list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct ObjectSummary {
    /// API name.
    pub name: String,
    /// Label in the user's language.
    pub label: String,
    /// Label of several.
    pub label_plural: String,
    /// First three characters of ids; absent for objects without records of their own.
    pub key_prefix: Option<String>,
    /// Whether the customer or a package added it.
    pub custom: bool,
    /// Whether it holds settings rather than records.
    pub custom_setting: bool,
    /// Whether the user may create.
    pub createable: bool,
    /// Whether the user may update.
    pub updateable: bool,
    /// Whether the user may delete.
    pub deletable: bool,
    /// Whether SOQL may read it.
    pub queryable: bool,
    /// Whether SOSL may find it.
    pub searchable: bool,
    /// Whether records can be merged.
    pub mergeable: bool,
    /// Whether it is on its way out.
    pub deprecated_and_hidden: bool,
}

/// One object, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct ObjectDescribe {
    /// API name.
    pub name: String,
    /// Label in the user's language.
    pub label: String,
    /// Label of several.
    pub label_plural: String,
    /// First three characters of ids.
    pub key_prefix: Option<String>,
    /// Whether the customer or a package added it.
    pub custom: bool,
    /// Whether the user may create.
    pub createable: bool,
    /// Whether the user may update.
    pub updateable: bool,
    /// Whether the user may delete.
    pub deletable: bool,
    /// Whether SOQL may read it.
    pub queryable: bool,
    /// Whether SOSL may find it.
    pub searchable: bool,
    /// Whether records can be merged.
    pub mergeable: bool,
    /// Fields visible to the user; hidden ones are simply missing.
    pub fields: Vec<Field>,
    /// Relationships from children.
    pub child_relationships: Vec<ChildRelationship>,
    /// Record types, the master among them.
    pub record_type_infos: Vec<RecordTypeInfo>,
}

impl ObjectDescribe {
    /// A field by API name; names are case-insensitive in Salesforce.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

/// One field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct Field {
    /// API name.
    pub name: String,
    /// Label in the user's language.
    pub label: String,
    /// The admin's help text.
    pub inline_help_text: Option<String>,
    /// Type.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// Type in SOAP terms, which tells apart what `type` does not.
    pub soap_type: String,
    /// Most characters of text.
    pub length: u32,
    /// Digits in all, of decimal numbers.
    pub precision: u32,
    /// Digits after the point.
    pub scale: u32,
    /// Digits of whole numbers.
    pub digits: u32,
    /// Whether it may be empty.
    pub nillable: bool,
    /// Whether Salesforce fills it on create.
    pub defaulted_on_create: bool,
    /// Whether the user may set it on create; folds in field-level security.
    pub createable: bool,
    /// Whether the user may change it; folds in field-level security.
    pub updateable: bool,
    /// Whether it is a formula or roll-up.
    pub calculated: bool,
    /// The formula.
    pub calculated_formula: Option<String>,
    /// Whether the formula reads blank numbers as 0.
    pub formula_treat_null_number_as_zero: bool,
    /// Whether Salesforce numbers it.
    pub auto_number: bool,
    /// Whether field-level security can hide it.
    pub permissionable: bool,
    /// Whether the customer or a package added it.
    pub custom: bool,
    /// Whether values outside the list are refused.
    pub restricted_picklist: bool,
    /// Values, inactive ones included; one of a shape we do not know is left out.
    #[serde(deserialize_with = "understood")]
    pub picklist_values: Vec<PicklistEntry>,
    /// Whether a controlling field restricts the values.
    pub dependent_picklist: bool,
    /// The controlling field.
    pub controller_name: Option<String>,
    /// Objects a lookup may point to.
    pub reference_to: Vec<String>,
    /// Whether a lookup may point to several objects.
    pub polymorphic_foreign_key: bool,
    /// The relationship's name in SOQL.
    pub relationship_name: Option<String>,
    /// Whether a lookup filter restricts the targets.
    #[serde(deserialize_with = "present")]
    pub filtered_lookup_info: bool,
    /// Whether it is an external id.
    pub external_id: bool,
    /// Whether upsert may use it as a key.
    pub id_lookup: bool,
    /// Whether values must differ.
    pub unique: bool,
    /// Whether uniqueness minds case.
    pub case_sensitive: bool,
    /// The compound field it is part of.
    pub compound_field_name: Option<String>,
    /// `plaintextarea`, `richtextarea`, `personname` and so on.
    pub extra_type_info: Option<String>,
    /// Whether it holds HTML: escape what goes in.
    pub html_formatted: bool,
    /// Whether it is the record's name.
    pub name_field: bool,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Whether SOQL may filter by it.
    pub filterable: bool,
    /// Whether SOQL may sort by it.
    pub sortable: bool,
    /// Whether SOQL may group by it.
    pub groupable: bool,
    /// Whether SOQL may aggregate it.
    pub aggregatable: bool,
    /// Whether it is on its way out.
    pub deprecated_and_hidden: bool,
    /// The default of a checkbox or picklist, as JSON.
    pub default_value: Option<serde_json::Value>,
    /// The formula of a default.
    pub default_value_formula: Option<String>,
}

impl Field {
    /// Whether a create without it is refused.
    pub fn required_on_create(&self) -> bool {
        self.createable && !self.nillable && !self.defaulted_on_create
    }
}

/// The values that read as picklist entries: a new shape must not hide the whole object.
fn understood<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PicklistEntry>, D::Error> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Known {
        value: Option<String>,
        label: Option<String>,
        active: Option<bool>,
        default_value: Option<bool>,
        valid_for: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Sent {
        Entry(Known),
        Other(serde::de::IgnoredAny),
    }
    let sent = Vec::<Sent>::deserialize(deserializer)?;
    let entries = sent.into_iter().filter_map(|sent| match sent {
        Sent::Entry(known) => Some(PicklistEntry {
            value: known.value.unwrap_or_default(),
            label: known.label,
            active: known.active.unwrap_or_default(),
            default_value: known.default_value.unwrap_or_default(),
            valid_for: known.valid_for,
        }),
        Sent::Other(_) => None,
    });
    Ok(entries.collect())
}

/// A describe in which a property we know may be null: it counts as absent. Most answers have none of these and are read
/// as they are: the tree of a describe of 860 KB takes ten times that, and a process that built four at once keeps it.
fn tolerant<T: DeserializeOwned>(operation: &'static str, body: &[u8]) -> Result<T, Error> {
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    let sent: serde_json::Value = decode(operation, body)?;
    serde_json::from_value(without_nulls(sent)).map_err(|source| Error::Decode {
        operation,
        source: source.into(),
    })
}

fn without_nulls(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(parts) => {
            let kept = parts.into_iter().filter(|(_, part)| !part.is_null());
            serde_json::Value::Object(
                kept.map(|(name, part)| (name, without_nulls(part)))
                    .collect(),
            )
        }
        serde_json::Value::Array(items) => {
            let kept = items.into_iter().filter(|item| !item.is_null());
            serde_json::Value::Array(kept.map(without_nulls).collect())
        }
        other @ (serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_)) => other,
    }
}

/// Salesforce sends an object or null where only presence matters to us.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Sent {
        Flag(bool),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Option::<Sent>::deserialize(deserializer)? {
        None => false,
        Some(Sent::Flag(flag)) => flag,
        Some(Sent::Other(_)) => true,
    })
}

/// A value of a picklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct PicklistEntry {
    /// Write this.
    pub value: String,
    /// Show this.
    pub label: Option<String>,
    /// Whether new records may use it.
    pub active: bool,
    /// Whether it is the default.
    pub default_value: bool,
    /// Bitmap over the controlling field's values, base64; read with [`valid_for`].
    pub valid_for: Option<String>,
}

/// Whether a base64 bitmap allows the controlling value at `index` (in describe order; for a
/// checkbox 0 is false and 1 is true).
pub fn valid_for(bitmap: &str, index: usize) -> bool {
    let Ok(bytes) = STANDARD.decode(bitmap) else {
        return false;
    };
    bytes
        .get(index >> 3)
        .is_some_and(|byte| byte & (0x80 >> (index & 7)) != 0)
}

/// A record type as the user sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct RecordTypeInfo {
    /// Its id; the master's is `012000000000000AAA`.
    pub record_type_id: String,
    /// API name.
    pub developer_name: String,
    /// Label.
    pub name: String,
    /// Whether it is in use.
    pub active: bool,
    /// Whether the user may choose it.
    pub available: bool,
    /// Whether it is the user's default.
    pub default_record_type_mapping: bool,
    /// Whether it is the master, which every object has.
    pub master: bool,
}

/// A relationship from a child object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct ChildRelationship {
    /// The child object.
    #[serde(rename = "childSObject")]
    pub child_sobject: String,
    /// Its lookup field.
    pub field: String,
    /// Name for subqueries; absent when there is none.
    pub relationship_name: Option<String>,
    /// Whether deleting the parent deletes the children.
    pub cascade_delete: bool,
}

#[derive(Deserialize)]
struct GlobalSent {
    sobjects: Vec<ObjectSummary>,
}

impl Org {
    /// Every object the user can see.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn describe_global(
        &self,
        if_modified_since: Option<DateTime<Utc>>,
    ) -> Result<Conditional<Vec<ObjectSummary>>, Error> {
        let target = self.data("/sobjects");
        let answer: Conditional<GlobalSent> = self
            .conditional("describe_global", target, if_modified_since)
            .await?;
        Ok(match answer {
            Conditional::NotModified => Conditional::NotModified,
            Conditional::Modified {
                value,
                last_modified,
                answered_at,
            } => Conditional::Modified {
                value: value.sobjects,
                last_modified,
                answered_at,
            },
        })
    }

    /// One object with its fields. Name the stored `last_modified` to be told when nothing changed,
    /// and leave it out daily: a permission change of our user may not count as one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn describe(
        &self,
        object: &ObjectName,
        if_modified_since: Option<DateTime<Utc>>,
    ) -> Result<Conditional<ObjectDescribe>, Error> {
        let target = self.data(&format!("/sobjects/{object}/describe"));
        self.conditional("describe", target, if_modified_since)
            .await
    }

    /// Several objects, 25 per call, in their order; an object the user cannot see is an error of its
    /// own.
    ///
    /// # Errors
    /// Only when a whole call failed. See [`Error`].
    pub async fn describe_many(
        &self,
        objects: &[ObjectName],
    ) -> Result<Vec<Result<ObjectDescribe, Error>>, Error> {
        let mut described = Vec::with_capacity(objects.len());
        for chunk in objects.chunks(COMPOSITE_REQUESTS_MAX) {
            let reads: Vec<BatchGet> = chunk.iter().map(BatchGet::describe).collect();
            for answer in self.batch(&reads).await? {
                described.push(answer.decode());
            }
        }
        Ok(described)
    }

    async fn conditional<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        target: String,
        if_modified_since: Option<DateTime<Utc>>,
    ) -> Result<Conditional<T>, Error> {
        let mut request = call(operation, Method::GET, target, true);
        if let Some(moment) = if_modified_since {
            let value = HeaderValue::from_str(&time::format_http_date(moment))
                .map_err(|_| Error::Invalid("precondition is not a date".to_owned()))?;
            request.headers.push((header::IF_MODIFIED_SINCE, value));
        }
        let reply = self.run(&request).await?;
        if reply.status == 304 {
            return Ok(Conditional::NotModified);
        }
        let moment = |name| reply.header(name).and_then(time::parse_http_date);
        Ok(Conditional::Modified {
            value: tolerant(operation, &reply.body)?,
            last_modified: moment("last-modified"),
            answered_at: moment("date"),
        })
    }
}
