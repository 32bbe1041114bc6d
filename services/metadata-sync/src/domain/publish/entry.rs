//! The checks of one entry.

use super::Problem;
use crate::domain::mapping::{Direction, Entry, Overwrite, SYNONYMS_MAX, TEXT_CHARACTERS_MAX};
use crate::domain::property::{BUILT_IN, Property};
use crate::domain::schema::{Behaviour, Field, Object, Schema};

/// Objects an entry may write to: those matching resolves a meeting to.
const TARGETS: [&str; 4] = ["Opportunity", "Account", "Contact", "Lead"];
/// Fewest characters a field needs for text of unknown length that must not be cut; a link or a title fits.
const LINE_CHARACTERS_MIN: u32 = 255;
/// The same for notes and summaries, which run to pages.
const PAGE_CHARACTERS_MIN: u32 = 4_000;

struct Report<'a> {
    entry: &'a Entry,
    found: &'a mut Vec<Problem>,
}

impl Report<'_> {
    fn add(&mut self, field: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        self.found.push(Problem {
            entry_id: self.entry.id.clone(),
            field,
            message: message.into(),
            fix: fix.into(),
        });
    }
}

pub(super) fn check(
    entry: &Entry,
    properties: &[Property],
    schema: &Schema,
    found: &mut Vec<Problem>,
) {
    let mut report = Report { entry, found };
    alone(&mut report);
    let known = properties.iter().find(|known| known.key == entry.property);
    if known.is_none() && !properties.is_empty() && !entry.property.starts_with("meeting.") {
        report.add(
            "property",
            format!("{:?} is not in the property catalogue", entry.property),
            "add the property, or choose one that is there",
        );
    }
    let Some(object) = object(&mut report, schema) else {
        return;
    };
    let Some(field) = field(&mut report, object) else {
        return;
    };
    if entry.direction == Direction::Read {
        // What is only read needs to be there and to be seen, which it is.
        return;
    }
    writable(&mut report, object, field);
    suitable(&mut report, field);
    if let Some(property) = known {
        of_type(&mut report, property, field);
    }
    length(&mut report, field);
    synonyms(&mut report, field);
}

/// What can be said without the org.
fn alone(report: &mut Report<'_>) {
    let entry = report.entry;
    if !is_key(&entry.id, false) {
        report.add(
            "id",
            format!("{:?} is not an id", entry.id),
            "use 1 to 64 of a-z, 0-9 and _",
        );
    }
    if !is_key(&entry.property, true) {
        report.add(
            "property",
            format!("{:?} is not a property key", entry.property),
            "use 1 to 64 of a-z, 0-9, _ and .",
        );
    } else if entry.property.starts_with("meeting.")
        && !BUILT_IN.iter().any(|known| known.key == entry.property)
    {
        report.add(
            "property",
            format!("{:?} is not a built-in property", entry.property),
            "use meeting.title, started_at, ended_at, recording_url, notes, summary, suggested_stage or organizer",
        );
    }
    if entry.overwrite.is_none() && entry.direction == Direction::Write {
        report.add(
            "overwrite",
            "no overwrite policy is chosen",
            "choose one, for example only if empty",
        );
    }
    if !(0.0..=1.0).contains(&entry.confidence_min) {
        report.add(
            "confidence_min",
            format!("{} is not between 0 and 1", entry.confidence_min),
            "use for example 0.8",
        );
    }
    if entry.list_separator.chars().count() > TEXT_CHARACTERS_MAX {
        report.add(
            "list_separator",
            "the separator is longer than 255 characters",
            "use for example \"; \"",
        );
    }
}

pub(super) fn is_key(text: &str, dots: bool) -> bool {
    let allowed =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || (dots && c == '.');
    (1..=64).contains(&text.len()) && text.chars().all(allowed)
}

fn object<'a>(report: &mut Report<'_>, schema: &'a Schema) -> Option<&'a Object> {
    let name = report.entry.object.as_str();
    if !TARGETS.contains(&name) {
        let near = TARGETS
            .iter()
            .find(|target| target.eq_ignore_ascii_case(name));
        let fix = near.map_or(
            "use Opportunity, Account, Contact or Lead".to_owned(),
            |near| format!("write {near}"),
        );
        report.add("object", format!("{name:?} cannot be written to"), fix);
        return None;
    }
    let found = schema.get(name);
    if found.is_none() {
        report.add(
            "object",
            format!("{name} is not in the org or hidden from the connected user"),
            format!("give the connected user access to {name}"),
        );
    }
    found
}

