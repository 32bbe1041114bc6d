//! Arithmetic on present values and calls of ordinary functions.

use std::borrow::Cow;

use super::{Cause, Eval, Machine, Stop};
use crate::builtin::{calendar, math, text};
use crate::context::Disputes;
use crate::function::{Function as F, PARAMETERS_MAX};
use crate::kind::Kind;
use crate::number::Number;
use crate::program::{Binary, Kids, NodeId, Op};
use crate::trouble::{ErrorKind, Question, Trouble};
use crate::value::Value;

/// What the compiler has ruled out: operands of other types than the operation's.
const MISTYPED: Trouble = Trouble::Unsupported("a value of another type");

/// `a op b`, both present (texts may be blank).
pub(super) fn binary<'a>(binary: Binary, a: Value<'a>, b: Value<'a>) -> Result<Value<'a>, Trouble> {
    use Value::{Date, DateTime, Number as N, Time};
    Ok(match (binary, a, b) {
        (Binary::Add, N(a), N(b)) => N(a.plus(&b)?),
        (Binary::Subtract, N(a), N(b)) => N(a.minus(&b)?),
        (Binary::Multiply, N(a), N(b)) => N(a.times(&b)?),
        (Binary::Divide, N(a), N(b)) => N(a.over(&b)?),
        (Binary::Power, N(a), N(b)) => N(a.power(&b)?),
        (Binary::Concat, a, b) => text::joined(a, b)?,
        (Binary::DatePlus, Date(a), N(b)) => Date(calendar::plus_days(a, &b)?),
        (Binary::DateMinus, Date(a), N(b)) => Date(calendar::plus_days(a, &b.negated())?),
        (Binary::DateDifference, Date(a), Date(b)) => {
            N(Number::from(a.signed_duration_since(b).num_days()))
        }
        (Binary::InstantPlus, DateTime(a), N(b)) => DateTime(calendar::plus_seconds(a, &b)?),
        (Binary::InstantMinus, DateTime(a), N(b)) => {
            DateTime(calendar::plus_seconds(a, &b.negated())?)
        }
        (Binary::InstantDifference, DateTime(a), DateTime(b)) => N(calendar::days_between(a, b)?),
        (Binary::TimePlus, Time(a), N(b)) => Time(calendar::plus_ms(a, &b)),
        (Binary::TimeMinus, Time(a), N(b)) => Time(calendar::plus_ms(a, &b.negated())),
        (Binary::TimeDifference, Time(a), Time(b)) => {
            let back = Number::from(i64::from(b)).negated();
            N(Number::from(i64::from(calendar::plus_ms(a, &back))))
        }
        (Binary::Blank, ..) => Value::Null,
        _ => return Err(MISTYPED),
    })
}

impl<'a> Machine<'a> {
    /// A call of an ordinary function.
    pub(super) fn call(&mut self, function: F, kids: Kids, node: NodeId) -> Eval<'a> {
        if matches!(function, F::Max | F::Min) {
            return self.extreme(function, kids);
        }
        let program = self.program;
        let mut arguments: [Value<'a>; PARAMETERS_MAX] = [const { Value::Null }; PARAMETERS_MAX];
        let mut unknown: Option<Stop> = None;
        let mut blank = false;
        let mut bytes = 0;
        for (kid, slot) in program.kids(kids).iter().zip(&mut arguments) {
            match self.eval(*kid) {
                Ok(value) => {
                    blank |= value.is_null();
                    if let Value::Text(text) = &value {
                        bytes += text.len();
                    }
                    *slot = value;
                }
                Err(failed @ Stop::Failed { .. }) => return Err(failed),
                Err(stop) => {
                    unknown = Some(match unknown {
                        Some(earlier) => self.both(earlier, stop),
                        None => stop,
                    });
                }
            }
        }
        self.charge(bytes, node)?;
        if let Some(Stop::Unknown { may_fail, cause }) = unknown {
            if blank && function.is_strict() && !may_fail {
                return Ok(Value::Null);
            }
            return Err(Stop::Unknown {
                may_fail: may_fail || function.may_fail(),
                cause,
            });
        }
        if blank && function.is_strict() {
            return Ok(Value::Null);
        }
        if blank && self.blank_is_disputed(function, &arguments, kids) {
            let cause = Cause::Disputed {
                question: Question::BlankText,
                node,
            };
            return Err(self.unknown(cause, false));
        }
        let given = kids.count as usize;
        match function {
            F::Today | F::Now | F::TimeNow => self.clock(function, node),
            F::DateValue => self.date_value(arguments, node),
            F::IsClone => Ok(Value::Bool(false)),
            _ => apply(function, arguments, given).map_err(|trouble| self.stop(trouble, node)),
        }
    }

