//! The names a formula mentions, known from its text alone: so that what they are can be looked up before it is compiled.

use crate::parse::parse;
use crate::syntax::{Expr, Infix, Name, Node, Prefix};

/// A name in a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// As written.
    pub name: String,
    /// It stands where only true or false does: in a saved rule it is a checkbox, whatever else is known of it.
    pub is_condition: bool,
    /// It is called like a function.
    pub is_function: bool,
}

/// The names in a rule, in order, each as often as it occurs; none when it does not parse.
#[must_use]
pub fn mentions(source: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    if let Ok(tree) = parse(source) {
        walk(&tree, true, &mut found);
    }
    found
}

/// The depth is bounded: a tree is as deep as its brackets, which the parser limits.
fn walk(expr: &Expr, is_condition: bool, found: &mut Vec<Mention>) {
    match &expr.node {
        Node::Bool(_) | Node::Null | Node::Number(_) | Node::Text(_) => {}
        Node::Field(name) => found.push(mention(name, is_condition, false)),
        Node::Call(name, arguments) => {
            found.push(mention(name, false, true));
            let called = name.0.to_ascii_uppercase();
            for (index, argument) in arguments.iter().enumerate() {
                let inner = match (called.as_str(), index) {
                    ("AND" | "OR" | "NOT", _) | ("IF", 0) => true,
                    ("IF", _) => is_condition,
                    _ => false,
                };
                walk(argument, inner, found);
            }
        }
        Node::Prefix(prefix, operand) => walk(operand, *prefix == Prefix::Not, found),
        Node::Chain(first, rest) => {
            let inner = match rest.as_slice() {
                [(Infix::Equal | Infix::NotEqual, second)] => {
                    // What is compared to true or false is one of them itself.
                    let is_bool = |expr: &Expr| matches!(expr.node, Node::Bool(_));
                    is_bool(first) || is_bool(second)
                }
                [(Infix::And | Infix::Or, _), ..] => true,
                _ => false,
            };
            walk(first, inner, found);
            for (_, operand) in rest {
                walk(operand, inner, found);
            }
        }
    }
}

fn mention(name: &Name, is_condition: bool, is_function: bool) -> Mention {
    Mention {
        name: name.0.to_string(),
        is_condition,
        is_function,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_as_a_condition_is_told_apart() {
        let of = |source: &str| -> Vec<(String, bool)> {
            mentions(source)
                .into_iter()
                .filter(|mention| !mention.is_function)
                .map(|mention| (mention.name, mention.is_condition))
                .collect()
        };
        for (source, expected) in [
            ("$Setup.A__c.B__c", vec![("$Setup.A__c.B__c", true)]),
            ("AND(A, B > 1)", vec![("A", true), ("B", false)]),
            (
                "A && !B || NOT(C)",
                vec![("A", true), ("B", true), ("C", true)],
            ),
            (
                "IF(A, B, C) && D = E",
                vec![
                    ("A", true),
                    ("B", true),
                    ("C", true),
                    ("D", false),
                    ("E", false),
                ],
            ),
            (
                "IF(A, B, C) = D",
                vec![("A", true), ("B", false), ("C", false), ("D", false)],
            ),
            ("A = TRUE", vec![("A", true)]),
            ("A = B = TRUE", vec![("A", false), ("B", false)]),
            ("ISBLANK(A)", vec![("A", false)]),
            ("-A > 1", vec![("A", false)]),
            ("\"A.B\" = C.D", vec![("C.D", false)]),
            ("AND(", vec![]),
        ] {
            let expected: Vec<(String, bool)> = expected
                .into_iter()
                .map(|(name, condition)| (name.to_owned(), condition))
                .collect();
            assert_eq!(of(source), expected, "{source}");
        }
        let called: Vec<Mention> = mentions("TODAY() > A");
        assert!(called[0].is_function && called[0].name == "TODAY");
    }
}
