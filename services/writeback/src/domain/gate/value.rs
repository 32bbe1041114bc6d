//! Value: what the field cannot take is held for a person to correct.

use super::{Reason, Subject};
use crate::domain::change::Verdict;
use crate::domain::fit::{Fitted, Unfit};
use crate::domain::mapping::Content;
use crate::domain::meeting::Typed;
use crate::domain::owner::{self, Known};
use crate::domain::plan::Source;
use crate::domain::text;
use crate::domain::value::FieldValue;

/// Who an address stands for could not be asked.
pub const OWNER_NOT_TOLD: &str = "owner_not_told";

/// Without these a record would not say what it is about.
const ESSENTIAL: [(&str, &[&str]); 6] = [
    ("Task", &["Subject", "Description"]),
    ("Event", &["Subject", "StartDateTime", "EndDateTime"]),
    ("ContentNote", &["Title", "Content"]),
    ("Contact", &["LastName", "Email", "AccountId"]),
    ("OpportunityContactRole", &["OpportunityId", "ContactId"]),
    (
        "Opportunity",
        &["Name", "AccountId", "StageName", "CloseDate"],
    ),
];

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    let field = [subject.proposal.field.clone()];
    match (&subject.fitted, &subject.proposal.source) {
        (Some(Err(Unfit { code, message })), _) => {
            let unfetched = subject.around.unfetched;
            let message = match *code {
                "text_elsewhere" if !unfetched.is_empty() => unfetched,
                _ => message,
            };
            vec![Reason::new("", Verdict::Hold, code, message).about(field)]
        }
        (Some(Ok(Fitted { truncated, .. })), _) => {
            let mut reasons: Vec<Reason> = named(subject).into_iter().collect();
            if *truncated {
                reasons.push(
                    Reason::new(
                        "",
                        Verdict::Pass,
                        "truncated",
                        "the text was cut to the field's length and marked",
                    )
                    .about(field.clone()),
                );
            }
            if let (Some(FieldValue::Text(joined)), Some(known)) =
                (subject.proposed(), subject.field)
                && known.length > 0
                && text::length(&joined) > known.length
            {
                reasons.push(
                    Reason::new(
                        "",
                        Verdict::Hold,
                        "too_long_together",
                        format!("with what is there the text is longer than the {} characters the field takes", known.length),
                    )
                    .about(field),
                );
            }
            reasons
        }
        (None, Source::Record { missing, .. }) => record(subject, missing),
        (None, Source::Value(_)) if subject.names_owner() => vec![
            Reason::new(
                "",
                Verdict::Wait,
                OWNER_NOT_TOLD,
                "who the address stands for in Salesforce was not told yet",
            )
            .about(field),
        ],
        (None, Source::Value(_)) => Vec::new(),
    }
}

/// Who the new owner is, for a person: what is written is an id.
fn named(subject: &Subject<'_>) -> Option<Reason> {
    let (true, Source::Value(Typed::Text(said))) =
        (subject.names_owner(), &subject.proposal.source)
    else {
        return None;
    };
    let address = owner::address(said);
    match subject.around.owners.get(&address)? {
        Known::User { id, name } => Some(
            Reason::new(
                "",
                Verdict::Pass,
                "owner_named",
                format!("{address} is {name} in Salesforce ({id})"),
            )
            .about([subject.proposal.field.clone()]),
        ),
        Known::Nobody(_) => None,
    }
}

fn record(subject: &Subject<'_>, missing: &[Content]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|content| content.as_str()).collect();
        let unfetched = subject.around.unfetched;
        reasons.push(Reason::new(
            "",
            Verdict::Hold,
            "text_elsewhere",
            if unfetched.is_empty() {
                format!(
                    "{} kept outside the event was not fetched; publish it inline",
                    names.join(", ")
                )
            } else {
                unfetched.to_owned()
            },
        ));
    }
    let Some(object) = subject.object else {
        return reasons;
    };
    let essential = ESSENTIAL
        .iter()
        .find(|(name, _)| *name == subject.proposal.object)
        .map_or(&[] as &[&str], |(_, fields)| fields);
    let unreachable: Vec<&str> = essential
        .iter()
        .copied()
        .filter(|name| {
            !object
                .fields
                .get(*name)
                .is_some_and(|field| field.createable)
        })
        .collect();
    if let Source::Record { fields, missing } = &subject.proposal.source {
        let absent: Vec<&str> = essential
            .iter()
            .copied()
            .filter(|name| !fields.contains_key(*name) && missing.is_empty())
            // A note without text, or a task without a description, is short, not wrong.
            .filter(|_| subject.proposal.object == "Opportunity")
            .collect();
        if !absent.is_empty() {
            reasons.push(
                Reason::new(
                    "",
                    Verdict::Hold,
                    "required_missing",
                    format!(
                        "nothing said what {} of the new {} is to be; edit the change to say so",
                        absent.join(", "),
                        subject.proposal.object
                    ),
                )
                .about(absent),
            );
        }
    }
    if !unreachable.is_empty() {
        reasons.push(
            Reason::new(
                "",
                Verdict::Hold,
                "field_not_createable",
                format!(
                    "the connected user may not set {} of a new {}",
                    unreachable.join(", "),
                    subject.proposal.object
                ),
            )
            .about(unreachable),
        );
    }
    reasons
}
