//! The table at the end: each meeting, the records it belongs to and why, each change with its reasons, and what
//! Salesforce holds.

use crate::tale::{Tale, label, reasons, shown, state_word};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets::UTF8_FULL};
use serde_json::Value;
use std::fmt::Write;
use testkit::org::Records;

/// Width where there is no terminal to ask.
const COLUMNS: u16 = 190;
/// Widths that leave most of the room to what was decided; the rest share what is left.
const MEETING_COLUMNS: u16 = 28;
const TRACE_COLUMNS: u16 = 34;
/// Longest reason shown.
const REASON_CHARACTERS_MAX: usize = 220;

pub(crate) fn render(tales: &[Tale], records: &Records) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_none() {
        table.set_width(COLUMNS);
    }
    table.set_header([
        "meeting",
        "matched records, and why",
        "changes: verdict and reasons",
        "in Salesforce",
        "trace",
    ]);
    for (column, width) in [(0, MEETING_COLUMNS), (4, TRACE_COLUMNS)] {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
    }
    for tale in tales {
        table.add_row([
            meeting(tale),
            matched(tale, records),
            changes(tale),
            salesforce(tale),
            trace(tale),
        ]);
    }
    table.to_string()
}

fn meeting(tale: &Tale) -> String {
    format!("{}\n{}", tale.meeting.title(), tale.meeting.about)
}

fn matched(tale: &Tale, records: &Records) -> String {
    let Some(decision) = &tale.decision else {
        return tale.skipped.clone().unwrap_or_default();
    };
    let mut text = tale.outcome();
    let ids = [
        &decision.account_id,
        &decision.opportunity_id,
        &decision.lead_id,
    ];
    for id in ids.into_iter().filter(|id| !id.is_empty()) {
        let _ = write!(text, "\n{}", records.name(id).unwrap_or(id));
    }
    let _ = write!(text, "\n{}", decision.explanation);
    if !decision.would_settle.is_empty() {
        let _ = write!(text, "\nwould settle it: {}", decision.would_settle);
    }
    text
}

fn changes(tale: &Tale) -> String {
    let mut lines = Vec::new();
    for change in tale.changes() {
        let mut line = format!("{}: {}", label(change), state_word(change.state()));
        if let Ok(proposed @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) =
            serde_json::from_str(&change.proposed_json)
        {
            let _ = write!(line, ", {}", shown(&proposed));
        }
        for reason in reasons(change) {
            let reason: String = reason.chars().take(REASON_CHARACTERS_MAX).collect();
            let _ = write!(line, "\n  - {reason}");
        }
        lines.push(line);
    }
    if let Some(set) = tale.set.as_ref().filter(|set| set.changes.is_empty()) {
        lines.push(format!("nothing to write: {}", set.empty_reason));
    }
    lines.extend(
        tale.differences
            .iter()
            .map(|difference| format!("NOT AS EXPECTED: {difference}")),
    );
    lines.join("\n")
}

fn salesforce(tale: &Tale) -> String {
    let lines: Vec<&str> = tale
        .salesforce
        .iter()
        .map(String::as_str)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

fn trace(tale: &Tale) -> String {
    if tale.skipped.is_some() {
        return String::new();
    }
    let (spans, services) = &tale.spans;
    if *spans == 0 {
        return tale.trace_id.clone();
    }
    format!(
        "{}\n{spans} spans, {} services",
        tale.trace_id,
        services.len()
    )
}
