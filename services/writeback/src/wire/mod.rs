//! Protobuf to domain and back; nothing else in this service interprets prost types.

pub mod backfill;
pub mod refusals;
pub mod review;

use chrono::{DateTime, NaiveDate, Utc};
use events::{Timestamp, crm, matching, meeting, writeback as proto};
use rust_decimal::Decimal;
use std::str::FromStr;

use crate::domain::change::{Action, Reason, State, Verdict};
use crate::domain::claim::Claim;
use crate::domain::decision::{Match, Outcome};
use crate::domain::mapping::{
    ActivityKind, Content, Content as Kept, Destination, Entry, Mapping, Overwrite,
};
use crate::domain::meeting::{
    Content as Text, Evidence, Extracted, Meeting, Person, SuggestedStage, Typed,
};
use crate::domain::prediction::RuleFinding;
use crate::domain::rehearsal::Rehearsed;
use crate::domain::schema::{
    Field, Global, Initial, Kind, Object, PicklistValue, RecordType, Rule, Stage,
};
use crate::domain::set_state::SetState;
use crate::domain::settings::Mode;

/// Why a message cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct Invalid {
    /// The field, as in the proto.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

fn invalid(field: &'static str, problem: impl Into<String>) -> Invalid {
    Invalid {
        field,
        problem: problem.into(),
    }
}

/// Postgres keeps no NUL in text.
fn clean(text: &str) -> String {
    if text.contains('\0') {
        text.replace('\0', "")
    } else {
        text.to_owned()
    }
}

/// A moment.
///
/// # Errors
/// When it is missing or outside the calendar.
pub fn moment(at: Option<&Timestamp>, field: &'static str) -> Result<DateTime<Utc>, Invalid> {
    let at = at.ok_or_else(|| invalid(field, "is missing"))?;
    u32::try_from(at.nanos)
        .ok()
        .and_then(|nanos| DateTime::from_timestamp(at.seconds, nanos))
        .ok_or_else(|| invalid(field, "is not a moment"))
}

/// A moment for a message.
#[must_use]
pub fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0),
    }
}

/// A meeting.
///
/// # Errors
/// The first field that cannot be used.
pub fn meeting(sent: &meeting::v1::MeetingProcessed) -> Result<Meeting, Invalid> {
    if sent.id.is_empty() {
        return Err(invalid("meeting.id", "is missing"));
    }
    let mut people: Vec<&meeting::v1::Participant> = sent.organizer.iter().collect();
    people.extend(&sent.participants);
    let mut participants: Vec<String> = Vec::new();
    for person in people {
        if matches!(
            person.kind(),
            meeting::v1::participant::Kind::Resource | meeting::v1::participant::Kind::Bot
        ) {
            continue;
        }
        let shown = [&person.name, &person.email, &person.phone]
            .into_iter()
            .find(|text| !text.is_empty());
        if let Some(shown) = shown.map(|text| clean(text))
            && !participants.contains(&shown)
        {
            participants.push(shown);
        }
    }
    let mut values = Vec::with_capacity(sent.extracted_values.len());
    for value in &sent.extracted_values {
        let Some(typed) = value.value.as_ref().map(typed).transpose()?.flatten() else {
            continue;
        };
        values.push(Extracted {
            property: value.property.clone(),
            value: typed,
            confidence: value.confidence,
            evidence: evidence(&value.evidence),
        });
    }
    Ok(Meeting {
        id: sent.id.clone(),
        revision: sent.revision,
        backfill: sent.origin() == meeting::v1::Origin::Backfill,
        title: clean(&sent.title),
        started_at: moment(sent.started_at.as_ref(), "meeting.started_at")?,
        ended_at: moment(sent.ended_at.as_ref(), "meeting.ended_at")?,
        participants,
        people: sent.participants.iter().map(person).collect(),
        organizer: sent
            .organizer
            .as_ref()
            .map_or_else(String::new, |organizer| clean(&organizer.email)),
        recording_url: clean(&sent.recording_url),
        notes: text(sent.notes.as_ref()),
        summary: text(sent.summary.as_ref()),
        values,
        suggested_stage: sent
            .suggested_stage
            .as_ref()
            .filter(|stage| !stage.stage.is_empty())
            .map(|stage| SuggestedStage {
                stage: clean(&stage.stage),
                confidence: stage.confidence,
                evidence: evidence(&stage.evidence),
            }),
        claims: [
            (Kept::Notes, sent.notes.as_ref()),
            (Kept::Summary, sent.summary.as_ref()),
        ]
        .into_iter()
        .filter_map(|(content, text)| claim(content, text?))
        .collect(),
        unfetched: String::new(),
    })
}

