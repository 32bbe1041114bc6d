//! Function calls: the functions with a shape of their own by hand, all others by their signature.

use super::operator::comparison;
use super::{CompileError, Compiler, Typed, mismatch};
use crate::function::{Function, not_evaluated, only, signature};
use crate::kind::Kind;
use crate::pattern::Pattern;
use crate::program::{Class, Compare, Compiled, NodeId, Op};
use crate::syntax::{Expr, Name, Node};
use crate::token::Span;
use crate::trouble::Trouble;
use crate::value::Value;

impl Compiler<'_> {
    pub(super) fn call(
        &mut self,
        name: &Name,
        arguments: &[Expr],
        span: Span,
    ) -> Result<Typed, CompileError> {
        let upper = name.0.to_ascii_uppercase();
        let count = |least: usize, most: usize| {
            if (least..=most).contains(&arguments.len()) {
                Ok(())
            } else {
                Err(mismatch(
                    span,
                    format!("{upper} does not take {} arguments", arguments.len()),
                ))
            }
        };
        match upper.as_str() {
            "AND" | "OR" => self.junction(&upper, arguments, span),
            "IF" => {
                count(3, 3)?;
                self.choice(arguments, span)
            }
            "CASE" => {
                if arguments.len() < 4 || arguments.len() % 2 == 1 {
                    return Err(mismatch(span, "CASE needs pairs and a default"));
                }
                self.case(arguments, span)
            }
            "ISBLANK" | "ISNULL" => {
                count(1, 1)?;
                self.blank_test(&upper, &arguments[0], span)
            }
            "BLANKVALUE" | "NULLVALUE" => {
                count(2, 2)?;
                self.blank_default(&upper, arguments, span)
            }
            "ISPICKVAL" | "INCLUDES" => {
                count(2, 2)?;
                self.pick(&upper, arguments, span)
            }
            "ISCHANGED" | "PRIORVALUE" => {
                count(1, 1)?;
                self.prior(&upper, &arguments[0], span)
            }
            "ISNEW" => {
                count(0, 0)?;
                let node = self.push(Op::IsNew, span, &[])?;
                Ok(Typed {
                    node,
                    kind: Kind::Boolean,
                })
            }
            "REGEX" => {
                count(2, 2)?;
                self.regex(arguments, span)
            }
            _ => self.ordinary(&upper, name, arguments, span),
        }
    }

    fn junction(
        &mut self,
        name: &str,
        arguments: &[Expr],
        span: Span,
    ) -> Result<Typed, CompileError> {
        let mut nodes = Vec::with_capacity(arguments.len());
        for argument in arguments {
            nodes.push(self.boolean(argument)?);
        }
        let kids = self.kids(&nodes);
        let op = if name == "AND" {
            Op::And(kids)
        } else {
            Op::Or(kids)
        };
        let node = self.push(op, span, &nodes)?;
        Ok(Typed {
            node,
            kind: Kind::Boolean,
        })
    }

    fn choice(&mut self, arguments: &[Expr], span: Span) -> Result<Typed, CompileError> {
        let condition = self.boolean(&arguments[0])?;
        let yes = self.plain(&arguments[1])?;
        let no = self.plain(&arguments[2])?;
        let kind = unified(yes.kind, no.kind).ok_or_else(|| {
            mismatch(
                span,
                format!(
                    "IF gives {} or {}, which must be of one type",
                    yes.kind, no.kind
                ),
            )
        })?;
        let below = [condition, yes.node, no.node];
        let node = self.push(Op::If(condition, yes.node, no.node), span, &below)?;
        Ok(Typed { node, kind })
    }

    fn case(&mut self, arguments: &[Expr], span: Span) -> Result<Typed, CompileError> {
        let subject = self.expression(&arguments[0])?;
        let compared = if subject.kind == Kind::Picklist {
            Kind::Text
        } else {
            subject.kind
        };
        let mut nodes = vec![subject.node];
        let mut class = if compared.is_text() {
            Class::Text
        } else {
            Class::Scalar
        };
        let mut kind = Kind::Null;
        for (index, argument) in arguments.iter().enumerate().skip(1) {
            let typed = self.plain(argument)?;
            nodes.push(typed.node);
            let is_value = index % 2 == 1 && index + 1 < arguments.len();
            if typed.kind == Kind::Boolean || compared == Kind::Boolean {
                return Err(mismatch(argument.span, "CASE does not take true or false"));
            }
            if is_value {
                match comparison(Compare::Equal, compared, typed.kind) {
                    Some(Class::Id) => class = Class::Id,
                    Some(_) => {}
                    None => {
                        return Err(mismatch(
                            argument.span,
                            format!("CASE of {} does not take {}", subject.kind, typed.kind),
                        ));
                    }
                }
                continue;
            }
            kind = unified(kind, typed.kind).ok_or_else(|| {
                mismatch(
                    argument.span,
                    format!(
                        "CASE gives {kind} and {}, which must be of one type",
                        typed.kind
                    ),
                )
            })?;
        }
        let kids = self.kids(&nodes);
        let node = self.push(Op::Case { kids, class }, span, &nodes)?;
        Ok(Typed { node, kind })
    }

    fn blank_test(
        &mut self,
        name: &str,
        argument: &Expr,
        span: Span,
    ) -> Result<Typed, CompileError> {
        let typed = self.expression(argument)?;
        if typed.kind == Kind::Boolean {
            return Err(mismatch(
                argument.span,
                format!("{name} does not take true or false"),
            ));
        }
        let op = if name == "ISNULL" && typed.kind.is_text() {
            Op::NeverNull(typed.node)
        } else {
            Op::IsBlank(typed.node)
        };
        let node = self.push(op, span, &[typed.node])?;
        Ok(Typed {
            node,
            kind: Kind::Boolean,
        })
    }

    fn blank_default(
        &mut self,
        name: &str,
        arguments: &[Expr],
        span: Span,
    ) -> Result<Typed, CompileError> {
        let value = self.plain(&arguments[0])?;
        let default = self.plain(&arguments[1])?;
        let kind = unified(value.kind, default.kind)
            .filter(|kind| *kind != Kind::Boolean)
            .ok_or_else(|| {
                mismatch(
                    span,
                    format!("{name} does not take {} and {}", value.kind, default.kind),
                )
            })?;
        let op = if name == "NULLVALUE" && value.kind.is_text() {
            Op::TextValue(value.node, default.node)
        } else {
            Op::BlankValue(value.node, default.node)
        };
        let node = self.push(op, span, &[value.node, default.node])?;
        Ok(Typed { node, kind })
    }

    fn pick(&mut self, name: &str, arguments: &[Expr], span: Span) -> Result<Typed, CompileError> {
        let typed = self.expression(&arguments[0])?;
        let Node::Text(literal) = &arguments[1].node else {
            return Err(mismatch(
                arguments[1].span,
                format!("{name} needs a text literal"),
            ));
        };
        let wanted = if name == "ISPICKVAL" {
            Kind::Picklist
        } else {
            Kind::MultiPicklist
        };
        if typed.kind != wanted {
            return Err(mismatch(
                arguments[0].span,
                format!("{name} needs {wanted}, not {}", typed.kind),
            ));
        }
        if literal.is_empty() && name == "INCLUDES" {
            return Err(mismatch(arguments[1].span, "INCLUDES needs a value"));
        }
        let literal = self.constant_index(Value::text(literal.to_string()));
        let value = typed.node;
        let op = if name == "ISPICKVAL" {
            Op::IsPick { value, literal }
        } else {
            Op::Includes { value, literal }
        };
        let node = self.push(op, span, &[value])?;
        Ok(Typed {
            node,
            kind: Kind::Boolean,
        })
    }

    fn prior(&mut self, name: &str, argument: &Expr, span: Span) -> Result<Typed, CompileError> {
        let Node::Field(field) = &argument.node else {
            return Err(mismatch(argument.span, format!("{name} needs a field")));
        };
        if field.0.contains('.') {
            return Err(mismatch(
                argument.span,
                format!("{name} needs a field of the record itself"),
            ));
        }
        let key = self.scoped_key(&field.0);
        let kind = self.lookup(field, &key, argument.span)?.kind;
        let current = self.expression(argument)?;
        let reference = self.reference(&field.0, key, kind);
        let (op, kind) = if name == "ISCHANGED" {
            (
                Op::Changed {
                    current: current.node,
                    reference,
                },
                Kind::Boolean,
            )
        } else {
            (
                Op::Prior {
                    current: current.node,
                    reference,
                },
                kind.as_expression(),
            )
        };
        let node = self.push(op, span, &[current.node])?;
        Ok(Typed { node, kind })
    }

    fn regex(&mut self, arguments: &[Expr], span: Span) -> Result<Typed, CompileError> {
        let mut nodes: Vec<NodeId> = Vec::with_capacity(2);
        for argument in arguments {
            let typed = self.plain(argument)?;
            if !typed.kind.is_text() && typed.kind != Kind::Null {
                return Err(mismatch(
                    argument.span,
                    format!("REGEX needs a text, not {}", typed.kind),
                ));
            }
            nodes.push(typed.node);
        }
        let text = nodes[0];
        let op = if let Node::Text(pattern) = &arguments[1].node {
            let compiled = match Pattern::new(pattern) {
                Ok(pattern) => Compiled::Ready(Box::new(pattern)),
                Err(Trouble::Error(kind)) => Compiled::Invalid(kind),
                Err(Trouble::Unsupported(what) | Trouble::Limit(what)) => {
                    Compiled::Unsupported(what)
                }
            };
            self.program.patterns.push(compiled);
            let pattern = u32::try_from(self.program.patterns.len() - 1)
                .map_err(|_| CompileError::TooLarge)?;
            Op::Regex { text, pattern }
        } else {
            Op::RegexDynamic {
                text,
                pattern: nodes[1],
            }
        };
        let node = self.push(op, span, &nodes)?;
        Ok(Typed {
            node,
            kind: Kind::Boolean,
        })
    }

    fn ordinary(
        &mut self,
        upper: &str,
        name: &Name,
        arguments: &[Expr],
        span: Span,
    ) -> Result<Typed, CompileError> {
        let Some(signature) = signature(upper) else {
            let Some((what, kind)) = not_evaluated(upper) else {
                return Err(CompileError::UnknownFunction {
                    name: name.0.to_string(),
                    span,
                });
            };
            let node = self.push(Op::Unsupported(what), span, &[])?;
            return Ok(Typed { node, kind });
        };
        let variadic = matches!(signature.function, Function::Max | Function::Min);
        let most = if variadic {
            usize::MAX
        } else {
            signature.parameters.len()
        };
        if arguments.len() < signature.required || arguments.len() > most {
            return Err(mismatch(
                span,
                format!("{upper} does not take {} arguments", arguments.len()),
            ));
        }
        let mut nodes = Vec::with_capacity(arguments.len());
        let mut first = Kind::Null;
        for (index, argument) in arguments.iter().enumerate() {
            let typed = self.expression(argument)?;
            let accepted = signature.parameters[index.min(signature.parameters.len() - 1)];
            if typed.kind != Kind::Null && accepted & only(typed.kind) == 0 {
                return Err(mismatch(
                    argument.span,
                    format!("{upper} does not take {} there", typed.kind),
                ));
            }
            if index == 0 {
                first = typed.kind;
            }
            nodes.push(typed.node);
        }
        let kids = self.kids(&nodes);
        let node = self.push(
            Op::Call {
                function: signature.function,
                kids,
            },
            span,
            &nodes,
        )?;
        Ok(Typed {
            node,
            kind: signature.returns.unwrap_or(first),
        })
    }
}

/// The one kind of two results, either of which may be `NULL`; ids and texts mix.
fn unified(a: Kind, b: Kind) -> Option<Kind> {
    match (a, b) {
        (Kind::Null, other) | (other, Kind::Null) => Some(other),
        (a, b) if a == b => Some(a),
        (a, b) if a.is_text() && b.is_text() => Some(Kind::Text),
        _ => None,
    }
}
