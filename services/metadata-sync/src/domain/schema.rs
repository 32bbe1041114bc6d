//! An org as the connected user sees it, in canonical form.
//!
//! Canonical means: the same org gives the same bytes, whatever order Salesforce answered in, so that a hash tells
//! whether anything moved. Order is kept only where it carries meaning (picklist values, which dependent values point
//! into by position, and stages).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Objects by API name.
pub type Schema = BTreeMap<String, Object>;

/// One sObject.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Object {
    /// API name.
    pub name: String,
    /// Label in the connected user's language.
    pub label: String,
    /// First three characters of its record ids; empty when it has none of its own.
    pub key_prefix: String,
    /// The connected user may create.
    pub createable: bool,
    /// The connected user may edit.
    pub updateable: bool,
    /// The connected user may read.
    pub queryable: bool,
    /// Fields the connected user sees, by API name.
    pub fields: BTreeMap<String, Field>,
    /// Record types, sorted by id.
    pub record_types: Vec<RecordType>,
    /// Stages in order; of Opportunity only.
    pub stages: Vec<Stage>,
    /// Sales processes, sorted by id; of Opportunity only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sales_processes: Vec<SalesProcess>,
    /// Active validation rules, sorted by id.
    pub validation_rules: Vec<ValidationRule>,
    /// What the names that start with `$` in the rules stand for, sorted by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub globals: Vec<Global>,
}

/// A name that starts with `$` in a rule, as the connected user has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Global {
    /// As the rule writes it.
    pub name: String,
    /// Salesforce's type word; empty when it is not known.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value as JSON, `null` when blank; empty when it is not known.
    pub value_json: String,
    /// Why the value is not known; empty otherwise.
    pub unknown_reason: String,
}

/// One field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Field {
    /// Durable id, which a rename leaves alone; empty when the host does not tell it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Label.
    pub label: String,
    /// Salesforce's type word. Kept as text: a type we do not know must survive a sync.
    #[serde(rename = "type")]
    pub kind: String,
    /// Most characters of text.
    pub length: u32,
    /// Digits in all, of numbers.
    pub precision: u32,
    /// Digits after the point.
    pub scale: u32,
    /// May be empty.
    pub nillable: bool,
    /// Salesforce fills it on create.
    pub defaulted_on_create: bool,
    /// The connected user may set it on create.
    pub createable: bool,
    /// The connected user may change it.
    pub updateable: bool,
    /// Formula or roll-up.
    pub calculated: bool,
    /// Salesforce numbers it.
    pub auto_number: bool,
    /// Values outside the list are refused.
    pub restricted_picklist: bool,
    /// The list, in describe order.
    pub picklist: Vec<PicklistValue>,
    /// The controlling field of a dependent picklist; empty otherwise.
    pub controller: String,
    /// Objects a lookup may point to.
    pub reference_to: Vec<String>,
    /// A lookup filter restricts the targets.
    pub filtered_lookup: bool,
    /// Usable as upsert key.
    pub external_id: bool,
    /// Values must differ.
    pub unique: bool,
    /// Holds HTML.
    pub html_formatted: bool,
    /// Encrypted at rest or masked.
    pub encrypted: bool,
    /// Usable in a WHERE clause.
    pub filterable: bool,
    /// Field-level security applies.
    pub permissionable: bool,
    /// The compound field it is part of; empty otherwise.
    pub compound: String,
    /// What formulas and queries call the record a lookup points to; empty otherwise.
    pub relationship: String,
    /// The formula of a formula field; empty otherwise, and when it is hidden.
    pub formula: String,
    /// The formula reads blank numbers as 0.
    pub formula_blank_as_zero: bool,
    /// What a new record gets when nothing is given, as JSON; empty when there is no such value or it is a formula.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub default_json: String,
    /// The formula of the default; empty when it has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub default_formula: String,
}

/// One value of a picklist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PicklistValue {
    /// What is written.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// May be chosen for new data.
    pub active: bool,
    /// Positions in the controlling field's values it is allowed for.
    pub valid_for: Vec<u32>,
    /// Record types that offer it, sorted; empty when record types do not restrict it.
    pub record_types: Vec<String>,
}

/// One record type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordType {
    /// 18-character id.
    pub id: String,
    /// Developer name.
    pub developer_name: String,
    /// Name.
    pub name: String,
    /// The connected user may choose it.
    pub available: bool,
    /// Stands for "none".
    pub master: bool,
    /// Used when none is given.
    pub is_default: bool,
    /// Its sales process; empty when it has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sales_process: String,
}

/// One sales process: the stages of the record types that use it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SalesProcess {
    /// 18-character id.
    pub id: String,
    /// Name.
    pub name: String,
    /// In use.
    pub active: bool,
}

/// One opportunity stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stage {
    /// What is written to StageName.
    pub api_name: String,
    /// What is shown.
    pub label: String,
    /// Position, from 1.
    pub sort_order: u32,
    /// May be chosen.
    pub active: bool,
    /// Closes the opportunity.
    pub closed: bool,
    /// Wins it.
    pub won: bool,
    /// Default probability in percent.
    pub probability: u32,
    /// 18-character id of the stage.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// What the org's admin wrote about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Forecast category.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub forecast_category: String,
}

/// One active validation rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValidationRule {
    /// 18-character id.
    pub id: String,
    /// Developer name.
    pub name: String,
    /// The condition under which it blocks; empty when hidden by a managed package.
    pub formula: String,
    /// What Salesforce shows.
    pub error_message: String,
    /// Where; empty for top of page.
    pub error_field: String,
    /// When it was last changed, as Salesforce writes it: an unchanged rule's formula is not read again.
    pub last_modified: String,
}

