//! The machine that runs a program (language sections 4 to 11.2).
//!
//! Three things can come out of a node: a value (blank included), a run-time error, or *unknown*,
//! which knows whether it may hide an error and what caused it. The law is soundness: a known answer
//! holds for every value the unknown inputs could take. It is never traded for a definite answer.

mod apply;
mod branch;
mod logic;
mod read;

pub(crate) use logic::scalar_order;

use crate::context::Context;
use crate::program::{Binary, NodeId, Op, Program};
use crate::reason::Reason;
use crate::trouble::{ErrorKind, Question, Trouble};
use crate::value::Value;

/// Most nodes one evaluation visits. A rule has a few hundred; formula fields in formula fields multiply.
const NODES_VISITED_MAX: u32 = 200_000;
/// Most bytes of text one evaluation reads and builds.
const TEXT_BYTES_MAX: usize = 32 << 20;

/// Why a node has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The platform's evaluation fails here.
    Failed { kind: ErrorKind, node: NodeId },
    /// It has a value, or fails if `may_fail`, but we do not know it.
    Unknown { may_fail: bool, cause: u32 },
}

/// A value or why there is none.
pub(crate) type Eval<'a> = Result<Value<'a>, Stop>;
/// A truth value, `None` for blank, or why there is none.
pub(crate) type Truth = Result<Option<bool>, Stop>;

