//! Any text as a formula: parsing, printing, compiling, evaluating and explaining it never panics and
//! stays within its bounds; printing keeps the tree; hiding an input keeps definite answers.
//!
//! The first line is the text of field `T`, the rest is the formula.

#![no_main]

use formula::{Blanks, Context, Fields, Kind, Outcome, Record, Value, compile, compile_rule, parse};
use libfuzzer_sys::fuzz_target;

const FIELDS: [(&str, Kind); 6] = [
    ("T", Kind::Text),
    ("N", Kind::Number),
    ("P", Kind::Percent),
    ("B", Kind::Boolean),
    ("D", Kind::Date),
    ("S", Kind::Picklist),
];

fuzz_target!(|input: &str| {
    let (text, source) = input.split_once('\n').unwrap_or(("", input));
    if let Ok(tree) = parse(source) {
        assert_eq!(parse(&tree.to_string()).as_ref(), Ok(&tree));
    }
    let schema: Fields = FIELDS.into_iter().collect();
    let mut record: Record = [
        ("T", Value::text(text.to_owned())),
        ("N", Value::Number(7.into())),
        ("P", Value::Null),
        ("B", Value::Bool(true)),
        ("D", Value::Null),
        ("S", Value::text(text.to_owned())),
    ]
    .into_iter()
    .collect();
    if let Ok(formula) = compile(source, &schema, Blanks::Zero) {
        let _ = formula.answer(&Context::new(&record).created());
    }
    if let Ok(rule) = compile_rule(source, &schema) {
        let whole = rule.outcome(&Context::new(&record).created());
        let _ = rule.explain(&Context::new(&record).created(), &["T"]);
        record.unset("T");
        let part = rule.outcome(&Context::new(&record).created());
        assert!(part == whole || matches!(part, Outcome::CannotTell(_)));
    }
});
