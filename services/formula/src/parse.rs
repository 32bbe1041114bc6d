//! Tokens to a syntax tree (language section 2), by precedence climbing.
//!
//! Depth is bounded before it is spent: a hostile text of brackets is an error, not a stack overflow.

use crate::syntax::{Expr, Infix, Name, Node, Prefix};
use crate::token::{Mark, Span, SyntaxError, Token, tokens};

/// Deepest nesting of brackets, calls and prefix operators.
pub const NESTING_MAX: usize = 200;
/// Deepest recursion: brackets plus the right-hand sides that hold them.
const FRAMES_MAX: usize = 2 * NESTING_MAX;
/// Most arguments of one call.
pub const ARGUMENTS_MAX: usize = 255;

/// Parses one formula.
///
/// # Errors
/// [`SyntaxError`] with the place, for anything outside the grammar or its limits.
pub fn parse(source: &str) -> Result<Expr, SyntaxError> {
    let mut parser = Parser {
        tokens: tokens(source)?,
        at: 0,
        nesting: 0,
        frames: 0,
    };
    let expr = parser.expression(1)?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.unexpected("the end of the formula")),
    }
}

struct Parser<'a> {
    tokens: Vec<(Token<'a>, Span)>,
    at: usize,
    nesting: usize,
    frames: usize,
}

impl<'a> Parser<'a> {
    // The list ends with `End`, which is never stepped over, so the index is always valid.
    fn peek(&self) -> &Token<'a> {
        &self.tokens[self.at].0
    }

    fn span(&self) -> Span {
        self.tokens[self.at].1
    }

    fn step(&mut self) -> Span {
        let span = self.span();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        span
    }

    fn is(&self, mark: Mark) -> bool {
        *self.peek() == Token::Mark(mark)
    }

    fn unexpected(&self, wanted: &'static str) -> SyntaxError {
        let found = match self.peek() {
            Token::End => "the end".into(),
            Token::Number(text) | Token::Name(text) => format!("`{text}`"),
            Token::Text(_) => "a text".into(),
            Token::Mark(mark) => format!("{mark:?}").to_lowercase(),
        };
        SyntaxError {
            message: format!("found {found} where {wanted} was expected").into(),
            span: self.span(),
        }
    }

    fn nest(&mut self) -> Result<(), SyntaxError> {
        self.nesting += 1;
        if self.nesting > NESTING_MAX {
            return Err(SyntaxError {
                message: format!("nested more than {NESTING_MAX} deep").into(),
                span: self.span(),
            });
        }
        Ok(())
    }

    fn infix(&self) -> Option<Infix> {
        let Token::Mark(mark) = self.peek() else {
            return None;
        };
        Some(match mark {
            Mark::OrOr => Infix::Or,
            Mark::AndAnd => Infix::And,
            Mark::Equal => Infix::Equal,
            Mark::NotEqual => Infix::NotEqual,
            Mark::Less => Infix::Less,
            Mark::LessEqual => Infix::LessEqual,
            Mark::Greater => Infix::Greater,
            Mark::GreaterEqual => Infix::GreaterEqual,
            Mark::Plus => Infix::Add,
            Mark::Minus => Infix::Subtract,
            Mark::Ampersand => Infix::Concat,
            Mark::Caret => Infix::Power,
            Mark::Star => Infix::Multiply,
            Mark::Slash => Infix::Divide,
            Mark::Open | Mark::Close | Mark::Comma | Mark::Bang => return None,
        })
    }

    /// Everything that binds at `level` or tighter. Climbs from the tightest operator found: each
    /// turn of the loop folds what was read so far into the next chain.
    fn expression(&mut self, level: u8) -> Result<Expr, SyntaxError> {
        self.frames += 1;
        if self.frames > FRAMES_MAX {
            return Err(SyntaxError {
                message: format!("nested more than {NESTING_MAX} deep").into(),
                span: self.span(),
            });
        }
        let mut left = self.prefix()?;
        while let Some(infix) = self.infix().filter(|infix| infix.level() >= level) {
            self.step();
            let right = self.expression(infix.level() + 1)?;
            left = chain(left, infix, right);
        }
        self.frames -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Result<Expr, SyntaxError> {
        let prefix = match self.peek() {
            Token::Mark(Mark::Minus) => Prefix::Minus,
            Token::Mark(Mark::Plus) => Prefix::Plus,
            Token::Mark(Mark::Bang) => Prefix::Not,
            // `NOT(a) = b` and `NOT a = b` mean the same: the prefix binds tighter than any infix.
            Token::Name(name) if name.eq_ignore_ascii_case("not") => Prefix::Not,
            _ => return self.primary(),
        };
        let start = self.step();
        self.nest()?;
        let operand = self.prefix()?;
        self.nesting -= 1;
        Ok(Expr {
            span: start.to(operand.span),
            node: Node::Prefix(prefix, Box::new(operand)),
        })
    }

    fn primary(&mut self) -> Result<Expr, SyntaxError> {
        let span = self.span();
        let node = match self.peek() {
            Token::Number(digits) => Node::Number((*digits).into()),
            Token::Text(value) => Node::Text(value.as_ref().into()),
            Token::Name(name) => {
                let name = *name;
                self.step();
                return self.named(name, span);
            }
            Token::Mark(Mark::Open) => {
                self.nest()?;
                self.step();
                let mut inner = self.expression(1)?;
                if !self.is(Mark::Close) {
                    return Err(self.unexpected("a closing bracket"));
                }
                inner.span = span.to(self.step());
                self.nesting -= 1;
                return Ok(inner);
            }
            _ => return Err(self.unexpected("a value")),
        };
        self.step();
        Ok(Expr { node, span })
    }

    fn named(&mut self, name: &str, span: Span) -> Result<Expr, SyntaxError> {
        if self.is(Mark::Open) {
            return self.call(name, span);
        }
        let node = if name.eq_ignore_ascii_case("true") {
            Node::Bool(true)
        } else if name.eq_ignore_ascii_case("false") {
            Node::Bool(false)
        } else if name.eq_ignore_ascii_case("null") {
            Node::Null
        } else if name.ends_with(['.', ':', '#']) || name.contains("..") {
            return Err(SyntaxError {
                message: format!("`{name}` is not a complete name").into(),
                span,
            });
        } else {
            Node::Field(Name(name.into()))
        };
        Ok(Expr { node, span })
    }

    fn call(&mut self, name: &str, start: Span) -> Result<Expr, SyntaxError> {
        if ["true", "false", "null"]
            .iter()
            .any(|word| name.eq_ignore_ascii_case(word))
        {
            return Err(self.unexpected("an operator"));
        }
        self.nest()?;
        self.step();
        let mut arguments = Vec::new();
        if !self.is(Mark::Close) {
            loop {
                arguments.push(self.expression(1)?);
                if arguments.len() > ARGUMENTS_MAX {
                    return Err(self.unexpected("at most 255 arguments"));
                }
                if !self.is(Mark::Comma) {
                    break;
                }
                self.step();
            }
        }
        if !self.is(Mark::Close) {
            return Err(self.unexpected("a comma or a closing bracket"));
        }
        let end = self.step();
        self.nesting -= 1;
        Ok(Expr {
            node: Node::Call(Name(name.into()), arguments),
            span: start.to(end),
        })
    }
}

