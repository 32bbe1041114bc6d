//! The figures, beside the targets we hold ourselves to.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use std::time::Duration;

/// Every figure, in the order measured.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    rows: Vec<[String; 3]>,
}

impl Figures {
    /// One figure, and the target where there is one.
    pub(crate) fn add(
        &mut self,
        what: impl Into<String>,
        measured: impl Into<String>,
        target: &str,
    ) {
        let row = [what.into(), measured.into(), target.to_owned()];
        println!("  {}: {}", row[0], row[1]);
        self.rows.push(row);
    }

    pub(crate) fn render(&self) -> String {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        table.set_header(["what", "measured", "target"]);
        for row in &self.rows {
            table.add_row(row.clone());
        }
        table.to_string()
    }
}

/// Per second.
pub(crate) fn rate(count: usize, took: Duration) -> String {
    format!("{:.0} /s", count as f64 / took.as_secs_f64())
}

/// The value below which `percent` of `durations` lie.
pub(crate) fn percentile(durations: &[Duration], percent: f64) -> Duration {
    let mut histogram = hdrhistogram::Histogram::<u64>::new(3).expect("three digits are allowed");
    for duration in durations {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        histogram
            .record(micros)
            .expect("a histogram without bounds grows as needed");
    }
    Duration::from_micros(histogram.value_at_percentile(percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_three_is_the_middle_one() {
        let durations = [30, 10, 200].map(Duration::from_millis);
        let median = percentile(&durations, 50.0);
        assert!((29..=31).contains(&median.as_millis()), "{median:?}");
    }
}
