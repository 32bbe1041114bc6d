//! Text functions (language section 6). Lengths and positions count UTF-16 units; cutting a pair of
//! them in two gives a text we cannot hold, which is refused rather than approximated.

use std::borrow::Cow;

use chrono::DateTime;

use crate::number::Number;
use crate::trouble::{ErrorKind, Trouble};
use crate::value::Value;

/// Longest text a function may build, in bytes.
const TEXT_BYTES_MAX: usize = 1 << 20;

const HALF: Trouble = Trouble::Unsupported("half a surrogate pair");
const TOO_LONG: Trouble = Trouble::Limit("a text longer than 1 MiB");

/// Length in UTF-16 units.
pub(crate) fn length(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().map(char::len_utf16).sum()
    }
}

/// Byte offset of the UTF-16 position `units`, the end when beyond.
fn offset(text: &str, units: usize) -> Result<usize, Trouble> {
    if text.is_ascii() {
        return Ok(units.min(text.len()));
    }
    let mut left = units;
    for (at, character) in text.char_indices() {
        if left == 0 {
            return Ok(at);
        }
        left = left.checked_sub(character.len_utf16()).ok_or(HALF)?;
    }
    Ok(text.len())
}

/// The bytes `from..to` of `text`, without copying a borrowed one.
fn cut<'a>(text: Cow<'a, str>, from: usize, to: usize) -> Value<'a> {
    match text {
        Cow::Borrowed(text) => Value::text(&text[from..to]),
        Cow::Owned(text) => Value::text(text[from..to].to_owned()),
    }
}

/// A position or count, truncated toward zero.
fn units(n: &Number) -> usize {
    usize::try_from(n.to_i64_held()).unwrap_or(0)
}

/// `LEFT(t, n)`.
pub(crate) fn left<'a>(text: Cow<'a, str>, n: &Number) -> Result<Value<'a>, Trouble> {
    let to = offset(&text, units(n))?;
    Ok(cut(text, 0, to))
}

/// `RIGHT(t, n)`.
pub(crate) fn right<'a>(text: Cow<'a, str>, n: &Number) -> Result<Value<'a>, Trouble> {
    let from = offset(&text, length(&text).saturating_sub(units(n)))?;
    let to = text.len();
    Ok(cut(text, from, to))
}

/// `MID(t, s, n)`: a start below 1 becomes 1 and does not shorten `n`.
pub(crate) fn mid<'a>(
    text: Cow<'a, str>,
    start: &Number,
    n: &Number,
) -> Result<Value<'a>, Trouble> {
    let first = units(start).max(1) - 1;
    let from = offset(&text, first)?;
    let to = offset(&text, first.saturating_add(units(n)))?;
    Ok(cut(text, from, to))
}

/// `FIND(what, in, start)`, 1-based.
pub(crate) fn find(
    what: &Value<'_>,
    inside: &Value<'_>,
    start: Option<&Value<'_>>,
) -> Result<Number, Trouble> {
    let (Value::Text(what), Value::Text(inside)) = (what, inside) else {
        return Ok(Number::zero());
    };
    let start = match start {
        None => 1,
        Some(Value::Number(start)) => units(start).max(1),
        Some(_) => return Err(Trouble::Error(ErrorKind::BlankArgument)),
    };
    let from = offset(inside, start - 1)?;
    let found = inside[from..]
        .find(what.as_ref())
        .map(|at| length(&inside[..from + at]) + 1);
    Ok(Number::from(
        found.and_then(|at| i64::try_from(at).ok()).unwrap_or(0),
    ))
}

/// `CONTAINS` and `BEGINS`: a blank text is in every text; a blank text that should hold something
/// has no answer.
pub(crate) fn holds<'a>(
    text: &Value<'a>,
    what: &Value<'a>,
    test: impl Fn(&str, &str) -> bool,
) -> Value<'a> {
    match (text, what) {
        (_, Value::Text(what)) => match text {
            Value::Text(text) => Value::Bool(test(text, what)),
            _ => Value::Null,
        },
        _ => Value::Bool(true),
    }
}

