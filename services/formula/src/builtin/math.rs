//! Number functions (language section 5.4) and distances.

use crate::function::Function as F;
use crate::number::{Number, Rounding};
use crate::trouble::{ErrorKind, Trouble};
use crate::value::Value;

/// A function of one number.
pub(crate) fn unary(function: F, n: &Number) -> Result<Number, Trouble> {
    let double = |f: fn(f64) -> f64| Number::from_f64(f(n.to_f64()));
    match function {
        F::Abs => Ok(n.abs()),
        F::Ceiling => Ok(n.whole(Rounding::Up)),
        F::Floor => Ok(n.whole(Rounding::Down)),
        F::Mceiling => Ok(n.whole(Rounding::Ceiling)),
        F::Mfloor => Ok(n.whole(Rounding::Floor)),
        F::Sqrt => double(f64::sqrt),
        F::Exp => double(f64::exp),
        F::Ln => double(f64::ln),
        // A quotient of natural logarithms, as the platform computes it: LOG(1000) is just below 3.
        F::Log => double(|x| x.ln() / 10f64.ln()),
        F::Sin => double(f64::sin),
        F::Cos => double(f64::cos),
        F::Tan => double(f64::tan),
        F::Asin => double(f64::asin),
        F::Acos => double(f64::acos),
        F::Atan => double(f64::atan),
        _ => Err(Trouble::Unsupported("this function of a number")),
    }
}

/// A function of two numbers.
pub(crate) fn binary(function: F, a: &Number, b: &Number) -> Result<Number, Trouble> {
    match function {
        F::Round => Ok(round(a, b.to_i64_held())),
        F::Trunc => Ok(a.rounded(b.to_i64_held(), Rounding::Down)),
        F::Mod => a.modulo(b),
        F::Atan2 => Number::from_f64(a.to_f64().atan2(b.to_f64())),
        _ => Err(Trouble::Unsupported("this function of two numbers")),
    }
}

/// `ROUND(n, scale)`: when no digit of the whole part is kept, the platform gives zero and not the next
/// power of ten, so `ROUND(50, -2)` is 0 while `ROUND(150, -2)` is 200.
fn round(n: &Number, scale: i64) -> Number {
    if scale.saturating_add(n.whole_digits().max(1)) <= 0 {
        return Number::zero();
    }
    n.rounded(scale, Rounding::HalfAway)
}

/// `GEOLOCATION(latitude, longitude)`: blank when both are, an error when one is or when out of range.
pub(crate) fn location<'a>(
    latitude: &Value<'a>,
    longitude: &Value<'a>,
) -> Result<Value<'a>, Trouble> {
    match (latitude, longitude) {
        (Value::Null, Value::Null) => Ok(Value::Null),
        (Value::Number(latitude), Value::Number(longitude)) => {
            let (latitude, longitude) = (latitude.to_f64(), longitude.to_f64());
            if latitude.abs() <= 90.0 && longitude.abs() <= 180.0 {
                Ok(Value::Location(latitude, longitude))
            } else {
                Err(Trouble::Error(ErrorKind::NotALocation))
            }
        }
        _ => Err(Trouble::Error(ErrorKind::BlankArgument)),
    }
}

/// Mean radius of the earth, in kilometres and miles; the platform's answers agree to three digits.
const EARTH_KM: f64 = 6371.009;
const EARTH_MI: f64 = 3958.761;

/// `DISTANCE(a, b, unit)`: great circle.
pub(crate) fn distance<'a>(
    a: &Value<'a>,
    b: &Value<'a>,
    unit: &Value<'a>,
) -> Result<Value<'a>, Trouble> {
    let (Value::Location(lat_a, lon_a), Value::Location(lat_b, lon_b)) = (a, b) else {
        return Ok(Value::Null);
    };
    let radius = match unit {
        Value::Text(unit) if unit.eq_ignore_ascii_case("mi") => EARTH_MI,
        Value::Text(unit) if unit.eq_ignore_ascii_case("km") => EARTH_KM,
        _ => return Err(Trouble::Error(ErrorKind::BlankArgument)),
    };
    let (lat_a, lat_b) = (lat_a.to_radians(), lat_b.to_radians());
    let half_lat = ((lat_b - lat_a) / 2.0).sin();
    let half_lon = ((lon_b - lon_a).to_radians() / 2.0).sin();
    let chord = half_lat * half_lat + lat_a.cos() * lat_b.cos() * half_lon * half_lon;
    let arc = 2.0 * chord.clamp(0.0, 1.0).sqrt().asin();
    Number::from_f64(radius * arc).map(Value::Number)
}
