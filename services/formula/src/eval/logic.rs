//! Boolean nodes: connectives with unknowns (section 11.2), comparisons, blank tests, picklists and
//! regular expressions.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Cause, Machine, Stop, Truth};
use crate::builtin::text::{id15, members};
use crate::context::Disputes;
use crate::pattern::Pattern;
use crate::program::{Class, Compare, Compiled, Kids, NodeId, Op};
use crate::trouble::Question;
use crate::value::Value;

impl<'a> Machine<'a> {
    /// A node that is a condition in itself. Other nodes are values and come through `eval`.
    pub(super) fn decide(&mut self, node: NodeId) -> Truth {
        match self.program.op(node) {
            Op::And(kids) => self.junction(kids, false),
            Op::Or(kids) => self.junction(kids, true),
            Op::Not(operand) => Ok(self.truth(operand)?.map(|flag| !flag)),
            Op::Compare {
                compare,
                class,
                left,
                right,
            } => self.compare(compare, class, left, right, node),
            Op::IsBlank(operand) => Ok(Some(self.eval(operand)?.is_null())),
            // The platform folds it when the formula is saved, so not even an error inside is seen.
            Op::NeverNull(_) => Ok(Some(false)),
            Op::Changed { current, reference } => self.changed(current, reference, node),
            Op::IsNew => self.is_new(),
            Op::IsPick { value, literal } => {
                let value = self.eval(value)?;
                let program = self.program;
                self.same_pick(
                    text(&value),
                    text(&program.constants[literal as usize]),
                    node,
                )
            }
            Op::Includes { value, literal } => self.includes(value, literal, node),
            Op::Regex { text, pattern } => self.regex(text, pattern, node),
            Op::RegexDynamic { text, pattern } => self.regex_dynamic(text, pattern, node),
            _ => Ok(None),
        }
    }

    /// `AND` (`deciding` false) or `OR` (`deciding` true), from left to right.
    ///
    /// A deciding operand settles the whole, unless an unknown before it may have failed first. An
    /// error after an unknown is only reached for some of its values, so it is unknown too.
    fn junction(&mut self, kids: Kids, deciding: bool) -> Truth {
        let program = self.program;
        let mut unknown: Option<Stop> = None;
        for kid in program.kids(kids) {
            match self.truth(*kid) {
                Ok(truth) => {
                    // A blank operand counts as false, in both.
                    if truth.unwrap_or(false) != deciding {
                        continue;
                    }
                    return match unknown {
                        Some(stop @ Stop::Unknown { may_fail: true, .. }) => Err(stop),
                        _ => Ok(Some(deciding)),
                    };
                }
                Err(stop) => match unknown.take() {
                    None if matches!(stop, Stop::Failed { .. }) => return Err(stop),
                    None => unknown = Some(stop),
                    Some(earlier) => {
                        let joined = self.both(earlier, stop);
                        if matches!(stop, Stop::Failed { .. }) {
                            return Err(joined);
                        }
                        unknown = Some(joined);
                    }
                },
            }
        }
        unknown.map_or(Ok(Some(!deciding)), Err)
    }

    fn disputed(&mut self, question: Question, node: NodeId) -> Stop {
        self.unknown(Cause::Disputed { question, node }, false)
    }

    fn strict(&self) -> bool {
        self.context.disputes == Disputes::CannotTell
    }

    fn compare(
        &mut self,
        compare: Compare,
        class: Class,
        left: NodeId,
        right: NodeId,
        node: NodeId,
    ) -> Truth {
        let equality = matches!(compare, Compare::Equal | Compare::NotEqual);
        let a = self.eval(left);
        let b = self.eval(right);
        let null_settles = class == Class::Scalar || (class != Class::NullTest && !equality);
        let Some((a, b)) = self.pair(a, b, null_settles)? else {
            return Ok(None);
        };
        match class {
            Class::NullTest => {
                if self.strict() {
                    return Err(self.disputed(Question::NullComparison, node));
                }
                Ok(None)
            }
            Class::Scalar => Ok(scalar_order(&a, &b).map(|order| compare.holds(order))),
            Class::Text | Class::Id => {
                let (a, b) = if class == Class::Id {
                    (first15(a), first15(b))
                } else {
                    (a, b)
                };
                self.compare_text(compare, text(&a), text(&b), node)
            }
        }
    }

