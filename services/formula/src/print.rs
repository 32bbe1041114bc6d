//! A syntax tree back to text: one canonical spelling, with the fewest brackets that parse back to
//! the same tree.

use std::fmt::{self, Display, Formatter, Write};

use crate::syntax::{Expr, Node, Prefix};

/// Level of a prefix operator's operand: tighter than every infix.
const PREFIX: u8 = 8;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        print(self, 1, f)
    }
}

/// Writes `expr` where only operators of `level` or tighter may stand without brackets.
fn print(expr: &Expr, level: u8, f: &mut Formatter<'_>) -> fmt::Result {
    match &expr.node {
        Node::Bool(true) => f.write_str("TRUE"),
        Node::Bool(false) => f.write_str("FALSE"),
        Node::Null => f.write_str("NULL"),
        Node::Number(digits) => f.write_str(digits),
        Node::Text(value) => quoted(value, f),
        Node::Field(name) => f.write_str(&name.0),
        Node::Call(name, arguments) => {
            f.write_str(&name.0.to_ascii_uppercase())?;
            f.write_char('(')?;
            for (index, argument) in arguments.iter().enumerate() {
                if index > 0 {
                    f.write_str(", ")?;
                }
                print(argument, 1, f)?;
            }
            f.write_char(')')
        }
        Node::Prefix(Prefix::Not, operand) => {
            f.write_str("NOT(")?;
            print(operand, 1, f)?;
            f.write_char(')')
        }
        Node::Prefix(prefix, operand) => {
            f.write_char(if *prefix == Prefix::Minus { '-' } else { '+' })?;
            print(operand, PREFIX, f)
        }
        Node::Chain(first, rest) => {
            let own = rest.first().map_or(PREFIX, |(infix, _)| infix.level());
            let bracket = own < level;
            if bracket {
                f.write_char('(')?;
            }
            print(first, own, f)?;
            for (infix, operand) in rest {
                write!(f, " {} ", infix.sign())?;
                print(operand, own + 1, f)?;
            }
            if bracket {
                f.write_char(')')?;
            }
            Ok(())
        }
    }
}

/// A literal that reads back as `value`: only the quote and the backslash are escaped.
fn quoted(value: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for (index, part) in value.split(['"', '\\']).enumerate() {
        if index > 0 {
            // The separator is the byte just before this part in `value`.
            let at = part.as_ptr() as usize - value.as_ptr() as usize - 1;
            f.write_char('\\')?;
            f.write_str(&value[at..=at])?;
        }
        f.write_str(part)?;
    }
    f.write_char('"')
}
