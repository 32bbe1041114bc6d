//! Properties: what upstream's analysis looks for in a meeting, and what Salesforce types their values fit.

use serde::{Deserialize, Serialize};

use super::schema::Behaviour;

/// Properties of one workspace.
pub const PROPERTIES_MAX: usize = 300;
/// Options of one property.
pub const OPTIONS_MAX: usize = 200;
/// Characters of a prompt.
pub const PROMPT_CHARACTERS_MAX: usize = 2_000;

/// One property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Property {
    /// Key, as it comes with each value: `[a-z0-9_]{1,64}`.
    pub key: String,
    /// For a person.
    pub label: String,
    /// What its values are; absent in an unfinished draft.
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    /// What the analysis is to look for, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// The values it may take, of kind option and options.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// What a property's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// An amount with its currency.
    Money,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// Several texts.
    List,
    /// One of the options.
    Option,
    /// Several of the options.
    Options,
}

impl Kind {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Money => "money",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "date_time",
            Self::List => "list",
            Self::Option => "option",
            Self::Options => "options",
        }
    }

    /// Whether its values are of a given list.
    #[must_use]
    pub fn has_options(self) -> bool {
        matches!(self, Self::Option | Self::Options)
    }

    /// Whether its values can be written into a field of this behaviour. A list into text is joined, a moment into a day
    /// loses its time; everything becomes text.
    #[must_use]
    pub fn fits(self, behaviour: Behaviour) -> bool {
        match behaviour {
            Behaviour::Text | Behaviour::LongText => true,
            Behaviour::Picklist => matches!(self, Self::Text | Self::Option | Self::Number),
            Behaviour::MultiPicklist => {
                matches!(self, Self::Text | Self::List | Self::Option | Self::Options)
            }
            Behaviour::Number => matches!(self, Self::Number | Self::Money | Self::Text),
            Behaviour::Boolean => matches!(self, Self::Boolean | Self::Text),
            Behaviour::Date => matches!(self, Self::Date | Self::DateTime | Self::Text),
            Behaviour::DateTime => self == Self::DateTime,
            Behaviour::Email | Behaviour::Phone | Behaviour::Url => {
                matches!(self, Self::Text | Self::Option)
            }
            // An address; other lookups are refused before.
            Behaviour::Reference => matches!(self, Self::Text | Self::Option),
            Behaviour::Time | Behaviour::None => false,
        }
    }
}

/// A property every meeting has, whatever the analysis found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    /// Key.
    pub key: &'static str,
    /// For a person.
    pub label: &'static str,
    /// What its value is.
    pub kind: Kind,
}

/// The built-in properties.
pub const BUILT_IN: [BuiltIn; 8] = [
    built_in("meeting.title", "Title", Kind::Text),
    built_in("meeting.started_at", "Start", Kind::DateTime),
    built_in("meeting.ended_at", "End", Kind::DateTime),
    built_in("meeting.recording_url", "Recording", Kind::Text),
    built_in("meeting.notes", "Notes", Kind::Text),
    built_in("meeting.summary", "Summary", Kind::Text),
    built_in("meeting.suggested_stage", "Suggested stage", Kind::Option),
    built_in("meeting.organizer", "Organizer's address", Kind::Text),
];

const fn built_in(key: &'static str, label: &'static str, kind: Kind) -> BuiltIn {
    BuiltIn { key, label, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_where_the_writer_can_convert_them() {
        for (kind, behaviour, expected) in [
            (Kind::Text, Behaviour::LongText, true),
            (Kind::Text, Behaviour::Date, true),
            (Kind::Boolean, Behaviour::Picklist, false),
            (Kind::DateTime, Behaviour::Date, true),
            (Kind::Date, Behaviour::DateTime, false),
            (Kind::List, Behaviour::Text, true),
            (Kind::List, Behaviour::MultiPicklist, true),
            (Kind::List, Behaviour::Picklist, false),
            (Kind::Option, Behaviour::Picklist, true),
            (Kind::Money, Behaviour::Number, true),
            (Kind::Boolean, Behaviour::Number, false),
            (Kind::Text, Behaviour::Reference, true),
            (Kind::Number, Behaviour::Reference, false),
            (Kind::Text, Behaviour::None, false),
        ] {
            assert_eq!(
                kind.fits(behaviour),
                expected,
                "{kind:?} into {behaviour:?}"
            );
        }
    }
}
