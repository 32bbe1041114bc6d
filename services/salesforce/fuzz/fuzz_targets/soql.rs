//! Any text as a value in a query: either it is refused, or a parser that is not ours reads back that text and no more.

#![no_main]

use libfuzzer_sys::fuzz_target;
use salesforce::soql::{Condition, LikePattern, Literal, Query};
use salesforce::{FieldName, ObjectName};
use salesforce_sim::soql::ast::{Expr, Literal as Read};
use salesforce_sim::soql::parse;

fn asked(condition: Condition) -> Expr {
    let object = ObjectName::parse("Contact").expect("a plain name");
    let query = Query::from(object)
        .field(FieldName::parse("Id").expect("a plain name"))
        .filter(condition);
    let read = parse::query(&query.to_soql()).expect("our query is understood");
    read.filter.expect("it has a filter")
}

fuzz_target!(|input: &str| {
    let field = || FieldName::parse("LastName").expect("a plain name");
    if let Ok(literal) = Literal::text(input) {
        match asked(Condition::eq(field(), literal.clone())) {
            Expr::Compare(_, _, Read::Text(text)) => assert_eq!(text, input),
            other => panic!("a comparison was read as {other:?}"),
        }
        match asked(Condition::is_in(field(), [literal.clone(), literal])) {
            Expr::In(_, _, values) => {
                assert_eq!(values, [Read::Text(input.into()), Read::Text(input.into())]);
            }
            other => panic!("a list was read as {other:?}"),
        }
    }
    if let Ok(pattern) = LikePattern::contains(input) {
        let read = asked(Condition::like(field(), pattern));
        assert!(matches!(read, Expr::Compare(_, _, Read::Text(_))), "{read:?}");
    }
});
