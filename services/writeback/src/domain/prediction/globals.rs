//! Names that start with `$`, as rules see them: the running user is the connected user, not the person in the meeting.
//!
//! Their values come with the schema. Those of another user, whose connection has ended meanwhile, are not used.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use formula::{Fields as Declared, Kind, Record, Value};

use crate::domain::schema::{Global, Object};

/// Who saves; every snapshot that carries globals names the user they are of.
const USER_ID: &str = "$User.Id";
/// Where the running user's days begin.
const TIME_ZONE: &str = "$User.TimeZoneSidKey";
/// A fixed moment (language section 10).
const ORIGIN: &str = "$System.OriginDateTime";
/// Characters of an id that tell records apart; the rest is a check sum.
const ID_CHARACTERS: usize = 15;

/// Makes known the types of an object's globals.
pub(super) fn declare(object: &Object, declared: &mut Declared) {
    for global in &object.globals {
        if let Some(kind) = Kind::named(&global.kind) {
            declared.declare(&global.name, formula::Field::stored(kind));
        }
    }
}

/// Adds the values to a record, for the user who saves.
pub(super) fn set(record: &mut Record, object: &Object, user_id: &str) {
    let origin = NaiveDate::from_ymd_opt(1900, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
    if let Some(origin) = origin {
        let origin: DateTime<Utc> = origin.and_utc();
        record.set(ORIGIN, Value::instant(origin));
    }
    if user_id.is_empty() {
        return;
    }
    record.set(USER_ID, Value::text(user_id.to_owned()));
    for global in of_user(object, user_id) {
        let kind = Kind::named(&global.kind);
        let value = kind
            .zip(json(global))
            .and_then(|(kind, json)| Value::from_json(kind, &json));
        if let Some(value) = value {
            record.set(&global.name, value);
        }
    }
}

/// The time zone of the user who saves, in which rules cut days; `None` when it is not known.
pub(super) fn zone(object: &Object, user_id: &str) -> Option<Tz> {
    of_user(object, user_id)
        .find(|global| global.name.eq_ignore_ascii_case(TIME_ZONE))
        .and_then(json)?
        .as_str()?
        .parse()
        .ok()
}

/// Why the value behind a path is not known, in the words of the schema sync.
pub(super) fn why_unknown<'o>(object: &'o Object, path: &str) -> Option<&'o str> {
    object
        .globals
        .iter()
        .find(|global| global.name.eq_ignore_ascii_case(path))
        .map(|global| global.unknown_reason.as_str())
        .filter(|why| !why.is_empty())
}

fn of_user<'o>(object: &'o Object, user_id: &str) -> impl Iterator<Item = &'o Global> {
    let id = |text: &str| text.get(..ID_CHARACTERS).map(str::to_owned);
    let own = id(user_id);
    let read_for = object
        .globals
        .iter()
        .find(|global| global.name.eq_ignore_ascii_case(USER_ID))
        .and_then(json)
        .and_then(|json| id(json.as_str()?));
    let same = own.is_some() && own == read_for;
    object.globals.iter().filter(move |_| same)
}

fn json(global: &Global) -> Option<serde_json::Value> {
    serde_json::from_str(global.value_json.as_deref()?).ok()
}
