//! A syntax tree back to text: one canonical spelling, with the fewest brackets that parse back to
//! the same tree. It is never nested deeper than the text the tree came from, and never longer than a
//! formula may be if that text was not.

use std::fmt::{self, Display, Formatter, Write};

use crate::syntax::{Expr, Node, Prefix};
use crate::token::SOURCE_CHARS_MAX;

/// Level of a prefix operator's operand: tighter than every infix.
const PREFIX: u8 = 8;

/// How much room the text takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Spaces around operators, `NOT` as a word.
    Wide,
    /// The shortest spelling, for formulas near the length limit.
    Tight,
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        print(self, 1, Style::Wide, &mut out)?;
        if out.chars().count() > SOURCE_CHARS_MAX {
            out.clear();
            print(self, 1, Style::Tight, &mut out)?;
        }
        f.write_str(&out)
    }
}

/// Writes `expr` where only operators of `level` or tighter may stand without brackets.
fn print(expr: &Expr, level: u8, style: Style, out: &mut String) -> fmt::Result {
    match &expr.node {
        Node::Bool(true) => out.push_str("TRUE"),
        Node::Bool(false) => out.push_str("FALSE"),
        Node::Null => out.push_str("NULL"),
        Node::Number(digits) => out.push_str(digits),
        Node::Text(value) => quoted(value, out),
        Node::Field(name) => out.push_str(&name.0),
        Node::Call(name, arguments) => {
            out.push_str(&name.0.to_ascii_uppercase());
            out.push('(');
            for (index, argument) in arguments.iter().enumerate() {
                if index > 0 {
                    out.push_str(if style == Style::Wide { ", " } else { "," });
                }
                print(argument, 1, style, out)?;
            }
            out.push(')');
        }
        Node::Prefix(prefix, operand) => {
            out.push_str(match (prefix, style) {
                (Prefix::Minus, _) => "-",
                (Prefix::Plus, _) => "+",
                (Prefix::Not, Style::Tight) => "!",
                (Prefix::Not, Style::Wide) if matches!(operand.node, Node::Chain(..)) => "NOT",
                (Prefix::Not, Style::Wide) => "NOT ",
            });
            print(operand, PREFIX, style, out)?;
        }
        Node::Chain(first, rest) => {
            let own = rest.first().map_or(PREFIX, |(infix, _)| infix.level());
            if own < level {
                out.push('(');
            }
            print(first, own, style, out)?;
            for (infix, operand) in rest {
                match style {
                    Style::Wide => write!(out, " {} ", infix.sign())?,
                    Style::Tight => out.push_str(infix.sign()),
                }
                print(operand, own + 1, style, out)?;
            }
            if own < level {
                out.push(')');
            }
        }
    }
    Ok(())
}

/// A literal that reads back as `value`. A backslash before `'`, `n`, `r` or `t` is read as itself, so it
/// is written as itself.
fn quoted(value: &str, out: &mut String) {
    out.push('"');
    let mut rest = value.chars().peekable();
    while let Some(next) = rest.next() {
        let plain = next == '\\' && matches!(rest.peek(), Some('\'' | 'n' | 'r' | 't'));
        if next == '"' || (next == '\\' && !plain) {
            out.push('\\');
        }
        out.push(next);
    }
    out.push('"');
}