/// What made something unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    NotLoaded { reference: u32, prior: bool },
    WrongType { reference: u32 },
    Clock,
    Zone,
    NewOrUpdate,
    Unsupported { what: &'static str, node: NodeId },
    Disputed { question: Question, node: NodeId },
    Limit { what: &'static str, node: NodeId },
    Failed { kind: ErrorKind, node: NodeId },
    Both(u32, u32),
}

/// One evaluation.
pub(crate) struct Machine<'a> {
    pub(crate) program: &'a Program,
    pub(crate) context: Context<'a>,
    /// References treated as not loaded, by index: how an explanation finds what matters.
    hidden: &'a [bool],
    causes: Vec<Cause>,
    nodes_left: u32,
    text_bytes_left: usize,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(program: &'a Program, context: Context<'a>) -> Self {
        Self {
            program,
            context,
            hidden: &[],
            causes: Vec::new(),
            nodes_left: NODES_VISITED_MAX,
            text_bytes_left: TEXT_BYTES_MAX,
        }
    }

    /// An evaluation that does not see the references marked in `hidden`.
    pub(crate) fn hiding(program: &'a Program, context: Context<'a>, hidden: &'a [bool]) -> Self {
        Self {
            hidden,
            ..Self::new(program, context)
        }
    }

    /// Nodes visited so far.
    pub(crate) fn nodes_visited(&self) -> u32 {
        NODES_VISITED_MAX - self.nodes_left
    }

    /// The value of a node.
    pub(crate) fn eval(&mut self, node: NodeId) -> Eval<'a> {
        self.visit(node)?;
        let program = self.program;
        match program.op(node) {
            Op::Constant(index) => Ok(program.constants[index as usize].borrowed()),
            Op::Field { reference, zero } => self.field(reference, zero),
            Op::Prior { current, reference } => self.prior(current, reference),
            Op::If(condition, yes, no) => self.branch(condition, yes, no),
            Op::Case { kids, class } => self.case(kids, class, node),
            Op::Binary { .. } => self.run(node),
            Op::Negate(operand) => match self.eval(operand)? {
                Value::Number(number) => Ok(Value::Number(number.negated())),
                _ => Ok(Value::Null),
            },
            Op::BlankValue(value, default) => self.blank_value(value, default),
            Op::TextValue(value, default) => self.text_value(value, default),
            Op::Call { function, kids } => self.call(function, kids, node),
            Op::Unsupported(what) => Err(self.unknown(Cause::Unsupported { what, node }, true)),
            Op::Changed { .. }
            | Op::IsNew
            | Op::And(_)
            | Op::Or(_)
            | Op::Not(_)
            | Op::Compare { .. }
            | Op::IsBlank(_)
            | Op::NeverNull(_)
            | Op::IsPick { .. }
            | Op::Includes { .. }
            | Op::Regex { .. }
            | Op::RegexDynamic { .. } => Ok(self.decide(node)?.map_or(Value::Null, Value::Bool)),
        }
    }

    /// The truth of a Boolean node.
    pub(crate) fn truth(&mut self, node: NodeId) -> Truth {
        match self.program.op(node) {
            Op::Constant(_)
            | Op::Field { .. }
            | Op::Prior { .. }
            | Op::If(..)
            | Op::Case { .. }
            | Op::Binary { .. }
            | Op::Negate(_)
            | Op::BlankValue(..)
            | Op::TextValue(..)
            | Op::Call { .. }
            | Op::Unsupported(_) => match self.eval(node)? {
                Value::Bool(flag) => Ok(Some(flag)),
                _ => Ok(None),
            },
            _ => {
                self.visit(node)?;
                self.decide(node)
            }
        }
    }

    fn visit(&mut self, node: NodeId) -> Result<(), Stop> {
        if self.nodes_left == 0 {
            return Err(self.limit("too many steps", node));
        }
        self.nodes_left -= 1;
        Ok(())
    }

    /// Accounts for `bytes` of text read or built.
    fn charge(&mut self, bytes: usize, node: NodeId) -> Result<(), Stop> {
        match self.text_bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.text_bytes_left = left;
                Ok(())
            }
            None => Err(self.limit("too much text", node)),
        }
    }

    fn limit(&mut self, what: &'static str, node: NodeId) -> Stop {
        self.unknown(Cause::Limit { what, node }, true)
    }

    fn unknown(&mut self, cause: Cause, may_fail: bool) -> Stop {
        self.causes.push(cause);
        let cause = u32::try_from(self.causes.len() - 1).unwrap_or(0);
        Stop::Unknown { may_fail, cause }
    }

    /// Unknown for two reasons.
    fn both(&mut self, a: Stop, b: Stop) -> Stop {
        let (mut may_fail, mut causes) = (false, [0; 2]);
        for (stop, slot) in [a, b].into_iter().zip(&mut causes) {
            match stop {
                Stop::Unknown {
                    may_fail: fails,
                    cause,
                } => {
                    may_fail |= fails;
                    *slot = cause;
                }
                Stop::Failed { kind, node } => {
                    may_fail = true;
                    self.causes.push(Cause::Failed { kind, node });
                    *slot = u32::try_from(self.causes.len() - 1).unwrap_or(0);
                }
            }
        }
        self.unknown(Cause::Both(causes[0], causes[1]), may_fail)
    }

    /// Trouble of a pure function, at `node`.
    fn stop(&mut self, trouble: Trouble, node: NodeId) -> Stop {
        match trouble {
            Trouble::Error(kind) => Stop::Failed { kind, node },
            Trouble::Unsupported(what) => self.unknown(Cause::Unsupported { what, node }, true),
            Trouble::Limit(what) => self.unknown(Cause::Limit { what, node }, true),
        }
    }

    /// Two operands that are both needed. `Ok(None)`: one is blank and settles it, because the other
    /// cannot fail; only where `null_settles`.
    fn pair(
        &mut self,
        a: Eval<'a>,
        b: Eval<'a>,
        null_settles: bool,
    ) -> Result<Option<(Value<'a>, Value<'a>)>, Stop> {
        match (a, b) {
            (Ok(a), Ok(b)) => {
                if null_settles && (a.is_null() || b.is_null()) {
                    Ok(None)
                } else {
                    Ok(Some((a, b)))
                }
            }
            (Err(failed @ Stop::Failed { .. }), _) | (_, Err(failed @ Stop::Failed { .. })) => {
                Err(failed)
            }
            (Ok(value), Err(unknown)) | (Err(unknown), Ok(value)) => {
                let safe = matches!(
                    unknown,
                    Stop::Unknown {
                        may_fail: false,
                        ..
                    }
                );
                if null_settles && safe && value.is_null() {
                    Ok(None)
                } else {
                    Err(unknown)
                }
            }
            (Err(a), Err(b)) => Err(self.both(a, b)),
        }
    }

    /// A run of arithmetic leaning left, walked in a loop so that its length costs no stack.
    fn run(&mut self, node: NodeId) -> Eval<'a> {
        let program = self.program;
        if let Op::Binary {
            binary,
            left,
            right,
        } = program.op(node)
            && !matches!(program.op(left), Op::Binary { .. })
        {
            let left = self.eval(left);
            return self.step(binary, node, left, right);
        }
        let mut steps: Vec<(Binary, NodeId, NodeId)> = Vec::new();
        let mut at = node;
        let mut value = loop {
            match program.op(at) {
                Op::Binary {
                    binary,
                    left,
                    right,
                } => {
                    steps.push((binary, at, right));
                    at = left;
                }
                _ => break self.eval(at),
            }
        };
        while let Some((binary, at, right)) = steps.pop() {
            value = self.step(binary, at, value, right);
        }
        value
    }

    fn step(&mut self, binary: Binary, node: NodeId, left: Eval<'a>, right: NodeId) -> Eval<'a> {
        let right = self.eval(right);
        let null_settles = binary != Binary::Concat;
        match self.pair(left, right, null_settles) {
            Ok(None) => Ok(Value::Null),
            Ok(Some((a, b))) => {
                if let (Value::Text(a), Value::Text(b)) = (&a, &b) {
                    self.charge(a.len() + b.len(), node)?;
                }
                apply::binary(binary, a, b).map_err(|trouble| self.stop(trouble, node))
            }
            Err(Stop::Unknown { may_fail, cause }) => Err(Stop::Unknown {
                may_fail: may_fail || binary.may_fail(),
                cause,
            }),
            Err(failed) => Err(failed),
        }
    }

    /// The reasons behind `stop`, each once, in the order met.
    pub(crate) fn reasons(&self, stop: Stop) -> Vec<Reason> {
        let mut out = Vec::new();
        let mut open = Vec::new();
        match stop {
            Stop::Failed { kind, node } => out.push(Reason::Failed {
                kind,
                span: self.program.spans[node as usize],
            }),
            Stop::Unknown { cause, .. } => open.push(cause),
        }
        let mut seen = vec![false; self.causes.len()];
        while let Some(cause) = open.pop() {
            if std::mem::replace(&mut seen[cause as usize], true) {
                continue;
            }
            let reason = match self.causes[cause as usize] {
                Cause::Both(a, b) => {
                    open.push(b);
                    open.push(a);
                    continue;
                }
                other => self.reason(other),
            };
            if !out.contains(&reason) {
                out.push(reason);
            }
        }
        out
    }

    fn reason(&self, cause: Cause) -> Reason {
        let span = |node: NodeId| self.program.spans[node as usize];
        let path = |reference: u32| self.program.references[reference as usize].path.to_string();
        match cause {
            Cause::NotLoaded { reference, prior } => Reason::NotLoaded {
                path: path(reference),
                prior,
            },
            Cause::WrongType { reference } => Reason::WrongType {
                path: path(reference),
            },
            Cause::Clock => Reason::Clock,
            Cause::Zone => Reason::Zone,
            Cause::NewOrUpdate => Reason::NewOrUpdate,
            Cause::Unsupported { what, node } => Reason::Unsupported {
                what,
                span: span(node),
            },
            Cause::Disputed { question, node } => Reason::Disputed {
                question,
                span: span(node),
            },
            Cause::Limit { what, node } => Reason::Limit {
                what,
                span: span(node),
            },
            Cause::Failed { kind, node } => Reason::Failed {
                kind,
                span: span(node),
            },
            Cause::Both(..) => Reason::Clock,
        }
    }
}
