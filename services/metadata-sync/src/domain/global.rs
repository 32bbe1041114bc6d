//! Names that start with `$` in validation rules: which ones an org's rules read, and where each is kept
//! (formula-language.md 10). What nobody says how to read is told so, and rules that need it are not answered.

use std::collections::{BTreeMap, BTreeSet};

use super::schema::Object;

/// Custom settings read in one run; two calls each.
const SETTINGS_MAX: usize = 20;
/// Custom metadata types read in one run; two calls each.
const METADATA_TYPES_MAX: usize = 20;
/// Custom permissions, and records of one custom metadata type, asked about in one query.
const NAMES_MAX: usize = 200;

/// The connected user's id: whose values these are.
pub const USER_ID: &str = "$User.Id";
/// Where the connected user's days begin.
pub const TIME_ZONE: &str = "$User.TimeZoneSidKey";

/// Names as rules write them, by their form without letter case.
pub type Names = BTreeMap<String, String>;

/// The globals an object's active rules read, through its formula fields as well. Rules that cut days read the time zone.
#[must_use]
pub fn names(object: &Object) -> Names {
    let mut names = Names::new();
    let mut add = |name: &str| {
        names
            .entry(formula::key(name))
            .or_insert_with(|| name.to_owned());
    };
    let rules = object.validation_rules.iter();
    let mut sources: Vec<&str> = rules.map(|rule| rule.formula.as_str()).collect();
    let mut followed = BTreeSet::new();
    while let Some(source) = sources.pop() {
        for mention in formula::mentions(source) {
            let name = mention.name.as_str();
            if mention.is_function {
                if ["TODAY", "DATEVALUE"].contains(&name.to_ascii_uppercase().as_str()) {
                    add(TIME_ZONE);
                }
            } else if name.starts_with('$') {
                // The record's own record type is a field of the record.
                if formula::key(name).starts_with('$') {
                    add(name);
                }
            } else if let Some((name, field)) = object
                .fields
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                && !field.formula.is_empty()
                && followed.insert(name)
            {
                sources.push(&field.formula);
            }
        }
    }
    if !names.is_empty() {
        names
            .entry(formula::key(USER_ID))
            .or_insert_with(|| USER_ID.to_owned());
    }
    names
}

/// Where the value of a global is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A field of the connected user.
    User(String),
    /// A field of its profile.
    Profile(String),
    /// A field of its role.
    Role(String),
    /// A field of the organization.
    Organization(String),
    /// A custom permission, held or not.
    Permission(String),
    /// A field of a hierarchy custom setting.
    Setting {
        /// The setting.
        object: String,
        /// The field.
        field: String,
    },
    /// A field of a custom metadata record.
    Metadata {
        /// The type.
        object: String,
        /// The record.
        record: String,
        /// The field.
        field: String,
    },
    /// Nowhere we read, and why.
    Unread(&'static str),
}

/// Where a name leads.
#[must_use]
pub fn place(name: &str) -> Place {
    let parts: Vec<&str> = name.split('.').collect();
    let group = parts[0].to_ascii_lowercase();
    let owned = |part: &str| part.to_owned();
    match (group.as_str(), &parts[1..]) {
        ("$user", [field]) => Place::User(owned(field)),
        ("$profile", [field]) => Place::Profile(owned(field)),
        ("$userrole", [field]) => Place::Role(owned(field)),
        ("$organization", [field]) => Place::Organization(owned(field)),
        ("$permission", [permission]) => Place::Permission(owned(permission)),
        ("$setup", [object, field]) => Place::Setting {
            object: owned(object),
            field: owned(field),
        },
        ("$custommetadata", [object, record, field]) => Place::Metadata {
            object: owned(object),
            record: owned(record),
            field: owned(field),
        },
        ("$label", _) => Place::Unread("custom labels are not read"),
        ("$api" | "$objecttype" | "$action" | "$site" | "$network", _) => {
            Place::Unread("it has no value outside a page")
        }
        ("$system", _) => Place::Unread("it is the same in every org"),
        _ => Place::Unread("nothing tells how to read it"),
    }
}

/// Fields or records asked for, by their object.
pub type Wanted = BTreeMap<String, BTreeSet<String>>;

/// What is asked of the org for all its rules, bounded.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Fields of the connected user.
    pub user: BTreeSet<String>,
    /// Fields of its profile.
    pub profile: BTreeSet<String>,
    /// Fields of its role.
    pub role: BTreeSet<String>,
    /// Fields of the organization.
    pub organization: BTreeSet<String>,
    /// Custom permissions.
    pub permissions: BTreeSet<String>,
    /// Fields of custom settings.
    pub settings: Wanted,
    /// Fields of custom metadata types.
    pub metadata: Wanted,
    /// Records of custom metadata types.
    pub records: Wanted,
    /// Names, in the form without letter case, that are not asked for, and why.
    pub unread: BTreeMap<String, &'static str>,
}

