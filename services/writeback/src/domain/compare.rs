//! Whether two values of a field are the same to Salesforce, although they are not the same text.

use chrono::{DateTime, Utc};

use super::value::FieldValue;

/// True when Salesforce would store both as one: empty text is nothing, line breaks and trailing white space are
/// its own, a moment has many spellings, and the order of a multi-select carries nothing.
#[must_use]
pub fn same(a: &FieldValue, b: &FieldValue) -> bool {
    if a.is_empty() && b.is_empty() {
        return true;
    }
    match (a, b) {
        (FieldValue::Text(a), FieldValue::Text(b)) => same_text(a, b),
        // A checkbox is never empty: nothing and unticked are one.
        (FieldValue::Null, FieldValue::Bool(false))
        | (FieldValue::Bool(false), FieldValue::Null) => true,
        _ => a == b,
    }
}

fn same_text(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    if let (Some(a), Some(b)) = (moment(a), moment(b)) {
        return a == b;
    }
    if super::text::clean(a) == super::text::clean(b) {
        return true;
    }
    if a.contains(';') && b.contains(';') && !a.contains(' ') && !b.contains(' ') {
        let sorted = |text: &str| {
            let mut parts: Vec<String> = text.split(';').map(str::to_owned).collect();
            parts.sort_unstable();
            parts
        };
        return sorted(a) == sorted(b);
    }
    false
}

/// A moment in any of Salesforce's spellings; days alone are not moments.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    if text.len() < 19 || text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z")
        .or_else(|_| DateTime::parse_from_rfc3339(text))
        .ok()
        .map(|moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_value_are_the_same() {
        let text = |text: &str| FieldValue::Text(text.into());
        for (a, b, expected) in [
            (FieldValue::Null, text(""), true),
            (FieldValue::Null, FieldValue::Bool(false), true),
            (FieldValue::Null, text("x"), false),
            (text("a\r\nb"), text("a\nb "), true),
            (
                text("2026-03-02T10:00:00.000+0000"),
                text("2026-03-02T10:00:00Z"),
                true,
            ),
            (
                text("2026-03-02T10:00:00.000+0000"),
                text("2026-03-02T11:00:00Z"),
                false,
            ),
            (text("b;a"), text("a;b"), true),
            (
                FieldValue::from_json("1.50").unwrap(),
                FieldValue::from_json("1.5").unwrap(),
                true,
            ),
            (FieldValue::from_json("1").unwrap(), text("1"), false),
        ] {
            assert_eq!(same(&a, &b), expected, "{a:?} {b:?}");
        }
    }

    proptest! {
        #[test]
        fn sameness_is_symmetric(a in "\\PC{0,20}", b in "\\PC{0,20}") {
            let (a, b) = (FieldValue::Text(a), FieldValue::Text(b));
            prop_assert!(same(&a, &a));
            prop_assert_eq!(same(&a, &b), same(&b, &a));
        }
    }
}
