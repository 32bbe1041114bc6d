//! The flat compiled form: nodes in one array, children before parents, operands by index. Immutable
//! and shared between tasks; evaluating it allocates only for texts it builds.

use std::cmp::Ordering;

use crate::function::Function;
use crate::kind::Kind;
use crate::pattern::Pattern;
use crate::token::Span;
use crate::trouble::ErrorKind;
use crate::value::Value;

/// Index of a node.
pub(crate) type NodeId = u32;

/// A run of operands in [`Program::kids`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kids {
    pub(crate) start: u32,
    pub(crate) count: u32,
}

/// What two operands are compared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Texts: blank is the empty text.
    Text,
    /// Texts of which one is an id: the first 15 characters count.
    Id,
    /// Numbers, days, instants, times, booleans: a blank gives a blank.
    Scalar,
    /// Something other than text against `NULL`.
    NullTest,
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Compare {
    /// Whether it holds of operands in this order.
    pub(crate) fn holds(self, order: Ordering) -> bool {
        match self {
            Compare::Equal => order == Ordering::Equal,
            Compare::NotEqual => order != Ordering::Equal,
            Compare::Less => order == Ordering::Less,
            Compare::LessEqual => order != Ordering::Greater,
            Compare::Greater => order == Ordering::Greater,
            Compare::GreaterEqual => order != Ordering::Less,
        }
    }
}

/// Arithmetic and text operators, by operand types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Concat,
    DatePlus,
    DateMinus,
    DateDifference,
    InstantPlus,
    InstantMinus,
    InstantDifference,
    TimePlus,
    TimeMinus,
    TimeDifference,
    /// An operand is the literal `NULL`, so the result is blank unless the other fails.
    Blank,
}

impl Binary {
    /// Whether some operands make it fail.
    pub(crate) fn may_fail(self) -> bool {
        matches!(self, Binary::Divide | Binary::Power)
    }
}

/// A regular expression known at compile time.
#[derive(Clone, Debug)]
pub(crate) enum Compiled {
    Ready(Box<Pattern>),
    Invalid(ErrorKind),
    Unsupported(&'static str),
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Constant(u32),
    /// A field's value now; `zero`: a blank number reads as zero.
    Field {
        reference: u32,
        zero: bool,
    },
    /// `PRIORVALUE`: the old value, or on insert the current one.
    Prior {
        current: NodeId,
        reference: u32,
    },
    /// `ISCHANGED`.
    Changed {
        current: NodeId,
        reference: u32,
    },
    IsNew,
    And(Kids),
    Or(Kids),
    Not(NodeId),
    If(NodeId, NodeId, NodeId),
    /// Subject, then value and result pairs, then the default. `textual`: blank matches blank.
    Case {
        kids: Kids,
        class: Class,
    },
    Compare {
        compare: Compare,
        class: Class,
        left: NodeId,
        right: NodeId,
    },
    Binary {
        binary: Binary,
        left: NodeId,
        right: NodeId,
    },
    Negate(NodeId),
    IsBlank(NodeId),
    /// `ISNULL` of a text: false.
    NeverNull(NodeId),
    BlankValue(NodeId, NodeId),
    /// `NULLVALUE` of a text: the text, unless the default fails.
    TextValue(NodeId, NodeId),
    IsPick {
        value: NodeId,
        literal: u32,
    },
    Includes {
        value: NodeId,
        literal: u32,
    },
    Regex {
        text: NodeId,
        pattern: u32,
    },
    RegexDynamic {
        text: NodeId,
        pattern: NodeId,
    },
    Call {
        function: Function,
        kids: Kids,
    },
    Unsupported(&'static str),
}

/// A field, path or global the formula names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// As first written.
    pub path: Box<str>,
    /// As schemas and records keep it: lower case.
    pub key: Box<str>,
    /// Its declared type.
    pub kind: Kind,
}

/// A compiled formula.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) nodes: Vec<Op>,
    pub(crate) spans: Vec<Span>,
    /// Nesting below each node, to bound recursion.
    pub(crate) heights: Vec<u16>,
    pub(crate) kids: Vec<NodeId>,
    pub(crate) constants: Vec<Value<'static>>,
    pub(crate) references: Vec<Reference>,
    pub(crate) patterns: Vec<Compiled>,
    pub(crate) root: NodeId,
}

impl Program {
    pub(crate) fn op(&self, node: NodeId) -> Op {
        self.nodes[node as usize]
    }

    /// The nodes `node` is computed from.
    pub(crate) fn operands(&self, node: NodeId) -> Vec<NodeId> {
        match self.op(node) {
            Op::Constant(_) | Op::Field { .. } | Op::IsNew | Op::Unsupported(_) => Vec::new(),
            Op::Prior { current, .. } | Op::Changed { current, .. } => vec![current],
            Op::And(kids) | Op::Or(kids) | Op::Case { kids, .. } | Op::Call { kids, .. } => {
                self.kids(kids).to_vec()
            }
            Op::Not(operand)
            | Op::Negate(operand)
            | Op::IsBlank(operand)
            | Op::NeverNull(operand) => vec![operand],
            Op::If(condition, yes, no) => vec![condition, yes, no],
            Op::Compare { left, right, .. } | Op::Binary { left, right, .. } => vec![left, right],
            Op::BlankValue(value, default) | Op::TextValue(value, default) => vec![value, default],
            Op::IsPick { value, .. } | Op::Includes { value, .. } => vec![value],
            Op::Regex { text, .. } => vec![text],
            Op::RegexDynamic { text, pattern } => vec![text, pattern],
        }
    }

    pub(crate) fn kids(&self, kids: Kids) -> &[NodeId] {
        &self.kids[kids.start as usize..(kids.start + kids.count) as usize]
    }
}
