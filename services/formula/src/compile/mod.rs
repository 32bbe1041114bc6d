//! A syntax tree and a schema to a flat program: names are resolved, types are checked (section 3)
//! and each operator is fixed to the types it works on, so that evaluation decides nothing twice.

mod call;
mod operator;

use std::borrow::Cow;
use std::collections::HashMap;

use crate::kind::{Blanks, Kind};
use crate::number::Number;
use crate::parse::parse;
use crate::program::{Kids, NodeId, Op, Program, Reference};
use crate::schema::{Field, Schema, key, standard};
use crate::syntax::{Expr, Name, Node, Prefix};
use crate::token::{Span, SyntaxError};
use crate::value::Value;

/// Deepest nesting of a program, formula fields included.
const HEIGHT_MAX: u16 = 450;
/// Most nodes of a program: formula fields of formula fields multiply.
const NODES_MAX: usize = 50_000;

/// Why a formula does not compile. For a rule this means "cannot tell": a rule saved in an org
/// compiles there, so our picture of the org is wrong or the formula uses what we do not evaluate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// Not a formula.
    #[error("the formula does not parse")]
    Syntax(#[source] SyntaxError),
    /// The schema does not know a name.
    #[error("unknown field `{name}`: is it readable and in the schema?")]
    UnknownField {
        /// As written.
        name: String,
        /// Where.
        span: Span,
    },
    /// A function outside the language we evaluate.
    #[error("unsupported function `{name}`")]
    UnknownFunction {
        /// As written.
        name: String,
        /// Where.
        span: Span,
    },
    /// Types or argument counts do not fit.
    #[error("{message}")]
    Type {
        /// What does not fit.
        message: Cow<'static, str>,
        /// Where.
        span: Span,
    },
    /// Larger or deeper than we evaluate.
    #[error("the formula is too large once its formula fields are in place")]
    TooLarge,
}

impl CompileError {
    /// Whether the formula itself is wrong, rather than our knowledge of the org.
    #[must_use]
    pub fn is_formula_wrong(&self) -> bool {
        matches!(self, CompileError::Syntax(_) | CompileError::Type { .. })
    }
}

/// An expression compiled so far.
#[derive(Clone, Copy)]
struct Typed {
    node: NodeId,
    kind: Kind,
}

/// Compiles `source` to a program and the kind of its value.
pub(crate) fn program(
    source: &str,
    schema: &dyn Schema,
    blanks: Blanks,
) -> Result<(Program, Kind), CompileError> {
    let tree = parse(source).map_err(CompileError::Syntax)?;
    let mut compiler = Compiler {
        schema,
        program: Program::default(),
        references: HashMap::new(),
        formulas: HashMap::new(),
        open: Vec::new(),
        scope: Scope {
            blanks,
            prefix: String::new(),
            span: None,
        },
    };
    let root = compiler.expression(&tree)?;
    compiler.program.root = root.node;
    Ok((compiler.program, root.kind))
}

/// Whose formula is being compiled: the rule's own, or that of a formula field it names.
#[derive(Clone)]
struct Scope {
    blanks: Blanks,
    /// Path before the names of this formula: `account.` for a formula field of the account.
    prefix: String,
    /// Inside a formula field every node stands where the rule names that field.
    span: Option<Span>,
}

struct Compiler<'a> {
    schema: &'a dyn Schema,
    program: Program,
    references: HashMap<String, u32>,
    /// Formula fields already in place.
    formulas: HashMap<(String, bool), Typed>,
    /// Formula fields being compiled, to refuse a circle.
    open: Vec<String>,
    scope: Scope,
}

