//! What Salesforce answered, held against what was foreseen.

use salesforce::Class;

use super::{changes, deal, schema};
use crate::domain::outcome::Problem;
use crate::domain::prediction::compare::{Answer, Fared, compare};
use crate::domain::prediction::{Predicted, compile, score};
use crate::domain::value::FieldValue;

fn problem(code: &str, message: &str, class: Class) -> Problem {
    Problem {
        code: code.into(),
        message: message.into(),
        fields: vec![],
        class,
        retry: None,
        matches: vec![],
    }
}

#[test]
fn an_answer_is_held_against_every_rule_it_speaks_of() {
    let schema = schema(&[("A", "TRUE"), ("B", "TRUE"), ("C", "TRUE")]);
    let mut books = compile(&schema);
    let book = books.get_mut("Opportunity").expect("the book");
    book.rules[2].message = "A says no".into();
    let rule = |message: &str| problem("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, Class::User);
    let follow = problem("ALL_OR_NONE_OPERATION_ROLLED_BACK", "x", Class::Follow);
    use Fared::{Agreed, FalseAlarm, Missed, UnknownAccepted, UnknownRefused};
    use Predicted::{CannotTell, Fires, Silent};
    let accepted: Option<Vec<Problem>> = None;
    for (name, predicted, problems, expected) in [
        (
            "saved",
            [Fires, Silent, CannotTell],
            accepted,
            vec![(0, FalseAlarm), (1, Agreed), (2, UnknownAccepted)],
        ),
        (
            "rolled back only",
            [Silent, Silent, Silent],
            Some(vec![follow.clone()]),
            vec![(0, Agreed), (1, Agreed), (2, Agreed)],
        ),
        (
            "refused as predicted; its namesake is not judged",
            [Fires, Silent, Silent],
            Some(vec![rule("A says no"), follow]),
            vec![(0, Agreed), (1, Agreed)],
        ),
        (
            "missed",
            [Silent, Silent, Silent],
            Some(vec![rule("B says no")]),
            vec![(0, Agreed), (1, Missed), (2, Agreed)],
        ),
        (
            "a doubt is blamed before a firm no",
            [Silent, Silent, CannotTell],
            Some(vec![rule("A says no")]),
            vec![(1, Agreed), (2, UnknownRefused)],
        ),
        (
            "a trigger in between says nothing of the others",
            [Silent, Fires, Silent],
            Some(vec![rule("a trigger"), rule("B says no")]),
            vec![(1, Agreed)],
        ),
        (
            "a lock says nothing",
            [Fires, Silent, Silent],
            Some(vec![problem("UNABLE_TO_LOCK_ROW", "x", Class::Retry)]),
            vec![],
        ),
    ] {
        let answer = match &problems {
            None => Answer::Accepted,
            Some(problems) => Answer::Refused(problems),
        };
        let got: Vec<(usize, Fared)> = compare(book, &predicted, answer)
            .into_iter()
            .map(|compared| (compared.rule, compared.fared))
            .collect();
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn a_wrong_prediction_keeps_what_it_was_made_from() {
    let schema = schema(&[("A", "Amount > 500")]);
    let books = compile(&schema);
    let foretold = score::Foretold {
        record_id: "006".into(),
        change_ids: vec![],
        before: deal(),
        changed: changes(&[("Amount", FieldValue::Number(1600.into()))]),
        predicted: vec![Predicted::Fires],
    };
    let mut score = score::Score::default();
    score.add(
        "Opportunity",
        &books["Opportunity"],
        &foretold,
        Answer::Accepted,
    );
    assert_eq!(score.wrong.len(), 1);
    let names: Vec<&String> = score.wrong[0].before.keys().collect();
    assert_eq!(names, ["Amount"]);
    assert_eq!(score.wrong[0].formula, "Amount > 500");
    assert_eq!(score.totals()[1], (Fared::FalseAlarm, 1));
    // Any number of silent rules share one count.
    let mut score = score::Score::default();
    let silent = score::Foretold {
        predicted: vec![Predicted::Silent],
        ..foretold
    };
    score.add(
        "Opportunity",
        &books["Opportunity"],
        &silent,
        Answer::Accepted,
    );
    let keys: Vec<&(String, String)> = score.counts.keys().collect();
    assert_eq!(keys, [&("Opportunity".to_owned(), String::new())]);
}
