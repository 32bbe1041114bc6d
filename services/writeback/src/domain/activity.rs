//! The records a meeting becomes: a completed Task, an Event, a note. Only configured content goes in.

use chrono_tz::Tz;

use super::decision::Match;
use super::mapping::{ActivityKind, Content};
use super::marker;
use super::meeting::{self, Meeting};
use super::text;
use super::value::{FieldValue, Fields};

/// Longest subject Salesforce takes (stock orgs, Task and Event).
const SUBJECT_UNITS_MAX: usize = 255;
/// Longest description of an activity.
const DESCRIPTION_UNITS_MAX: usize = 32_000;
/// Longest Event Salesforce takes is 14 days; a recording left running overnight is one of ours.
const EVENT_MINUTES_MAX: i64 = 14 * 24 * 60;

/// A record to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// sObject.
    pub object: &'static str,
    /// Its fields.
    pub fields: Fields,
    /// Identifies it for ever.
    pub key: String,
    /// Records a note is linked to.
    pub related: Vec<String>,
    /// Content that would have to go in but is kept outside the event.
    pub missing: Vec<Content>,
}

/// Builds the record of one kind.
#[must_use]
pub fn draft(
    kind: ActivityKind,
    contents: &[Content],
    meeting: &Meeting,
    matched: &Match,
    workspace: &str,
    time_zone: Tz,
) -> Draft {
    let (object, name) = match kind {
        ActivityKind::Task => ("Task", "task"),
        ActivityKind::Event => ("Event", "event"),
        ActivityKind::Note => ("ContentNote", "note"),
    };
    let key = marker::key(workspace, &meeting.id, name);
    let subject = text::cut(&subject(meeting), SUBJECT_UNITS_MAX);
    let (body, missing) = body(contents, meeting, matched, time_zone);
    let what = if matched.opportunity_id.is_empty() {
        &matched.account_id
    } else {
        &matched.opportunity_id
    };
    let mut fields = Fields::new();
    let mut set = |name: &str, value: &str| {
        if !value.is_empty() {
            fields.insert(name.to_owned(), FieldValue::Text(value.to_owned()));
        }
    };
    let mut related = Vec::new();
    if kind == ActivityKind::Note {
        set("Title", &subject);
        set("Content", &text::to_html(&body));
        let all = [what, &matched.lead_id]
            .into_iter()
            .chain(&matched.contact_ids);
        for id in all.filter(|id| !id.is_empty()) {
            if !related.contains(id) {
                related.push(id.clone());
            }
        }
    } else {
        let line = marker::line(&key);
        let room = DESCRIPTION_UNITS_MAX - text::length(&line) - 2;
        set("Subject", &subject);
        set(
            "Description",
            &format!("{}\n\n{line}", text::cut(&body, room))
                .trim_start()
                .replace('\n', "\r\n"),
        );
        // With a lead as WhoId, WhatId must be empty.
        if matched.lead_id.is_empty() || !matched.account_id.is_empty() {
            set("WhatId", what);
            set(
                "WhoId",
                matched.contact_ids.first().map_or("", String::as_str),
            );
        } else {
            set("WhoId", &matched.lead_id);
        }
    }
    match kind {
        ActivityKind::Task => {
            let day = meeting.started_at.with_timezone(&time_zone).date_naive();
            set("Status", "Completed");
            set("Priority", "Normal");
            set("ActivityDate", &day.to_string());
        }
        ActivityKind::Event => {
            let longest = meeting.started_at + chrono::TimeDelta::minutes(EVENT_MINUTES_MAX);
            let end = meeting.ended_at.clamp(meeting.started_at, longest);
            let moment = |at: chrono::DateTime<chrono::Utc>| {
                at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            };
            set("StartDateTime", &moment(meeting.started_at));
            set("EndDateTime", &moment(end));
        }
        ActivityKind::Note => {}
    }
    Draft {
        object,
        fields,
        key,
        related,
        missing,
    }
}

fn subject(meeting: &Meeting) -> String {
    let title = text::clean(&meeting.title).replace('\n', " ");
    if title.is_empty() {
        "Meeting".to_owned()
    } else {
        format!("Meeting: {title}")
    }
}

/// The text of the record, section by section, and what is missing from it.
#[must_use]
pub fn body(
    contents: &[Content],
    meeting: &Meeting,
    matched: &Match,
    time_zone: Tz,
) -> (String, Vec<Content>) {
    let mut sections: Vec<String> = Vec::new();
    let mut missing = Vec::new();
    for content in contents {
        let (heading, source) = match content {
            Content::Meeting => {
                sections.push(facts(meeting, matched, time_zone));
                continue;
            }
            Content::RecordingLink => {
                if !meeting.recording_url.is_empty() {
                    sections.push(format!("Recording: {}", meeting.recording_url));
                }
                continue;
            }
            Content::Notes => ("Notes", &meeting.notes),
            Content::Summary => ("Summary", &meeting.summary),
        };
        match source {
            meeting::Content::Inline(inline) if !text::clean(inline).is_empty() => {
                sections.push(format!("{heading}:\n{}", text::clean(inline)));
            }
            meeting::Content::Inline(_) | meeting::Content::Absent => {}
            meeting::Content::Elsewhere => missing.push(*content),
        }
    }
    (sections.join("\n\n"), missing)
}

fn facts(meeting: &Meeting, matched: &Match, time_zone: Tz) -> String {
    let start = meeting.started_at.with_timezone(&time_zone);
    let minutes = (meeting.ended_at - meeting.started_at).num_minutes().max(0);
    let mut lines = vec![format!(
        "{}, {minutes} min",
        start.format("%Y-%m-%d %H:%M %Z")
    )];
    if !meeting.participants.is_empty() {
        lines.push(format!("Participants: {}", meeting.participants.join(", ")));
    }
    // WhoId takes one contact; the others are named, which needs no Shared Activities.
    let others: Vec<&str> = matched
        .contact_ids
        .iter()
        .skip(1)
        .filter_map(|id| {
            matched
                .contact_names
                .iter()
                .find(|(known, _)| known == id)
                .map(|(_, name)| name.as_str())
        })
        .collect();
    if !others.is_empty() {
        lines.push(format!("Further contacts: {}", others.join(", ")));
    }
    text::clean(&lines.join("\n"))
}
