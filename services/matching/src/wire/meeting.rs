//! `MeetingProcessed` to the domain: the edge where upstream's mistakes are named (limits: `meeting.proto`).

use super::{FieldError, moment};
use crate::domain::address::Address;
use crate::domain::meeting::{
    Hint, HintObject, Kind, MENTIONS_MAX, Meeting, PARTICIPANTS_MAX, Participant,
};
use crate::domain::phone;
use events::meeting::v1 as proto;
use events::{RecordId, WorkspaceId};

const ID_CHARACTERS_MAX: usize = 128;
const TITLE_BYTES_MAX: usize = 4 * 1024;
const NAME_CHARACTERS_MAX: usize = 256;
const URL_CHARACTERS_MAX: usize = 2_048;
const VALUES_MAX: usize = 200;
const HINTS_MAX: usize = 20;

/// Checks the event and takes what matching needs.
///
/// # Errors
/// Names the first field that is wrong, and the fix.
pub fn meeting(
    workspace: &WorkspaceId,
    event: &proto::MeetingProcessed,
) -> Result<Meeting, FieldError> {
    if event.id.is_empty() {
        return Err(FieldError::new(
            "id",
            "is missing; set upstream's id of the meeting",
        ));
    }
    if event.id.len() > ID_CHARACTERS_MAX || !event.id.chars().all(|c| c.is_ascii_graphic()) {
        return Err(FieldError::new(
            "id",
            "is not 1 to 128 printable ASCII characters without spaces",
        ));
    }
    if event.revision == 0 || i64::try_from(event.revision).is_err() {
        return Err(FieldError::new(
            "revision",
            "is missing; begin with 1 and count up with each analysis",
        ));
    }
    if event.origin() == proto::Origin::Unspecified {
        return Err(FieldError::new(
            "origin",
            "is missing; set ORIGIN_LIVE or ORIGIN_BACKFILL",
        ));
    }
    let started_at = moment("started_at", event.started_at.as_ref())?;
    if moment("ended_at", event.ended_at.as_ref())? < started_at {
        return Err(FieldError::new(
            "ended_at",
            "is before started_at; swap or correct them",
        ));
    }
    recording(&event.recording_url)?;
    values(&event.extracted_values)?;
    if let Some(stage) = &event.suggested_stage {
        confidence("suggested_stage.confidence", stage.confidence)?;
    }
    Ok(Meeting {
        workspace: workspace.clone(),
        id: event.id.clone(),
        revision: event.revision,
        title: truncated(&event.title, TITLE_BYTES_MAX).replace('\0', ""),
        started_at,
        organizer: event
            .organizer
            .as_ref()
            .and_then(|organizer| Address::parse(&organizer.email).ok()),
        participants: event
            .participants
            .iter()
            .take(PARTICIPANTS_MAX)
            .map(participant)
            .collect(),
        participants_dropped: event.participants.len().saturating_sub(PARTICIPANTS_MAX),
        mentions: event
            .company_mentions
            .iter()
            .take(MENTIONS_MAX)
            .map(|mention| shown(&mention.name))
            .filter(|mention| !mention.is_empty())
            .collect(),
        hints: hints(&event.crm_hints)?,
        series_id: event
            .series_id
            .chars()
            .filter(|c| !c.is_control())
            .take(NAME_CHARACTERS_MAX)
            .collect(),
    })
}

fn recording(url: &str) -> Result<(), FieldError> {
    let fine = url.is_empty()
        || (url.starts_with("https://")
            && url.len() <= URL_CHARACTERS_MAX
            && url.chars().all(|c| c.is_ascii_graphic()));
    fine.then_some(()).ok_or_else(|| {
        FieldError::new(
            "recording_url",
            "is no absolute https URL of at most 2,048 ASCII characters; correct or leave it empty",
        )
    })
}

