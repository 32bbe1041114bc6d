//! What the org looks like to the connected user.

use std::collections::BTreeMap;

/// Objects by API name.
pub type Schema = BTreeMap<String, Object>;

/// One sObject.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// API name.
    pub name: String,
    /// First three characters of its ids.
    pub key_prefix: String,
    /// The user may create.
    pub createable: bool,
    /// The user may edit.
    pub updateable: bool,
    /// Fields by API name.
    pub fields: BTreeMap<String, Field>,
    /// Stages in order; Opportunity only.
    pub stages: Vec<Stage>,
    /// Record types the user may use.
    pub record_types: Vec<RecordType>,
    /// Active validation rules.
    pub rules: Vec<Rule>,
    /// What the names that start with `$` in the rules stood for, for the user, when the schema was read.
    pub globals: Vec<Global>,
}

impl Object {
    /// Whether the user sees the field.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// API name.
    pub name: String,
    /// Label.
    pub label: String,
    /// Its type.
    pub kind: Kind,
    /// Most characters of text; 0 when not text.
    pub length: usize,
    /// Digits in all.
    pub precision: u32,
    /// Decimals.
    pub scale: u32,
    /// May be empty.
    pub nillable: bool,
    /// The user may set it on create.
    pub createable: bool,
    /// The user may change it.
    pub updateable: bool,
    /// Formula or roll-up.
    pub calculated: bool,
    /// Unknown picklist values are refused.
    pub restricted: bool,
    /// Picklist values.
    pub values: Vec<PicklistValue>,
    /// Controlling field, of dependent picklists.
    pub controller: Option<String>,
    /// Usable as a key.
    pub external_id: bool,
    /// Rich text.
    pub html: bool,
    /// What formulas and queries call the record a lookup points to; empty otherwise.
    pub relationship: String,
    /// Objects a lookup may point to.
    pub reference_to: Vec<String>,
    /// The formula of a formula field; empty otherwise, and when it is hidden.
    pub formula: String,
    /// The formula reads blank numbers as 0.
    pub formula_blank_as_zero: bool,
    /// What a new record gets when nothing is given.
    pub initial: Initial,
}

/// What a field of a new record gets when nothing is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Initial {
    /// Nothing: it stays blank.
    Blank,
    /// Salesforce fills it, and we do not know with what.
    Unknown,
    /// This value, as JSON.
    Json(String),
    /// What this formula gives.
    Formula(String),
}

/// A name that starts with `$` in a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Global {
    /// As the rule writes it.
    pub name: String,
    /// Salesforce's type word; empty when it is not known.
    pub kind: String,
    /// Its value as JSON; `None` when it is not known.
    pub value_json: Option<String>,
    /// Why the value is not known; empty otherwise.
    pub unknown_reason: String,
}

/// One record type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordType {
    /// 18-character id.
    pub id: String,
    /// Developer name.
    pub developer_name: String,
    /// Name.
    pub name: String,
    /// A new record without one gets it.
    pub is_default: bool,
    /// Stands for "none".
    pub is_master: bool,
}

/// Salesforce's field types, as far as they differ for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line of text.
    Text,
    /// Several lines.
    TextArea,
    /// One value of a list.
    Picklist,
    /// Several values of a list.
    MultiPicklist,
    /// Text with suggestions.
    Combobox,
    /// Checkbox.
    Boolean,
    /// Whole number.
    Int,
    /// Number.
    Double,
    /// Money.
    Currency,
    /// Percent.
    Percent,
    /// Day.
    Date,
    /// Moment.
    DateTime,
    /// Time of day.
    Time,
    /// Address of a mailbox.
    Email,
    /// Telephone number.
    Phone,
    /// Web address.
    Url,
    /// Another record.
    Reference,
    /// Anything we do not write (address, base64, location, id), and what may be masked when it is read (encrypted text).
    Other,
}

impl Kind {
    /// From describe's type word.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "string" => Self::Text,
            "textarea" => Self::TextArea,
            "picklist" => Self::Picklist,
            "multipicklist" => Self::MultiPicklist,
            "combobox" => Self::Combobox,
            "boolean" => Self::Boolean,
            "int" | "long" => Self::Int,
            "double" => Self::Double,
            "currency" => Self::Currency,
            "percent" => Self::Percent,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            "time" => Self::Time,
            "email" => Self::Email,
            "phone" => Self::Phone,
            "url" => Self::Url,
            "reference" => Self::Reference,
            _ => Self::Other,
        }
    }
}

/// One value of a picklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PicklistValue {
    /// What is written.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// May be chosen.
    pub active: bool,
    /// Indexes into the controlling field's values; empty when not dependent.
    pub valid_for: Vec<u32>,
    /// Record types it is available in; empty when they do not restrict it.
    pub record_type_ids: Vec<String>,
}

/// One opportunity stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// What is written.
    pub api_name: String,
    /// What is shown.
    pub label: String,
    /// Position.
    pub sort_order: u32,
    /// May be chosen.
    pub active: bool,
    /// Closes the opportunity.
    pub closed: bool,
    /// Wins it.
    pub won: bool,
    /// Probability a move to it brings along, in percent.
    pub probability: u32,
}

/// One active validation rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Developer name.
    pub name: String,
    /// Blocks when true; empty when hidden.
    pub formula: String,
    /// What Salesforce shows.
    pub message: String,
    /// Where it shows it; empty for top of page.
    pub field: String,
}
