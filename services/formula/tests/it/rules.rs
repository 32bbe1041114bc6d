//! The real rules: all parse, print back to the same tree, and type-check with declared fields.

use formula::{compile_rule, parse};

use crate::corpus::{declared, fixtures, real_rules};

#[test]
fn every_real_rule_parses_prints_back_and_compiles() {
    let Some(fixtures) = fixtures() else {
        return;
    };
    let rules = real_rules(&fixtures);
    assert_eq!(rules.len(), 152);
    let mut problems = Vec::new();
    for rule in &rules {
        let tree = match parse(&rule.formula) {
            Ok(tree) => tree,
            Err(error) => {
                problems.push(format!("{}: {error}", rule.name));
                continue;
            }
        };
        let printed = tree.to_string();
        match parse(&printed) {
            Ok(again) if again == tree && again.to_string() == printed => {}
            other => problems.push(format!("{}: printed as {printed}: {other:?}", rule.name)),
        }
        let (schema, _) = declared(&tree);
        if let Err(error) = compile_rule(&rule.formula, &schema) {
            problems.push(format!("{}: {error}: {error:?}", rule.name));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