fn values(values: &[proto::ExtractedValue]) -> Result<(), FieldError> {
    if values.len() > VALUES_MAX {
        let problem = format!("has {} items; send at most {VALUES_MAX}", values.len());
        return Err(FieldError::new("extracted_values", problem));
    }
    for (index, value) in values.iter().enumerate() {
        let field = |name: &str| format!("extracted_values[{index}].{name}");
        let key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if value.property.is_empty()
            || value.property.len() > 64
            || !value.property.chars().all(key)
        {
            return Err(FieldError::new(
                field("property"),
                "is not 1 to 64 characters of a-z, 0-9 and '_'",
            ));
        }
        confidence(&field("confidence"), value.confidence)?;
        let kind = value.value.as_ref().and_then(|value| value.kind.as_ref());
        let problem = match kind {
            Some(proto::value::Kind::Number(text)) => decimal(text),
            Some(proto::value::Kind::Money(money)) => decimal(&money.amount),
            Some(proto::value::Kind::Date(text)) => {
                chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
                    .err()
                    .map(|_| "is no day; write YYYY-MM-DD")
            }
            Some(
                proto::value::Kind::Text(_)
                | proto::value::Kind::Boolean(_)
                | proto::value::Kind::DateTime(_)
                | proto::value::Kind::List(_),
            )
            | None => None,
        };
        if let Some(problem) = problem {
            return Err(FieldError::new(field("value"), problem));
        }
    }
    Ok(())
}

fn decimal(text: &str) -> Option<&'static str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |part: &str| {
        !part.is_empty() && part.len() <= 40 && part.chars().all(|c| c.is_ascii_digit())
    };
    (!number(whole) || !number(fraction))
        .then_some("is no decimal number; write digits with at most one point, such as 1250.50")
}

fn confidence(field: &str, value: f64) -> Result<(), FieldError> {
    let fine = (0.0..=1.0).contains(&value);
    fine.then_some(())
        .ok_or_else(|| FieldError::new(field, "is not between 0 and 1"))
}

fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(NAME_CHARACTERS_MAX)
        .collect()
}

fn participant(participant: &proto::Participant) -> Participant {
    let (address, address_problem) = match participant.email.trim() {
        "" => (None, String::new()),
        text => match Address::parse(text) {
            Ok(address) => (Some(address), String::new()),
            Err(error) => (None, error.to_string()),
        },
    };
    Participant {
        name: shown(&participant.name),
        phones: phone::keys(&participant.phone, None).into_iter().collect(),
        address,
        address_problem,
        kind: match participant.kind() {
            proto::participant::Kind::Unspecified => Kind::Unknown,
            proto::participant::Kind::Person => Kind::Person,
            proto::participant::Kind::Resource => Kind::Resource,
            proto::participant::Kind::Group => Kind::Group,
            proto::participant::Kind::Bot => Kind::Bot,
        },
        declined: participant.response() == proto::participant::Response::Declined
            && !participant.attended,
    }
}

fn hints(hints: &[proto::CrmHint]) -> Result<Vec<Hint>, FieldError> {
    if hints.len() > HINTS_MAX {
        return Err(FieldError::new(
            "crm_hints",
            format!("has {} items; send at most {HINTS_MAX}", hints.len()),
        ));
    }
    let mut out = Vec::with_capacity(hints.len());
    for (index, hint) in hints.iter().enumerate() {
        let object = match hint.object.as_str() {
            "Account" => HintObject::Account,
            "Contact" => HintObject::Contact,
            "Lead" => HintObject::Lead,
            "Opportunity" => HintObject::Opportunity,
            "Event" => HintObject::Event,
            _ => {
                let problem = "is not one of Account, Contact, Lead, Opportunity, Event";
                return Err(FieldError::new(
                    format!("crm_hints[{index}].object"),
                    problem,
                ));
            }
        };
        let id = RecordId::parse(&hint.record_id).map_err(|error| {
            FieldError::new(
                format!("crm_hints[{index}].record_id"),
                format!("is no record id: {error}"),
            )
        })?;
        let source = if hint.source.is_empty() {
            "upstream".to_owned()
        } else {
            hint.source.chars().take(64).collect()
        };
        out.push(Hint {
            object,
            record_id: id.as_str().to_owned(),
            source,
        });
    }
    Ok(out)
}

