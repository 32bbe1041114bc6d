//! Dates, instants and times of day (language section 7). The clock and the time zone are arguments.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Timelike, Utc};
use chrono_tz::Tz;

use crate::function::Function as F;
use crate::number::{Number, Rounding};
use crate::trouble::{ErrorKind, Trouble};
use crate::value::{DAY_MS, Value};

const NOT_A_DATE: Trouble = Trouble::Error(ErrorKind::NotADate);
/// The platform's calendar runs on; ours stops where its own literals do.
const OUT_OF_RANGE: Trouble = Trouble::Limit("a date outside the years 1 to 9999");

/// A day within the years 1 to 9999.
fn within(date: Option<NaiveDate>) -> Result<NaiveDate, Trouble> {
    date.filter(|date| (1..=9999).contains(&date.year()))
        .ok_or(OUT_OF_RANGE)
}

/// An instant within the years 1 to 9999.
fn instant(at_ms: Option<i64>) -> Result<DateTime<Utc>, Trouble> {
    let at = at_ms
        .and_then(DateTime::from_timestamp_millis)
        .ok_or(OUT_OF_RANGE)?;
    within(Some(at.date_naive()))?;
    Ok(at)
}

/// `DATE(y, m, d)`.
pub(crate) fn date(year: &Number, month: &Number, day: &Number) -> Result<NaiveDate, Trouble> {
    let part = |n: &Number| n.to_i64().ok_or(NOT_A_DATE);
    let year = i32::try_from(part(year)?).map_err(|_| NOT_A_DATE)?;
    let month = u32::try_from(part(month)?).map_err(|_| NOT_A_DATE)?;
    let day = u32::try_from(part(day)?).map_err(|_| NOT_A_DATE)?;
    if !(1..=9999).contains(&year) {
        return Err(NOT_A_DATE);
    }
    NaiveDate::from_ymd_opt(year, month, day).ok_or(NOT_A_DATE)
}

/// A day `n` whole days later, `n` truncated.
pub(crate) fn plus_days(date: NaiveDate, n: &Number) -> Result<NaiveDate, Trouble> {
    let n = n.to_i64().ok_or(OUT_OF_RANGE)?;
    let days = Days::new(n.unsigned_abs());
    within(if n < 0 {
        date.checked_sub_days(days)
    } else {
        date.checked_add_days(days)
    })
}

/// An instant `n` days later, in seconds rounded half up.
pub(crate) fn plus_seconds(at_ms: i64, n: &Number) -> Result<i64, Trouble> {
    let seconds = n
        .times(&Number::from(DAY_MS / 1000))?
        .rounded(0, Rounding::HalfAway);
    let ms = seconds
        .to_i64()
        .and_then(|seconds| seconds.checked_mul(1000))
        .ok_or(OUT_OF_RANGE)?;
    instant(at_ms.checked_add(ms)).map(|at| at.timestamp_millis())
}

/// A time of day `n` milliseconds later, around the clock.
pub(crate) fn plus_ms(at: u32, n: &Number) -> u32 {
    let sum = i128::from(at) + i128::from(n.to_i64_held());
    u32::try_from(sum.rem_euclid(i128::from(DAY_MS))).unwrap_or(0)
}

/// Days from `b` to `a`, with fraction.
pub(crate) fn days_between(a_ms: i64, b_ms: i64) -> Result<Number, Trouble> {
    let ms = a_ms.checked_sub(b_ms).ok_or(OUT_OF_RANGE)?;
    Number::from(ms).over(&Number::from(DAY_MS))
}

/// A run of one to `most` digits at the front.
fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let count = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if count < least {
        return None;
    }
    Some((text[..count].parse().ok()?, &text[count..]))
}

/// `y-m-d` at the front, the year in four digits, and what follows.
fn leading_date(text: &str) -> Option<(NaiveDate, &str)> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let year = i32::try_from(year).ok().filter(|year| *year >= 1)?;
    Some((NaiveDate::from_ymd_opt(year, month, day)?, rest))
}

/// `h:m:s` at the front, one or two digits each, and what follows.
fn leading_time(text: &str) -> Option<(NaiveTime, &str)> {
    let (hour, rest) = digits(text, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 1, 2)?;
    let (second, rest) = digits(rest.strip_prefix(':')?, 1, 2)?;
    Some((NaiveTime::from_hms_opt(hour, minute, second)?, rest))
}

/// `DATEVALUE(text)`: trailing text is ignored, but the day must end where its digits do.
pub(crate) fn date_of_text(text: &str) -> Result<NaiveDate, Trouble> {
    match leading_date(text) {
        Some((date, rest)) if !rest.starts_with(|next: char| next.is_ascii_digit()) => Ok(date),
        _ => Err(NOT_A_DATE),
    }
}

/// `DATETIMEVALUE(text)`, read as GMT; trailing text is ignored.
pub(crate) fn instant_of_text(text: &str) -> Result<i64, Trouble> {
    let parsed = leading_date(text).and_then(|(date, rest)| {
        let (time, rest) = leading_time(rest.strip_prefix(' ')?)?;
        let ends = !rest.starts_with(|next: char| next.is_ascii_digit());
        ends.then(|| date.and_time(time).and_utc().timestamp_millis())
    });
    parsed.ok_or(NOT_A_DATE)
}

/// `TIMEVALUE(text)`: milliseconds are required.
pub(crate) fn time_of_text(text: &str) -> Result<u32, Trouble> {
    let parsed = leading_time(text).and_then(|(time, rest)| {
        let (ms, rest) = digits(rest.strip_prefix('.')?, 1, 3)?;
        rest.is_empty()
            .then(|| time.num_seconds_from_midnight() * 1000 + ms)
    });
    parsed.ok_or(NOT_A_DATE)
}