fn field<'a>(report: &mut Report<'_>, object: &'a Object) -> Option<&'a Field> {
    let name = report.entry.field.as_str();
    if let Some(found) = object.fields.get(name) {
        return Some(found);
    }
    let near = object
        .fields
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .or_else(|| {
            object
                .fields
                .iter()
                .find(|(_, field)| field.label.eq_ignore_ascii_case(name))
        });
    let fix = match near {
        Some((known, _)) => format!("write {known}"),
        None => "choose a field that exists, or make it visible to the connected user".to_owned(),
    };
    report.add(
        "field",
        format!(
            "{}.{name} does not exist or is hidden from the connected user",
            object.name
        ),
        fix,
    );
    None
}

fn writable(report: &mut Report<'_>, object: &Object, field: &Field) {
    let place = format!("{}.{}", object.name, report.entry.field);
    if !object.updateable {
        report.add(
            "object",
            format!("the connected user may not edit {}", object.name),
            format!("let the connected user edit {}", object.name),
        );
    }
    if field.calculated || field.auto_number {
        report.add(
            "field",
            format!("{place} is filled by Salesforce"),
            "choose a field that can be written",
        );
    } else if !field.updateable {
        report.add(
            "field",
            format!("the connected user may not edit {place}"),
            format!("let the connected user edit {place}, or choose another field"),
        );
    }
}

/// Types a built-in property fits into; extracted properties carry their type in each meeting, so that there any
/// writable type may do.
fn built_in(property: &str) -> Option<&'static [Behaviour]> {
    const LINES: &[Behaviour] = &[Behaviour::Text, Behaviour::LongText];
    Some(match property {
        "meeting.title" => LINES,
        "meeting.started_at" | "meeting.ended_at" => &[
            Behaviour::DateTime,
            Behaviour::Date,
            Behaviour::Text,
            Behaviour::LongText,
        ],
        "meeting.recording_url" => &[Behaviour::Url, Behaviour::Text, Behaviour::LongText],
        "meeting.notes" | "meeting.summary" => LINES,
        "meeting.suggested_stage" => &[Behaviour::Picklist],
        "meeting.organizer" => &[
            Behaviour::Reference,
            Behaviour::Email,
            Behaviour::Text,
            Behaviour::LongText,
        ],
        _ => return None,
    })
}

fn suitable(report: &mut Report<'_>, field: &Field) {
    let entry = report.entry;
    let behaviour = field.behaviour();
    match behaviour {
        Behaviour::None => {
            report.add(
                "field",
                format!("type {:?} cannot be written", field.kind),
                "choose a field of another type",
            );
            return;
        }
        Behaviour::Reference if !field.points_to_users() => {
            report.add(
                "field",
                "a lookup cannot be filled from a meeting, unless it points to a user",
                "choose a text, picklist, number or date field, or an owner",
            );
            return;
        }
        Behaviour::Text
        | Behaviour::LongText
        | Behaviour::Picklist
        | Behaviour::MultiPicklist
        | Behaviour::Number
        | Behaviour::Boolean
        | Behaviour::Date
        | Behaviour::DateTime
        | Behaviour::Time
        | Behaviour::Email
        | Behaviour::Phone
        | Behaviour::Url
        // Whom an address stands for is asked when a meeting names it.
        | Behaviour::Reference => {}
    }
    if built_in(&entry.property).is_some_and(|fitting| !fitting.contains(&behaviour)) {
        report.add(
            "field",
            format!(
                "{} does not fit a field of type {}",
                entry.property, field.kind
            ),
            "choose a field of a fitting type",
        );
    }
    if entry.property == "meeting.suggested_stage"
        && (entry.object.as_str(), entry.field.as_str()) != ("Opportunity", "StageName")
    {
        report.add(
            "field",
            "a suggested stage belongs into Opportunity.StageName",
            "map it to Opportunity.StageName",
        );
    }
    let is_text = matches!(behaviour, Behaviour::Text | Behaviour::LongText);
    match entry.overwrite {
        Some(Overwrite::Append | Overwrite::Prepend) if !is_text => {
            report.add(
                "overwrite",
                format!("a field of type {} cannot be added to", field.kind),
                "choose a policy that replaces, or only if empty",
            );
        }
        Some(
            Overwrite::Append
            | Overwrite::Prepend
            | Overwrite::OnlyIfEmpty
            | Overwrite::ReplaceOurs
            | Overwrite::ReplaceAlways,
        )
        | None => {}
    }
    if entry.truncate && !is_text {
        report.add(
            "truncate",
            format!("a field of type {} cannot be cut", field.kind),
            "switch truncate off",
        );
    }
}