/// `SUBSTITUTE(t, old, new)`.
pub(crate) fn substitute<'a>(
    text: Cow<'a, str>,
    old: &str,
    new: &Value<'_>,
) -> Result<Value<'a>, Trouble> {
    let new = match new {
        Value::Text(new) => new.as_ref(),
        _ => "",
    };
    if new.len() > old.len() {
        let growth = text.matches(old).count() * (new.len() - old.len());
        if text.len() + growth > TEXT_BYTES_MAX {
            return Err(TOO_LONG);
        }
    }
    Ok(Value::text(text.replace(old, new)))
}

/// `TRIM(t)`: spaces only.
pub(crate) fn trim(text: Cow<'_, str>) -> Value<'_> {
    let from = text.len() - text.trim_start_matches(' ').len();
    let to = text.trim_end_matches(' ').len().max(from);
    cut(text, from, to)
}

/// `UPPER` and `LOWER`, Unicode. A Turkish, Azeri or Lithuanian locale folds differently and is refused.
pub(crate) fn cased<'a>(
    text: &str,
    locale: Option<&Value<'_>>,
    upper: bool,
) -> Result<Value<'a>, Trouble> {
    if let Some(Value::Text(locale)) = locale {
        let language = locale
            .split(['_', '-'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if matches!(language.as_str(), "tr" | "az" | "lt") {
            return Err(Trouble::Unsupported("letter case of this locale"));
        }
    }
    Ok(Value::text(if upper {
        text.to_uppercase()
    } else {
        text.to_lowercase()
    }))
}

/// `INITCAP(t)`: the first letter of each word upper, the others lower.
pub(crate) fn initcap<'a>(text: &str) -> Value<'a> {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        if inside {
            out.extend(character.to_lowercase());
        } else {
            out.extend(character.to_uppercase());
        }
        inside = character.is_alphanumeric();
    }
    Value::text(out)
}

/// `REVERSE(t)`. The platform reverses UTF-16 units and keeps pairs together.
pub(crate) fn reverse<'a>(text: &str) -> Value<'a> {
    Value::text(text.chars().rev().collect::<String>())
}

/// `ASCII(t)`: the first UTF-16 unit.
pub(crate) fn code(text: &str) -> Number {
    Number::from(text.encode_utf16().next().map_or(0, i64::from))
}

/// `CHR(n)`: blank for zero and for what is no character.
pub(crate) fn character<'a>(n: &Number) -> Result<Value<'a>, Trouble> {
    match u32::try_from(n.to_i64_held()) {
        Err(_) | Ok(0) => Ok(Value::Null),
        Ok(0xD800..=0xDFFF) => Err(HALF),
        Ok(code) => Ok(char::from_u32(code)
            .map_or(Value::Null, |character| Value::text(character.to_string()))),
    }
}

/// `LPAD` and `RPAD`; a shorter `n` truncates.
pub(crate) fn padded<'a>(
    text: Cow<'a, str>,
    n: &Number,
    pad: &str,
    at_left: bool,
) -> Result<Value<'a>, Trouble> {
    let wanted = units(n);
    let have = length(&text);
    if wanted <= have {
        return left(text, n);
    }
    let missing = wanted - have;
    if missing.saturating_mul(4) > TEXT_BYTES_MAX {
        return Err(TOO_LONG);
    }
    let pad_units = length(pad).max(1);
    let whole = pad.repeat(missing / pad_units);
    let part = &pad[..offset(pad, missing % pad_units)?];
    Ok(Value::text(if at_left {
        format!("{whole}{part}{text}")
    } else {
        format!("{text}{whole}{part}")
    }))
}

/// `a & b`: a blank is the empty text.
pub(crate) fn joined<'a>(a: Value<'a>, b: Value<'a>) -> Result<Value<'a>, Trouble> {
    match (a, b) {
        (Value::Null, other) | (other, Value::Null) => Ok(other),
        (Value::Text(a), Value::Text(b)) => {
            if a.len() + b.len() > TEXT_BYTES_MAX {
                return Err(TOO_LONG);
            }
            let mut out = a.into_owned();
            out.push_str(&b);
            Ok(Value::Text(Cow::Owned(out)))
        }
        _ => Err(Trouble::Unsupported("a value of another type")),
    }
}

/// `TEXT(x)` of a present value.
pub(crate) fn shown(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Text(text) => Value::Text(text),
        Value::DateTime(at) => match DateTime::from_timestamp_millis(at) {
            Some(at) => Value::text(at.format("%Y-%m-%d %H:%M:%SZ").to_string()),
            None => Value::Null,
        },
        Value::Null => Value::Null,
        Value::Number(number) => Value::text(number.shown().to_string()),
        other => Value::text(other.to_string()),
    }
}

