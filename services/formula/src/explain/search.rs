//! Finding the conditions at work: hide what does not matter, then walk the connectives with the
//! truth each part is wanted to have.

use std::cell::Cell;

use super::{Condition, Seen, Source, phrase};
use crate::context::Context;
use crate::eval::{Machine, Truth, scalar_order};
use crate::program::{Class, NodeId, Op, Program};

/// Most nodes visited for one explanation. Formula fields share nodes, so their paths can outnumber
/// them; past the bound a part of the rule is shown whole,
/// and further arms are left out.
const NODES_VISITED_MAX: u32 = 2_000_000;

/// A leaf and the truth the rule wants of it.
pub(super) type Leaf = (NodeId, bool);

/// Which arm of an OR is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arm {
    /// The one that explains the rule, seen with only what matters.
    Chosen,
    /// One that holds the rule as well, seen with everything.
    Other,
}

#[derive(Default)]
pub(super) struct Found {
    pub(super) because: Vec<Leaf>,
    pub(super) also: Vec<Leaf>,
}

impl Found {
    fn push(&mut self, leaf: Leaf, arm: Arm) {
        let list = match arm {
            Arm::Chosen => &mut self.because,
            Arm::Other => &mut self.also,
        };
        if !list.contains(&leaf) {
            list.push(leaf);
        }
    }
}

/// One explanation in the making.
pub(super) struct Run<'a> {
    program: &'a Program,
    context: Context<'a>,
    pub(super) hidden: Vec<bool>,
    sources: Vec<Source>,
    nodes_left: Cell<u32>,
}

impl<'a> Run<'a> {
    pub(super) fn new(program: &'a Program, context: Context<'a>, sources: Vec<Source>) -> Self {
        Self {
            program,
            context,
            hidden: vec![false; program.references.len()],
            sources,
            nodes_left: Cell::new(NODES_VISITED_MAX),
        }
    }

    /// The truth of a node, seeing only what matters unless in another arm.
    pub(super) fn truth(&self, node: NodeId, arm: Arm) -> Truth {
        let hidden = match arm {
            Arm::Chosen => self.hidden.as_slice(),
            Arm::Other => &[],
        };
        let mut machine = Machine::hiding(self.program, self.context, hidden);
        let truth = machine.truth(node);
        self.spend(machine.nodes_visited());
        truth
    }

    fn spend(&self, nodes: u32) {
        self.nodes_left
            .set(self.nodes_left.get().saturating_sub(nodes));
    }

    pub(super) fn hide_what_does_not_matter(&mut self) {
        let mut order: Vec<usize> = (0..self.hidden.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(self.sources[*index]));
        for index in order {
            if self.nodes_left.get() == 0 {
                return;
            }
            self.hidden[index] = true;
            if self.truth(self.program.root, Arm::Chosen) != Ok(Some(true)) {
                self.hidden[index] = false;
            }
        }
    }

    /// Leaves that give `node` the truth `wanted`.
    pub(super) fn leaves(&self, node: NodeId, wanted: bool, arm: Arm, found: &mut Found) {
        self.spend(1);
        match self.program.op(node) {
            _ if self.nodes_left.get() == 0 => {
                if arm == Arm::Chosen {
                    found.push((node, wanted), arm);
                }
            }
            Op::Not(operand) => self.leaves(operand, !wanted, arm, found),
            Op::And(kids) => self.junction(self.program.kids(kids), wanted, wanted, arm, found),
            Op::Or(kids) => self.junction(self.program.kids(kids), wanted, !wanted, arm, found),
            Op::If(condition, yes, no) => match self.truth(condition, arm) {
                Ok(truth) => {
                    let truth = truth.unwrap_or(false);
                    self.leaves(condition, truth, arm, found);
                    self.leaves(if truth { yes } else { no }, wanted, arm, found);
                }
                // Both branches agree, whatever the condition is.
                Err(_) => {
                    self.leaves(yes, wanted, arm, found);
                    self.leaves(no, wanted, arm, found);
                }
            },
            Op::Constant(_) => {}
            _ => match self.switch(node) {
                Some((condition, truth)) => self.leaves(condition, wanted == truth, arm, found),
                None => found.push((node, wanted), arm),
            },
        }
    }

    /// The idiom `IF(condition, 1, 0) = 1`: the condition, and the truth it needs for the whole to hold.
    fn switch(&self, node: NodeId) -> Option<(NodeId, bool)> {
        let Op::Compare {
            compare,
            class: Class::Scalar,
            left,
            right,
        } = self.program.op(node)
        else {
            return None;
        };
        let Op::If(condition, yes, no) = self.program.op(left) else {
            return None;
        };
        let constant = |node| match self.program.op(node) {
            Op::Constant(index) => self.program.constants.get(index as usize),
            _ => None,
        };
        let right = constant(right)?;
        let holds = |node| Some(compare.holds(scalar_order(constant(node)?, right)?));
        let (yes, no) = (holds(yes)?, holds(no)?);
        (yes != no).then_some((condition, yes))
    }

