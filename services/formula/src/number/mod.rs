//! Decimal arithmetic as the platform does it (language section 5): never binary, 39 significant
//! digits, half away from zero.
//!
//! A thin wrapper over `dashu`, which keeps a decimal significand and exponent of any size and rounds
//! under an explicit context. Everything here is total: an exponent that leaves the bound below is
//! [`Trouble::Limit`], so no formula can make the machine hold a gigabyte of digits.

mod power;
mod rounding;
mod text;

pub(crate) use rounding::Rounding;

use dashu_base::Sign;
use dashu_float::round::mode::{HalfAway, Zero};
use dashu_float::{Context, FBig, FpError, Repr};
use dashu_int::IBig;

use crate::trouble::{ErrorKind, Trouble};

/// Significant digits every `+ - * /` keeps.
const DIGITS: usize = 39;
/// Largest magnitude of a decimal exponent: `1e10000` is far beyond any field, and its text is 10 kB.
const EXPONENT_MAX: isize = 10_000;

const OUT_OF_BOUNDS: Trouble = Trouble::Limit("a number outside 1e±10000");

/// A finite decimal. Equality and order are by value: `1.0` equals `1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(Repr<10>);

impl Number {
    /// Zero.
    #[must_use]
    pub fn zero() -> Self {
        Self(Repr::zero())
    }

    fn from_parts(significand: IBig, exponent: isize) -> Result<Self, Trouble> {
        Self::checked(Repr::new(significand, exponent))
    }

    fn checked(repr: Repr<10>) -> Result<Self, Trouble> {
        if repr.significand().is_zero() {
            return Ok(Self::zero());
        }
        if repr.exponent().abs() > EXPONENT_MAX {
            return Err(OUT_OF_BOUNDS);
        }
        Ok(Self(repr))
    }

    fn finish(
        result: Result<
            dashu_base::Approximation<FBig<HalfAway, 10>, dashu_float::round::Rounding>,
            FpError,
        >,
    ) -> Result<Self, Trouble> {
        match result {
            Ok(value) => Self::checked(value.value().into_repr()),
            Err(_) => Err(OUT_OF_BOUNDS),
        }
    }

    fn context() -> Context<HalfAway> {
        Context::new(DIGITS)
    }

    /// Significand and exponent when the significand is small enough for exact machine arithmetic.
    fn small(&self) -> Option<(i64, isize)> {
        i64::try_from(self.0.significand())
            .ok()
            .map(|significand| (significand, self.0.exponent()))
    }

    /// Sum, rounded to 39 digits.
    pub(crate) fn plus(&self, other: &Self) -> Result<Self, Trouble> {
        if let (Some((a, ea)), Some((b, eb))) = (self.small(), other.small()) {
            // Two 19-digit numbers whose exponents differ by at most 15 fit 128 bits exactly.
            let low = ea.min(eb);
            if let (Some(a), Some(b)) = (lifted(a, ea - low), lifted(b, eb - low)) {
                return Self::from_parts(IBig::from(a + b), low);
            }
        }
        Self::finish(Self::context().add(&self.0, &other.0))
    }

    /// Difference, rounded to 39 digits.
    pub(crate) fn minus(&self, other: &Self) -> Result<Self, Trouble> {
        self.plus(&other.negated())
    }

    /// Product, rounded to 39 digits.
    pub(crate) fn times(&self, other: &Self) -> Result<Self, Trouble> {
        if let (Some((a, ea)), Some((b, eb))) = (self.small(), other.small()) {
            return Self::from_parts(IBig::from(i128::from(a) * i128::from(b)), ea + eb);
        }
        Self::finish(Self::context().mul(&self.0, &other.0))
    }

    /// Quotient, rounded to 39 digits.
    pub(crate) fn over(&self, other: &Self) -> Result<Self, Trouble> {
        if other.is_zero() {
            return Err(Trouble::Error(ErrorKind::DivisionByZero));
        }
        if self.is_zero() {
            return Ok(Self::zero());
        }
        Self::finish(Self::context().div(&self.0, &other.0))
    }

    /// Remainder with the sign of `self`.
    pub(crate) fn modulo(&self, other: &Self) -> Result<Self, Trouble> {
        if other.is_zero() {
            return Err(Trouble::Error(ErrorKind::DivisionByZero));
        }
        if self.is_zero() {
            return Ok(Self::zero());
        }
        match Context::<Zero>::new(DIGITS).rem(&self.0, &other.0) {
            Ok(value) => Self::checked(value.value().into_repr()),
            Err(_) => Err(OUT_OF_BOUNDS),
        }
    }

