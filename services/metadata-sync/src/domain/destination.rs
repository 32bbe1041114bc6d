//! Content whose destination is a field. It is written as an entry of its content's built-in property is, so it is checked,
//! suspended and repaired like every entry; an admin sees it beside the other destinations.

use super::mapping::{Content, Entry, Overwrite};

/// How ids of such entries begin.
const PREFIX: &str = "destination_";

/// Contents that have a built-in property; that a meeting took place is no value.
const FIELDABLE: [(Content, &str, &str); 3] = [
    (Content::Notes, "notes", "meeting.notes"),
    (
        Content::RecordingLink,
        "recording_link",
        "meeting.recording_url",
    ),
    (Content::Summary, "summary", "meeting.summary"),
];

/// The entry that carries a content to a field; none for content that no field takes.
#[must_use]
pub fn entry(content: Content, object: &str, field: &str, overwrite: Overwrite) -> Option<Entry> {
    let (_, name, property) = FIELDABLE.iter().find(|known| known.0 == content)?;
    Some(Entry {
        id: format!("{PREFIX}{name}"),
        property: (*property).to_owned(),
        object: object.to_owned(),
        field: field.to_owned(),
        overwrite: Some(overwrite),
        // Notes are longer than most fields; whoever sends them there wants what fits.
        truncate: true,
        ..Entry::default()
    })
}

/// The content an entry carries; none when it is an entry like any other, or was changed beyond where and how it writes.
#[must_use]
pub fn content(known: &Entry) -> Option<(Content, Overwrite)> {
    let overwrite = known.overwrite?;
    let (content, ..) = FIELDABLE
        .iter()
        .find(|(_, name, _)| known.id.strip_prefix(PREFIX) == Some(name))?;
    let same = entry(*content, &known.object, &known.field, overwrite)?;
    (same == *known).then_some((*content, overwrite))
}

/// Puts a destination among entries, in the place of what carried its content before.
pub fn put(entries: &mut Vec<Entry>, new: Entry) {
    entries.retain(|known| known.id != new.id);
    entries.push(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_goes_to_a_field_as_an_entry_and_is_known_as_a_destination_again() {
        for content_of in [Content::Notes, Content::RecordingLink, Content::Summary] {
            let made = entry(content_of, "Opportunity", "Notes__c", Overwrite::Append);
            let made = made.expect("a field takes it");
            assert_eq!(content(&made), Some((content_of, Overwrite::Append)));
            let changed = Entry {
                truncate: false,
                ..made
            };
            assert_eq!(
                content(&changed),
                None,
                "it says more than a destination can"
            );
        }
        let meeting = entry(
            Content::Meeting,
            "Opportunity",
            "Notes__c",
            Overwrite::Append,
        );
        assert_eq!(meeting, None);
        assert_eq!(content(&Entry::default()), None);
    }

    #[test]
    fn a_content_has_one_field() {
        let mut entries = vec![Entry::default()];
        for field in ["A__c", "B__c"] {
            let new = entry(Content::Notes, "Opportunity", field, Overwrite::ReplaceOurs);
            put(&mut entries, new.expect("a field takes it"));
        }
        let fields: Vec<&str> = entries.iter().map(|entry| entry.field.as_str()).collect();
        assert_eq!(fields, ["", "B__c"]);
    }
}