    fn compare_text(&mut self, compare: Compare, a: &str, b: &str, node: NodeId) -> Truth {
        let equality = matches!(compare, Compare::Equal | Compare::NotEqual);
        let order = if equality {
            if a == b {
                Ordering::Equal
            } else {
                Ordering::Less
            }
        } else {
            a.encode_utf16().cmp(b.encode_utf16())
        };
        if self.strict() && order != Ordering::Equal {
            if equality {
                if folded_equal(a, b) {
                    return Err(self.disputed(Question::TextCase, node));
                }
            } else {
                // Collations agree with each other on plain letters and digits of one case only.
                let plain = |text: &str| {
                    text.bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                };
                if !(plain(a) && plain(b)) {
                    return Err(self.disputed(Question::TextOrder, node));
                }
            }
        }
        Ok(Some(compare.holds(order)))
    }

    fn same_pick(&mut self, value: &str, literal: &str, node: NodeId) -> Truth {
        let same = value == literal;
        if !same && self.strict() && folded_equal(value, literal) {
            return Err(self.disputed(Question::PicklistCase, node));
        }
        Ok(Some(same))
    }

    fn includes(&mut self, value: NodeId, literal: u32, node: NodeId) -> Truth {
        let value = self.eval(value)?;
        let program = self.program;
        let literal = text(&program.constants[literal as usize]);
        let mut folded = false;
        for member in members(text(&value)) {
            if member == literal {
                return Ok(Some(true));
            }
            folded |= self.strict() && folded_equal(member, literal);
        }
        if folded {
            return Err(self.disputed(Question::PicklistCase, node));
        }
        Ok(Some(false))
    }

    fn regex(&mut self, operand: NodeId, pattern: u32, node: NodeId) -> Truth {
        let program = self.program;
        match &program.patterns[pattern as usize] {
            Compiled::Ready(pattern) => {
                let value = self.eval(operand)?;
                self.run_pattern(pattern, text(&value), node)
            }
            // Whatever the text is.
            Compiled::Invalid(kind) => Err(Stop::Failed { kind: *kind, node }),
            Compiled::Unsupported(what) => {
                Err(self.unknown(Cause::Unsupported { what, node }, true))
            }
        }
    }

    fn regex_dynamic(&mut self, operand: NodeId, pattern: NodeId, node: NodeId) -> Truth {
        let a = self.eval(operand);
        let b = self.eval(pattern);
        match self.pair(a, b, false) {
            Ok(Some((value, pattern))) => {
                self.charge(text(&pattern).len() * PATTERN_COST, node)?;
                let compiled =
                    Pattern::new(text(&pattern)).map_err(|trouble| self.stop(trouble, node))?;
                self.run_pattern(&compiled, text(&value), node)
            }
            Ok(None) => Ok(None),
            // Known or not, the pattern may be a bad one.
            Err(Stop::Unknown { cause, .. }) => Err(Stop::Unknown {
                may_fail: true,
                cause,
            }),
            Err(failed) => Err(failed),
        }
    }

    fn run_pattern(&mut self, pattern: &Pattern, text: &str, node: NodeId) -> Truth {
        self.charge(text.len(), node)?;
        pattern
            .matches(text)
            .map(Some)
            .map_err(|trouble| self.stop(trouble, node))
    }
}

/// Compiling a byte of pattern costs about as much as reading this many bytes of text.
const PATTERN_COST: usize = 1_000;

/// A text, empty when blank.
fn text<'v>(value: &'v Value<'_>) -> &'v str {
    match value {
        Value::Text(text) => text,
        _ => "",
    }
}

fn first15(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Text(id) => Value::Text(id15(id)),
        other => other,
    }
}

/// Order of two present values of one scalar type.
pub(crate) fn scalar_order(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    Some(match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::DateTime(a), Value::DateTime(b)) => a.cmp(b),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => return None,
    })
}

/// Equal but for letter case.
fn folded_equal(a: &str, b: &str) -> bool {
    let fold = |text: &str| -> Cow<'static, str> { Cow::Owned(text.to_lowercase()) };
    a.len().abs_diff(b.len()) <= a.len().min(b.len()) && fold(a) == fold(b)
}

/// Equality as `CASE` uses it: blanks are equal for texts and never for other types.
pub(super) fn case_equal(class: Class, a: &Value<'_>, b: &Value<'_>) -> bool {
    match class {
        Class::Text => text(a) == text(b),
        Class::Id => text(&first15(a.borrowed())) == text(&first15(b.borrowed())),
        Class::Scalar | Class::NullTest => scalar_order(a, b) == Some(Ordering::Equal),
    }
}