fn claim(content: Kept, text: &meeting::v1::Text) -> Option<Claim> {
    match text.source.as_ref()? {
        meeting::v1::text::Source::Inline(_) => None,
        meeting::v1::text::Source::ClaimCheck(kept) => Some(Claim {
            content,
            url: kept.url.clone(),
            sha256: kept.sha256.clone(),
            size_bytes: kept.size_bytes,
        }),
    }
}

fn person(sent: &meeting::v1::Participant) -> Person {
    use meeting::v1::participant::{Kind, Response};
    Person {
        name: clean(&sent.name),
        email: clean(&sent.email),
        attended: sent.attended,
        declined: sent.response() == Response::Declined,
        is_human: match sent.kind() {
            Kind::Unspecified | Kind::Person => true,
            Kind::Resource | Kind::Group | Kind::Bot => false,
        },
    }
}

fn text(sent: Option<&meeting::v1::Text>) -> Text {
    match sent.and_then(|text| text.source.as_ref()) {
        None => Text::Absent,
        Some(meeting::v1::text::Source::Inline(inline)) if inline.trim().is_empty() => Text::Absent,
        Some(meeting::v1::text::Source::Inline(inline)) => Text::Inline(clean(inline)),
        Some(meeting::v1::text::Source::ClaimCheck(_)) => Text::Elsewhere,
    }
}

fn evidence(sent: &[meeting::v1::Evidence]) -> Vec<Evidence> {
    sent.iter()
        .map(|one| Evidence {
            quote: clean(&one.quote),
            speaker: clean(&one.speaker),
            offset_ms: one.offset_ms,
        })
        .collect()
}

/// Evidence for a message.
#[must_use]
pub fn evidence_sent(evidence: Vec<Evidence>) -> Vec<meeting::v1::Evidence> {
    evidence
        .into_iter()
        .map(|one| meeting::v1::Evidence {
            quote: one.quote,
            speaker: one.speaker,
            offset_ms: one.offset_ms,
        })
        .collect()
}

fn typed(sent: &meeting::v1::Value) -> Result<Option<Typed>, Invalid> {
    use meeting::v1::value::Kind as Sent;
    let decimal = |text: &str| {
        Decimal::from_str(text)
            .map_err(|_| invalid("meeting.extracted_values.value", "is not a decimal number"))
    };
    Ok(Some(match &sent.kind {
        None => return Ok(None),
        Some(Sent::Text(text)) => Typed::Text(clean(text)),
        Some(Sent::Number(number)) => Typed::Number(decimal(number)?),
        Some(Sent::Boolean(flag)) => Typed::Bool(*flag),
        Some(Sent::Date(date)) => Typed::Date(NaiveDate::from_str(date).map_err(|_| {
            invalid(
                "meeting.extracted_values.value.date",
                "is not a day written YYYY-MM-DD",
            )
        })?),
        Some(Sent::DateTime(at)) => Typed::DateTime(moment(
            Some(at),
            "meeting.extracted_values.value.date_time",
        )?),
        Some(Sent::List(list)) => Typed::List(list.items.iter().map(|item| clean(item)).collect()),
        Some(Sent::Money(money)) => Typed::Money {
            amount: decimal(&money.amount)?,
            currency: clean(&money.currency),
        },
    }))
}

