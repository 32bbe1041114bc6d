//! Mappings and their problems.

use events::crm::v1;
use events::metadata::v1::MappingProblem;
use events::rpc::RpcError;

use super::timestamp;
use crate::domain::destination;
use crate::domain::mapping::{
    Content, Destination, Direction, ENTRIES_MAX, Entry, Kind, Mapping, Overwrite, Published,
    SYNONYMS_MAX, Synonym, TEXT_CHARACTERS_MAX,
};
use crate::domain::property::{self, BUILT_IN, PROMPT_CHARACTERS_MAX, PROPERTIES_MAX, Property};
use crate::domain::publish::Problem;

/// The draft of a message. Choices not made yet are fine in a draft; what could never be stored or published is not.
///
/// # Errors
/// When a text or list is too large, or a number is none.
pub fn draft(sent: &v1::Mapping) -> Result<Mapping, RpcError> {
    let too_many =
        |field: &str, max: usize| RpcError::invalid(field, format!("has more than {max} items"));
    // One more than may be published, so that the check can say so in its own words.
    if sent.entries.len() > ENTRIES_MAX + 1 {
        return Err(too_many("draft.entries", ENTRIES_MAX));
    }
    if sent.destinations.len() > 16 {
        return Err(too_many("draft.destinations", 16));
    }
    let mut entries = Vec::with_capacity(sent.entries.len());
    for entry in &sent.entries {
        if entry.synonyms.len() > SYNONYMS_MAX + 1 {
            return Err(too_many("draft.entries.synonyms", SYNONYMS_MAX));
        }
        entries.push(draft_entry(entry)?);
    }
    if sent.properties.len() > PROPERTIES_MAX + 1 {
        return Err(too_many("draft.properties", PROPERTIES_MAX));
    }
    let mut properties = Vec::with_capacity(sent.properties.len());
    for property in &sent.properties {
        properties.push(draft_property(property)?);
    }
    let mut destinations = Vec::with_capacity(sent.destinations.len());
    for sent in &sent.destinations {
        match sent.kind() {
            v1::destination::Kind::None => {}
            v1::destination::Kind::Field => destination::put(&mut entries, field(sent)?),
            v1::destination::Kind::Unspecified
            | v1::destination::Kind::Task
            | v1::destination::Kind::Event
            | v1::destination::Kind::ContentNote => destinations.push(record(sent)),
        }
    }
    Ok(Mapping {
        properties,
        entries,
        destinations,
    })
}

fn text(field: &str, sent: &str) -> Result<String, RpcError> {
    if sent.contains('\0') {
        return Err(RpcError::invalid(
            field,
            "contains a NUL character; remove it",
        ));
    }
    if sent.chars().count() > TEXT_CHARACTERS_MAX + 1 {
        return Err(RpcError::invalid(
            field,
            format!("is longer than {TEXT_CHARACTERS_MAX} characters"),
        ));
    }
    Ok(sent.to_owned())
}

fn draft_property(sent: &v1::Property) -> Result<Property, RpcError> {
    use v1::property::Type;
    let mut options = Vec::with_capacity(sent.options.len().min(property::OPTIONS_MAX + 1));
    for option in sent.options.iter().take(property::OPTIONS_MAX + 1) {
        options.push(text("draft.properties.options", option)?);
    }
    if sent.prompt.contains('\0') || sent.prompt.chars().count() > PROMPT_CHARACTERS_MAX + 1 {
        return Err(RpcError::invalid(
            "draft.properties.prompt",
            format!("is longer than {PROMPT_CHARACTERS_MAX} characters or contains a NUL"),
        ));
    }
    Ok(Property {
        key: text("draft.properties.key", &sent.key)?,
        label: text("draft.properties.label", &sent.label)?,
        kind: match sent.r#type() {
            Type::Unspecified => None,
            Type::Text => Some(property::Kind::Text),
            Type::Number => Some(property::Kind::Number),
            Type::Money => Some(property::Kind::Money),
            Type::Boolean => Some(property::Kind::Boolean),
            Type::Date => Some(property::Kind::Date),
            Type::DateTime => Some(property::Kind::DateTime),
            Type::List => Some(property::Kind::List),
            Type::Option => Some(property::Kind::Option),
            Type::Options => Some(property::Kind::Options),
        },
        prompt: sent.prompt.clone(),
        options,
    })
}

