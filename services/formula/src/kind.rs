//! The types of the language (section 3).

use std::fmt::{self, Display, Formatter};

/// The type of a field or of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Number, Currency, Int.
    Number,
    /// A percent field, which reads as a hundredth of its value; as an expression it is a number.
    Percent,
    /// Text of any sort.
    Text,
    /// An id or lookup: text, 15 characters long in formulas.
    Id,
    /// A checkbox, never blank.
    Boolean,
    /// A calendar day.
    Date,
    /// An instant.
    DateTime,
    /// A time of day.
    Time,
    /// A picklist's API value.
    Picklist,
    /// A set of picklist values, joined with `;`.
    MultiPicklist,
    /// A latitude and longitude.
    Location,
    /// The typeless `NULL`.
    Null,
}

impl Kind {
    /// The kind of a type name from describe, from metadata or from a fixture; `None` when formulas
    /// cannot read such a field (address, base64, anyType).
    #[must_use]
    pub fn named(name: &str) -> Option<Kind> {
        Some(match name.to_ascii_lowercase().as_str() {
            "number" | "currency" | "int" | "integer" | "double" | "long" | "autonumericvalue"
            | "summary" => Kind::Number,
            "percent" => Kind::Percent,
            "text" | "string" | "textarea" | "longtextarea" | "html" | "email" | "phone"
            | "url" | "encryptedstring" | "encryptedtext" | "autonumber" | "combobox" => Kind::Text,
            "id"
            | "reference"
            | "lookup"
            | "masterdetail"
            | "hierarchy"
            | "metadatarelationship" => Kind::Id,
            "boolean" | "checkbox" => Kind::Boolean,
            "date" => Kind::Date,
            "datetime" => Kind::DateTime,
            "time" => Kind::Time,
            "picklist" => Kind::Picklist,
            "multipicklist" | "multiselectpicklist" => Kind::MultiPicklist,
            "location" | "geolocation" => Kind::Location,
            "null" => Kind::Null,
            _ => return None,
        })
    }

    /// Whether blanks of this kind are the empty text.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Id)
    }

    /// The kind an expression of this field has.
    #[must_use]
    pub(crate) fn as_expression(self) -> Kind {
        match self {
            Kind::Percent => Kind::Number,
            other => other,
        }
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Number => "a number",
            Kind::Percent => "a percent",
            Kind::Text => "a text",
            Kind::Id => "an id",
            Kind::Boolean => "true or false",
            Kind::Date => "a date",
            Kind::DateTime => "a date and time",
            Kind::Time => "a time",
            Kind::Picklist => "a picklist",
            Kind::MultiPicklist => "a multi-select picklist",
            Kind::Location => "a location",
            Kind::Null => "NULL",
        })
    }
}

/// How a formula reads blank numbers (section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Blanks {
    /// A blank number stays blank: validation rules, and formula fields that say so.
    #[default]
    Blank,
    /// Each reference to a blank number reads as zero: the default of formula fields.
    Zero,
}
