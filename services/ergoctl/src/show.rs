//! How answers look on a terminal.
//!
//! Text of strangers may hold control characters that would drive the terminal, so none of them gets through.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// Longest text in a cell, in characters.
const CELL_CHARACTERS_MAX: usize = 300;

/// Text without anything a terminal would obey; line breaks and tabs stay.
pub(crate) fn plain(text: &str) -> String {
    // Marks that turn the writing direction around would change what its neighbours say.
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let obeyed = |c: char| (c.is_control() && c != '\n' && c != '\t') || turns(c);
    text.chars()
        .map(|c| if obeyed(c) { '\u{fffd}' } else { c })
        .collect()
}

/// One cell: plain, and cut where a table would burst.
pub(crate) fn cell(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(CELL_CHARACTERS_MAX) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// A value of an answer as a cell; lists are joined, what is absent is empty.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => cell(text),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            items.join(", ")
        }
        Value::Object(_) => cell(&value.to_string()),
    }
}

/// The items of a list as a table: each column is a heading and a JSON pointer.
pub(crate) fn table(items: &[Value], columns: &[(&str, &str)]) -> String {
    let rows = items.iter().map(|item| {
        let cell =
            |(_, pointer): &(&str, &str)| item.pointer(pointer).map(value).unwrap_or_default();
        columns.iter().map(cell).collect()
    });
    let headings: Vec<&str> = columns.iter().map(|(heading, _)| *heading).collect();
    rows_table(&headings, rows.collect())
}

/// Rows as a table; a line instead of an empty one.
pub(crate) fn rows_table(headings: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return "nothing".to_owned();
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headings);
    for row in rows {
        table.add_row(row);
    }
    table.trim_fmt()
}

/// Names and values, one a line; empty values are left out.
pub(crate) fn pairs(pairs: &[(&str, String)]) -> String {
    let shown: Vec<&(&str, String)> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let width = shown
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    let lines: Vec<String> = shown
        .iter()
        .map(|(name, value)| format!("{name:width$}  {value}"))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_becomes_a_table() {
        let items = [
            json!({"id": "a", "state": "held", "reasons": [{"code": "x"}], "live": true, "fields": ["A", "B"]}),
            json!({"id": "bb", "state": null, "live": false, "fields": []}),
        ];
        let columns = [
            ("ID", "/id"),
            ("STATE", "/state"),
            ("FIRST", "/reasons/0/code"),
            ("LIVE", "/live"),
            ("FIELDS", "/fields"),
        ];
        insta::assert_snapshot!(table(&items, &columns), @r"
         ID  STATE  FIRST  LIVE  FIELDS
         a   held   x      yes   A, B
         bb                no
        ");
        assert_eq!(table(&[], &columns), "nothing");
    }

    #[test]
    fn pairs_line_up() {
        let shown = pairs(&[
            ("live", "yes".into()),
            ("mapping version", "3".into()),
            ("x", String::new()),
        ]);
        insta::assert_snapshot!(shown, @r"
        live             yes
        mapping version  3
        ");
    }

    #[test]
    fn no_text_drives_the_terminal() {
        assert_eq!(
            plain("a\u{1b}[2Jb\r\u{202e}c\n"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\n"
        );
        assert_eq!(cell(&"é".repeat(400)).chars().count(), 301);
    }
}