/// A property of the catalogue: its values must convert, and each of its options must be one the field takes.
fn of_type(report: &mut Report<'_>, property: &Property, field: &Field) {
    let entry = report.entry;
    let behaviour = field.behaviour();
    let Some(kind) = property.kind else { return };
    let no_user = behaviour == Behaviour::Reference && !field.points_to_users();
    if behaviour == Behaviour::None || no_user {
        return;
    }
    if !kind.fits(behaviour) {
        report.add(
            "field",
            format!(
                "{} is of type {} and {}.{} of type {}",
                property.key,
                kind.as_str(),
                entry.object,
                entry.field,
                field.kind
            ),
            "choose a field of a fitting type, or another type of property",
        );
        return;
    }
    let listed = matches!(behaviour, Behaviour::Picklist | Behaviour::MultiPicklist);
    if !listed || !kind.has_options() {
        return;
    }
    for option in &property.options {
        let same = |text: &str| text.trim().eq_ignore_ascii_case(option.trim());
        let taken = field
            .picklist
            .iter()
            .any(|value| value.active && (same(&value.value) || same(&value.label)))
            || entry.synonyms.iter().any(|synonym| same(&synonym.from));
        if !taken {
            report.add(
                "synonyms",
                format!(
                    "option {option:?} of {} is no active value of {}.{}",
                    property.key, entry.object, entry.field
                ),
                format!("add a synonym from {option:?} to a value of the list"),
            );
        }
    }
}

fn length(report: &mut Report<'_>, field: &Field) {
    let entry = report.entry;
    let needed = match entry.property.as_str() {
        "meeting.notes" | "meeting.summary" => PAGE_CHARACTERS_MIN,
        "meeting.recording_url" | "meeting.title" => LINE_CHARACTERS_MIN,
        _ => return,
    };
    let is_text = matches!(
        field.behaviour(),
        Behaviour::Text | Behaviour::LongText | Behaviour::Url
    );
    if is_text && field.length < needed && !entry.truncate {
        report.add(
            "field",
            format!(
                "{}.{} holds {} characters and {} may need {needed}",
                entry.object, entry.field, field.length, entry.property
            ),
            "choose a longer field, or switch truncate on",
        );
    }
}

fn synonyms(report: &mut Report<'_>, field: &Field) {
    let entry = report.entry;
    if entry.synonyms.is_empty() {
        return;
    }
    if !matches!(
        field.behaviour(),
        Behaviour::Picklist | Behaviour::MultiPicklist
    ) {
        report.add(
            "synonyms",
            format!("a field of type {} has no list of values", field.kind),
            "remove the synonyms",
        );
        return;
    }
    if entry.synonyms.len() > SYNONYMS_MAX {
        report.add(
            "synonyms",
            format!("more than {SYNONYMS_MAX} synonyms"),
            "remove some",
        );
        return;
    }
    let mut said = std::collections::BTreeSet::new();
    for synonym in &entry.synonyms {
        if synonym.from.trim().is_empty() || synonym.from.chars().count() > TEXT_CHARACTERS_MAX {
            report.add(
                "synonyms",
                "a spelling is empty or longer than 255 characters",
                "shorten it or remove it",
            );
        } else if !said.insert(synonym.from.trim().to_lowercase()) {
            report.add(
                "synonyms",
                format!("{:?} is given twice", synonym.from),
                "keep one of them",
            );
        }
        if field.active_value(&synonym.to).is_none() {
            let near = field
                .picklist
                .iter()
                .find(|value| value.active && value.value.eq_ignore_ascii_case(&synonym.to));
            let fix = near.map_or(
                "choose a value that is active in the list".to_owned(),
                |near| format!("write {:?}", near.value),
            );
            report.add(
                "synonyms",
                format!(
                    "{:?} is not an active value of {}.{}",
                    synonym.to, entry.object, entry.field
                ),
                fix,
            );
        }
    }
}