fn outcome(sent: matching::v1::Outcome, field: &'static str) -> Result<Outcome, Invalid> {
    Ok(match sent {
        matching::v1::Outcome::Unspecified => return Err(invalid(field, "is missing")),
        matching::v1::Outcome::Matched => Outcome::Matched,
        matching::v1::Outcome::Ambiguous => Outcome::Ambiguous,
        matching::v1::Outcome::Unmatched => Outcome::Unmatched,
        matching::v1::Outcome::Internal => Outcome::Internal,
        matching::v1::Outcome::PartnerOnly => Outcome::PartnerOnly,
    })
}

/// A decision.
///
/// # Errors
/// The first field that cannot be used.
pub fn decision(sent: &matching::v1::Decision) -> Result<Match, Invalid> {
    let id = |text: &str, field| {
        if text.is_empty() {
            return Ok(String::new());
        }
        salesforce::Id::parse(text)
            .map(|id| id.as_str().to_owned())
            .map_err(|error| invalid(field, error.to_string()))
    };
    let of = outcome(sent.outcome(), "decision.outcome")?;
    let mut contact_ids = Vec::with_capacity(sent.contact_ids.len());
    for contact in &sent.contact_ids {
        let contact = id(contact, "decision.contact_ids")?;
        if !contact.is_empty() && !contact_ids.contains(&contact) {
            contact_ids.push(contact);
        }
    }
    Ok(Match {
        id: sent.id.clone(),
        sequence: sent.sequence,
        outcome: of,
        account_id: id(&sent.account_id, "decision.account_id")?,
        contact_ids,
        lead_id: id(&sent.lead_id, "decision.lead_id")?,
        // Decisions without an account never look for an opportunity.
        opportunity_outcome: match sent.opportunity_outcome() {
            matching::v1::Outcome::Unspecified => Outcome::Unmatched,
            given => outcome(given, "decision.opportunity_outcome")?,
        },
        opportunity_id: id(&sent.opportunity_id, "decision.opportunity_id")?,
        opportunity_record_type_id: id(
            &sent.opportunity_record_type_id,
            "decision.opportunity_record_type_id",
        )?,
        probability: sent.probability,
        opportunity_probability: sent.opportunity_probability,
        event_id: id(&sent.event_id, "decision.event_id")?,
        explanation: clean(&sent.explanation),
        would_settle: clean(&sent.would_settle),
        contact_names: sent
            .candidates
            .iter()
            .filter(|candidate| candidate.object == "Contact")
            .map(|candidate| (candidate.record_id.clone(), clean(&candidate.name)))
            .collect(),
        account_domains: observed(sent, &DOMAIN_SIGNALS, true),
        known_addresses: observed(sent, &ADDRESS_SIGNALS, false),
    })
}

/// Matching's signals whose value is a domain of the account's people.
const DOMAIN_SIGNALS: [&str; 3] = ["account_domain", "alternate_domain", "colleague_domain"];
/// Matching's signals whose value is the address of a contact, or of a lead that became one.
const ADDRESS_SIGNALS: [&str; 3] = [
    "contact_mail",
    "contact_mail_other_employer",
    "converted_lead_mail",
];

