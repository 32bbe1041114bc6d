//! Date literals: each names a half-open range of days.

use chrono::{Datelike, Days, Months, NaiveDate};

/// Whether a word is a date literal.
pub fn is_literal(name: &str) -> bool {
    range(name, Some(1), NaiveDate::MIN + Days::new(800_000)).is_some()
}

/// The days `[from, to)` a literal stands for.
pub fn range(name: &str, count: Option<i64>, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let week = today - Days::new(u64::from(today.weekday().num_days_from_sunday()));
    let month = today.with_day(1)?;
    let quarter = month.with_month((month.month0() / 3) * 3 + 1)?;
    let year = month.with_month(1)?;
    // Far more than any calendar has days for, and far from overflowing.
    let count = count.unwrap_or(0).clamp(0, 4_000_000);
    let days = |day: NaiveDate, by: i64| {
        if by < 0 {
            day.checked_sub_days(Days::new(by.unsigned_abs()))
        } else {
            day.checked_add_days(Days::new(by.unsigned_abs()))
        }
    };
    let months = |day: NaiveDate, by: i64| {
        let size = Months::new(u32::try_from(by.unsigned_abs()).ok()?);
        if by < 0 {
            day.checked_sub_months(size)
        } else {
            day.checked_add_months(size)
        }
    };
    Some(match name {
        "TODAY" => (today, days(today, 1)?),
        "YESTERDAY" => (days(today, -1)?, today),
        "TOMORROW" => (days(today, 1)?, days(today, 2)?),
        "LAST_WEEK" => (days(week, -7)?, week),
        "THIS_WEEK" => (week, days(week, 7)?),
        "NEXT_WEEK" => (days(week, 7)?, days(week, 14)?),
        "LAST_MONTH" => (months(month, -1)?, month),
        "THIS_MONTH" => (month, months(month, 1)?),
        "NEXT_MONTH" => (months(month, 1)?, months(month, 2)?),
        "LAST_90_DAYS" => (days(today, -90)?, days(today, 1)?),
        "NEXT_90_DAYS" => (days(today, 1)?, days(today, 91)?),
        "LAST_QUARTER" | "LAST_FISCAL_QUARTER" => (months(quarter, -3)?, quarter),
        "THIS_QUARTER" | "THIS_FISCAL_QUARTER" => (quarter, months(quarter, 3)?),
        "NEXT_QUARTER" | "NEXT_FISCAL_QUARTER" => (months(quarter, 3)?, months(quarter, 6)?),
        "LAST_YEAR" | "LAST_FISCAL_YEAR" => (months(year, -12)?, year),
        "THIS_YEAR" | "THIS_FISCAL_YEAR" => (year, months(year, 12)?),
        "NEXT_YEAR" | "NEXT_FISCAL_YEAR" => (months(year, 12)?, months(year, 24)?),
        "LAST_N_DAYS" => (days(today, -count)?, days(today, 1)?),
        "NEXT_N_DAYS" => (days(today, 1)?, days(today, count + 1)?),
        "N_DAYS_AGO" => (days(today, -count)?, days(today, 1 - count)?),
        "LAST_N_WEEKS" => (days(week, -7 * count)?, week),
        "NEXT_N_WEEKS" => (days(week, 7)?, days(week, 7 * (count + 1))?),
        "LAST_N_MONTHS" => (months(month, -count)?, month),
        "NEXT_N_MONTHS" => (months(month, 1)?, months(month, count + 1)?),
        "LAST_N_QUARTERS" => (months(quarter, -3 * count)?, quarter),
        "NEXT_N_QUARTERS" => (months(quarter, 3)?, months(quarter, 3 * (count + 1))?),
        "LAST_N_YEARS" => (months(year, -12 * count)?, year),
        "NEXT_N_YEARS" => (months(year, 12)?, months(year, 12 * (count + 1))?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::range;
    use crate::value::parse_date;

    #[test]
    fn literals_name_the_days_they_say() {
        let today = parse_date("2026-03-04").expect("a Wednesday");
        for (name, count, from, to) in [
            ("TODAY", None, "2026-03-04", "2026-03-05"),
            ("THIS_WEEK", None, "2026-03-01", "2026-03-08"),
            ("LAST_MONTH", None, "2026-02-01", "2026-03-01"),
            ("THIS_QUARTER", None, "2026-01-01", "2026-04-01"),
            ("LAST_N_DAYS", Some(7), "2026-02-25", "2026-03-05"),
            ("NEXT_N_MONTHS", Some(2), "2026-04-01", "2026-06-01"),
            ("NEXT_YEAR", None, "2027-01-01", "2028-01-01"),
        ] {
            let expected = parse_date(from).zip(parse_date(to));
            assert_eq!(range(name, count, today), expected, "{name}");
        }
        assert_eq!(range("SOMEDAY", None, today), None);
    }
}
