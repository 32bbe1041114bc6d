//! Turns a meeting, its match and the published mapping into proposals. It judges nothing: the gates do.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::activity;
use super::change::Action;
use super::decision::{Match, Outcome};
use super::lane;
use super::mapping::{ActivityKind, Content, Entry, Mapping, Overwrite};
use super::meeting::{self, Evidence, Meeting, Typed};
use super::people::{self, Creates};
use super::revision;
use super::value::Fields;

/// One proposed change.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// What it does.
    pub action: Action,
    /// sObject.
    pub object: String,
    /// The record; empty where the match could not settle it, and for creations unless an older revision made it.
    pub record_id: String,
    /// The field; empty for creations.
    pub field: String,
    /// The mapping entry; empty for destinations.
    pub entry_id: String,
    /// When a value already there may be replaced.
    pub overwrite: Overwrite,
    /// What is to be written.
    pub source: Source,
    /// Content that leaves with it.
    pub contents: Vec<Content>,
    /// Identifies a creation for ever; empty for updates.
    pub creation_key: String,
    /// Records a note is linked to.
    pub related: Vec<String>,
    /// Changes of one lane never run at the same time.
    pub lane: String,
    /// 0 to 1.
    pub confidence: f64,
    /// What was said.
    pub evidence: Vec<Evidence>,
}

impl Proposal {
    /// Tells apart the proposals of one set, the same each time it is planned.
    #[must_use]
    pub fn slot(&self) -> (String, String, String, String) {
        (
            self.object.clone(),
            self.record_id.clone(),
            if self.entry_id.is_empty() {
                self.creation_key.clone()
            } else {
                self.entry_id.clone()
            },
            self.field.clone(),
        )
    }

    /// Whether it is what `slot` was, with its entry mapped to another field since.
    #[must_use]
    pub fn has_moved_from(&self, slot: &(String, String, String, String)) -> bool {
        let (object, record_id, entry_id, field) = slot;
        !self.entry_id.is_empty()
            && (&self.object, &self.record_id, &self.entry_id) == (object, record_id, entry_id)
            && self.field != *field
    }
}

/// What a proposal writes, before it is fitted.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A value for a field.
    Value(Typed),
    /// A new record.
    Record {
        /// Its fields.
        fields: Fields,
        /// Content kept outside the event.
        missing: Vec<Content>,
    },
}

/// A record an older revision of the meeting created.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// The record.
    pub record_id: String,
    /// What we last wrote into its fields.
    pub fields: Fields,
    /// When the meeting began.
    pub meeting_at: DateTime<Utc>,
    /// When it was written.
    pub written_at: DateTime<Utc>,
}

/// All proposals of one meeting, or why there are none.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// In the order they are written.
    pub proposals: Vec<Proposal>,
    /// Why there are none; empty otherwise.
    pub empty_reason: String,
}

/// Facts of the workspace a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The workspace.
    pub workspace: &'a str,
    /// Days are cut in this zone.
    pub time_zone: Tz,
    /// Records an older revision created, by key.
    pub created: &'a BTreeMap<String, Created>,
    /// What may be created beside activities and notes.
    pub creates: &'a Creates,
}

/// Plans one meeting.
#[must_use]
pub fn plan(meeting: &Meeting, matched: &Match, mapping: &Mapping, frame: Frame<'_>) -> Plan {
    let reason = match matched.outcome {
        Outcome::Matched | Outcome::Ambiguous => String::new(),
        Outcome::Unmatched => format!("no record matches: {}", matched.explanation),
        Outcome::Internal => "nobody from outside took part".to_owned(),
        Outcome::PartnerOnly => "only partners took part".to_owned(),
    };
    if !reason.is_empty() {
        return Plan {
            proposals: Vec::new(),
            empty_reason: reason,
        };
    }
    let mut proposals = Vec::new();
    for entry in &mapping.entries {
        updates(entry, meeting, matched, &mut proposals);
    }
    if !matched.is_ambiguous() {
        activities(meeting, matched, mapping, frame, &mut proposals);
        people::propose(meeting, matched, mapping, frame, &mut proposals);
    }
    let empty_reason = if proposals.is_empty() {
        "the meeting holds nothing the mapping asks for on the matched records".to_owned()
    } else {
        String::new()
    };
    Plan {
        proposals,
        empty_reason,
    }
}

/// One value of a property, with how sure it is.
struct Found {
    value: Typed,
    confidence: f64,
    evidence: Vec<Evidence>,
    content: Option<Content>,
}

fn find(property: &str, meeting: &Meeting) -> Option<Found> {
    let sure = |value, content| {
        Some(Found {
            value,
            confidence: 1.0,
            evidence: Vec::new(),
            content,
        })
    };
    let text = |text: &str, content| {
        (!text.is_empty())
            .then(|| sure(Typed::Text(text.to_owned()), content))
            .flatten()
    };
    let long = |content: &meeting::Content, kind| match content {
        meeting::Content::Absent => None,
        meeting::Content::Inline(inline) => text(inline, Some(kind)),
        meeting::Content::Elsewhere => sure(Typed::Elsewhere, Some(kind)),
    };
    match property {
        "meeting.title" => text(&meeting.title, None),
        "meeting.started_at" => sure(Typed::DateTime(meeting.started_at), None),
        "meeting.ended_at" => sure(Typed::DateTime(meeting.ended_at), None),
        "meeting.organizer" => text(&meeting.organizer, None),
        "meeting.recording_url" => text(&meeting.recording_url, Some(Content::RecordingLink)),
        "meeting.notes" => long(&meeting.notes, Content::Notes),
        "meeting.summary" => long(&meeting.summary, Content::Summary),
        "meeting.suggested_stage" => meeting.suggested_stage.as_ref().map(|stage| Found {
            value: Typed::Text(stage.stage.clone()),
            confidence: stage.confidence,
            evidence: stage.evidence.clone(),
            content: None,
        }),
        property => meeting
            .values
            .iter()
            .filter(|value| value.property == property)
            // The surest wins when the analysis found several; the first of equals.
            .fold(
                None,
                |best: Option<&meeting::Extracted>, value| match best {
                    Some(best) if best.confidence >= value.confidence => Some(best),
                    Some(_) | None => Some(value),
                },
            )
            .map(|value| Found {
                value: value.value.clone(),
                confidence: value.confidence,
                evidence: value.evidence.clone(),
                content: None,
            }),
    }
}