/// Values of evidence of these signals, of the matched account or of everything weighed.
fn observed(sent: &matching::v1::Decision, signals: &[&str], of_account: bool) -> Vec<String> {
    let mut values: Vec<String> = sent
        .candidates
        .iter()
        .filter(|candidate| !of_account || candidate.record_id == sent.account_id)
        .flat_map(|candidate| &candidate.evidence)
        .filter(|evidence| signals.contains(&evidence.signal.as_str()))
        .map(|evidence| clean(&evidence.value).to_lowercase())
        .collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// A mapping.
///
/// # Errors
/// The first entry or destination that cannot be used.
pub fn mapping(sent: &crm::v1::Mapping) -> Result<Mapping, Invalid> {
    use crm::v1::destination::{Content as SentContent, Kind as SentKind};
    let mut entries = Vec::with_capacity(sent.entries.len());
    for entry in &sent.entries {
        // What is only read from Salesforce is nothing to write.
        if entry.direction() == crm::v1::mapping_entry::Direction::Read {
            continue;
        }
        entries.push(Entry {
            id: entry.id.clone(),
            property: entry.property.clone(),
            object: entry.object.clone(),
            field: entry.field.clone(),
            overwrite: match entry.overwrite() {
                crm::v1::OverwritePolicy::Unspecified => {
                    return Err(invalid("mapping.entries.overwrite", "is missing"));
                }
                crm::v1::OverwritePolicy::OnlyIfEmpty => Overwrite::OnlyIfEmpty,
                crm::v1::OverwritePolicy::Append => Overwrite::Append,
                crm::v1::OverwritePolicy::Prepend => Overwrite::Prepend,
                crm::v1::OverwritePolicy::ReplaceOurs => Overwrite::ReplaceOurs,
                crm::v1::OverwritePolicy::ReplaceAlways => Overwrite::ReplaceAlways,
            },
            confidence_min: entry.confidence_min,
            truncate: entry.truncate,
            synonyms: entry
                .synonyms
                .iter()
                .map(|synonym| (synonym.from.clone(), synonym.to.clone()))
                .collect(),
            list_separator: entry.list_separator.clone(),
            suspended: entry.suspended.then(|| entry.suspended_reason.clone()),
        });
    }
    let mut destinations = Vec::with_capacity(sent.destinations.len());
    for destination in &sent.destinations {
        destinations.push(Destination {
            content: match destination.content() {
                SentContent::Unspecified => {
                    return Err(invalid("mapping.destinations.content", "is missing"));
                }
                SentContent::Meeting => Content::Meeting,
                SentContent::Notes => Content::Notes,
                SentContent::RecordingLink => Content::RecordingLink,
                SentContent::Summary => Content::Summary,
            },
            kind: match destination.kind() {
                SentKind::Unspecified => {
                    return Err(invalid("mapping.destinations.kind", "is missing"));
                }
                SentKind::Task => ActivityKind::Task,
                SentKind::Event => ActivityKind::Event,
                SentKind::ContentNote => ActivityKind::Note,
                // Only drafts have them; a published mapping says a field by an entry, and nothing by nothing.
                SentKind::Field | SentKind::None => {
                    return Err(invalid(
                        "mapping.destinations.kind",
                        "is not one of a published mapping",
                    ));
                }
            },
        });
    }
    Ok(Mapping {
        version: sent.version,
        revision: sent.revision,
        entries,
        destinations,
    })
}

/// An object's schema, from all its parts in order.
#[must_use]
pub fn object(parts: Vec<crm::v1::ObjectSchema>) -> Object {
    let mut object = Object::default();
    for part in parts {
        object.name = part.name;
        object.key_prefix = part.key_prefix;
        object.createable |= part.createable;
        object.updateable |= part.updateable;
        for field in part.fields {
            object.fields.insert(field.name.clone(), field_of(field));
        }
        object
            .stages
            .extend(part.stages.into_iter().map(|stage| Stage {
                api_name: stage.api_name,
                label: stage.label,
                sort_order: stage.sort_order,
                active: stage.active,
                closed: stage.closed,
                won: stage.won,
                probability: stage.probability,
            }));
        object
            .record_types
            .extend(part.record_types.into_iter().map(|known| RecordType {
                id: known.id,
                developer_name: known.developer_name,
                name: known.name,
                is_default: known.is_default && known.available,
                is_master: known.master,
            }));
        object
            .globals
            .extend(part.globals.into_iter().map(|known| Global {
                name: known.name,
                kind: known.r#type,
                value_json: (!known.value_json.is_empty()).then_some(known.value_json),
                unknown_reason: known.unknown_reason,
            }));
        object
            .rules
            .extend(part.validation_rules.into_iter().map(|rule| Rule {
                name: rule.name,
                formula: rule.formula,
                message: rule.error_message,
                field: rule.error_field,
            }));
    }
    object.stages.sort_by_key(|stage| stage.sort_order);
    object
}

fn field_of(field: crm::v1::Field) -> Field {
    let initial = if !field.default_json.is_empty() {
        Initial::Json(field.default_json)
    } else if !field.default_formula.is_empty() {
        Initial::Formula(field.default_formula)
    } else if field.defaulted_on_create {
        Initial::Unknown
    } else {
        Initial::Blank
    };
    Field {
        initial,
        kind: Kind::parse(&field.r#type),
        name: field.name,
        label: field.label,
        length: usize::try_from(field.length).unwrap_or(usize::MAX),
        precision: field.precision,
        scale: field.scale,
        nillable: field.nillable,
        createable: field.createable,
        updateable: field.updateable,
        calculated: field.calculated,
        restricted: field.restricted_picklist,
        values: field
            .picklist_values
            .into_iter()
            .map(|value| PicklistValue {
                value: value.value,
                label: value.label,
                active: value.active,
                valid_for: value.valid_for,
                record_type_ids: value.record_type_ids,
            })
            .collect(),
        controller: (!field.controller_name.is_empty()).then_some(field.controller_name),
        external_id: field.external_id,
        html: field.html_formatted,
        relationship: field.relationship_name,
        reference_to: field.reference_to,
        formula: field.formula,
        formula_blank_as_zero: field.formula_blank_as_zero,
    }
}

/// Whether a connection lets work through.
#[must_use]
pub fn is_usable(state: &str) -> bool {
    matches!(state, "connected" | "access_limited")
}

/// A connection's state as stored.
#[must_use]
pub fn connection_state(state: crm::v1::ConnectionState) -> &'static str {
    match state {
        crm::v1::ConnectionState::Unspecified | crm::v1::ConnectionState::NotConnected => {
            "not_connected"
        }
        crm::v1::ConnectionState::Authorizing => "authorizing",
        crm::v1::ConnectionState::Connected => "connected",
        crm::v1::ConnectionState::AccessLimited => "access_limited",
        crm::v1::ConnectionState::Suspended => "suspended",
        crm::v1::ConnectionState::ReconnectRequired => "reconnect_required",
        crm::v1::ConnectionState::Disconnected => "disconnected",
    }
}

/// A stored connection state for a message.
#[must_use]
pub fn connection_state_sent(stored: &str) -> crm::v1::ConnectionState {
    use crm::v1::ConnectionState as Sent;
    [
        Sent::Authorizing,
        Sent::Connected,
        Sent::AccessLimited,
        Sent::Suspended,
        Sent::ReconnectRequired,
        Sent::Disconnected,
    ]
    .into_iter()
    .find(|state| connection_state(*state) == stored)
    .unwrap_or(Sent::NotConnected)
}

/// A change's state for a message.
#[must_use]
pub fn state(state: State) -> proto::v1::ChangeState {
    use proto::v1::ChangeState as Sent;
    match state {
        State::Proposed => Sent::Proposed,
        State::Approved => Sent::Approved,
        State::Held => Sent::Held,
        State::Blocked => Sent::Blocked,
        State::Executing => Sent::Executing,
        State::Applied => Sent::Applied,
        State::Refused => Sent::Refused,
        State::Failed => Sent::Failed,
        State::Uncertain => Sent::Uncertain,
        State::Dismissed => Sent::Dismissed,
        State::Expired => Sent::Expired,
        State::Superseded => Sent::Superseded,
        State::Undone => Sent::Undone,
    }
}

/// A change's state from a message; `None` when unspecified.
#[must_use]
pub fn state_sent(sent: proto::v1::ChangeState) -> Option<State> {
    State::ALL.into_iter().find(|known| state(*known) == sent)
}

/// An action for a message.
#[must_use]
pub fn action(action: Action) -> proto::v1::Action {
    match action {
        Action::UpdateField => proto::v1::Action::UpdateField,
        Action::CreateTask => proto::v1::Action::CreateTask,
        Action::CreateEvent => proto::v1::Action::CreateEvent,
        Action::CreateNote => proto::v1::Action::CreateNote,
        Action::CreateContact => proto::v1::Action::CreateContact,
        Action::CreateRole => proto::v1::Action::CreateRole,
        Action::CreateRelation => proto::v1::Action::CreateRelation,
        Action::CreateOpportunity => proto::v1::Action::CreateOpportunity,
        Action::DeleteRecord => proto::v1::Action::DeleteRecord,
    }
}

/// A set's state for a message.
#[must_use]
pub fn set_state(state: SetState) -> proto::v1::ChangeSetState {
    match state {
        SetState::Executing => proto::v1::ChangeSetState::Executing,
        SetState::Waiting => proto::v1::ChangeSetState::Waiting,
        SetState::Done => proto::v1::ChangeSetState::Done,
        SetState::Empty => proto::v1::ChangeSetState::Empty,
        SetState::Superseded => proto::v1::ChangeSetState::Superseded,
    }
}

/// Reasons for a message.
#[must_use]
pub fn reasons(reasons: Vec<Reason>) -> Vec<proto::v1::Reason> {
    reasons
        .into_iter()
        .map(|reason| {
            let verdict = match reason.verdict {
                Verdict::Pass => proto::v1::Verdict::Pass,
                Verdict::Wait => proto::v1::Verdict::Wait,
                Verdict::Hold => proto::v1::Verdict::Hold,
                Verdict::Block => proto::v1::Verdict::Block,
            };
            proto::v1::Reason {
                gate: reason.gate,
                verdict: verdict.into(),
                code: reason.code,
                message: reason.message,
                fields: reason.fields,
                rule: reason.rule.map(|rule| rule_finding(*rule)),
            }
        })
        .collect()
}

/// Reasons for an event: without what a rule read, because events carry no record values.
#[must_use]
pub fn reasons_public(reasons: Vec<Reason>) -> Vec<proto::v1::Reason> {
    self::reasons(
        reasons
            .into_iter()
            .map(|reason| Reason {
                rule: None,
                ..reason
            })
            .collect(),
    )
}

fn rule_finding(rule: RuleFinding) -> proto::v1::RuleFinding {
    proto::v1::RuleFinding {
        rule: rule.rule,
        message: rule.message,
        explanation: rule.explanation,
        because: rule
            .because
            .into_iter()
            .map(|condition| proto::v1::RuleCondition {
                text: condition.text,
                holds: condition.holds,
                values: condition
                    .values
                    .into_iter()
                    .map(|seen| proto::v1::RuleValue {
                        path: seen.path,
                        value: seen.value,
                        before: seen.before,
                    })
                    .collect(),
            })
            .collect(),
        would_lift: rule.would_lift,
    }
}

/// A rehearsal for a message.
#[must_use]
pub fn rehearsal(rehearsed: Rehearsed) -> proto::v1::Rehearsal {
    proto::v1::Rehearsal {
        accepted: rehearsed.accepted,
        said: reasons(rehearsed.said),
        together: rehearsed.together,
        by: rehearsed.by,
        at: Some(timestamp(rehearsed.at)),
    }
}

/// A permission mode from a message; `None` when unspecified.
#[must_use]
pub fn mode_sent(sent: proto::v1::PermissionMode) -> Option<Mode> {
    match sent {
        proto::v1::PermissionMode::Unspecified => None,
        proto::v1::PermissionMode::Off => Some(Mode::Off),
        proto::v1::PermissionMode::ReadOnly => Some(Mode::ReadOnly),
        proto::v1::PermissionMode::Review => Some(Mode::Review),
        proto::v1::PermissionMode::Automatic => Some(Mode::Automatic),
    }
}

/// A permission mode for a message.
#[must_use]
pub fn mode(mode: Mode) -> proto::v1::PermissionMode {
    match mode {
        Mode::Off => proto::v1::PermissionMode::Off,
        Mode::ReadOnly => proto::v1::PermissionMode::ReadOnly,
        Mode::Review => proto::v1::PermissionMode::Review,
        Mode::Automatic => proto::v1::PermissionMode::Automatic,
    }
}
