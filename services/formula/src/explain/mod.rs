//! Why a rule fires (language section 11.3): the smallest set of conditions and fields that make it
//! true, in the rule author's own words, with the values seen.
//!
//! Smallest is found by hiding: a field whose hiding leaves the rule firing does not matter, because a
//! definite answer holds for every value of what is hidden. Fields of the proposed change are hidden
//! last, so that of two explanations the one a person can act on remains.

mod phrase;
mod responsible;

use std::cell::Cell;
use std::fmt::{self, Display, Formatter};

pub use responsible::Responsible;

use crate::context::Context;
use crate::eval::{Machine, Truth};
use crate::formula::Formula;
use crate::program::{NodeId, Op, Program};
use crate::token::Span;
use crate::value::Value;

/// Most nodes visited for one explanation. Formula fields share nodes, so their paths can outnumber
/// them; past the bound a part of the rule is shown whole,
/// and further arms are left out.
const NODES_VISITED_MAX: u32 = 2_000_000;

/// Where a value comes from, in the order a person can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A field of the proposed change.
    Change,
    /// Another field of the record, or of a parent.
    Record,
    /// A global: a matter for an administrator.
    Global,
}

/// A value that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The field, path or global as written.
    pub path: String,
    /// What it holds; a percent field holds `45` for 45 %. `None` when it is not loaded.
    pub value: Option<Value<'static>>,
    /// What it held before the change, where the condition reads that.
    pub prior: Option<Value<'static>>,
    /// Where it comes from.
    pub source: Source,
}

/// A condition at work: a part of the rule that is not a mere AND, OR, NOT or IF of others.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The author's words.
    pub text: String,
    /// Where they stand in the rule.
    pub span: Span,
    /// Whether it holds. The rule may want it not to; a blank condition does not hold.
    pub holds: bool,
    /// The values it hangs on.
    pub seen: Vec<Seen>,
    /// The condition and its values as a clause of a sentence.
    pub clause: String,
}

impl Condition {
    /// The nearest source among its values.
    #[must_use]
    pub fn source(&self) -> Source {
        self.seen
            .iter()
            .map(|seen| seen.source)
            .min()
            .unwrap_or(Source::Record)
    }
}

/// Why a rule fires.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Conditions that together make the rule true. Lifting any one of them leaves it to [`Self::also`].
    pub because: Vec<Condition>,
    /// Other conditions that hold the rule as well, through another arm of an OR.
    pub also: Vec<Condition>,
}

/// One sentence.
impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.because.is_empty() {
            return f.write_str("The rule is true for every record.");
        }
        f.write_str("The rule fires because ")?;
        for (index, condition) in self.because.iter().enumerate() {
            let joint = match index {
                0 => "",
                _ if index + 1 == self.because.len() => " and ",
                _ => ", ",
            };
            write!(f, "{joint}{}", condition.clause)?;
        }
        if let Some(other) = self.also.first() {
            write!(f, "; it would still fire because {}", other.clause)?;
            if self.also.len() > 1 {
                write!(f, " and {} more", self.also.len() - 1)?;
            }
        }
        f.write_str(".")
    }
}

impl Formula {
    /// Why the rule fires, or `None` when it does not. `changed` names the fields of the proposed change.
    #[must_use]
    pub fn explain(&self, context: &Context<'_>, changed: &[&str]) -> Option<Explanation> {
        let program = &self.program;
        let mut run = Run {
            program,
            context: *context,
            hidden: vec![false; program.references.len()],
            sources: self.sources(changed),
            nodes_left: Cell::new(NODES_VISITED_MAX),
        };
        if run.truth(program.root, Arm::Chosen) != Ok(Some(true)) {
            return None;
        }
        run.hide_what_does_not_matter();
        let mut found = Found::default();
        run.leaves(program.root, true, Arm::Chosen, &mut found);
        let Found { because, mut also } = found;
        also.retain(|leaf| !because.contains(leaf));
        let because = run.conditions(&because, self.source());
        // A second reason shows every value it reads.
        run.hidden.fill(false);
        let mut also = run.conditions(&also, self.source());
        also.retain(|other| because.iter().all(|kept| kept.clause != other.clause));
        Some(Explanation { because, also })
    }

    fn sources(&self, changed: &[&str]) -> Vec<Source> {
        let changed: Vec<String> = changed
            .iter()
            .map(|name| crate::schema::key(name))
            .collect();
        let of = |key: &str| {
            if key.starts_with('$') {
                Source::Global
            } else if changed.iter().any(|name| responsible::moves(name, key)) {
                Source::Change
            } else {
                Source::Record
            }
        };
        self.program
            .references
            .iter()
            .map(|reference| of(&reference.key))
            .collect()
    }
}

