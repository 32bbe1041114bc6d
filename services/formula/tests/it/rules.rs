//! The real rules: all parse, print back to the same tree, and type-check with declared fields.

use formula::{Context, Outcome, Record, compile_rule, parse};

use crate::corpus::{declared, fixtures, plausible, real_rules};

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

#[test]
fn a_real_rule_with_all_it_needs_is_decided_and_hiding_one_input_never_flips_it() {
    let Some(fixtures) = fixtures() else {
        return;
    };
    let (mut kept, mut hidden) = (0, 0);
    for rule in real_rules(&fixtures) {
        let (schema, kinds) = declared(&parse(&rule.formula).expect("parses"));
        let formula = compile_rule(&rule.formula, &schema).expect("compiles");
        let record: Record = kinds
            .iter()
            .map(|(path, kind)| (path, plausible(path, *kind)))
            .collect();
        let now = chrono::DateTime::from_timestamp(1_768_478_400, 0).expect("an instant");
        let outcome = |record: &Record| {
            formula.outcome(
                &Context::new(record)
                    .updated(record)
                    .at(now, chrono_tz::Tz::UTC),
            )
        };
        let whole = outcome(&record);
        assert!(
            !matches!(whole, Outcome::CannotTell(_)),
            "{}: {whole}",
            rule.name
        );
        for path in kinds.keys() {
            let mut part = record.clone();
            part.unset(path);
            let part = outcome(&part);
            if part == whole {
                kept += 1;
            } else {
                hidden += 1;
                assert!(
                    matches!(part, Outcome::CannotTell(_)),
                    "{} without {path}: {part}",
                    rule.name
                );
            }
        }
    }
    println!(
        "{kept} of {} inputs did not matter to the answer",
        kept + hidden
    );
}
