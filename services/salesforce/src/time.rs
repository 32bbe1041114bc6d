//! Salesforce's text forms of moments, dates and times of day.
//!
//! A datetime is answered as `2015-06-26T20:00:02.000+0000`: an offset without colon, which is not
//! RFC 3339 and which most parsers refuse.

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};

/// Parses a datetime with an offset of any form Salesforce sends: `+0000`, `+00:00` or `Z`.
pub fn parse_datetime(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z")
        .or_else(|_| DateTime::parse_from_rfc3339(text))
        .ok()
        .map(|moment| moment.with_timezone(&Utc))
}

/// Parses `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// Parses `HH:MM:SS.sssZ`; the `Z` is decoration, a time field has no zone.
pub fn parse_time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text.strip_suffix('Z').unwrap_or(text), "%H:%M:%S%.f").ok()
}

/// A datetime as SOQL and record bodies take it: UTC, milliseconds, `Z`.
pub fn format_datetime(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A date as SOQL and record bodies take it.
pub fn format_date(date: NaiveDate) -> String {
    date.format("%Y-%m-%d").to_string()
}

/// A time of day as SOQL and record bodies take it.
pub fn format_time(time: NaiveTime) -> String {
    time.format("%H:%M:%S%.3fZ").to_string()
}

/// A moment as an HTTP date, for conditional requests; one-second resolution.
pub fn format_http_date(moment: DateTime<Utc>) -> String {
    httpdate::fmt_http_date(moment.into())
}

/// Parses an HTTP date such as a describe's `Last-Modified`.
pub fn parse_http_date(text: &str) -> Option<DateTime<Utc>> {
    httpdate::parse_http_date(text).ok().map(DateTime::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_form_is_the_same_moment() {
        let expected = "2015-06-26T20:00:02.000Z";
        for text in [
            "2015-06-26T20:00:02.000+0000",
            "2015-06-26T20:00:02.000+00:00",
            "2015-06-26T20:00:02Z",
            "2015-06-26T22:00:02.000+0200",
        ] {
            let moment = parse_datetime(text).expect(text);
            assert_eq!(format_datetime(moment), expected);
        }
        for bad in ["", "2015-06-26", "2015-06-26T20:00:02.000", "yesterday"] {
            assert_eq!(parse_datetime(bad), None, "{bad}");
        }
    }

    #[test]
    fn dates_and_times_round_trip() {
        let date = parse_date("2026-03-02").expect("a date");
        assert_eq!(format_date(date), "2026-03-02");
        let time = parse_time("14:32:00.250Z").expect("a time");
        assert_eq!(format_time(time), "14:32:00.250Z");
        let moment = parse_http_date("Fri, 26 Jun 2015 20:00:02 GMT").expect("an HTTP date");
        assert_eq!(format_http_date(moment), "Fri, 26 Jun 2015 20:00:02 GMT");
    }
}
