//! A condition as a clause of a sentence: plain words for the common shapes, the author's own words
//! with the values for all others.

use super::Seen;
use crate::program::{NodeId, Op, Program};
use crate::value::Value;

/// Longest piece of a formula or of a value shown in a sentence, in characters.
const SHOWN_CHARS_MAX: usize = 120;

pub(super) fn clause(
    program: &Program,
    node: NodeId,
    truth: Option<bool>,
    text: &str,
    seen: &[Seen],
) -> String {
    let subject = |node: NodeId| field(program, node);
    let holds = truth == Some(true);
    let not = if holds { "" } else { " not" };
    match program.op(node) {
        Op::Field { .. } => {
            if let Some(path) = subject(node) {
                return format!("{path} is {holds}");
            }
        }
        Op::IsBlank(operand) => {
            if let Some(path) = subject(unwrapped(program, operand)) {
                return format!("{path} is{not} blank");
            }
        }
        Op::IsPick { value, literal } | Op::Includes { value, literal } => {
            if let Some(path) = subject(value) {
                let verb = if matches!(program.op(node), Op::Includes { .. }) {
                    "including "
                } else {
                    ""
                };
                return match &program.constants[literal as usize] {
                    Value::Null => format!("{path} is{not} blank"),
                    wanted if holds => format!("{path} is {verb}{}", shown(wanted)),
                    wanted => {
                        let value = seen.first().and_then(|seen| seen.value.as_ref());
                        let now =
                            value.map_or_else(String::new, |value| format!("{}, ", shown(value)));
                        format!("{path} is {now}not {verb}{}", shown(wanted))
                    }
                };
            }
        }
        Op::IsNew => return format!("the record is{not} new"),
        Op::Changed { current, .. } => {
            if let (Some(path), [seen]) = (subject(current), seen) {
                return match (holds, &seen.prior, &seen.value) {
                    (true, Some(from), Some(to)) => {
                        format!("{path} changed from {} to {}", shown(from), shown(to))
                    }
                    (true, ..) => format!("{path} changed"),
                    (false, ..) => format!("{path} did not change"),
                };
            }
        }
        _ => {}
    }
    let mut out = cut(text);
    match truth {
        Some(true) => {}
        Some(false) => out.push_str(" is false"),
        None => out.push_str(" is neither true nor false"),
    }
    for (index, seen) in seen.iter().enumerate() {
        out.push_str(if index == 0 { " (" } else { ", " });
        out.push_str(&value(seen));
    }
    if !seen.is_empty() {
        out.push(')');
    }
    out
}

fn value(seen: &Seen) -> String {
    let path = &seen.path;
    match (&seen.value, &seen.prior) {
        (Some(value), Some(prior)) => {
            format!("{path} is {}, before {}", shown(value), shown(prior))
        }
        (None, Some(prior)) => format!("{path} was {}", shown(prior)),
        (Some(value), None) => format!("{path} is {}", shown(value)),
        (None, None) => format!("{path} is not loaded"),
    }
}

/// The path when `node` is a plain field.
fn field(program: &Program, node: NodeId) -> Option<&str> {
    match program.op(node) {
        Op::Field { reference, .. } => Some(&program.references[reference as usize].path),
        _ => None,
    }
}

/// The picklist inside `TEXT(picklist)`: it is blank when its text is.
fn unwrapped(program: &Program, node: NodeId) -> NodeId {
    match program.op(node) {
        Op::Call {
            function: crate::function::Function::Text,
            kids,
        } => program.kids(kids).first().copied().unwrap_or(node),
        _ => node,
    }
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => format!("\"{}\"", cut(text)),
        other => other.to_string(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