    /// `all`: every operand is needed (a true AND, a false OR). Otherwise one is enough: the one with
    /// the fewest leaves is chosen, and the others that hold as well are told apart.
    fn junction(&self, kids: &[NodeId], wanted: bool, all: bool, arm: Arm, found: &mut Found) {
        if all {
            for kid in kids {
                self.leaves(*kid, wanted, arm, found);
            }
            return;
        }
        // Blank counts as false. What is unknown or fails does not hold the rule up.
        let holds = |kid: NodeId, arm| {
            self.truth(kid, arm)
                .is_ok_and(|truth| truth.unwrap_or(false) == wanted)
        };
        let mut chosen: Option<(NodeId, Found)> = None;
        if arm == Arm::Chosen {
            for kid in kids.iter().filter(|kid| holds(**kid, Arm::Chosen)) {
                let mut inner = Found::default();
                self.leaves(*kid, wanted, Arm::Chosen, &mut inner);
                if chosen
                    .as_ref()
                    .is_none_or(|(_, fewest)| inner.because.len() < fewest.because.len())
                {
                    chosen = Some((*kid, inner));
                }
            }
        }
        let kept = chosen.as_ref().map(|(kid, _)| *kid);
        for kid in kids
            .iter()
            .filter(|kid| Some(**kid) != kept && holds(**kid, Arm::Other))
        {
            self.leaves(*kid, wanted, Arm::Other, found);
        }
        if let Some((_, inner)) = chosen {
            for leaf in inner.because {
                found.push(leaf, Arm::Chosen);
            }
            for leaf in inner.also {
                found.push(leaf, Arm::Other);
            }
        }
    }

    pub(super) fn conditions(&self, leaves: &[Leaf], source: &str) -> Vec<Condition> {
        let mut out: Vec<Condition> = leaves
            .iter()
            .map(|(node, _)| self.condition(*node, source))
            .collect();
        out.sort_by_key(Condition::source);
        // The same words twice say nothing new.
        let mut at = 0;
        while at < out.len() {
            let repeated = out[..at]
                .iter()
                .any(|earlier| earlier.clause == out[at].clause);
            if repeated {
                out.remove(at);
            } else {
                at += 1;
            }
        }
        out
    }

    fn condition(&self, node: NodeId, source: &str) -> Condition {
        // Under NOT a blank leaf is wanted neither true nor false, so what it is is asked again.
        let truth = self.truth(node, Arm::Chosen).unwrap_or(None);
        let span = self.program.spans[node as usize];
        let text = span
            .of(source)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let text = bare(&text).to_owned();
        let seen = self.seen(node);
        let clause = phrase::clause(self.program, node, truth, &text, &seen);
        Condition {
            text,
            span,
            holds: truth == Some(true),
            seen,
            clause,
        }
    }

    /// The values under `node` that are not hidden, each once.
    fn seen(&self, node: NodeId) -> Vec<Seen> {
        let mut out: Vec<(u32, Seen)> = Vec::new();
        let mut open = vec![node];
        let mut visited = vec![false; self.program.nodes.len()];
        while let Some(node) = open.pop() {
            if std::mem::replace(&mut visited[node as usize], true) {
                continue;
            }
            let (reference, prior) = match self.program.op(node) {
                Op::Field { reference, .. } => (reference, false),
                Op::Prior { reference, .. } | Op::Changed { reference, .. } => (reference, true),
                _ => {
                    open.extend(self.program.operands(node).into_iter().rev());
                    continue;
                }
            };
            if self.hidden[reference as usize] {
                continue;
            }
            let named = &self.program.references[reference as usize];
            let before = self
                .context
                .prior
                .filter(|_| prior)
                .and_then(|facts| facts.value(named))
                .cloned();
            if let Some((_, seen)) = out.iter_mut().find(|(other, _)| *other == reference) {
                seen.prior = seen.prior.take().or(before);
                continue;
            }
            let seen = Seen {
                path: named.path.to_string(),
                value: self.context.record.value(named).cloned(),
                prior: before,
                source: self.sources[reference as usize],
            };
            out.push((reference, seen));
        }
        out.into_iter().map(|(_, seen)| seen).collect()
    }
}

/// A condition without parentheses around the whole of it, as `NOT (a > b)` leaves them.
fn bare(text: &str) -> &str {
    let Some(inner) = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    else {
        return text;
    };
    if is_balanced(&unquoted(inner)) {
        bare(inner.trim())
    } else {
        text
    }
}

/// The text without what stands in quotes.
fn unquoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    let mut escaped = false;
    for c in text.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None => out.push(c),
        }
    }
    out
}

/// Whether no parenthesis closes before it opens.
fn is_balanced(text: &str) -> bool {
    let mut open = 0_usize;
    for c in text.chars() {
        match c {
            '(' => open += 1,
            ')' if open == 0 => return false,
            ')' => open -= 1,
            _ => {}
        }
    }
    open == 0
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn parentheses_around_the_whole_are_dropped_and_others_stay() {
        for (text, expected) in [
            ("(a > b)", "a > b"),
            ("((a > b))", "a > b"),
            ("(a) > (b)", "(a) > (b)"),
            ("(BEGINS(a, \")(\"))", "BEGINS(a, \")(\")"),
            ("(a & \")\") = (b)", "(a & \")\") = (b)"),
            ("a", "a"),
        ] {
            assert_eq!(bare(text), expected, "{text}");
        }
    }
}
