//! Where a JSON answer stops making sense, without quoting it.
//!
//! The parser's own message quotes the offending value, which may be a token or customer content.

/// A JSON answer that does not decode: kind and position only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {line} column {column}")]
pub struct DecodeError {
    kind: &'static str,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        let kind = match error.classify() {
            serde_json::error::Category::Io => "read failure",
            serde_json::error::Category::Syntax => "not JSON",
            serde_json::error::Category::Data => "unexpected shape",
            serde_json::error::Category::Eof => "unexpected end",
        };
        Self {
            kind,
            line: error.line(),
            column: error.column(),
        }
    }
}
