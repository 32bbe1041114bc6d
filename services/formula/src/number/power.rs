//! `^`: sized from logarithms before anything is multiplied, so that `9^999999` costs nothing.

use dashu_float::round::mode::HalfAway;
use dashu_float::{Context, Repr};

use super::{Number, OUT_OF_BOUNDS};
use crate::trouble::{ErrorKind, Trouble};

/// Largest magnitude of the power, the bound of the platform's own decimals.
const POWER_MAX: i64 = 999_999_999;
/// Results smaller than 1e-39 are zero.
const POWER_EXPONENT_MIN: isize = -39;
/// `a ^ b` is an error when its decimal logarithm exceeds this; far below its negative it is zero.
const POWER_LOG10_MAX: f64 = 64.0;
/// Significant digits a power keeps.
const POWER_DIGITS: usize = 18;
/// Working digits of repeated squaring, enough that [`POWER_DIGITS`] are exact.
const POWER_WORK_DIGITS: usize = 80;

impl Number {
    /// `self ^ power` (section 5.4). The size is decided from logarithms before anything is multiplied.
    pub(crate) fn power(&self, power: &Self) -> Result<Self, Trouble> {
        if !power.is_integer() {
            return Err(Trouble::Error(ErrorKind::PowerNotWhole));
        }
        let Some(mut rest) = power.abs().to_i64().filter(|power| *power <= POWER_MAX) else {
            return Err(Trouble::Error(ErrorKind::PowerTooLarge));
        };
        if rest == 0 {
            return Ok(Self::from(1));
        }
        if self.is_zero() {
            return if power.is_negative() {
                Err(Trouble::Error(ErrorKind::DivisionByZero))
            } else {
                Ok(Self::zero())
            };
        }
        let size = power.to_f64() * self.log10();
        if size > POWER_LOG10_MAX {
            return Err(Trouble::Error(ErrorKind::PowerTooLarge));
        }
        if size < -POWER_LOG10_MAX {
            return Ok(Self::zero());
        }
        // Squaring overshoots the exponent bound on no path: `size` bounds the result, and the unused
        // last square is skipped.
        let context = Context::<HalfAway>::new(POWER_WORK_DIGITS);
        let mut square = self.0.clone();
        let mut result = Repr::one();
        let multiply = |a: &Repr<10>, b: &Repr<10>| {
            context
                .mul(a, b)
                .map(|value| value.value().into_repr())
                .map_err(|_| OUT_OF_BOUNDS)
        };
        loop {
            if rest % 2 == 1 {
                result = multiply(&result, &square)?;
            }
            rest /= 2;
            if rest == 0 {
                break;
            }
            square = multiply(&square, &square)?;
        }
        let kept = Context::<HalfAway>::new(POWER_DIGITS);
        let result = Self::finish(if power.is_negative() {
            kept.div(&Repr::one(), &result)
        } else {
            kept.mul(&Repr::one(), &result)
        })?;
        if result.abs().0 < Repr::new(1.into(), POWER_EXPONENT_MIN) {
            return Ok(Self::zero());
        }
        Ok(result)
    }

    /// Decimal logarithm of the magnitude, in binary double.
    fn log10(&self) -> f64 {
        let significand = self.0.significand();
        let digits = self.0.digits();
        #[expect(
            clippy::cast_precision_loss,
            reason = "an estimate against a bound of 64"
        )]
        let (exponent, digits) = (self.0.exponent() as f64, digits as f64);
        let leading = Repr::<10>::new(significand.clone(), 0)
            .to_f64()
            .value()
            .abs();
        if leading.is_finite() {
            leading.log10() + exponent
        } else {
            digits + exponent
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::number::written::{n, show};

    #[test]
    fn powers_are_sized_before_they_are_multiplied() {
        assert_eq!(show(n("0").power(&n("0"))), "1");
        assert_eq!(show(n("2").power(&n("-3"))), "0.125");
        assert_eq!(
            show(n("10").power(&n("64"))),
            format!("1{}", "0".repeat(64))
        );
        assert!(n("9").power(&n("999999")).is_err());
        assert!(n("2").power(&n("0.5")).is_err());
        assert_eq!(show(n("9").power(&n("-999999"))), "0");
        assert_eq!(show(n("-1").power(&n("999999999"))), "-1");
        assert!(n("1").power(&n("1000000000")).is_err());
        assert_eq!(show(n("10").power(&n("-40"))), "0");
        assert_eq!(show(n("3").power(&n("40"))), "12157665459056928800");
    }
}
