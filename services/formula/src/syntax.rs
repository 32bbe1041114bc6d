//! The syntax tree. It keeps the author's operators and names and a span per node.
//!
//! Operators of one level are one chain node, so that a rule of a thousand `&&` is wide, not deep:
//! the depth of a tree is the depth of its brackets.

use crate::token::Span;

/// A formula or a part of one. Equality looks at the shape only, never at spans or letter case of names.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// Where it stands, brackets included.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `TRUE` or `FALSE`.
    Bool(bool),
    /// `NULL`.
    Null,
    /// A number as written: digits, optionally a point and digits.
    Number(Box<str>),
    /// A text literal's value.
    Text(Box<str>),
    /// A field, path or global.
    Field(Name),
    /// A function call.
    Call(Name, Vec<Expr>),
    /// A prefix operator.
    Prefix(Prefix, Box<Expr>),
    /// Operators of one level, applied from left to right.
    Chain(Box<Expr>, Vec<(Infix, Expr)>),
}

/// A name as written, compared without letter case.
#[derive(Clone, Debug)]
pub struct Name(pub Box<str>);

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// `-x`
    Minus,
    /// `+x`
    Plus,
    /// `!x` or `NOT x`
    Not,
}

/// Infix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Infix {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `=` `==`
    Equal,
    /// `<>` `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `&`
    Concat,
    /// `^`, which binds looser than `*` on this platform
    Power,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

impl Infix {
    /// Binding level, 1 the loosest (language section 2).
    #[must_use]
    pub fn level(self) -> u8 {
        match self {
            Infix::Or => 1,
            Infix::And => 2,
            Infix::Equal | Infix::NotEqual => 3,
            Infix::Less | Infix::LessEqual | Infix::Greater | Infix::GreaterEqual => 4,
            Infix::Add | Infix::Subtract | Infix::Concat => 5,
            Infix::Power => 6,
            Infix::Multiply | Infix::Divide => 7,
        }
    }

    /// How it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Infix::Or => "||",
            Infix::And => "&&",
            Infix::Equal => "=",
            Infix::NotEqual => "<>",
            Infix::Less => "<",
            Infix::LessEqual => "<=",
            Infix::Greater => ">",
            Infix::GreaterEqual => ">=",
            Infix::Add => "+",
            Infix::Subtract => "-",
            Infix::Concat => "&",
            Infix::Power => "^",
            Infix::Multiply => "*",
            Infix::Divide => "/",
        }
    }
}
