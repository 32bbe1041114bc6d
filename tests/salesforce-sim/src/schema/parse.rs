//! Reads the compact object texts.
//!
//! One line per field: name, type with its sizes, flags, label, then options. Flags: `c`reateable,
//! `u`pdateable, `n`illable, `d`efaulted on create, `p`ermissionable, `i`d lookup, e`x`ternal id,
//! uni`q`ue, `r`estricted picklist. `values=` comes last; `*` marks the default, `@` the controlling value.

use super::{Computed, Field, FieldType, Object, PicklistValue};

/// The standard objects, in the order describe global lists them.
pub const STANDARD: [&str; 10] = [
    include_str!("objects/account.txt"),
    include_str!("objects/contact.txt"),
    include_str!("objects/lead.txt"),
    include_str!("objects/opportunity.txt"),
    include_str!("objects/roles.txt"),
    include_str!("objects/activity.txt"),
    include_str!("objects/people.txt"),
    include_str!("objects/access.txt"),
    include_str!("objects/content.txt"),
    include_str!("objects/setup.txt"),
];

/// Objects of the Tooling API.
pub const TOOLING: &str = include_str!("objects/tooling.txt");

/// A line that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("object text: {reason} in `{line}`")]
pub struct Error {
    reason: &'static str,
    line: String,
}

fn refuse(reason: &'static str, line: &str) -> Error {
    Error {
        reason,
        line: line.into(),
    }
}

/// Reads every object of a text.
///
/// # Errors
/// A line that does not follow the form above.
pub fn objects(text: &str) -> Result<Vec<Object>, Error> {
    let mut objects: Vec<Object> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(head) = line.strip_prefix("object ") {
            objects.push(header(head).ok_or_else(|| refuse("bad object head", line))?);
            continue;
        }
        let object = objects
            .last_mut()
            .ok_or_else(|| refuse("field before object", line))?;
        if let Some(name) = line.strip_prefix('@') {
            expand(name, &mut object.fields).ok_or_else(|| refuse("unknown group", line))?;
        } else {
            object
                .fields
                .push(field(line).ok_or_else(|| refuse("bad field", line))?);
        }
    }
    for object in &mut objects {
        for field in &mut object.fields {
            field.computed = computed(&object.name, field);
        }
    }
    Ok(objects)
}

fn header(head: &str) -> Option<Object> {
    let words = split_words(head);
    let (name, prefix, plural, label) =
        (words.first()?, words.get(1)?, words.get(2)?, words.get(3)?);
    let rest = &words[4..];
    let flags: Vec<&str> = rest
        .iter()
        .find_map(|word| word.strip_prefix("flags="))
        .map(|flags| flags.split(',').collect())
        .unwrap_or_default();
    let has = |word: &str| rest.iter().any(|found| found == word);
    Some(Object {
        name: name.clone(),
        label: label.clone(),
        plural: plural.clone(),
        prefix: prefix.clone(),
        fields: Vec::new(),
        record_types: Vec::new(),
        read_only: flags.contains(&"readonly"),
        deletable: !flags.contains(&"nodelete") && !flags.contains(&"readonly"),
        mergeable: flags.contains(&"merge"),
        feed: flags.contains(&"feed"),
        layoutable: flags.contains(&"layout"),
        is_virtual: has("virtual"),
        tooling: has("tooling"),
        hidden: has("shared"),
        by_name: Default::default(),
    })
}

/// Reads one field line.
pub fn field(line: &str) -> Option<Field> {
    let (line, values) = match line.split_once(" values=") {
        Some((line, values)) => (line, values),
        None => (line, ""),
    };
    let words = split_words(line);
    let (name, kind, flags, label) = match words.as_slice() {
        // Base types that need no flags may leave them out.
        [name, kind, flags, label, ..] => (name, kind, flags, label),
        _ => return None,
    };
    let (kind_name, sizes) = match kind.split_once('(') {
        Some((kind, sizes)) => (kind, sizes.strip_suffix(')')?),
        None => (kind.as_str(), ""),
    };
    let kind = FieldType::parse(kind_name)?;
    let numbers: Vec<u32> = sizes
        .split(',')
        .filter_map(|size| size.parse().ok())
        .collect();
    let first = numbers.first().copied().unwrap_or(0);
    let option = |key: &str| {
        words[4..]
            .iter()
            .find_map(|word| word.strip_prefix(key))
            .map(str::to_owned)
    };
    let has = |word: &str| words[4..].iter().any(|found| found == word);
    let flag = |letter: char| flags.contains(letter);
    // A default may contain blanks; it is then the last option before the values.
    let default_value = line.split_once(" default=").map(|(_, default)| {
        let default = default.split(" child=").next().unwrap_or(default);
        default.trim().to_owned()
    });
    Some(Field {
        name: name.clone(),
        label: label.clone(),
        kind,
        length: match kind {
            FieldType::Id | FieldType::Reference => 18,
            _ if kind.is_text() => first,
            _ => 0,
        },
        precision: if matches!(
            kind,
            FieldType::Double | FieldType::Currency | FieldType::Percent | FieldType::Int
        ) {
            first
        } else {
            0
        },
        scale: numbers.get(1).copied().unwrap_or(0),
        createable: flag('c'),
        updateable: flag('u'),
        nillable: flag('n'),
        defaulted: flag('d') || kind == FieldType::Boolean || kind == FieldType::Id,
        permissionable: flag('p'),
        id_lookup: flag('i') || kind == FieldType::Id,
        external_id: flag('x'),
        unique: flag('q'),
        restricted: flag('r'),
        filterable: !has("nofilter") && kind != FieldType::Base64,
        name_field: has("name"),
        reference_to: if kind == FieldType::Reference {
            sizes.split('|').map(str::to_owned).collect()
        } else {
            Vec::new()
        },
        relationship: option("rel="),
        compound: option("in="),
        extra: option("extra="),
        default_value,
        controller: option("controller="),
        values: picklist(values),
        child_relationship: option("child="),
        cascade_delete: has("cascade"),
        indexed: has("index") || kind == FieldType::Reference || flag('x') || flag('q'),
        computed: None,
        gone: false,
    })
}

