//! Splits SOQL into words, numbers, strings and symbols.

use crate::error::ApiError;

/// A token with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Byte offset of its start.
    pub at: usize,
}

/// Kinds of token.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Identifier, keyword, dotted path, date literal such as `LAST_N_DAYS:7`.
    Word(String),
    /// Number, date or datetime.
    Number(String),
    /// Quoted string: unescaped text, and the same text with LIKE escapes kept.
    Text(String, String),
    /// Operator or punctuation.
    Symbol(&'static str),
    /// End of the query.
    End,
}

const SYMBOLS: [&str; 10] = ["<=", ">=", "!=", "<>", "=", "<", ">", "(", ")", ","];

/// Longest query, in characters (salesforce-api.md 2.5).
const QUERY_CHARS_MAX: usize = 100_000;
/// Longest string in a WHERE clause, in characters.
const STRING_CHARS_MAX: usize = 4_000;

/// Splits a query.
///
/// # Errors
/// `MALFORMED_QUERY` for an unknown character, a bad escape or an unclosed string.
pub fn tokens(text: &str) -> Result<Vec<Token>, ApiError> {
    if text.chars().count() > QUERY_CHARS_MAX {
        return Err(ApiError::malformed_query(
            "SOQL statements cannot be longer than 100000 characters.",
        ));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        if character.is_whitespace() {
            at += character.len_utf8();
            continue;
        }
        let start = at;
        let kind = if character == '\'' {
            let (kind, end) = string(text, at)?;
            at = end;
            kind
        } else if character.is_ascii_digit()
            || (matches!(character, '-' | '+' | '.') && next_is_digit(text, at))
        {
            at = take(text, at + 1, |c| {
                c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '+')
            });
            Kind::Number(text[start..at].into())
        } else if character.is_ascii_alphabetic() || character == '_' {
            at = take(text, at, |c| {
                c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':')
            });
            Kind::Word(text[start..at].into())
        } else if let Some(symbol) = SYMBOLS
            .iter()
            .find(|symbol| text[at..].starts_with(**symbol))
        {
            at += symbol.len();
            Kind::Symbol(symbol)
        } else {
            return Err(error_at(
                text,
                at,
                &format!("line 1:{at} no viable alternative at character '{character}'"),
            ));
        };
        tokens.push(Token { kind, at: start });
    }
    tokens.push(Token {
        kind: Kind::End,
        at: text.len(),
    });
    Ok(tokens)
}

fn next_is_digit(text: &str, at: usize) -> bool {
    text[at + 1..].starts_with(|c: char| c.is_ascii_digit())
}

fn take(text: &str, from: usize, wanted: impl Fn(char) -> bool) -> usize {
    text[from..]
        .find(|c| !wanted(c))
        .map_or(text.len(), |length| from + length)
}

fn string(text: &str, open: usize) -> Result<(Kind, usize), ApiError> {
    let (mut plain, mut pattern) = (String::new(), String::new());
    let mut rest = text[open + 1..].char_indices();
    while let Some((offset, character)) = rest.next() {
        if character == '\'' {
            if plain.chars().count() > STRING_CHARS_MAX {
                return Err(ApiError::malformed_query(
                    "maximum string length exceeded in WHERE clause: 4000",
                ));
            }
            return Ok((Kind::Text(plain, pattern), open + 1 + offset + 1));
        }
        if character != '\\' {
            plain.push(character);
            pattern.push(character);
            continue;
        }
        let (_, escaped) = rest
            .next()
            .ok_or_else(|| error_at(text, open, "unexpected end of string"))?;
        let resolved = match escaped {
            '\'' | '"' | '\\' => escaped,
            'n' | 'N' => '\n',
            'r' | 'R' => '\r',
            't' | 'T' => '\t',
            'b' | 'B' => '\u{8}',
            'f' | 'F' => '\u{c}',
            '_' | '%' => {
                // Only LIKE tells an escaped wildcard from a plain one.
                plain.push(escaped);
                pattern.push('\\');
                pattern.push(escaped);
                continue;
            }
            'u' => {
                let hex: String = rest.by_ref().take(4).map(|(_, c)| c).collect();
                let code = u32::from_str_radix(&hex, 16)
                    .ok()
                    .filter(|_| hex.len() == 4);
                code.and_then(char::from_u32).ok_or_else(|| {
                    error_at(text, open, &format!("Illegal unicode sequence '\\u{hex}'"))
                })?
            }
            other => {
                return Err(error_at(
                    text,
                    open,
                    &format!(
                        "Invalid string literal '{}'. Illegal character sequence '\\{other}' in string literal.",
                        &text[open + 1..]
                    ),
                ));
            }
        };
        plain.push(resolved);
        if resolved == '\\' {
            pattern.push('\\');
        }
        pattern.push(resolved);
    }
    Err(error_at(
        text,
        open,
        "unexpected end of string: missing closing quote",
    ))
}

/// The platform's error text: an excerpt, a caret, the position, the reason.
pub fn located(text: &str, at: usize, reason: &str) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let row = before.matches('\n').count() + 1;
    let column = text[line_start..]
        .get(..at - line_start)
        .map_or(0, |part| part.chars().count());
    let from = text[line_start..]
        .char_indices()
        .nth(column.saturating_sub(60))
        .map_or(line_start, |(i, _)| line_start + i);
    let excerpt: String = text[from..]
        .chars()
        .take_while(|c| *c != '\n')
        .take(120)
        .collect();
    let caret = column - text[line_start..from].chars().count();
    format!(
        "\n{excerpt}\n{}^\nERROR at Row:{row}:Column:{}\n{reason}",
        " ".repeat(caret),
        column + 1
    )
}

/// `MALFORMED_QUERY` at a place.
pub fn error_at(text: &str, at: usize, reason: &str) -> ApiError {
    ApiError::malformed_query(located(text, at, reason))
}