/// A property as it travels.
#[must_use]
pub fn property(known: &Property) -> v1::Property {
    v1::Property {
        key: known.key.clone(),
        label: known.label.clone(),
        r#type: known
            .kind
            .map_or(v1::property::Type::Unspecified, kind)
            .into(),
        prompt: known.prompt.clone(),
        options: known.options.clone(),
    }
}

/// The properties every meeting has, as they travel.
#[must_use]
pub fn built_in() -> Vec<v1::Property> {
    BUILT_IN
        .iter()
        .map(|known| v1::Property {
            key: known.key.to_owned(),
            label: known.label.to_owned(),
            r#type: kind(known.kind).into(),
            ..v1::Property::default()
        })
        .collect()
}

fn kind(kind: property::Kind) -> v1::property::Type {
    use v1::property::Type;
    match kind {
        property::Kind::Text => Type::Text,
        property::Kind::Number => Type::Number,
        property::Kind::Money => Type::Money,
        property::Kind::Boolean => Type::Boolean,
        property::Kind::Date => Type::Date,
        property::Kind::DateTime => Type::DateTime,
        property::Kind::List => Type::List,
        property::Kind::Option => Type::Option,
        property::Kind::Options => Type::Options,
    }
}

fn draft_entry(sent: &v1::MappingEntry) -> Result<Entry, RpcError> {
    if !sent.confidence_min.is_finite() {
        return Err(RpcError::invalid(
            "draft.entries.confidence_min",
            "is not a number; use for example 0.8",
        ));
    }
    let mut synonyms = Vec::with_capacity(sent.synonyms.len());
    for synonym in &sent.synonyms {
        synonyms.push(Synonym {
            from: text("draft.entries.synonyms.from", &synonym.from)?,
            to: text("draft.entries.synonyms.to", &synonym.to)?,
        });
    }
    Ok(Entry {
        id: text("draft.entries.id", &sent.id)?,
        property: text("draft.entries.property", &sent.property)?,
        object: text("draft.entries.object", &sent.object)?,
        field: text("draft.entries.field", &sent.field)?,
        overwrite: overwrite(sent.overwrite()),
        confidence_min: sent.confidence_min,
        truncate: sent.truncate,
        synonyms,
        list_separator: text("draft.entries.list_separator", &sent.list_separator)?,
        direction: match sent.direction() {
            v1::mapping_entry::Direction::Unspecified | v1::mapping_entry::Direction::Write => {
                Direction::Write
            }
            v1::mapping_entry::Direction::Read => Direction::Read,
        },
    })
}

fn content(sent: &v1::Destination) -> Option<Content> {
    use v1::destination::Content as Sent;
    match sent.content() {
        Sent::Unspecified => None,
        Sent::Meeting => Some(Content::Meeting),
        Sent::Notes => Some(Content::Notes),
        Sent::RecordingLink => Some(Content::RecordingLink),
        Sent::Summary => Some(Content::Summary),
    }
}

/// A destination that is a record of its own.
fn record(sent: &v1::Destination) -> Destination {
    use v1::destination::Kind as Sent;
    Destination {
        content: content(sent),
        kind: match sent.kind() {
            Sent::Task => Some(Kind::Task),
            Sent::Event => Some(Kind::Event),
            Sent::ContentNote => Some(Kind::ContentNote),
            Sent::Unspecified | Sent::Field | Sent::None => None,
        },
    }
}

/// A destination that is a field.
fn field(sent: &v1::Destination) -> Result<Entry, RpcError> {
    let object = text("draft.destinations.object", &sent.object)?;
    let field = text("draft.destinations.field", &sent.field)?;
    let overwrite = overwrite(sent.overwrite()).unwrap_or(Overwrite::ReplaceOurs);
    let entry =
        content(sent).and_then(|content| destination::entry(content, &object, &field, overwrite));
    entry.ok_or_else(|| {
        RpcError::invalid(
            "draft.destinations.content",
            "is not written to a field; only notes, recording_link and summary are",
        )
    })
}

