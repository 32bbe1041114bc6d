//! Numbers to and from plain text.

use std::fmt::{self, Display, Formatter};

use dashu_int::IBig;

use super::{Number, OUT_OF_BOUNDS};
use crate::trouble::Trouble;

/// Longest run of digits a number may have; a formula's source bounds a literal, this bounds `VALUE`.
const DIGITS_READ_MAX: usize = 10_000;

impl Number {
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
    use crate::number::written::n;

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