    /// Digits before the point: negative when zeros follow it, as in 0.01.
    pub(crate) fn whole_digits(&self) -> i64 {
        let digits = isize::try_from(self.0.digits()).unwrap_or(isize::MAX);
        i64::try_from(digits.saturating_add(self.0.exponent())).unwrap_or(i64::MAX)
    }

    /// The value divided by a hundred: how a percent field reads (section 5.2).
    pub(crate) fn percent(&self) -> Self {
        if self.is_zero() {
            return Self::zero();
        }
        Self(Repr::new(
            self.0.significand().clone(),
            self.0.exponent() - 2,
        ))
    }

    /// The magnitude.
    #[must_use]
    pub(crate) fn abs(&self) -> Self {
        if self.is_negative() {
            self.negated()
        } else {
            self.clone()
        }
    }

    /// The opposite.
    #[must_use]
    pub(crate) fn negated(&self) -> Self {
        if self.is_zero() {
            return Self::zero();
        }
        Self(-self.0.clone())
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.significand().is_zero()
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        !self.is_zero() && self.0.sign() == Sign::Negative
    }

    /// Whether it has no fraction.
    pub(crate) fn is_integer(&self) -> bool {
        self.is_zero() || self.0.exponent() >= 0
    }

    /// Truncated toward zero; `None` beyond 64 bits.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        if let Some((significand, 0)) = self.small() {
            return Some(significand);
        }
        if self.is_zero() {
            return Some(0);
        }
        let top = isize::try_from(self.0.digits()).ok()? + self.0.exponent();
        if top > 19 {
            return None;
        }
        let (significand, exponent) = self.rounded(0, Rounding::Down).0.into_parts();
        let unit = IBig::from(10).pow(exponent.max(0).unsigned_abs());
        i64::try_from(significand * unit).ok()
    }

    /// Truncated toward zero and held inside 64 bits.
    pub(crate) fn to_i64_held(&self) -> i64 {
        self.to_i64().unwrap_or(if self.is_negative() {
            i64::MIN
        } else {
            i64::MAX
        })
    }

    /// Nearest binary double.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        // Through text: correctly rounded, as the platform's own conversion is.
        match self.small() {
            Some((significand, 0)) if significand.abs() < (1 << 53) => {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "guarded: below 2^53 it is exact"
                )]
                let exact = significand as f64;
                exact
            }
            _ => format!("{}e{}", self.0.significand(), self.0.exponent())
                .parse()
                .unwrap_or(f64::NAN),
        }
    }

    /// The shortest decimal that reads back as `value`; an error when it is not finite.
    pub(crate) fn from_f64(value: f64) -> Result<Self, Trouble> {
        if !value.is_finite() {
            return Err(Trouble::Error(ErrorKind::NotANumber));
        }
        Self::parse(&format!("{value:e}")).ok_or(OUT_OF_BOUNDS)
    }
}

/// `significand * 10^by` in 128 bits; `None` when `by` could overflow it.
fn lifted(significand: i64, by: isize) -> Option<i128> {
    let by = u32::try_from(by).ok().filter(|by| *by <= 15)?;
    Some(i128::from(significand) * 10i128.pow(by))
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(Repr::new(IBig::from(value), 0))
    }
}

/// What every test of numbers writes.
#[cfg(test)]
pub(crate) mod written {
    use super::Number;
    use crate::trouble::Trouble;

    pub(crate) fn n(text: &str) -> Number {
        Number::parse(text).expect("a number")
    }

    pub(crate) fn show(result: Result<Number, Trouble>) -> String {
        result.map_or_else(
            |trouble| format!("{trouble:?}"),
            |number| number.to_string(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::written::{n, show};
    use super::*;

    #[test]
    fn thirty_nine_digits_half_up_give_the_platforms_answers() {
        assert_eq!(show(n("0.1").plus(&n("0.2"))), "0.3");
        let third = n("1").over(&n("3")).expect("a third");
        assert_eq!(third.to_string(), format!("0.{}", "3".repeat(39)));
        assert_ne!(third.times(&n("3")).expect("product"), n("1"));
        let two_thirds = n("2").over(&n("3")).expect("two thirds");
        assert_eq!(two_thirds.times(&n("3")).expect("product"), n("2"));
        let sum = third
            .plus(&third)
            .and_then(|sum| sum.plus(&third))
            .expect("sum");
        assert_ne!(sum, n("1"));
        let whole = n("19")
            .over(&n("9"))
            .and_then(|q| q.times(&n("9")))
            .expect("quotient");
        assert_eq!(whole.whole(Rounding::Down).to_string(), "19");
    }
}