fn overwrite(sent: v1::OverwritePolicy) -> Option<Overwrite> {
    match sent {
        v1::OverwritePolicy::Unspecified => None,
        v1::OverwritePolicy::OnlyIfEmpty => Some(Overwrite::OnlyIfEmpty),
        v1::OverwritePolicy::Append => Some(Overwrite::Append),
        v1::OverwritePolicy::Prepend => Some(Overwrite::Prepend),
        v1::OverwritePolicy::ReplaceOurs => Some(Overwrite::ReplaceOurs),
        v1::OverwritePolicy::ReplaceAlways => Some(Overwrite::ReplaceAlways),
    }
}

/// A draft as it travels: version 0.
#[must_use]
pub fn draft_message(workspace: &str, draft: &Mapping) -> v1::Mapping {
    v1::Mapping {
        workspace: workspace.to_owned(),
        entries: draft
            .entries
            .iter()
            .map(|entry| entry_message(entry, None))
            .collect(),
        destinations: draft.destinations.iter().map(destination_message).collect(),
        properties: draft.properties.iter().map(property).collect(),
        ..v1::Mapping::default()
    }
}

/// A published mapping as it travels, suspended entries marked.
#[must_use]
pub fn message(workspace: &str, published: &Published) -> v1::Mapping {
    let entry = |entry: &Entry| entry_message(entry, published.suspended.get(&entry.id));
    v1::Mapping {
        workspace: workspace.to_owned(),
        version: published.version,
        revision: published.revision,
        entries: published.mapping.entries.iter().map(entry).collect(),
        destinations: published
            .mapping
            .destinations
            .iter()
            .map(destination_message)
            .collect(),
        published_by: published.published_by.clone(),
        published_at: Some(timestamp(published.published_at)),
        properties: published.mapping.properties.iter().map(property).collect(),
    }
}

fn entry_message(entry: &Entry, suspended: Option<&String>) -> v1::MappingEntry {
    let overwrite = match entry.overwrite {
        None => v1::OverwritePolicy::Unspecified,
        Some(Overwrite::OnlyIfEmpty) => v1::OverwritePolicy::OnlyIfEmpty,
        Some(Overwrite::Append) => v1::OverwritePolicy::Append,
        Some(Overwrite::Prepend) => v1::OverwritePolicy::Prepend,
        Some(Overwrite::ReplaceOurs) => v1::OverwritePolicy::ReplaceOurs,
        Some(Overwrite::ReplaceAlways) => v1::OverwritePolicy::ReplaceAlways,
    };
    v1::MappingEntry {
        id: entry.id.clone(),
        property: entry.property.clone(),
        object: entry.object.clone(),
        field: entry.field.clone(),
        overwrite: overwrite.into(),
        confidence_min: entry.confidence_min,
        truncate: entry.truncate,
        synonyms: entry
            .synonyms
            .iter()
            .map(|synonym| v1::Synonym {
                from: synonym.from.clone(),
                to: synonym.to.clone(),
            })
            .collect(),
        list_separator: entry.list_separator.clone(),
        suspended: suspended.is_some(),
        suspended_reason: suspended.cloned().unwrap_or_default(),
        direction: match entry.direction {
            Direction::Write => v1::mapping_entry::Direction::Write,
            Direction::Read => v1::mapping_entry::Direction::Read,
        }
        .into(),
    }
}

fn destination_message(destination: &Destination) -> v1::Destination {
    use v1::destination as wire;
    let content = match destination.content {
        None => wire::Content::Unspecified,
        Some(Content::Meeting) => wire::Content::Meeting,
        Some(Content::Notes) => wire::Content::Notes,
        Some(Content::RecordingLink) => wire::Content::RecordingLink,
        Some(Content::Summary) => wire::Content::Summary,
    };
    let kind = match destination.kind {
        None => wire::Kind::Unspecified,
        Some(Kind::Task) => wire::Kind::Task,
        Some(Kind::Event) => wire::Kind::Event,
        Some(Kind::ContentNote) => wire::Kind::ContentNote,
    };
    v1::Destination {
        content: content.into(),
        kind: kind.into(),
        ..v1::Destination::default()
    }
}