/// What can be written into a field, by its type. Total: every type word has a behaviour, an unknown one too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// One line of text up to `length` characters.
    Text,
    /// Several lines of text up to `length` characters.
    LongText,
    /// One value of a list.
    Picklist,
    /// Several values of a list.
    MultiPicklist,
    /// A number with `precision` and `scale`.
    Number,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// A time of day.
    Time,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A web address.
    Url,
    /// A lookup to another record.
    Reference,
    /// Nothing: compound, binary, encrypted, or a type we do not know.
    None,
}

impl Field {
    /// Whether it is a lookup to a user, as the owner of a record is: an address stands for one.
    #[must_use]
    pub fn points_to_users(&self) -> bool {
        self.reference_to.iter().any(|object| object == "User")
    }

    /// What can be written into it.
    #[must_use]
    pub fn behaviour(&self) -> Behaviour {
        match self.kind.as_str() {
            "string" => Behaviour::Text,
            "textarea" => Behaviour::LongText,
            "picklist" | "combobox" => Behaviour::Picklist,
            "multipicklist" => Behaviour::MultiPicklist,
            "int" | "long" | "double" | "currency" | "percent" => Behaviour::Number,
            "boolean" => Behaviour::Boolean,
            "date" => Behaviour::Date,
            "datetime" => Behaviour::DateTime,
            "time" => Behaviour::Time,
            "email" => Behaviour::Email,
            "phone" => Behaviour::Phone,
            "url" => Behaviour::Url,
            "reference" => Behaviour::Reference,
            // id, address, location, base64, encryptedstring, anyType, complexvalue, and what is still to come.
            _ => Behaviour::None,
        }
    }

    /// Its shape in a few characters, for a person and for comparison: `string(255)`, `currency(18,2)`, `picklist`.
    #[must_use]
    pub fn shape(&self) -> String {
        match self.behaviour() {
            Behaviour::Text | Behaviour::LongText => format!("{}({})", self.kind, self.length),
            Behaviour::Number => format!("{}({},{})", self.kind, self.precision, self.scale),
            Behaviour::Picklist
            | Behaviour::MultiPicklist
            | Behaviour::Boolean
            | Behaviour::Date
            | Behaviour::DateTime
            | Behaviour::Time
            | Behaviour::Email
            | Behaviour::Phone
            | Behaviour::Url
            | Behaviour::Reference
            | Behaviour::None => self.kind.clone(),
        }
    }

    /// The active value equal to `value`, when there is one.
    #[must_use]
    pub fn active_value(&self, value: &str) -> Option<&PicklistValue> {
        self.picklist
            .iter()
            .find(|entry| entry.active && entry.value == value)
    }
}

impl Object {
    /// The bytes the content hash is of.
    ///
    /// # Panics
    /// Never: a struct of texts, numbers and lists always serialises.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts, numbers and lists always serialise")
    }

    /// Puts everything without a meaningful order into one.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.record_types.sort_by(|a, b| a.id.cmp(&b.id));
        self.validation_rules.sort_by(|a, b| a.id.cmp(&b.id));
        self.globals.sort_by(|a, b| a.name.cmp(&b.name));
        self.sales_processes.sort_by(|a, b| a.id.cmp(&b.id));
        self.stages
            .sort_by(|a, b| (a.sort_order, &a.api_name).cmp(&(b.sort_order, &b.api_name)));
        for field in self.fields.values_mut() {
            for value in &mut field.picklist {
                value.record_types.sort();
                value.record_types.dedup();
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_word_has_a_behaviour() {
        for (kind, expected) in [
            // Every type word a describe may hold (salesforce-api.md 4.2), and what it is for us.
            ("id", Behaviour::None),
            ("string", Behaviour::Text),
            ("textarea", Behaviour::LongText),
            ("picklist", Behaviour::Picklist),
            ("multipicklist", Behaviour::MultiPicklist),
            ("combobox", Behaviour::Picklist),
            ("reference", Behaviour::Reference),
            ("boolean", Behaviour::Boolean),
            ("int", Behaviour::Number),
            ("long", Behaviour::Number),
            ("double", Behaviour::Number),
            ("currency", Behaviour::Number),
            ("percent", Behaviour::Number),
            ("date", Behaviour::Date),
            ("datetime", Behaviour::DateTime),
            ("time", Behaviour::Time),
            ("email", Behaviour::Email),
            ("phone", Behaviour::Phone),
            ("url", Behaviour::Url),
            ("address", Behaviour::None),
            ("location", Behaviour::None),
            ("base64", Behaviour::None),
            ("encryptedstring", Behaviour::None),
            ("anyType", Behaviour::None),
            ("complexvalue", Behaviour::None),
            ("a type of next year", Behaviour::None),
            ("", Behaviour::None),
        ] {
            let field = Field {
                kind: kind.into(),
                ..Field::default()
            };
            assert_eq!(field.behaviour(), expected, "{kind}");
        }
    }

    #[test]
    fn the_order_of_an_answer_does_not_change_the_bytes() {
        let record_type = |id: &str| RecordType {
            id: id.into(),
            ..RecordType::default()
        };
        let one = Object {
            record_types: vec![record_type("012b"), record_type("012a")],
            ..Object::default()
        };
        let other = Object {
            record_types: vec![record_type("012a"), record_type("012b")],
            ..Object::default()
        };
        assert_eq!(one.in_order().canonical(), other.in_order().canonical());
    }

    #[test]
    fn text_of_any_content_survives_the_canonical_form() {
        let label = format!(
            "\"quoted\" \\ \u{202e}rtl\u{202c} 👩‍👩‍👧 {}",
            "x".repeat(32_000)
        );
        let object = Object {
            label,
            ..Object::default()
        };
        let read: Object = serde_json::from_slice(&object.canonical()).expect("canonical JSON");
        assert_eq!(read, object);
    }
}