    /// Whether sources disagree about this function of a blank (language section 14).
    fn blank_is_disputed(&self, function: F, arguments: &[Value<'a>], kids: Kids) -> bool {
        if self.context.disputes == Disputes::FirstReading {
            return false;
        }
        let given = &arguments[..(kids.count as usize).min(PARAMETERS_MAX)];
        match function {
            F::Substitute => given[..2].iter().any(Value::is_null),
            F::Lpad | F::Rpad => given.iter().any(Value::is_null),
            F::Text => match self.program.op(self.program.kids(kids)[0]) {
                Op::Field { reference, .. } | Op::Prior { reference, .. } => {
                    self.program.references[reference as usize].kind == Kind::DateTime
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// `MAX` and `MIN`: blank when any argument is.
    fn extreme(&mut self, function: F, kids: Kids) -> Eval<'a> {
        let program = self.program;
        let mut best: Option<Eval<'a>> = None;
        for kid in program.kids(kids) {
            let next = self.eval(*kid);
            best = Some(match best {
                None => next,
                Some(held) => match self.pair(held, next, true) {
                    Ok(Some((Value::Number(a), Value::Number(b)))) => {
                        let keep = if function == F::Max { a >= b } else { a <= b };
                        Ok(Value::Number(if keep { a } else { b }))
                    }
                    Ok(_) => Ok(Value::Null),
                    Err(stop) => Err(stop),
                },
            });
        }
        best.unwrap_or(Ok(Value::Null))
    }

    fn clock(&mut self, function: F, node: NodeId) -> Eval<'a> {
        let Some(now) = self.context.now else {
            return Err(self.unknown(Cause::Clock, false));
        };
        let at = now.timestamp_millis();
        match function {
            F::Now => Ok(Value::DateTime(at)),
            F::TimeNow => Ok(Value::Time(calendar::time_of(at))),
            _ => self.day_of(at, node),
        }
    }

    fn day_of(&mut self, at_ms: i64, node: NodeId) -> Eval<'a> {
        let Some(zone) = self.context.zone else {
            return Err(self.unknown(Cause::Zone, false));
        };
        calendar::date_in(at_ms, zone)
            .map(Value::Date)
            .map_err(|trouble| self.stop(trouble, node))
    }

    fn date_value(&mut self, arguments: [Value<'a>; PARAMETERS_MAX], node: NodeId) -> Eval<'a> {
        let [value, ..] = arguments;
        match value {
            Value::Date(date) => Ok(Value::Date(date)),
            Value::DateTime(at) => self.day_of(at, node),
            Value::Text(text) => calendar::date_of_text(&text)
                .map(Value::Date)
                .map_err(|trouble| self.stop(trouble, node)),
            _ => Err(self.stop(MISTYPED, node)),
        }
    }
}

/// A function of its arguments alone. Strict functions get no blanks.
fn apply<'a>(
    function: F,
    arguments: [Value<'a>; PARAMETERS_MAX],
    given: usize,
) -> Result<Value<'a>, Trouble> {
    use Value::{Date, DateTime, Number as N, Text as T, Time};
    let number = |n: i64| Value::Number(Number::from(n));
    Ok(match (function, arguments) {
        (F::Pi, _) => N(Number::from_f64(std::f64::consts::PI)?),
        (F::Trunc, [N(a), Value::Null, ..]) => N(math::binary(F::Trunc, &a, &Number::zero())?),
        (F::Round | F::Trunc | F::Mod | F::Atan2, [N(a), N(b), ..]) => {
            N(math::binary(function, &a, &b)?)
        }
        (F::Geolocation, [latitude, longitude, ..]) => math::location(&latitude, &longitude)?,
        (F::Distance, [a, b, unit, _]) => math::distance(&a, &b, &unit)?,
        (F::Len, [T(text), ..]) => number(i64::try_from(text::length(&text)).unwrap_or(i64::MAX)),
        (F::Len, _) => number(0),
        (F::Left, [T(text), N(n), ..]) => text::left(text, &n)?,
        (F::Right, [T(text), N(n), ..]) => text::right(text, &n)?,
        (F::Mid, [T(text), N(start), N(n), _]) => text::mid(text, &start, &n)?,
        (F::Find, [what, inside, start, _]) => {
            N(text::find(&what, &inside, (given > 2).then_some(&start))?)
        }
        (F::Contains, [text, what, ..]) => {
            text::holds(&text, &what, |text, what| text.contains(what))
        }
        (F::Begins, [text, what, ..]) => {
            text::holds(&text, &what, |text, what| text.starts_with(what))
        }
        (F::Substitute, [T(text), T(old), new, _]) => text::substitute(text, &old, &new)?,
        (F::Trim, [T(text), ..]) => text::trim(text),
        (F::Upper | F::Lower, [T(text), locale, ..]) => {
            text::cased(&text, Some(&locale), function == F::Upper)?
        }
        (F::Initcap, [T(text), ..]) => text::initcap(&text),
        (F::Reverse, [T(text), ..]) => text::reverse(&text),
        (F::Ascii, [T(text), ..]) => N(text::code(&text)),
        (F::Chr, [N(n), ..]) => text::character(&n)?,
        (F::Lpad | F::Rpad, [T(text), N(n), pad, _]) => {
            let pad = match pad {
                T(pad) => pad,
                _ if given == 2 => Cow::Borrowed(" "),
                _ => return Ok(Value::Null),
            };
            text::padded(text, &n, &pad, function == F::Lpad)?
        }
        (F::Substitute | F::Upper | F::Lower | F::Lpad | F::Rpad, _) => Value::Null,
        (F::Br, _) => Value::text("<br>"),
        (F::Text, [value, ..]) => text::shown(value),
        (F::Value, [T(text), ..]) => N(Number::read(&text)?
            .ok_or(Trouble::Error(ErrorKind::NotNumeric))?
            .shown()),
        (F::IsNumber, [T(text), ..]) => Value::Bool(Number::read(&text)?.is_some()),
        (F::IsNumber, _) => Value::Bool(false),
        (F::CaseSafeId, [T(id), ..]) => text::case_safe(&id)?,
        (F::Hyperlink, [url, label, target, _]) => text::hyperlink(&url, &label, Some(&target)),
        (F::Image, arguments) => text::image(&arguments),
        (F::PicklistCount, [T(joined), ..]) => {
            number(i64::try_from(text::members(&joined).count()).unwrap_or(i64::MAX))
        }
        (F::PicklistCount, _) => number(0),
        (F::Date, [N(year), N(month), N(day), _]) => Date(calendar::date(&year, &month, &day)?),
        (F::DateTimeValue, [T(text), ..]) => DateTime(calendar::instant_of_text(&text)?),
        (F::DateTimeValue, [Date(date), ..]) => DateTime(calendar::midnight(date)),
        (F::DateTimeValue, [DateTime(at), ..]) => DateTime(at),
        (F::TimeValue, [T(text), ..]) => Time(calendar::time_of_text(&text)?),
        (F::TimeValue, [DateTime(at), ..]) => Time(calendar::time_of(at)),
        (F::TimeValue, [Time(at), ..]) => Time(at),
        (
            F::Year | F::Month | F::Day | F::Weekday | F::IsoWeek | F::IsoYear | F::DayOfYear,
            [Date(date), ..],
        ) => N(calendar::date_part(function, date)),
        (F::Hour | F::Minute | F::Second | F::Millisecond, [Time(at), ..]) => {
            N(calendar::time_part(function, at))
        }
        (F::AddMonths, [Date(date), N(n), ..]) => Date(calendar::plus_months(date, &n)?),
        (F::AddMonths, [DateTime(at), N(n), ..]) => {
            DateTime(calendar::instant_plus_months(at, &n)?)
        }
        (F::UnixTimestamp, [value, ..]) => N(calendar::unix_timestamp(&value)),
        (F::FromUnixTime, [N(n), ..]) => DateTime(calendar::from_unix_time(&n)?),
        (F::FormatDuration, arguments) => duration(&arguments)?,
        (_, [N(n), ..]) => N(math::unary(function, &n)?),
        _ => return Err(MISTYPED),
    })
}

/// `FORMATDURATION(seconds[, days])` or `FORMATDURATION(from, to)`.
fn duration<'a>(arguments: &[Value<'a>; PARAMETERS_MAX]) -> Result<Value<'a>, Trouble> {
    let [first, second, ..] = arguments;
    Ok(match (first, second) {
        (Value::Number(n), days) => {
            let days = matches!(days, Value::Bool(true));
            calendar::duration(n.to_i64_held().unsigned_abs(), days)
        }
        // Between instants the days are always told apart, between times never.
        (Value::Time(a), Value::Time(b)) => {
            calendar::duration(u64::from(a.abs_diff(*b)) / 1000, false)
        }
        (Value::DateTime(a), Value::DateTime(b)) => calendar::duration(a.abs_diff(*b) / 1000, true),
        (Value::Null, _) | (_, Value::Null) => Value::Null,
        _ => return Err(MISTYPED),
    })
}
