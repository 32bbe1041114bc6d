//! Decimal arithmetic as the platform does it (language section 5): never binary, 39 significant
//! digits, half away from zero.
//!
//! A thin wrapper over `dashu`, which keeps a decimal significand and exponent of any size and rounds
//! under an explicit context. Everything here is total: an exponent that leaves the bound below is
//! [`Trouble::Limit`], so no formula can make the machine hold a gigabyte of digits.

mod power;

use std::cmp::Ordering;
use std::fmt::{self, Display, Formatter};

use dashu_base::{Abs, DivRem, Sign};
use dashu_float::round::mode::{HalfAway, Zero};
use dashu_float::{Context, FBig, FpError, Repr};
use dashu_int::IBig;

use crate::trouble::{ErrorKind, Trouble};

/// Significant digits every `+ - * /` keeps.
const DIGITS: usize = 39;
/// Largest magnitude of a decimal exponent: `1e10000` is far beyond any field, and its text is 10 kB.
const EXPONENT_MAX: isize = 10_000;
/// Digits kept before `FLOOR CEILING MFLOOR MCEILING`, which hides the tail of a repeating division.
const INTEGER_DIGITS: usize = 33;

const OUT_OF_BOUNDS: Trouble = Trouble::Limit("a number outside 1e±10000");

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

/// A finite decimal. Equality and order are by value: `1.0` equals `1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(Repr<10>);

impl Number {
    /// Zero.
    #[must_use]
    pub fn zero() -> Self {
        Self(Repr::zero())
    }

    /// Reads `[+-]digits[.digits][e[+-]digits]`, also `.5` and `5.`; `None` for anything else and for
    /// numbers outside 1e±10000.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text).ok().flatten()
    }

    /// As [`Self::parse`], telling what is no number (`None`) from what is one we do not hold.
    pub(crate) fn read(text: &str) -> Result<Option<Self>, Trouble> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, power) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
            None => (unsigned, None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let power_digits = power.map(|power| power.strip_prefix(['+', '-']).unwrap_or(power));
        if whole.len() + fraction.len() == 0
            || !digits(whole)
            || !digits(fraction)
            || power_digits.is_some_and(|power| power.is_empty() || !digits(power))
        {
            return Ok(None);
        }
        let count = whole.len() + fraction.len();
        let power = power.map_or(Ok(0), |power| power.trim_start_matches('+').parse::<i32>());
        let (Ok(power), true) = (power, count <= DIGITS_READ_MAX) else {
            return Err(OUT_OF_BOUNDS);
        };
        let significand = if count <= 18 {
            let value = whole
                .bytes()
                .chain(fraction.bytes())
                .fold(0i64, |sum, byte| sum * 10 + i64::from(byte - b'0'));
            IBig::from(if negative { -value } else { value })
        } else {
            let joined = format!("{}{whole}{fraction}", if negative { "-" } else { "" });
            joined.parse().map_err(|_| OUT_OF_BOUNDS)?
        };
        // Both terms are far below 2^31.
        let scale = isize::try_from(fraction.len()).map_err(|_| OUT_OF_BOUNDS)?;
        let power = isize::try_from(power).map_err(|_| OUT_OF_BOUNDS)?;
        Self::from_parts(significand, power - scale).map(Some)
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

    /// Digits before the point: negative when zeros follow it, as in 0.01.
    pub(crate) fn whole_digits(&self) -> i64 {
        let digits = isize::try_from(self.0.digits()).unwrap_or(isize::MAX);
        i64::try_from(digits.saturating_add(self.0.exponent())).unwrap_or(i64::MAX)
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

/// Longest run of digits a number may have; a formula's source bounds a literal, this bounds `VALUE`.
const DIGITS_READ_MAX: usize = 10_000;

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

/// Plain decimal: no exponent, no trailing zeros, a leading zero before the point.
impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let exponent = self.0.exponent();
        if self.is_zero() {
            return f.write_str("0");
        }
        let significand = self.0.significand().to_string();
        let (sign, digits) = match significand.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", significand.as_str()),
        };
        f.write_str(sign)?;
        if exponent >= 0 {
            let zeros = exponent.unsigned_abs();
            return write!(f, "{digits}{:0<zeros$}", "");
        }
        let places = exponent.unsigned_abs();
        match digits.len().checked_sub(places) {
            Some(point) if point > 0 => write!(f, "{}.{}", &digits[..point], &digits[point..]),
            _ => write!(f, "0.{digits:0>places$}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Number {
        Number::parse(text).expect("a number")
    }

    fn show(result: Result<Number, Trouble>) -> String {
        result.map_or_else(
            |trouble| format!("{trouble:?}"),
            |number| number.to_string(),
        )
    }

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

    #[test]
    fn plain_text_has_no_exponent_and_no_trailing_zero() {
        for (text, expected) in [
            ("1.500", "1.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-0", "0"),
            ("1e3", "1000"),
            ("-12e-4", "-0.0012"),
        ] {
            assert_eq!(n(text).to_string(), expected);
        }
        for bad in [
            "",
            "-",
            ".",
            " 1",
            "1 ",
            "1,000",
            "$1",
            "--1",
            "1e",
            "1e99999999999",
            "1e20000",
            "0x1",
        ] {
            assert!(Number::parse(bad).is_none(), "{bad}");
        }
    }
}