/// At most `bytes_max`, never inside a character.
fn truncated(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> proto::MeetingProcessed {
        let at = |seconds| Some(events::Timestamp { seconds, nanos: 0 });
        proto::MeetingProcessed {
            id: "m-1".into(),
            workspace: "acme".into(),
            revision: 1,
            origin: proto::Origin::Live.into(),
            started_at: at(1_000),
            ended_at: at(2_000),
            ..Default::default()
        }
    }

    fn problem(change: impl FnOnce(&mut proto::MeetingProcessed)) -> String {
        let mut event = event();
        change(&mut event);
        let workspace: WorkspaceId = "acme".parse().unwrap();
        meeting(&workspace, &event)
            .map(|_| String::new())
            .unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn each_bad_field_is_named_with_the_fix() {
        insta::assert_snapshot!(problem(|e| e.id.clear()), @"id is missing; set upstream's id of the meeting");
        insta::assert_snapshot!(problem(|e| e.revision = 0), @"revision is missing; begin with 1 and count up with each analysis");
        insta::assert_snapshot!(problem(|e| e.origin = 0), @"origin is missing; set ORIGIN_LIVE or ORIGIN_BACKFILL");
        insta::assert_snapshot!(problem(|e| e.started_at = None), @"started_at is missing; set it");
        insta::assert_snapshot!(problem(|e| e.ended_at = e.started_at.map(|t| events::Timestamp { seconds: t.seconds - 1, ..t })), @"ended_at is before started_at; swap or correct them");
        insta::assert_snapshot!(problem(|e| e.recording_url = "javascript:alert(1)".into()), @"recording_url is no absolute https URL of at most 2,048 ASCII characters; correct or leave it empty");
        insta::assert_snapshot!(problem(|e| e.crm_hints = vec![proto::CrmHint { object: "Deal".into(), ..Default::default() }]), @"crm_hints[0].object is not one of Account, Contact, Lead, Opportunity, Event");
        insta::assert_snapshot!(problem(|e| e.extracted_values = vec![proto::ExtractedValue { property: "Next Step".into(), ..Default::default() }]), @"extracted_values[0].property is not 1 to 64 characters of a-z, 0-9 and '_'");
        insta::assert_snapshot!(problem(|e| e.extracted_values = vec![proto::ExtractedValue { property: "x".into(), confidence: f64::NAN, ..Default::default() }]), @"extracted_values[0].confidence is not between 0 and 1");
        insta::assert_snapshot!(problem(|_| ()), @"");
    }

    #[test]
    fn a_huge_meeting_is_cut_and_says_so() {
        let mut event = event();
        event.title = "é".repeat(10_000);
        event.participants = vec![
            proto::Participant {
                name: "x".repeat(100_000),
                ..Default::default()
            };
            10_000
        ];
        let workspace: WorkspaceId = "acme".parse().unwrap();
        let meeting = meeting(&workspace, &event).unwrap();
        assert_eq!(meeting.title.len(), TITLE_BYTES_MAX);
        assert_eq!(meeting.participants.len(), PARTICIPANTS_MAX);
        assert_eq!(meeting.participants_dropped, 9_500);
        assert_eq!(meeting.participants[0].name.len(), NAME_CHARACTERS_MAX);
    }

    #[test]
    fn hostile_input_is_cut_or_refused_with_a_reason() {
        let mut event = event();
        let guest = |name: &str, email: &str| proto::Participant {
            name: name.into(),
            email: email.into(),
            phone: "+".repeat(1 << 16),
            ..Default::default()
        };
        event.participants = vec![
            guest(&"x".repeat(1 << 20), "a@b@c"),
            guest(
                "\u{0}\u{7}Ann\u{1b}[31m",
                &format!("{}@acme.com", "y".repeat(1 << 20)),
            ),
            guest("", "ann@аcme.com"),
        ];
        let mention = |letters| proto::CompanyMention {
            name: "z".repeat(letters),
            count: 1,
        };
        event.company_mentions = vec![mention(1 << 20); MENTIONS_MAX];
        event.company_mentions.resize(10_000, mention(1_000));
        let workspace: WorkspaceId = "acme".parse().unwrap();
        let meeting = meeting(&workspace, &event).unwrap();
        assert_eq!(meeting.mentions.len(), MENTIONS_MAX);
        assert!(
            meeting
                .mentions
                .iter()
                .all(|mention| mention.len() <= NAME_CHARACTERS_MAX)
        );
        let problems: Vec<&str> = meeting
            .participants
            .iter()
            .map(|p| p.address_problem.as_str())
            .collect();
        assert_eq!(problems[1], "is longer than 254 bytes");
        assert_eq!(meeting.participants[1].name, "Ann[31m");
        // A Cyrillic letter makes another domain, in the form registries write it.
        assert_eq!(
            meeting.participants[2].address.as_ref().unwrap().host(),
            "xn--cme-5cd.com"
        );
        assert!(meeting.participants.iter().all(|p| p.phones.is_empty()));
    }
}