/// A leaf and the truth the rule wants of it.
type Leaf = (NodeId, bool);

/// Which arm of an OR is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arm {
    /// The one that explains the rule, seen with only what matters.
    Chosen,
    /// One that holds the rule as well, seen with everything.
    Other,
}

#[derive(Default)]
struct Found {
    because: Vec<Leaf>,
    also: Vec<Leaf>,
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
struct Run<'a> {
    program: &'a Program,
    context: Context<'a>,
    hidden: Vec<bool>,
    sources: Vec<Source>,
    nodes_left: Cell<u32>,
}

impl Run<'_> {
    /// The truth of a node, seeing only what matters unless in another arm.
    fn truth(&self, node: NodeId, arm: Arm) -> Truth {
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

    fn hide_what_does_not_matter(&mut self) {
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
    fn leaves(&self, node: NodeId, wanted: bool, arm: Arm, found: &mut Found) {
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
            _ => found.push((node, wanted), arm),
        }
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

    fn conditions(&self, leaves: &[Leaf], source: &str) -> Vec<Condition> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fields, Kind, Record, compile_rule};

    fn setup() -> (Fields, Record) {
        let schema = [
            ("StageName", Kind::Picklist),
            ("NextStep", Kind::Text),
            ("Amount", Kind::Number),
            ("Discount__c", Kind::Percent),
            ("Locked__c", Kind::Boolean),
            ("$Setup.Off__c.Rules__c", Kind::Boolean),
        ]
        .into_iter()
        .collect();
        let record = [
            ("StageName", Value::text("Closed Won")),
            ("NextStep", Value::Null),
            ("Amount", Value::Number(5000.into())),
            ("Discount__c", Value::Number(25.into())),
            ("Locked__c", Value::Bool(false)),
            ("$Setup.Off__c.Rules__c", Value::Bool(false)),
            ("$Profile.Name", Value::text("Sales")),
        ]
        .into_iter()
        .collect();
        (schema, record)
    }

    fn sentence(source: &str, changed: &[&str]) -> String {
        let (schema, record) = setup();
        let rule = compile_rule(source, &schema).expect("compiles");
        rule.explain(&Context::new(&record).created(), changed)
            .map_or_else(
                || "silent".to_owned(),
                |explanation| explanation.to_string(),
            )
    }

    #[test]
    fn a_firing_rule_is_one_sentence() {
        insta::assert_snapshot!(
            sentence(r#"AND(NOT($Setup.Off__c.Rules__c), ISPICKVAL(StageName, "Closed Won"), ISBLANK(NextStep))"#, &["StageName"]),
            @"The rule fires because StageName is \"Closed Won\", NextStep is blank and $Setup.Off__c.Rules__c is false."
        );
        insta::assert_snapshot!(
            sentence("Discount__c > 0.2 && Amount >= 1000", &["Discount__c"]),
            @"The rule fires because Discount__c > 0.2 (Discount__c is 25) and Amount >= 1000 (Amount is 5000)."
        );
        insta::assert_snapshot!(
            sentence("OR(Amount > 1, Discount__c > 0.2, ISBLANK(NextStep))", &["NextStep"]),
            @"The rule fires because NextStep is blank; it would still fire because Amount > 1 (Amount is 5000) and 1 more."
        );
        insta::assert_snapshot!(
            sentence("IF(ISNEW(), NOT(OR(Locked__c, Amount < 10)), FALSE)", &[]),
            @"The rule fires because the record is new, Locked__c is false and Amount < 10 is false (Amount is 5000)."
        );
        insta::assert_snapshot!(
            sentence(r#"(IF(ISBLANK(NextStep), 1, 0) + IF(Locked__c, 1, 0)) >= 1"#, &[]),
            @"The rule fires because (IF(ISBLANK(NextStep), 1, 0) + IF(Locked__c, 1, 0)) >= 1 (NextStep is blank, Locked__c is false)."
        );
        assert_eq!(sentence("Locked__c", &[]), "silent");
        assert_eq!(sentence("TRUE", &[]), "The rule is true for every record.");
    }

    #[test]
    fn what_does_not_matter_is_left_out() {
        let text = sentence(
            "AND(OR(Amount > 1, Locked__c), IF(Locked__c, ISBLANK(NextStep), ISBLANK(NextStep)))",
            &[],
        );
        assert_eq!(
            text,
            "The rule fires because Amount > 1 (Amount is 5000) and NextStep is blank."
        );
    }
}