/// A problem as it travels.
#[must_use]
pub fn problem(problem: &Problem) -> MappingProblem {
    MappingProblem {
        entry_id: problem.entry_id.clone(),
        field: problem.field.to_owned(),
        message: problem.message.clone(),
        fix: problem.fix.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_comes_back_as_it_was_sent() {
        let sent = v1::Mapping {
            workspace: "acme".into(),
            entries: vec![v1::MappingEntry {
                id: "next".into(),
                property: "next_step".into(),
                object: "Opportunity".into(),
                field: "NextStep".into(),
                overwrite: v1::OverwritePolicy::ReplaceOurs.into(),
                confidence_min: 0.75,
                truncate: true,
                synonyms: vec![v1::Synonym {
                    from: "\"quoted\" \u{202e}rtl 👩‍👩‍👧".into(),
                    to: "Proposal".into(),
                }],
                list_separator: ", ".into(),
                direction: v1::mapping_entry::Direction::Read.into(),
                ..v1::MappingEntry::default()
            }],
            properties: vec![v1::Property {
                key: "next_step".into(),
                label: "Next step".into(),
                r#type: v1::property::Type::Option.into(),
                prompt: "what the buyer promised to do".into(),
                options: vec!["demo".into(), "\u{202e}rtl".into()],
            }],
            destinations: vec![v1::Destination {
                content: v1::destination::Content::Notes.into(),
                kind: v1::destination::Kind::ContentNote.into(),
                ..v1::Destination::default()
            }],
            ..v1::Mapping::default()
        };
        assert_eq!(draft_message("acme", &draft(&sent).expect("a draft")), sent);
    }

    #[test]
    fn content_may_go_to_a_field_to_a_record_or_nowhere() {
        use v1::destination::{Content as Sent, Kind as To};
        let to = |content: Sent, kind: To, field: &str| v1::Destination {
            content: content.into(),
            kind: kind.into(),
            object: "Opportunity".into(),
            field: field.into(),
            overwrite: v1::OverwritePolicy::Append.into(),
        };
        let sent = |destinations| v1::Mapping {
            destinations,
            ..v1::Mapping::default()
        };
        let known = draft(&sent(vec![
            to(Sent::Notes, To::Field, "Notes__c"),
            to(Sent::Summary, To::None, ""),
            to(Sent::RecordingLink, To::Task, ""),
        ]));
        let known = known.expect("a draft");
        let entries: Vec<(&str, &str, &str)> = known
            .entries
            .iter()
            .map(|entry| {
                (
                    entry.id.as_str(),
                    entry.property.as_str(),
                    entry.field.as_str(),
                )
            })
            .collect();
        assert_eq!(
            entries,
            [("destination_notes", "meeting.notes", "Notes__c")]
        );
        assert_eq!(known.entries[0].overwrite, Some(Overwrite::Append));
        assert_eq!(known.destinations.len(), 1, "summaries go nowhere");
        let meeting = draft(&sent(vec![to(Sent::Meeting, To::Field, "Notes__c")]));
        assert_eq!(
            meeting.expect_err("is refused").field.as_deref(),
            Some("draft.destinations.content")
        );
    }

    #[test]
    fn what_could_not_be_stored_is_refused_by_field() {
        let entry = |entry: v1::MappingEntry| v1::Mapping {
            entries: vec![entry],
            ..v1::Mapping::default()
        };
        let nul = entry(v1::MappingEntry {
            field: "a\0".into(),
            ..v1::MappingEntry::default()
        });
        let nan = entry(v1::MappingEntry {
            confidence_min: f64::NAN,
            ..v1::MappingEntry::default()
        });
        let told: Vec<String> = [nul, nan]
            .iter()
            .map(|sent| draft(sent).expect_err("refused").to_string())
            .collect();
        assert_eq!(
            told,
            [
                "draft.entries.field contains a NUL character; remove it",
                "draft.entries.confidence_min is not a number; use for example 0.8"
            ]
        );
    }
}
