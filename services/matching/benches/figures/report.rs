//! The table: what, reached, bar, and whether it holds.

/// Everything measured so far.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<[String; 4]>,
}

impl Report {
    /// A figure that must not be below its bar.
    pub(crate) fn at_least(&mut self, what: &str, reached: f64, bar: f64, unit: &str) {
        self.row(
            what,
            show(reached, unit),
            format!("≥ {}", show(bar, unit)),
            reached >= bar,
        );
    }

    /// A figure that must not be above its bar.
    pub(crate) fn at_most(&mut self, what: &str, reached: f64, bar: f64, unit: &str) {
        self.row(
            what,
            show(reached, unit),
            format!("≤ {}", show(bar, unit)),
            reached <= bar,
        );
    }

    /// A figure without a bar.
    pub(crate) fn says(&mut self, what: &str, text: impl Into<String>) {
        self.rows
            .push([what.to_owned(), text.into(), String::new(), String::new()]);
    }

    /// A part whose data is not there.
    pub(crate) fn skipped(&mut self, what: &str, why: &str) {
        self.says(what, format!("skipped: {why}"));
    }

    fn row(&mut self, what: &str, reached: String, bar: String, holds: bool) {
        let verdict = if holds { "holds" } else { "MISSED" };
        eprintln!("{what}: {reached} ({bar}) {verdict}");
        self.rows
            .push([what.to_owned(), reached, bar, verdict.to_owned()]);
    }

    pub(crate) fn print(&self) {
        let width = |column: usize| {
            self.rows
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths = [width(0), width(1), width(2)];
        println!("\nmatching: figures of a release build");
        for row in &self.rows {
            println!(
                "  {:<a$}  {:>b$}  {:<c$}  {}",
                row[0],
                row[1],
                row[2],
                row[3],
                a = widths[0],
                b = widths[1].min(60),
                c = widths[2]
            );
        }
    }
}

fn show(value: f64, unit: &str) -> String {
    match unit {
        "" => format!("{value:.4}"),
        "%" => format!("{value:.2} %"),
        "/s" => format!("{value:.0} /s"),
        _ => format!("{value:.2} {unit}"),
    }
}

/// Wilson interval at 95 % of `hits` in `of`.
pub(crate) fn wilson(hits: usize, of: usize) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (n, z) = (of as f64, 1.96);
    let p = hits as f64 / n;
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / (1.0 + z * z / n);
    ((centre - half).max(0.0), (centre + half).min(1.0))
}
