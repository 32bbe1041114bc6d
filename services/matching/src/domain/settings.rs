//! What a workspace's admin may set about decisions, and what was fitted on reviewers' answers.

use super::weight::{self, Millibits};
use std::collections::BTreeSet;

/// What a workspace's admin may set about decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// From where on an account is matched.
    pub account_matched: Millibits,
    /// From where on an opportunity is matched.
    pub opportunity_matched: Millibits,
    /// Days around opening and closing in which an opportunity may be meant.
    pub window_days: i64,
    /// Record types of the selected pipelines; empty for all.
    pub pipelines: BTreeSet<String>,
    /// Deals of the parent account and of subsidiaries may be meant too.
    pub group_deals: bool,
    /// Country calling code of numbers typed without one.
    pub phone_code: Option<u16>,
    /// Turns what the table says into what reviewers confirmed.
    pub calibration: Calibration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account_matched: weight::ACCOUNT_MATCHED,
            opportunity_matched: weight::OPPORTUNITY_MATCHED,
            window_days: weight::WINDOW_DAYS,
            pipelines: BTreeSet::new(),
            group_deals: false,
            phone_code: None,
            calibration: Calibration::default(),
        }
    }
}

/// A straight line in log-odds (Platt): integers, so that a replay is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calibration {
    /// Slope in thousandths.
    pub slope: i64,
    /// Offset.
    pub offset: Millibits,
}

impl Default for Calibration {
    fn default() -> Self {
        Self {
            slope: 1_000,
            offset: 0,
        }
    }
}

impl Calibration {
    /// The calibrated log-odds.
    #[must_use]
    pub fn apply(self, total: Millibits) -> Millibits {
        total.saturating_mul(self.slope) / 1_000 + self.offset
    }
}