/// `left infix right`, merged into `left` when that is a chain of the same level: operators of one
/// level are left-associative, so `(a + b) + c` and `a + b + c` are one tree.
fn chain(left: Expr, infix: Infix, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    let node = match left.node {
        Node::Chain(first, mut rest)
            if rest
                .first()
                .is_some_and(|(other, _)| other.level() == infix.level()) =>
        {
            rest.push((infix, right));
            Node::Chain(first, rest)
        }
        node => Node::Chain(
            Box::new(Expr {
                node,
                span: left.span,
            }),
            vec![(infix, right)],
        ),
    };
    Expr { node, span }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(source: &str) -> String {
        parse(source).map_or_else(|error| error.to_string(), |expr| expr.to_string())
    }

    #[test]
    fn power_binds_looser_than_times_and_minus_tighter_than_power() {
        assert_eq!(
            parse("2*3^2").expect("parses"),
            parse("(2*3)^2").expect("parses")
        );
        assert_eq!(
            parse("2^3*4").expect("parses"),
            parse("2^(3*4)").expect("parses")
        );
        assert_eq!(
            parse("-N^2").expect("parses"),
            parse("(-N)^2").expect("parses")
        );
        assert_eq!(
            parse("2^3^2").expect("parses"),
            parse("(2^3)^2").expect("parses")
        );
        assert_eq!(
            parse("NOT B = TRUE").expect("parses"),
            parse("(NOT B) = TRUE").expect("parses")
        );
        assert_eq!(
            parse("1<2=TRUE").expect("parses"),
            parse("(1<2)=TRUE").expect("parses")
        );
    }

    #[test]
    fn the_printer_writes_the_fewest_brackets() {
        assert_eq!(
            printed("((a)) and (b)"),
            "found `and` where the end of the formula was expected at character 6"
        );
        assert_eq!(printed("( (a+b)+c )"), "a + b + c");
        assert_eq!(printed("a-(b-c)"), "a - (b - c)");
        assert_eq!(printed("!(a&&b)"), "NOT(a && b)");
        assert_eq!(printed("!isblank(a)"), "NOT ISBLANK(a)");
        assert_eq!(printed("-(-(3))"), "--3");
        assert_eq!(
            printed("if(a , \"x\\\"y\\\\\", 'it\\'s')"),
            "IF(a, \"x\\\"y\\\\\", \"it\\'s\")"
        );
    }

    #[test]
    fn the_deepest_and_the_longest_formulas_print_back() {
        let deepest = format!("{}a", "!".repeat(NESTING_MAX));
        let longest = format!("{}1", "1+".repeat(1_949));
        let quotes = format!("'{}'", r"\'".repeat(1_949));
        let escapes = format!("\"{}\"", r"\\".repeat(1_949));
        for source in [deepest, longest, quotes, escapes] {
            let tree = parse(&source).expect("parses");
            assert_eq!(parse(&tree.to_string()), Ok(tree));
        }
    }

    #[test]
    fn depth_is_bounded_and_width_is_not() {
        let deep = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
        assert!(parse(&deep(NESTING_MAX)).is_ok());
        assert!(parse(&deep(NESTING_MAX + 1)).is_err());
        assert!(parse(&"!".repeat(3000)).is_err());
        assert!(parse(&"(".repeat(100_000)).is_err());
        let wide = vec!["a"; 1_200].join("+");
        assert!(parse(&wide).is_ok());
    }
}
