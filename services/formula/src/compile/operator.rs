//! Infix operators: which pairs of types they take (section 3) and what they become.

use super::{CompileError, Compiler, Typed, mismatch};
use crate::kind::Kind;
use crate::program::{Binary, Class, Compare, Op};
use crate::syntax::{Expr, Infix};
use crate::token::Span;

impl Compiler<'_> {
    pub(super) fn chain(
        &mut self,
        first: &Expr,
        rest: &[(Infix, Expr)],
        span: Span,
    ) -> Result<Typed, CompileError> {
        if let Some((infix @ (Infix::And | Infix::Or), _)) = rest.first() {
            let mut nodes = vec![self.boolean(first)?];
            for (_, operand) in rest {
                nodes.push(self.boolean(operand)?);
            }
            let kids = self.kids(&nodes);
            let op = if *infix == Infix::And {
                Op::And(kids)
            } else {
                Op::Or(kids)
            };
            let node = self.push(op, span, &nodes)?;
            return Ok(Typed {
                node,
                kind: Kind::Boolean,
            });
        }
        let mut left = self.expression(first)?;
        for (infix, operand) in rest {
            let right = self.expression(operand)?;
            left = self.infix(*infix, left, right, first.span.to(operand.span))?;
        }
        Ok(left)
    }

    fn infix(
        &mut self,
        infix: Infix,
        left: Typed,
        right: Typed,
        span: Span,
    ) -> Result<Typed, CompileError> {
        let compare = match infix {
            Infix::Equal => Compare::Equal,
            Infix::NotEqual => Compare::NotEqual,
            Infix::Less => Compare::Less,
            Infix::LessEqual => Compare::LessEqual,
            Infix::Greater => Compare::Greater,
            Infix::GreaterEqual => Compare::GreaterEqual,
            _ => return self.arithmetic(infix, left, right, span),
        };
        let class = comparison(compare, left.kind, right.kind).ok_or_else(|| {
            mismatch(
                span,
                format!(
                    "{} cannot be compared with {} this way",
                    left.kind, right.kind
                ),
            )
        })?;
        let op = Op::Compare {
            compare,
            class,
            left: left.node,
            right: right.node,
        };
        let node = self.push(op, span, &[left.node, right.node])?;
        Ok(Typed {
            node,
            kind: Kind::Boolean,
        })
    }

    fn arithmetic(
        &mut self,
        infix: Infix,
        left: Typed,
        right: Typed,
        span: Span,
    ) -> Result<Typed, CompileError> {
        let (binary, swap, kind) = arithmetic(infix, left.kind, right.kind).ok_or_else(|| {
            mismatch(
                span,
                format!(
                    "`{}` does not work on {} and {}",
                    infix.sign(),
                    left.kind,
                    right.kind
                ),
            )
        })?;
        let (first, second) = if swap {
            (right.node, left.node)
        } else {
            (left.node, right.node)
        };
        let op = Op::Binary {
            binary,
            left: first,
            right: second,
        };
        // A run of operators leans left; the machine walks it in a loop, so it adds no height.
        let node = self.push(op, span, &[first, second])?;
        if matches!(self.program.op(first), Op::Binary { .. }) {
            let leaning =
                self.program.heights[first as usize].max(self.program.heights[second as usize] + 1);
            self.program.heights[node as usize] = leaning;
        }
        Ok(Typed { node, kind })
    }
}

/// What `left` and `right` are compared as; `None` when the platform refuses the pair.
pub(super) fn comparison(compare: Compare, left: Kind, right: Kind) -> Option<Class> {
    let equality = matches!(compare, Compare::Equal | Compare::NotEqual);
    match (left, right) {
        (Kind::Picklist | Kind::MultiPicklist | Kind::Location, other)
        | (other, Kind::Picklist | Kind::MultiPicklist | Kind::Location) => {
            (equality && other == Kind::Null).then_some(Class::NullTest)
        }
        (Kind::Id, other) | (other, Kind::Id) if other.is_text() => Some(Class::Id),
        (a, b)
            if (a.is_text() || a == Kind::Null)
                && (b.is_text() || b == Kind::Null)
                && (a, b) != (Kind::Null, Kind::Null) =>
        {
            Some(Class::Text)
        }
        (Kind::Null, _) | (_, Kind::Null) => Some(if equality {
            Class::NullTest
        } else {
            Class::Scalar
        }),
        (Kind::Boolean, Kind::Boolean) if !equality => None,
        (a, b) if a == b => Some(Class::Scalar),
        _ => None,
    }
}

/// Which operation, whether its operands change sides, and the kind of its result.
fn arithmetic(infix: Infix, left: Kind, right: Kind) -> Option<(Binary, bool, Kind)> {
    use Kind::{Date, DateTime, Null, Number, Text, Time};
    let number = |kind| matches!(kind, Number | Null);
    let plain = |binary, kind| Some((binary, false, kind));
    match infix {
        Infix::Concat => {
            let text = |kind: Kind| kind.is_text() || kind == Null;
            if text(left) && text(right) {
                plain(Binary::Concat, Text)
            } else {
                None
            }
        }
        Infix::Multiply | Infix::Divide | Infix::Power if number(left) && number(right) => plain(
            match infix {
                Infix::Multiply => Binary::Multiply,
                Infix::Divide => Binary::Divide,
                _ => Binary::Power,
            },
            Number,
        ),
        Infix::Add => match (left, right) {
            (a, b) if (a.is_text() && (b.is_text() || b == Null)) || (a == Null && b.is_text()) => {
                plain(Binary::Concat, Text)
            }
            (Date, Number) => plain(Binary::DatePlus, Date),
            (Number, Date) => Some((Binary::DatePlus, true, Date)),
            (DateTime, Number) => plain(Binary::InstantPlus, DateTime),
            (Number, DateTime) => Some((Binary::InstantPlus, true, DateTime)),
            (Time, Number) => plain(Binary::TimePlus, Time),
            (a, b) if number(a) && number(b) => plain(Binary::Add, Number),
            (a, Null) | (Null, a) if matches!(a, Date | DateTime | Time) => plain(Binary::Blank, a),
            _ => None,
        },
        Infix::Subtract => match (left, right) {
            (Date, Date) => plain(Binary::DateDifference, Number),
            (DateTime, DateTime) => plain(Binary::InstantDifference, Number),
            (Time, Time) => plain(Binary::TimeDifference, Number),
            (Date, Number) => plain(Binary::DateMinus, Date),
            (DateTime, Number) => plain(Binary::InstantMinus, DateTime),
            (Time, Number) => plain(Binary::TimeMinus, Time),
            (a, b) if number(a) && number(b) => plain(Binary::Subtract, Number),
            (a @ (Date | DateTime | Time), Null) => plain(Binary::Blank, a),
            (Null, Date | DateTime | Time) => plain(Binary::Blank, Number),
            _ => None,
        },
        _ => None,
    }
}
