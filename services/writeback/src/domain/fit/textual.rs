//! Text, and the short texts with a form: e-mail, phone, address of a page.

use super::{Fitted, Rules, Unfit, unfit};
use crate::domain::meeting::Typed;
use crate::domain::schema::{Field, Kind};
use crate::domain::text;
use crate::domain::value::FieldValue;

/// The value as plain text.
fn as_text(value: &Typed, rules: Rules<'_>) -> String {
    match value {
        Typed::Text(text) => text.clone(),
        Typed::Number(number) => number.normalize().to_string(),
        Typed::Bool(flag) => (if *flag { "Yes" } else { "No" }).to_owned(),
        Typed::Date(date) => date.to_string(),
        Typed::DateTime(moment) => moment
            .with_timezone(&rules.time_zone)
            .format("%Y-%m-%d %H:%M %Z")
            .to_string(),
        Typed::List(items) => {
            let separator = if rules.list_separator.is_empty() {
                "; "
            } else {
                rules.list_separator
            };
            items.join(separator)
        }
        Typed::Money { amount, currency } if currency.is_empty() => amount.to_string(),
        Typed::Money { amount, currency } => format!("{amount} {currency}"),
        Typed::Elsewhere => String::new(),
    }
}

pub(super) fn fit_text(value: &Typed, field: &Field, rules: Rules<'_>) -> Result<Fitted, Unfit> {
    let mut plain = text::clean(&as_text(value, rules));
    if plain.is_empty() {
        return Err(unfit(
            "empty",
            "the value is empty and would clear the field",
        ));
    }
    if field.kind == Kind::Text {
        plain = plain.replace('\n', " ");
    }
    let encode = |text: &str| {
        if field.html {
            text::to_html(text)
        } else {
            text.to_owned()
        }
    };
    let encoded = encode(&plain);
    if field.length == 0 || text::length(&encoded) <= field.length {
        return Ok(Fitted {
            value: FieldValue::Text(encoded),
            truncated: false,
        });
    }
    if !rules.truncate {
        return Err(too_long(text::length(&encoded), field.length));
    }
    // Escaping grows text (a quote by six), so the cut is made before it and repeated until the result fits.
    let mut room = field.length;
    loop {
        let candidate = encode(&text::cut(&plain, room));
        let over = text::length(&candidate).saturating_sub(field.length);
        if over == 0 {
            return Ok(Fitted {
                value: FieldValue::Text(candidate),
                truncated: true,
            });
        }
        if room == 0 {
            return Err(too_long(text::length(&encoded), field.length));
        }
        room = room.saturating_sub((over / 6).max(1));
    }
}

fn too_long(found: usize, max: usize) -> Unfit {
    unfit(
        "too_long",
        format!(
            "the text has {found} characters and the field takes {max}; shorten it or allow truncation in the mapping"
        ),
    )
}

/// One-line values of a fixed form are never cut: half an address is a wrong address.
pub(super) fn fit_short(
    value: &Typed,
    field: &Field,
    what: &'static str,
    valid: impl Fn(&str) -> bool,
) -> Result<Fitted, Unfit> {
    let Typed::Text(raw) = value else {
        return Err(unfit("not_text", format!("the value is not {what} text")));
    };
    let text = text::clean(raw).trim().to_owned();
    if text.is_empty() || text.contains('\n') || !valid(&text) {
        return Err(unfit(
            "malformed",
            format!("the value is not a valid {what}; correct it"),
        ));
    }
    if field.length > 0 && text::length(&text) > field.length {
        return Err(too_long(text::length(&text), field.length));
    }
    Ok(Fitted {
        value: FieldValue::Text(text),
        truncated: false,
    })
}

/// Salesforce's own check is stricter; this one only keeps obvious nonsense from costing a call.
pub(super) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !text.contains(char::is_whitespace)
            && domain.matches('@').count() == 0
    })
}