fn updates(entry: &Entry, meeting: &Meeting, matched: &Match, proposals: &mut Vec<Proposal>) {
    let Some(found) = find(&entry.property, meeting) else {
        return;
    };
    let one = |id: &String| {
        if id.is_empty() {
            Vec::new()
        } else {
            vec![id.clone()]
        }
    };
    let mut records = match entry.object.as_str() {
        "Opportunity" => one(&matched.opportunity_id),
        "Account" => one(&matched.account_id),
        "Lead" => one(&matched.lead_id),
        // What was said in a meeting is about one person only when one person was there.
        "Contact" if matched.contact_ids.len() == 1 => matched.contact_ids.clone(),
        _ => Vec::new(),
    };
    let unsettled = match entry.object.as_str() {
        "Opportunity" => {
            matched.is_ambiguous() || matched.opportunity_outcome == Outcome::Ambiguous
        }
        "Contact" => matched.is_ambiguous() || matched.contact_ids.len() > 1,
        "Account" => matched.is_ambiguous(),
        _ => false,
    };
    if records.is_empty() && unsettled {
        // Shown to a person, who settles the match; without a record it can never be written.
        records.push(String::new());
    }
    for record_id in records {
        proposals.push(Proposal {
            action: Action::UpdateField,
            object: entry.object.clone(),
            lane: lane::of(&matched.account_id, &matched.lead_id, &record_id),
            record_id,
            field: entry.field.clone(),
            entry_id: entry.id.clone(),
            overwrite: entry.overwrite,
            source: Source::Value(found.value.clone()),
            contents: found.content.into_iter().collect(),
            creation_key: String::new(),
            related: Vec::new(),
            confidence: found.confidence,
            evidence: found.evidence.clone(),
        });
    }
}

fn activities(
    meeting: &Meeting,
    matched: &Match,
    mapping: &Mapping,
    frame: Frame<'_>,
    proposals: &mut Vec<Proposal>,
) {
    for (kind, action) in [
        (ActivityKind::Task, Action::CreateTask),
        (ActivityKind::Event, Action::CreateEvent),
        (ActivityKind::Note, Action::CreateNote),
    ] {
        let contents = mapping.contents(kind);
        if contents.is_empty() {
            continue;
        }
        if kind == ActivityKind::Event && !matched.event_id.is_empty() {
            proposals.extend(enrich(meeting, matched, contents, frame));
            continue;
        }
        let draft = activity::draft(
            kind,
            &contents,
            meeting,
            matched,
            frame.workspace,
            frame.time_zone,
        );
        let empty_note = kind == ActivityKind::Note
            && !draft.fields.contains_key("Content")
            && draft.missing.is_empty();
        if empty_note {
            continue;
        }
        // What an older revision created is brought up to date instead of doubled.
        let existing = frame.created.get(&draft.key);
        if let Some(created) = existing {
            let newer = revision::updates(&draft, created, meeting, matched, &contents);
            if !newer.is_empty() {
                proposals.extend(newer);
                continue;
            }
        }
        // Nothing to bring up to date: it is shown, and its key stays with the first.
        let creation_key = if existing.is_some() {
            String::new()
        } else {
            draft.key.clone()
        };
        proposals.push(Proposal {
            action,
            object: draft.object.to_owned(),
            record_id: existing.map_or_else(String::new, |created| created.record_id.clone()),
            field: String::new(),
            entry_id: String::new(),
            overwrite: Overwrite::OnlyIfEmpty,
            lane: lane::of(&matched.account_id, &matched.lead_id, &draft.key),
            source: Source::Record {
                fields: draft.fields,
                missing: draft.missing,
            },
            contents,
            creation_key,
            related: draft.related,
            confidence: 1.0,
            evidence: Vec::new(),
        });
    }
}

/// The calendar's own Event gets our text added instead of a double beside it.
fn enrich(
    meeting: &Meeting,
    matched: &Match,
    contents: Vec<Content>,
    frame: Frame<'_>,
) -> Option<Proposal> {
    let (body, missing) = activity::body(&contents, meeting, matched, frame.time_zone);
    if body.is_empty() && missing.is_empty() {
        return None;
    }
    let value = if missing.is_empty() {
        Typed::Text(body)
    } else {
        Typed::Elsewhere
    };
    Some(Proposal {
        action: Action::UpdateField,
        object: "Event".to_owned(),
        record_id: matched.event_id.clone(),
        field: "Description".to_owned(),
        entry_id: String::new(),
        overwrite: Overwrite::Append,
        lane: lane::of(&matched.account_id, &matched.lead_id, &matched.event_id),
        source: Source::Value(value),
        contents,
        creation_key: String::new(),
        related: Vec::new(),
        confidence: 1.0,
        evidence: Vec::new(),
    })
}
