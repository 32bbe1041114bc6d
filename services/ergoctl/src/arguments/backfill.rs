//! Backfills of meetings past.

use clap::Subcommand;

/// Backfills.
#[derive(Debug, Subcommand)]
pub(crate) enum Backfill {
    /// The latest, newest first
    List,
    /// Draft one; prints its id
    Create {
        /// For people
        name: String,
        /// Meetings from this day on, as 2025-01-01, UTC
        #[arg(long, value_parser = day)]
        from: String,
        /// Up to this day, without it
        #[arg(long, value_parser = day)]
        until: String,
        /// Only this object; several times for several
        #[arg(long = "object")]
        objects: Vec<String>,
        /// Meetings a sample is taken of, at most 1,000
        #[arg(long, default_value_t = 100)]
        sample: u32,
        /// Meetings expected in the window, for the estimate
        #[arg(long, default_value_t = 0)]
        expected: u64,
    },
    /// Its sample, its months and how far it is
    Show {
        /// Its id
        id: String,
        /// Wait until it samples and writes no more, at most these many seconds
        #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "3600")]
        wait: Option<u64>,
    },
    /// Gather meetings of the window and estimate
    Sample {
        /// Its id
        id: String,
    },
    /// Let approved months be written
    Start {
        /// Its id
        id: String,
    },
    /// Approve what carries little risk in one month; counts it first
    Approve {
        /// Its id
        id: String,
        /// The month, as 2025-03
        slice: String,
        /// Approve what is counted now
        #[arg(long)]
        yes: bool,
    },
    /// Stop writing
    Pause {
        /// Its id
        id: String,
    },
    /// Go on
    Resume {
        /// Its id
        id: String,
    },
    /// Give up; what was not written is dismissed
    Cancel {
        /// Its id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take back what it wrote
    Undo {
        /// Its id
        id: String,
        /// Only this month, as 2025-03
        #[arg(long)]
        slice: Option<String>,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// A day as people write it.
fn day(text: &str) -> Result<String, String> {
    let plain = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if plain {
        Ok(text.to_owned())
    } else {
        Err("is not a day as 2025-01-01".to_owned())
    }
}
