//! Field types by Salesforce's names.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! field_types {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        /// The type of a field.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum FieldType {
            $($(#[$doc])* $variant,)+
            /// A type we do not know, kept as sent.
            Unknown(String),
        }

        impl FieldType {
            /// The type for Salesforce's text; never fails.
            pub fn parse(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    _ => Self::Unknown(text.to_owned()),
                }
            }

            /// Salesforce's text.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }
    };
}

field_types! {
    /// The record's own id.
    Id = "id",
    /// Short text.
    Text = "string",
    /// Long text.
    TextArea = "textarea",
    /// One of a list.
    Picklist = "picklist",
    /// Several of a list.
    MultiPicklist = "multipicklist",
    /// A list that takes other values too.
    Combobox = "combobox",
    /// A lookup.
    Reference = "reference",
    /// A checkbox.
    Boolean = "boolean",
    /// A whole number.
    Int = "int",
    /// A large whole number.
    Long = "long",
    /// A decimal number.
    Double = "double",
    /// Money.
    Currency = "currency",
    /// A percentage; 50 means 50 %.
    Percent = "percent",
    /// A day.
    Date = "date",
    /// A moment.
    DateTime = "datetime",
    /// A time of day.
    Time = "time",
    /// An e-mail address.
    Email = "email",
    /// A phone number.
    Phone = "phone",
    /// A web address.
    Url = "url",
    /// A compound address.
    Address = "address",
    /// A compound place.
    Location = "location",
    /// Bytes.
    Base64 = "base64",
    /// Classic encryption.
    EncryptedString = "encryptedstring",
    /// Several types.
    AnyType = "anyType",
    /// A structure.
    ComplexValue = "complexvalue",
}

impl Default for FieldType {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for FieldType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FieldType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}