/// What to ask for these names.
#[must_use]
pub fn asked(names: &Names) -> Asked {
    let mut asked = Asked::default();
    for (key, name) in names {
        // Names differ by letter case only: one of them is asked for.
        match place(&name.to_ascii_lowercase()) {
            Place::User(field) => {
                asked.user.insert(field);
            }
            Place::Profile(field) => {
                asked.profile.insert(field);
            }
            Place::Role(field) => {
                asked.role.insert(field);
            }
            Place::Organization(field) => {
                asked.organization.insert(field);
            }
            Place::Permission(permission) => {
                if asked.permissions.len() < NAMES_MAX {
                    asked.permissions.insert(permission);
                } else {
                    let why = "more custom permissions are named than are read at once";
                    asked.unread.insert(key.clone(), why);
                }
            }
            Place::Setting { object, field } => {
                let full = asked.settings.len() >= SETTINGS_MAX;
                if full && !asked.settings.contains_key(&object) {
                    let why = "more custom settings are named than are read at once";
                    asked.unread.insert(key.clone(), why);
                } else {
                    asked.settings.entry(object).or_default().insert(field);
                }
            }
            Place::Metadata {
                object,
                record,
                field,
            } => {
                let types = asked.metadata.len();
                let records = asked.records.get(&object).map_or(0, BTreeSet::len);
                let new_type = !asked.metadata.contains_key(&object);
                if (new_type && types >= METADATA_TYPES_MAX) || records >= NAMES_MAX {
                    let why = "more custom metadata is named than is read at once";
                    asked.unread.insert(key.clone(), why);
                } else {
                    asked
                        .metadata
                        .entry(object.clone())
                        .or_default()
                        .insert(field);
                    asked.records.entry(object).or_default().insert(record);
                }
            }
            Place::Unread(why) => {
                asked.unread.insert(key.clone(), why);
            }
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schema::{Field, ValidationRule};

    fn object(rules: &[&str]) -> Object {
        let formula_field = Field {
            formula: "IF($User.Department = \"IT\", 1, Other__c)".into(),
            ..Field::default()
        };
        let circle = Field {
            formula: "Computed__c + $Organization.Name".into(),
            ..Field::default()
        };
        Object {
            fields: [
                ("Computed__c".to_owned(), formula_field),
                ("Other__c".to_owned(), circle),
                ("Plain__c".to_owned(), Field::default()),
            ]
            .into(),
            validation_rules: rules
                .iter()
                .map(|formula| ValidationRule {
                    formula: (*formula).into(),
                    ..ValidationRule::default()
                })
                .collect(),
            ..Object::default()
        }
    }

    #[test]
    fn the_globals_of_rules_and_of_the_formula_fields_they_read_are_named() {
        for (rule, expected) in [
            ("ISBLANK(Plain__c)", vec![]),
            ("$RecordType.Name = \"x\"", vec![]),
            ("not a formula (", vec![]),
            ("\"$User.Email\" = Plain__c", vec![]),
            ("$Profile.Name = \"x\"", vec!["$Profile.Name", USER_ID]),
            ("CloseDate < TODAY()", vec![USER_ID, TIME_ZONE]),
            (
                "computed__c > 1",
                vec!["$Organization.Name", "$User.Department", USER_ID],
            ),
            (
                "AND(NOT($Setup.Off__c.Rules__c), NOT($SETUP.off__c.rules__c))",
                vec!["$Setup.Off__c.Rules__c", USER_ID],
            ),
        ] {
            let found: Vec<String> = names(&object(&[rule])).into_values().collect();
            assert_eq!(found, expected, "{rule}");
        }
    }

    #[test]
    fn each_name_leads_to_one_place_or_says_why_not() {
        let text = |part: &str| part.to_owned();
        for (name, expected) in [
            ("$User.Email", Place::User(text("Email"))),
            ("$PROFILE.Name", Place::Profile(text("Name"))),
            ("$UserRole.Name", Place::Role(text("Name"))),
            ("$Organization.Id", Place::Organization(text("Id"))),
            ("$Permission.Skip", Place::Permission(text("Skip"))),
            (
                "$Setup.A__c.B__c",
                Place::Setting {
                    object: text("A__c"),
                    field: text("B__c"),
                },
            ),
            (
                "$CustomMetadata.A__mdt.R.B__c",
                Place::Metadata {
                    object: text("A__mdt"),
                    record: text("R"),
                    field: text("B__c"),
                },
            ),
            ("$Label.Hello", Place::Unread("custom labels are not read")),
            (
                "$Api.Session_ID",
                Place::Unread("it has no value outside a page"),
            ),
            (
                "$User.Manager.Email",
                Place::Unread("nothing tells how to read it"),
            ),
            ("$Setup", Place::Unread("nothing tells how to read it")),
            ("$Invented.X", Place::Unread("nothing tells how to read it")),
        ] {
            assert_eq!(place(name), expected, "{name}");
        }
    }

    #[test]
    fn an_org_with_very_many_globals_is_asked_a_bounded_number_of_questions() {
        let mut names = Names::new();
        for number in 0..1_000 {
            for name in [
                format!("$Setup.S{number}__c.F__c"),
                format!("$CustomMetadata.T{number}__mdt.R.F__c"),
                format!("$CustomMetadata.T0__mdt.R{number}.F__c"),
                format!("$Permission.P{number}"),
            ] {
                names.insert(formula::key(&name), name);
            }
        }
        let asked = asked(&names);
        assert_eq!(asked.settings.len(), SETTINGS_MAX);
        assert_eq!(asked.metadata.len(), METADATA_TYPES_MAX);
        assert!(
            asked
                .records
                .values()
                .all(|records| records.len() <= NAMES_MAX)
        );
        assert_eq!(asked.permissions.len(), NAMES_MAX);
        let read = asked.settings.len()
            + asked.records.values().map(BTreeSet::len).sum::<usize>()
            + asked.permissions.len();
        assert_eq!(read + asked.unread.len(), names.len());
    }
}
