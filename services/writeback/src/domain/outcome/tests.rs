//! Each answer of Salesforce, and what follows from it.

use super::*;
use proptest::prelude::*;

fn problem(code: &str, class: Class, retry: Option<(u32, u64, u64)>, fields: &[&str]) -> Problem {
    Problem {
        code: code.into(),
        message: "as sent".into(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        class,
        retry,
        matches: vec![],
    }
}

fn member(field: &'static str, attempts: u32) -> Member<'static> {
    Member {
        field,
        creates: field.is_empty(),
        attempts,
        isolation: Isolation::Shared,
    }
}

fn kind(next: &Next) -> &'static str {
    match next {
        Next::Applied { .. } => "applied",
        Next::Refused(_) => "refused",
        Next::Retry { .. } => "retry",
        Next::Again(Isolation::Shared) => "again",
        Next::Again(Isolation::OwnRow) => "own row",
        Next::Again(Isolation::OwnCall) => "own call",
        Next::Later => "later",
        Next::Failed(_) => "failed",
        Next::Uncertain { .. } => "uncertain",
    }
}

#[test]
fn each_answer_has_its_consequence() {
    let lock = || {
        problem(
            "UNABLE_TO_LOCK_ROW",
            Class::Retry,
            Some((5, 500, 8000)),
            &[],
        )
    };
    let rule = || problem(VALIDATION, Class::User, None, &["A"]);
    let long = || problem("STRING_TOO_LONG", Class::User, None, &["A"]);
    let (a, b) = (member("A", 0), member("B", 0));
    for (name, answer, members, expected) in [
        (
            "saved",
            Row::Saved { id: "006".into() },
            vec![a, b],
            vec!["applied", "applied"],
        ),
        ("locked", Row::Refused(vec![lock()]), vec![a], vec!["retry"]),
        (
            "locked too often",
            Row::Refused(vec![lock()]),
            vec![member("A", 5)],
            vec!["failed"],
        ),
        (
            "a rule, alone",
            Row::Refused(vec![rule()]),
            vec![a],
            vec!["refused"],
        ),
        (
            "a rule, together",
            Row::Refused(vec![rule()]),
            vec![a, b],
            vec!["own row", "own row"],
        ),
        (
            "one field is named",
            Row::Refused(vec![long()]),
            vec![a, b],
            vec!["refused", "again"],
        ),
        (
            "a lock and a refusal",
            Row::Refused(vec![lock(), long()]),
            vec![a],
            vec!["refused"],
        ),
        (
            "our key exists",
            Row::Refused(vec![problem(DUPLICATE_VALUE, Class::Stale, None, &[])]),
            vec![member("", 1)],
            vec!["uncertain"],
        ),
        (
            "rolled back by another",
            Row::Refused(vec![problem("PROCESSING_HALTED", Class::Follow, None, &[])]),
            vec![a],
            vec!["retry"],
        ),
    ] {
        let next = super::row(&answer, &members, 0.5);
        assert_eq!(
            next.iter().map(kind).collect::<Vec<_>>(),
            expected,
            "{name}"
        );
    }
}

#[test]
fn every_error_is_kept_verbatim() {
    let refused = Row::Refused(vec![
        problem(VALIDATION, Class::User, None, &["Amount"]),
        problem("REQUIRED_FIELD_MISSING", Class::User, None, &[]),
    ]);
    let next = super::row(&refused, &[member("Amount", 0)], 0.0);
    let Next::Refused(reasons) = &next[0] else {
        panic!("refused alone")
    };
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
    assert_eq!(codes, [VALIDATION, "REQUIRED_FIELD_MISSING", "user"]);
    assert_eq!(reasons[0].message, "as sent");
}

#[test]
fn each_failed_call_has_its_consequence() {
    let failure = |outcome, http_status, class| CallFailure {
        outcome,
        timed_out: false,
        http_status,
        problems: vec![],
        class,
    };
    for (name, failure, rows, expected) in [
        (
            "reset",
            failure(Outcome::Ambiguous, 0, Class::Retry),
            3,
            "uncertain",
        ),
        (
            "not sent",
            failure(Outcome::NotSent, 0, Class::Retry),
            3,
            "later",
        ),
        (
            "limit",
            failure(Outcome::Answered, 403, Class::Quota),
            3,
            "later",
        ),
        (
            "api disabled",
            failure(Outcome::Answered, 403, Class::Admin),
            1,
            "later",
        ),
        (
            "malformed, many",
            failure(Outcome::Answered, 400, Class::Bug),
            3,
            "own call",
        ),
        (
            "malformed, one",
            failure(Outcome::Answered, 400, Class::Bug),
            1,
            "refused",
        ),
    ] {
        assert_eq!(kind(&super::call(&failure, rows)), expected, "{name}");
    }
}

proptest! {
    #[test]
    fn delays_stay_within_their_bounds(attempts in 0_u32..100, min in 1_u64..10_000, more in 0_u64..100_000, jitter in 0.0_f64..1.0) {
        let delay = delay_ms(attempts, min, min + more, jitter);
        prop_assert!(delay >= min / 2 && delay <= min + more);
    }

    #[test]
    fn a_refusal_is_never_repeated_as_it_is(fields in prop::collection::vec("[A-C]", 1..4), named in "[A-D]") {
        let problems = vec![problem("STRING_TOO_LONG", Class::User, None, &[&named])];
        let members: Vec<Member<'_>> = fields.iter()
            .map(|field| Member { field, creates: false, attempts: 0, isolation: Isolation::Shared }).collect();
        let next = super::row(&Row::Refused(problems), &members, 0.5);
        // Something must differ next time: at least one change leaves the row.
        let unchanged = next.iter().all(|next| *next == Next::Again(Isolation::Shared));
        prop_assert!(!unchanged);
    }
}