/// The day of an instant in `zone`.
pub(crate) fn date_in(at_ms: i64, zone: Tz) -> Result<NaiveDate, Trouble> {
    Ok(instant(Some(at_ms))?.with_timezone(&zone).date_naive())
}

/// Midnight GMT of a day.
pub(crate) fn midnight(date: NaiveDate) -> i64 {
    date.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
}

/// The time of day of an instant, GMT.
pub(crate) fn time_of(at_ms: i64) -> u32 {
    u32::try_from(at_ms.rem_euclid(DAY_MS)).unwrap_or(0)
}

/// A part of a day.
pub(crate) fn date_part(function: F, date: NaiveDate) -> Number {
    Number::from(match function {
        F::Year => i64::from(date.year()),
        F::Month => i64::from(date.month()),
        F::Day => i64::from(date.day()),
        F::Weekday => i64::from(date.weekday().num_days_from_sunday()) + 1,
        F::IsoWeek => i64::from(date.iso_week().week()),
        F::IsoYear => i64::from(date.iso_week().year()),
        _ => i64::from(date.ordinal()),
    })
}

/// A part of a time of day.
pub(crate) fn time_part(function: F, at: u32) -> Number {
    Number::from(i64::from(match function {
        F::Hour => at / 3_600_000,
        F::Minute => at / 60_000 % 60,
        F::Second => at / 1000 % 60,
        _ => at % 1000,
    }))
}

/// `ADDMONTHS(d, n)`: the last day of a month stays the last day.
pub(crate) fn plus_months(date: NaiveDate, n: &Number) -> Result<NaiveDate, Trouble> {
    let n = n.to_i64().ok_or(OUT_OF_RANGE)?;
    let months = Months::new(u32::try_from(n.unsigned_abs()).map_err(|_| OUT_OF_RANGE)?);
    let moved = within(if n < 0 {
        date.checked_sub_months(months)
    } else {
        date.checked_add_months(months)
    })?;
    let was_last = date.succ_opt().is_none_or(|next| next.day() == 1);
    if was_last {
        return Ok(last_of_month(moved));
    }
    Ok(moved)
}

fn last_of_month(date: NaiveDate) -> NaiveDate {
    (28..=31)
        .rev()
        .find_map(|day| date.with_day(day))
        .unwrap_or(date)
}

/// `ADDMONTHS` of an instant keeps its time of day.
pub(crate) fn instant_plus_months(at_ms: i64, n: &Number) -> Result<i64, Trouble> {
    let at = instant(Some(at_ms))?;
    let moved = plus_months(at.date_naive(), n)?;
    Ok(midnight(moved) + i64::from(time_of(at_ms)))
}

/// `UNIXTIMESTAMP(x)`: seconds, of a time since midnight.
pub(crate) fn unix_timestamp(value: &Value<'_>) -> Number {
    Number::from(match value {
        Value::Date(date) => midnight(*date) / 1000,
        Value::DateTime(at) => at.div_euclid(1000),
        Value::Time(at) => i64::from(*at) / 1000,
        _ => 0,
    })
}

/// `FROMUNIXTIME(n)`.
pub(crate) fn from_unix_time(n: &Number) -> Result<i64, Trouble> {
    instant(n.to_i64().and_then(|seconds| seconds.checked_mul(1000)))
        .map(|at| at.timestamp_millis())
}

/// `FORMATDURATION` of a number of seconds: the magnitude, with days when asked.
pub(crate) fn duration<'a>(seconds: u64, with_days: bool) -> Value<'a> {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Value::text(if with_days {
        format!("{}:{:02}:{minutes:02}:{rest:02}", hours / 24, hours % 24)
    } else {
        format!("{hours:02}:{minutes:02}:{rest:02}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn months_keep_the_end_of_the_month() {
        for (from, n, to) in [
            ("2024-01-30", 1, "2024-02-29"),
            ("2024-01-31", 1, "2024-02-29"),
            ("2024-02-29", 1, "2024-03-31"),
            ("2023-02-28", 12, "2024-02-29"),
            ("2004-02-28", 1, "2004-03-28"),
            ("2004-12-31", -1, "2004-11-30"),
        ] {
            assert_eq!(
                plus_months(day(from), &Number::from(n)),
                Ok(day(to)),
                "{from} {n}"
            );
        }
    }

    #[test]
    fn texts_are_dates_only_in_the_platforms_form() {
        assert_eq!(date_of_text("2024-1-5xyz"), Ok(day("2024-01-05")));
        for bad in [
            "",
            "2024",
            "24-1-5",
            "2024-13-01",
            "2023-02-29",
            "0000-01-01",
            "x2024-01-01",
        ] {
            assert!(date_of_text(bad).is_err(), "{bad}");
        }
        assert!(instant_of_text("2024-01-05").is_err());
        assert!(time_of_text("10:00:00").is_err());
        assert_eq!(time_of_text("10:40:55.666"), Ok(38_455_666));
    }

    #[test]
    fn fractions_of_a_day_become_seconds() {
        let at = instant_of_text("2024-01-01 00:00:00").expect("an instant");
        let third = Number::from(1).over(&Number::from(3)).expect("a third");
        let later = plus_seconds(at, &third).expect("in range");
        assert_eq!(later - at, 8 * 3_600_000);
        assert!(plus_days(day("2024-01-01"), &Number::parse("1e30").expect("n")).is_err());
    }
}