/// The first 15 characters of an id; other texts as they are.
pub(crate) fn id15(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() == 18 && text.is_ascii() {
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..15]),
            Cow::Owned(mut text) => {
                text.truncate(15);
                Cow::Owned(text)
            }
        }
    } else {
        text
    }
}

/// Index characters of the three check letters of an 18-character id.
const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// `CASESAFEID(id)`: each check letter says which of five characters are capitals.
pub(crate) fn case_safe(text: &str) -> Result<Value<'static>, Trouble> {
    if text.len() != 15 || !text.is_ascii() {
        return Ok(Value::text(text.to_owned()));
    }
    let mut out = text.to_owned();
    for chunk in text.as_bytes().chunks(5) {
        let index = chunk
            .iter()
            .enumerate()
            .filter(|(_, byte)| byte.is_ascii_uppercase())
            .fold(0usize, |sum, (bit, _)| sum | 1 << bit);
        out.push(char::from(CHECK[index]));
    }
    Ok(Value::text(out))
}

/// `HYPERLINK(url, label, target)`.
pub(crate) fn hyperlink<'a>(
    url: &Value<'_>,
    label: &Value<'_>,
    target: Option<&Value<'_>>,
) -> Value<'a> {
    let target = match target {
        Some(Value::Text(target)) => format!(" target=\"{target}\""),
        _ => String::new(),
    };
    Value::text(format!(
        "<a href=\"{}\"{target}>{}</a>",
        plain(url),
        plain(label)
    ))
}

/// `IMAGE(url, alternative, height, width)`.
pub(crate) fn image<'a>(arguments: &[Value<'_>]) -> Value<'a> {
    let part = |index: usize| arguments.get(index).map(plain).unwrap_or_default();
    let mut size = String::new();
    for (name, index) in [("height", 2), ("width", 3)] {
        if !part(index).is_empty() {
            size.push_str(&format!(" {name}=\"{}\"", part(index)));
        }
    }
    Value::text(format!(
        "<img src=\"{}\" alt=\"{}\"{size} border=\"0\"/>",
        part(0),
        part(1)
    ))
}

fn plain(value: &Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Members of a multi-select value.
pub(crate) fn members(joined: &str) -> impl Iterator<Item = &str> {
    joined
        .split(';')
        .map(str::trim)
        .filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(value: i64) -> Number {
        Number::from(value)
    }

    fn show(result: Result<Value<'_>, Trouble>) -> String {
        result.map_or_else(|trouble| format!("{trouble:?}"), |value| value.to_string())
    }

    #[test]
    fn pieces_count_utf16_units() {
        assert_eq!(length("a😀"), 3);
        assert_eq!(show(left("会计年".into(), &n(2))), "会计");
        assert_eq!(show(left("abc".into(), &n(-1))), "blank");
        assert_eq!(show(left("😀b".into(), &n(2))), "😀");
        assert_eq!(left("😀b".into(), &n(1)), Err(HALF));
        assert_eq!(show(right("a😀".into(), &n(2))), "😀");
        assert_eq!(show(mid("abc".into(), &n(-2), &n(2))), "ab");
        assert_eq!(show(mid("abc".into(), &n(3), &n(9))), "c");
        assert_eq!(show(mid("abc".into(), &n(4), &n(9))), "blank");
        let at = find(&Value::text("b"), &Value::text("😀ab"), None).expect("found");
        assert_eq!(at, n(4));
    }

    #[test]
    fn padding_repeats_and_truncates() {
        assert_eq!(show(padded("7".into(), &n(3), "0", true)), "007");
        assert_eq!(show(padded("abc".into(), &n(2), " ", true)), "ab");
        assert_eq!(show(padded("a".into(), &n(6), "xy", false)), "axyxyx");
        assert_eq!(show(padded("a".into(), &n(0), "x", false)), "blank");
        assert_eq!(padded("a".into(), &n(1 << 40), "x", false), Err(TOO_LONG));
    }

    #[test]
    fn an_id_gains_its_check_letters() {
        assert_eq!(show(case_safe("001A0000006Vm9u")), "001A0000006Vm9uIAC");
        assert_eq!(id15("001A0000006Vm9uIAC".into()), "001A0000006Vm9u");
    }
}