fn picklist(values: &str) -> Vec<PicklistValue> {
    let entries = values.split('|').filter(|value| !value.is_empty());
    entries
        .map(|entry| {
            let (default, entry) = entry
                .strip_prefix('*')
                .map_or((false, entry), |rest| (true, rest));
            let (value, valid_for) = match entry.split_once('@') {
                Some((value, controlling)) => {
                    (value, controlling.split(',').map(str::to_owned).collect())
                }
                None => (entry, Vec::new()),
            };
            PicklistValue {
                value: value.into(),
                label: value.into(),
                active: true,
                default,
                valid_for,
            }
        })
        .collect()
}

/// Groups of fields many objects share.
fn expand(group: &str, fields: &mut Vec<Field>) -> Option<()> {
    let mut add = |line: String| field(&line).map(|field| fields.push(field));
    let (name, argument) = group.split_once(' ').unwrap_or((group, ""));
    match name {
        "id" => add(format!("Id id di {argument}"))?,
        "audit" => {
            add("CreatedDate datetime d \"Created Date\"".into())?;
            add("CreatedById ref(User) d \"Created By ID\" rel=CreatedBy".into())?;
            add("LastModifiedDate datetime d \"Last Modified Date\"".into())?;
            add("LastModifiedById ref(User) d \"Last Modified By ID\" rel=LastModifiedBy".into())?;
            add("SystemModstamp datetime d \"System Modstamp\"".into())?;
        }
        "address" | "plainaddress" => {
            let compound = format!("{argument}Address");
            let label = if argument.is_empty() {
                String::new()
            } else {
                format!("{argument} ")
            };
            for (part, kind, text) in [
                ("Street", "textarea(255)", "Street"),
                ("City", "string(40)", "City"),
                ("State", "string(80)", "State/Province"),
                ("PostalCode", "string(20)", "Zip/Postal Code"),
                ("Country", "string(80)", "Country"),
                ("Latitude", "double(18,15)", "Latitude"),
                ("Longitude", "double(18,15)", "Longitude"),
            ] {
                let extra = if part == "Street" {
                    " extra=plaintextarea"
                } else {
                    ""
                };
                add(format!(
                    "{argument}{part} {kind} cunp \"{label}{text}\" in={compound}{extra}"
                ))?;
            }
            add(format!(
                "{argument}GeocodeAccuracy picklist(40) cunpr \"{label}Geocode Accuracy\" in={compound} \
                 values=Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown"
            ))?;
            add(format!("{compound} address np \"{label}Address\""))?;
        }
        _ => return None,
    }
    Some(())
}

fn computed(object: &str, field: &Field) -> Option<Computed> {
    Some(match (object, field.name.as_str()) {
        (_, "Id") => Computed::Id,
        (_, "IsDeleted") => Computed::IsDeleted,
        ("ValidationRule", _) => return None,
        (_, "CreatedDate") => Computed::CreatedDate,
        (_, "CreatedById") => Computed::CreatedById,
        (_, "LastModifiedDate") => Computed::LastModifiedDate,
        (_, "LastModifiedById") => Computed::LastModifiedById,
        (_, "SystemModstamp") => Computed::SystemModstamp,
        ("Contact" | "Lead" | "User", "Name") => Computed::PersonName,
        ("Opportunity", "ExpectedRevenue") => Computed::ExpectedRevenue,
        ("Opportunity", "Fiscal") => Computed::Fiscal,
        ("Opportunity", "FiscalYear") => Computed::FiscalYear,
        ("Opportunity", "FiscalQuarter") => Computed::FiscalQuarter,
        ("Task", "IsHighPriority") => Computed::IsHighPriority,
        _ if field.kind == FieldType::Address => Computed::Address,
        _ => return None,
    })
}

/// Splits on blanks outside double quotes.
fn split_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut open) = (false, false);
    for character in line.chars() {
        match character {
            '"' => {
                quoted = !quoted;
                open = true;
            }
            ' ' if !quoted => {
                if open || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            _ => word.push(character),
        }
    }
    if open || !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{STANDARD, TOOLING, objects};
    use crate::schema::FieldType;

    #[test]
    fn every_object_text_can_be_read() {
        for text in STANDARD.iter().chain([&TOOLING]) {
            assert!(objects(text).is_ok_and(|objects| !objects.is_empty()));
        }
    }

    #[test]
    fn a_line_carries_all_its_parts() {
        let lead = objects(STANDARD[2])
            .expect("the lead text is valid")
            .remove(0);
        let status = lead
            .fields
            .iter()
            .find(|field| field.name == "Status")
            .expect("leads have a status");
        assert_eq!(status.kind, FieldType::Picklist);
        assert_eq!(
            status.default_value.as_deref(),
            Some("Open - Not Contacted")
        );
        assert_eq!(
            status.values.iter().filter(|value| value.default).count(),
            1
        );
        assert!(status.createable && status.defaulted && !status.nillable);
    }
}
