//! Fits what the table says to what reviewers confirmed (matching guide, section 7): nominal probabilities are optimistic when
//! witnesses depend on each other.

use super::facts::Calibration;
use super::weight::Millibits;

/// Below this the table stays as it is.
pub const LABELS_MIN: usize = 200;
/// Turns of Newton's method; it stands still long before.
const TURNS: usize = 50;
/// What a fit may change at most: beyond it the labels are not about this table.
const SLOPE: std::ops::RangeInclusive<f64> = 0.2..=2.0;
const OFFSET_BITS: std::ops::RangeInclusive<f64> = -8.0..=4.0;

/// A straight line in log-odds through (total, was it right); `None` below [`LABELS_MIN`] or when all labels agree.
/// Platt's targets keep it finite where the classes are apart.
#[must_use]
pub fn fit(labels: &[(Millibits, bool)]) -> Option<Calibration> {
    let right = labels.iter().filter(|(_, right)| *right).count();
    let wrong = labels.len() - right;
    if labels.len() < LABELS_MIN || right == 0 || wrong == 0 {
        return None;
    }
    let (high, low) = (
        (right as f64 + 1.0) / (right as f64 + 2.0),
        1.0 / (wrong as f64 + 2.0),
    );
    let (mut slope, mut offset) = (1.0_f64, 0.0_f64);
    for _ in 0..TURNS {
        let (mut g_slope, mut g_offset) = (0.0, 0.0);
        let (mut h_ss, mut h_so, mut h_oo) = (1e-9, 0.0, 1e-9);
        for (total, right) in labels {
            let bits = *total as f64 / 1_000.0;
            let p = 1.0 / (1.0 + (-(slope * bits + offset)).exp2());
            let error = p - if *right { high } else { low };
            let spread = p * (1.0 - p) * std::f64::consts::LN_2;
            g_slope += error * bits;
            g_offset += error;
            h_ss += spread * bits * bits;
            h_so += spread * bits;
            h_oo += spread;
        }
        let determinant = h_ss * h_oo - h_so * h_so;
        if determinant.abs() < 1e-12 {
            break;
        }
        let step_slope = (g_slope * h_oo - g_offset * h_so) / determinant;
        let step_offset = (g_offset * h_ss - g_slope * h_so) / determinant;
        slope = (slope - step_slope).clamp(*SLOPE.start(), *SLOPE.end());
        offset = (offset - step_offset).clamp(*OFFSET_BITS.start(), *OFFSET_BITS.end());
        if step_slope.abs() + step_offset.abs() < 1e-6 {
            break;
        }
    }
    Some(Calibration {
        slope: (slope * 1_000.0).round() as i64,
        offset: (offset * 1_000.0).round() as Millibits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::weight;

    /// Labels of which the share right at each total is what `line` says.
    fn labels(line: Calibration) -> Vec<(Millibits, bool)> {
        let mut labels = Vec::new();
        for bits in -4..=8 {
            let total = bits * 1_000;
            let share = weight::probability(line.apply(total));
            labels.extend((0..100).map(|n| (total, f64::from(n) < share * 100.0)));
        }
        labels
    }

    #[test]
    fn a_fit_finds_the_line_its_labels_were_made_with() {
        let line = Calibration {
            slope: 600,
            offset: -500,
        };
        let found = fit(&labels(line)).expect("enough labels");
        assert!(
            (found.slope - line.slope).abs() < 60 && (found.offset - line.offset).abs() < 150,
            "{found:?}"
        );
    }

    #[test]
    fn few_or_agreeing_labels_change_nothing() {
        assert_eq!(fit(&[(4_000, true); 199]), None);
        assert_eq!(fit(&[(4_000, true); 300]), None);
    }
}
