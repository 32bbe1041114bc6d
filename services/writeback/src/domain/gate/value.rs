//! Value: what the field cannot take is held for a person to correct.

use super::{Reason, Subject};
use crate::domain::change::Verdict;
use crate::domain::fit::{Fitted, Unfit};
use crate::domain::mapping::Content;
use crate::domain::plan::Source;
use crate::domain::text;
use crate::domain::value::FieldValue;

/// Without these a record would not say what it is about.
const ESSENTIAL: [(&str, &[&str]); 3] = [
    ("Task", &["Subject", "Description"]),
    ("Event", &["Subject", "StartDateTime", "EndDateTime"]),
    ("ContentNote", &["Title", "Content"]),
];

pub(super) fn gate(subject: &Subject<'_>) -> Vec<Reason> {
    let field = [subject.proposal.field.clone()];
    match (&subject.fitted, &subject.proposal.source) {
        (Some(Err(Unfit { code, message })), _) => {
            vec![Reason::new("", Verdict::Hold, code, message.clone()).about(field)]
        }
        (Some(Ok(Fitted { truncated, .. })), _) => {
            let mut reasons = Vec::new();
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
        (None, Source::Value(_)) => Vec::new(),
    }
}

fn record(subject: &Subject<'_>, missing: &[Content]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|content| content.as_str()).collect();
        reasons.push(Reason::new(
            "",
            Verdict::Hold,
            "text_elsewhere",
            format!(
                "{} kept outside the event was not fetched; publish it inline",
                names.join(", ")
            ),
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
