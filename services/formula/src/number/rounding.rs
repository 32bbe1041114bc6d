//! Dropping digits: which way each function of the language goes.

use std::cmp::Ordering;

use dashu_base::{Abs, DivRem};
use dashu_float::Repr;
use dashu_int::IBig;

use super::{DIGITS, Number};

/// Digits kept before `FLOOR CEILING MFLOOR MCEILING`, which hides the tail of a repeating division.
const INTEGER_DIGITS: usize = 33;

/// Which way [`Number::rounded`] goes when digits are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// To the nearest, halves away from zero.
    HalfAway,
    /// Toward zero.
    Down,
    /// Away from zero.
    Up,
    /// Toward minus infinity.
    Floor,
    /// Toward plus infinity.
    Ceiling,
}

impl Number {
    /// Rounded to `scale` digits after the point (negative: before it).
    pub(crate) fn rounded(&self, scale: i64, rounding: Rounding) -> Self {
        let scale = isize::try_from(scale.clamp(-20_000, 20_000)).unwrap_or(0);
        let exponent = self.0.exponent();
        if exponent >= -scale || self.is_zero() {
            return self.clone();
        }
        let drop = (-scale - exponent).unsigned_abs();
        let negative = self.is_negative();
        // Beyond the last digit nothing is left of the quotient but its sign.
        let (quotient, half, exact) = if drop > self.0.digits() + 1 {
            (IBig::ZERO, Ordering::Less, false)
        } else {
            let unit = IBig::from(10).pow(drop);
            let (quotient, remainder) = self.0.significand().div_rem(&unit);
            let exact = remainder.is_zero();
            let twice = remainder.abs() * IBig::from(2);
            (quotient, twice.cmp(&unit), exact)
        };
        let away = match rounding {
            Rounding::HalfAway => half != Ordering::Less,
            Rounding::Down => false,
            Rounding::Up => !exact,
            Rounding::Floor => !exact && negative,
            Rounding::Ceiling => !exact && !negative,
        };
        let step = if away { IBig::ONE } else { IBig::ZERO };
        let quotient = if negative {
            quotient - step
        } else {
            quotient + step
        };
        Self::from_parts(quotient, -scale).unwrap_or_else(|_| Self::zero())
    }

    /// Rounded to the 39 digits a text shows.
    pub(crate) fn shown(&self) -> Self {
        if self.0.digits() <= DIGITS {
            return self.clone();
        }
        Self::finish(Self::context().mul(&self.0, &Repr::one())).unwrap_or_else(|_| self.clone())
    }

    /// A whole number, after the 33-digit rounding the platform applies first.
    pub(crate) fn whole(&self, rounding: Rounding) -> Self {
        let digits = self.0.digits();
        let trimmed = if digits > INTEGER_DIGITS {
            let excess = i64::try_from(digits - INTEGER_DIGITS).unwrap_or(0);
            let scale = -i64::try_from(self.0.exponent()).unwrap_or(0) - excess;
            self.rounded(scale, Rounding::HalfAway)
        } else {
            self.clone()
        };
        trimmed.rounded(0, rounding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::written::n;

    #[test]
    fn rounding_goes_where_each_function_says() {
        let cases = [
            ("2.5", 0, Rounding::HalfAway, "3"),
            ("-2.5", 0, Rounding::HalfAway, "-3"),
            ("1.005", 2, Rounding::HalfAway, "1.01"),
            ("1234.5", -2, Rounding::HalfAway, "1200"),
            ("45", -2, Rounding::HalfAway, "0"),
            ("50", -2, Rounding::HalfAway, "100"),
            ("-2.1", 0, Rounding::Up, "-3"),
            ("-2.1", 0, Rounding::Down, "-2"),
            ("-2.1", 0, Rounding::Ceiling, "-2"),
            ("-2.1", 0, Rounding::Floor, "-3"),
            ("0.0001", 0, Rounding::Up, "1"),
            ("1.23", 99999999, Rounding::Down, "1.23"),
        ];
        for (value, scale, rounding, expected) in cases {
            assert_eq!(
                n(value).rounded(scale, rounding).to_string(),
                expected,
                "{value} {scale} {rounding:?}"
            );
        }
    }
}