fn mismatch(span: Span, message: impl Into<Cow<'static, str>>) -> CompileError {
    CompileError::Type {
        message: message.into(),
        span,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "programs have at most 50,000 nodes"
)]
impl Compiler<'_> {
    fn push(&mut self, op: Op, span: Span, below: &[NodeId]) -> Result<NodeId, CompileError> {
        let program = &mut self.program;
        let height = below
            .iter()
            .map(|node| program.heights[*node as usize])
            .max()
            .map_or(0, |height| height + 1);
        if height > HEIGHT_MAX || program.nodes.len() >= NODES_MAX {
            return Err(CompileError::TooLarge);
        }
        program.nodes.push(op);
        program.spans.push(self.scope.span.unwrap_or(span));
        program.heights.push(height);
        Ok((program.nodes.len() - 1) as NodeId)
    }

    fn constant(&mut self, value: Value<'static>, span: Span) -> Result<NodeId, CompileError> {
        let index = self.constant_index(value);
        self.push(Op::Constant(index), span, &[])
    }

    fn constant_index(&mut self, value: Value<'static>) -> u32 {
        self.program.constants.push(value);
        (self.program.constants.len() - 1) as u32
    }

    fn kids(&mut self, nodes: &[NodeId]) -> Kids {
        let start = self.program.kids.len() as u32;
        self.program.kids.extend_from_slice(nodes);
        Kids {
            start,
            count: nodes.len() as u32,
        }
    }

    fn expression(&mut self, expr: &Expr) -> Result<Typed, CompileError> {
        let span = expr.span;
        let constant = |compiler: &mut Self, value, kind| {
            let node = compiler.constant(value, span)?;
            Ok(Typed { node, kind })
        };
        match &expr.node {
            Node::Bool(flag) => constant(self, Value::Bool(*flag), Kind::Boolean),
            Node::Null => constant(self, Value::Null, Kind::Null),
            Node::Number(digits) => match Number::parse(digits) {
                Some(number) => constant(self, Value::Number(number), Kind::Number),
                None => Err(mismatch(span, "a number with too many digits")),
            },
            Node::Text(text) => constant(self, Value::text(text.to_string()), Kind::Text),
            Node::Field(name) => self.field(name, span),
            Node::Call(name, arguments) => self.call(name, arguments, span),
            Node::Prefix(prefix, operand) => self.prefix(*prefix, operand, span),
            Node::Chain(first, rest) => self.chain(first, rest, span),
        }
    }

    /// An expression whose value is used as such: a bare picklist is not one (section 3).
    fn plain(&mut self, expr: &Expr) -> Result<Typed, CompileError> {
        let typed = self.expression(expr)?;
        if matches!(typed.kind, Kind::Picklist | Kind::MultiPicklist) {
            return Err(mismatch(
                expr.span,
                "a picklist needs TEXT, ISPICKVAL or INCLUDES here",
            ));
        }
        Ok(typed)
    }

    fn boolean(&mut self, expr: &Expr) -> Result<NodeId, CompileError> {
        let typed = self.expression(expr)?;
        match typed.kind {
            Kind::Boolean | Kind::Null => Ok(typed.node),
            other => Err(mismatch(
                expr.span,
                format!("found {other} where true or false was expected"),
            )),
        }
    }

    fn prefix(
        &mut self,
        prefix: Prefix,
        operand: &Expr,
        span: Span,
    ) -> Result<Typed, CompileError> {
        if prefix == Prefix::Not {
            let inner = self.boolean(operand)?;
            let node = self.push(Op::Not(inner), span, &[inner])?;
            return Ok(Typed {
                node,
                kind: Kind::Boolean,
            });
        }
        let typed = self.plain(operand)?;
        if !matches!(typed.kind, Kind::Number | Kind::Null) {
            return Err(mismatch(
                operand.span,
                format!("found {} where a number was expected", typed.kind),
            ));
        }
        let node = match prefix {
            Prefix::Plus => typed.node,
            _ => self.push(Op::Negate(typed.node), span, &[typed.node])?,
        };
        Ok(Typed {
            node,
            kind: Kind::Number,
        })
    }

    fn scoped_key(&self, name: &str) -> String {
        let key = key(name);
        if self.scope.prefix.is_empty() || key.starts_with('$') {
            key
        } else {
            format!("{}{key}", self.scope.prefix)
        }
    }

    fn reference(&mut self, path: &str, key: String, kind: Kind) -> u32 {
        if let Some(index) = self.references.get(&key) {
            return *index;
        }
        let index = self.program.references.len() as u32;
        self.program.references.push(Reference {
            path: path.into(),
            key: key.as_str().into(),
            kind,
        });
        self.references.insert(key, index);
        index
    }

    fn lookup(&self, name: &Name, key: &str, span: Span) -> Result<Cow<'_, Field>, CompileError> {
        if let Some(field) = self.schema.field(key) {
            return Ok(Cow::Borrowed(field));
        }
        match standard(key) {
            Some(kind) => Ok(Cow::Owned(Field::stored(kind))),
            None => Err(CompileError::UnknownField {
                name: name.0.to_string(),
                span,
            }),
        }
    }

    fn field(&mut self, name: &Name, span: Span) -> Result<Typed, CompileError> {
        let key = self.scoped_key(&name.0);
        if key == "$system.origindatetime" {
            // 1900-01-01T00:00:00Z, in milliseconds.
            let node = self.constant(Value::DateTime(-2_208_988_800_000), span)?;
            return Ok(Typed {
                node,
                kind: Kind::DateTime,
            });
        }
        let field = self.lookup(name, &key, span)?.into_owned();
        if let Some((source, blanks)) = field.formula {
            return self.formula_field(key, &source, blanks, field.kind, span);
        }
        let kind = field.kind;
        let path = format!("{}{}", self.scope.prefix, name.0);
        let reference = self.reference(&path, key, kind);
        let zero =
            self.scope.blanks == Blanks::Zero && matches!(kind, Kind::Number | Kind::Percent);
        let node = self.push(Op::Field { reference, zero }, span, &[])?;
        Ok(Typed {
            node,
            kind: kind.as_expression(),
        })
    }

    /// A formula field, evaluated in place with its own reading of blanks.
    fn formula_field(
        &mut self,
        key: String,
        source: &str,
        blanks: Blanks,
        declared: Kind,
        span: Span,
    ) -> Result<Typed, CompileError> {
        let zero =
            self.scope.blanks == Blanks::Zero && matches!(declared, Kind::Number | Kind::Percent);
        if let Some(typed) = self.formulas.get(&(key.clone(), zero)) {
            return Ok(*typed);
        }
        if self.open.contains(&key) {
            return Err(mismatch(span, "a formula field that depends on itself"));
        }
        let tree = parse(source).map_err(CompileError::Syntax)?;
        let prefix = key
            .rsplit_once('.')
            .map_or_else(String::new, |(path, _)| format!("{path}."));
        let inner = Scope {
            blanks,
            prefix,
            span: Some(self.scope.span.unwrap_or(span)),
        };
        let outer = std::mem::replace(&mut self.scope, inner);
        self.open.push(key.clone());
        let compiled = self.expression(&tree);
        self.open.pop();
        let mut typed = compiled?;
        self.scope = outer;
        if typed.kind == Kind::Null {
            typed.kind = declared.as_expression();
        }
        if typed.kind == Kind::Boolean {
            // A formula checkbox is a checkbox: blank reads as false, as OR reads its operand.
            let kids = self.kids(&[typed.node]);
            typed.node = self.push(Op::Or(kids), span, &[typed.node])?;
        }
        if zero {
            let fallback = self.constant(Value::Number(Number::zero()), span)?;
            let below = [typed.node, fallback];
            typed.node = self.push(Op::BlankValue(typed.node, fallback), span, &below)?;
        }
        self.formulas.insert((key, zero), typed);
        Ok(typed)
    }
}
