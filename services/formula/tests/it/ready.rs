//! The ready answers of the language reference (section 13) and its rules on blanks, unknowns and the
//! record's history, with literals.

use chrono::DateTime;
use chrono_tz::Tz;
use formula::{
    Answer, Blanks, Context, Disputes, Fields, Kind, Number, Outcome, Record, Value, compile,
    compile_rule,
};

fn schema() -> Fields {
    [
        ("N", Kind::Number),
        ("M", Kind::Number),
        ("P", Kind::Percent),
        ("T", Kind::Text),
        ("U", Kind::Text),
        ("D", Kind::Date),
        ("DT", Kind::DateTime),
        ("B", Kind::Boolean),
        ("S", Kind::Picklist),
        ("MS", Kind::MultiPicklist),
        ("X", Kind::Id),
        ("Y", Kind::Id),
    ]
    .into_iter()
    .collect()
}

/// A record of `Name=value` pairs; all other fields are blank, `?` is not loaded.
fn record(given: &str) -> Record {
    let kinds = [
        ("N", Kind::Number),
        ("M", Kind::Number),
        ("P", Kind::Percent),
        ("T", Kind::Text),
        ("U", Kind::Text),
        ("D", Kind::Date),
        ("DT", Kind::DateTime),
        ("B", Kind::Boolean),
        ("S", Kind::Picklist),
        ("MS", Kind::MultiPicklist),
        ("X", Kind::Id),
        ("Y", Kind::Id),
    ];
    let mut record: Record = kinds.iter().map(|(name, _)| (*name, Value::Null)).collect();
    for pair in given.split('|').filter(|pair| !pair.is_empty()) {
        let (name, text) = pair.split_once('=').expect("a pair");
        if text == "?" {
            record.unset(name);
            continue;
        }
        let kind = kinds
            .iter()
            .find(|(other, _)| *other == name)
            .expect("a field")
            .1;
        record.set(name, Value::from_json(kind, &text.into()).expect("a value"));
    }
    record
}

fn said(answer: &Answer) -> String {
    match answer {
        Answer::Value(value) => value.to_string(),
        Answer::Error { .. } => "error".into(),
        Answer::Unknown(_) => "unknown".into(),
    }
}

fn check(blanks: Blanks, cases: &[(&str, &str, &str)]) {
    let schema = schema();
    for (source, given, expected) in cases {
        let formula =
            compile(source, &schema, blanks).unwrap_or_else(|error| panic!("{source}: {error:?}"));
        let record = record(given);
        let context = Context::new(&record).at(
            DateTime::from_timestamp(1_768_478_400, 0).expect("an instant"),
            Tz::UTC,
        );
        assert_eq!(
            said(&formula.answer(&context)),
            *expected,
            "{source} with {given}"
        );
    }
}

#[test]
fn the_ready_answers_hold() {
    check(
        Blanks::Blank,
        &[
            ("N <> 5", "", "blank"),
            ("NOT(N = 5)", "", "blank"),
            ("OR(ISBLANK(N), N <> 5)", "", "true"),
            ("IF(N > 5, \"y\", \"n\")", "", "n"),
            ("N + 1", "", "blank"),
            ("MAX(N, 5)", "", "blank"),
            ("ROUND(1234.5, -2)", "", "1200"),
            ("ROUND(45, -2)", "", "0"),
            ("ROUND(50, -2)", "", "0"),
            ("ROUND(150, -2)", "", "200"),
            ("ROUND(0.6, 0)", "", "1"),
            ("ISNULL(TEXT(1/0))", "", "false"),
            ("CHR(0) & CHR(65) & CHR(-1)", "", "A"),
            (
                "FORMATDURATION(DT, DT + 1.5)",
                "DT=2024-01-01T00:00:00Z",
                "1:12:00:00",
            ),
            (
                "DATETIMEVALUE(\"2024-01-05 10:00:00 GMT\")",
                "",
                "2024-01-05T10:00:00Z",
            ),
            ("FIND(\"a\", T, N)", "", "0"),
            ("T = \"\"", "", "true"),
            ("T <> \"x\"", "", "true"),
            ("T = NULL", "", "true"),
            ("LEN(T) = 0", "", "true"),
            ("ISNULL(T)", "", "false"),
            ("ISBLANK(T)", "T= ", "false"),
            ("CONTAINS(\"a:b:c\", T)", "", "true"),
            ("NOT(CONTAINS(T, \"x\"))", "", "blank"),
            ("REGEX(T, \"\")", "", "true"),
            ("REGEX(T, \"[a-z]+\")", "T=abc1", "false"),
            ("ISPICKVAL(S, \"\")", "", "true"),
            ("TEXT(S) <> \"A\"", "", "true"),
            ("AND(FALSE, 1/N > 1)", "N=0", "false"),
            ("1/N > 1", "N=0", "error"),
            ("ISBLANK(1/N)", "N=0", "error"),
            ("ISBLANK(1/N)", "", "true"),
            ("CASE(N, 1, 10, 2, 10/0, 5)", "N=1", "error"),
            ("IF(N=1, 10, 10/0)", "N=1", "10"),
            ("CASE(N, 1, \"a\", 1, \"b\", \"c\")", "N=1", "a"),
            ("P > 0.2", "P=20", "false"),
            ("P > 0.2", "P=20.01", "true"),
            ("TEXT(P)", "P=45", "0.45"),
            ("2*N^2", "N=3", "36"),
            ("-N^2", "N=3", "9"),
            ("2^3^2", "", "64"),
            ("N = 1.0", "N=1.00", "true"),
            ("TEXT(N)", "N=1.500", "1.5"),
            ("VALUE(\"1e3\")", "", "1000"),
            ("VALUE(\" 12 \")", "", "error"),
            ("MOD(-7,3)", "", "-1"),
            ("MOD(7,-3)", "", "1"),
            ("D - 0.9", "D=2024-01-31", "2024-01-31"),
            ("ADDMONTHS(D, 1)", "D=2024-01-30", "2024-02-29"),
            ("ADDMONTHS(D, 1)", "D=2024-01-31", "2024-02-29"),
            ("DATEVALUE(\"2024-1-5xyz\")", "", "2024-01-05"),
            ("WEEKDAY(D)", "D=2024-01-07", "1"),
            ("LOG(1000)", "", "2.9999999999999996"),
        ],
    );
    check(
        Blanks::Zero,
        &[
            ("NOT(N = 5)", "", "true"),
            ("N + 1", "", "1"),
            ("MAX(N, 5)", "", "5"),
            ("D", "", "blank"),
            ("P", "", "0"),
            ("NOT(N > 5)", "", "true"),
        ],
    );
}

#[test]
fn blanks_follow_the_table() {
    check(
        Blanks::Blank,
        &[
            ("N = M", "", "blank"),
            ("T = U", "", "true"),
            ("D <> NULL", "D=2024-01-01", "blank"),
            ("S = NULL", "", "blank"),
            ("X = NULL", "", "true"),
            ("X <> NULL", "X=001A0000006Vm9u", "true"),
            ("NOT(N > 5)", "", "blank"),
            ("NOT(AND(N > 5, B))", "", "true"),
            ("NOT(N > 5 || B)", "", "true"),
            ("T & U", "", "blank"),
            ("T + \"a\"", "", "a"),
            ("BLANKVALUE(T, \"d\")", "", "d"),
            ("NULLVALUE(T, \"d\")", "", "blank"),
            ("NULLVALUE(N, 3)", "", "3"),
            ("ISNULL(MS)", "", "true"),
            ("INCLUDES(MS, \"a\")", "", "false"),
            ("INCLUDES(MS, \"b\")", "MS=a;b", "true"),
            ("PICKLISTCOUNT(MS)", "MS=a;b", "2"),
            ("CASE(T, \"\", 1, 2)", "", "1"),
            ("CASE(S, \"\", 1, 2)", "", "1"),
            ("CASE(N, NULL, 1, 2)", "", "2"),
            ("AND()", "", "true"),
            ("OR()", "", "false"),
            ("N/0", "", "blank"),
            ("FIND(\"a\", T)", "", "0"),
            ("FIND(\"a\", \"ba\", N)", "", "error"),
            ("SUBSTITUTE(T, \"a\", \"b\")", "", "blank"),
            ("B", "", "false"),
            ("DT - 1", "DT=2024-03-01T10:00:00Z", "2024-02-29T10:00:00Z"),
            (
                "TEXT(DT)",
                "DT=2024-03-01T10:00:00Z",
                "2024-03-01 10:00:00Z",
            ),
            ("TEXT(NOW())", "", "2026-01-15 12:00:00Z"),
            ("X = Y", "X=001A0000006Vm9uIAC|Y=001A0000006Vm9u", "true"),
            ("X = \"001A0000006Vm9uIAC\"", "X=001A0000006Vm9u", "true"),
            ("LEN(X)", "X=001A0000006Vm9uIAC", "15"),
        ],
    );
}

#[test]
fn unknowns_are_carried_and_settled_only_when_sound() {
    check(
        Blanks::Blank,
        &[
            ("AND(N > 1, B)", "N=?|B=false", "false"),
            ("AND(1/N > 1, B)", "N=?|B=false", "unknown"),
            ("AND(B, 1/N > 1)", "N=?|B=false", "false"),
            ("OR(N > 1, B)", "N=?|B=true", "true"),
            ("OR(N > 1, B)", "N=?|B=false", "unknown"),
            ("AND(N > 1, 1/M > 1)", "N=?|M=0", "unknown"),
            ("IF(B, 1, 1)", "B=?", "1"),
            ("IF(B, 1, 2)", "B=?", "unknown"),
            ("N + M", "N=?", "blank"),
            ("1/N + M", "N=?", "unknown"),
            ("N > M", "N=?", "blank"),
            ("T = U", "T=?", "unknown"),
            ("ISNULL(T)", "T=?", "false"),
            ("CASE(N, 1, 5, 2, 5, 5)", "N=?", "5"),
            ("CASE(N, 1, 5, 2, M, 6)", "N=1|M=?", "5"),
            ("CASE(N, 1, 5, 2, 1/M, 6)", "N=1|M=?", "unknown"),
            ("BLANKVALUE(N, M)", "N=3|M=?", "3"),
            ("MAX(N, M)", "N=?", "blank"),
            ("OR(ISBLANK(N), NOT(ISBLANK(N)))", "N=?", "unknown"),
            ("AND(REGEX(T, \"(\"), B)", "T=?", "error"),
            (
                "VLOOKUP($ObjectType.O__c.Fields.A__c, 1, 2) = \"x\" && B",
                "",
                "unknown",
            ),
            (
                "B && VLOOKUP($ObjectType.O__c.Fields.A__c, 1, 2) = \"x\"",
                "",
                "false",
            ),
        ],
    );
}

#[test]
fn history_is_read_as_the_platform_keeps_it() {
    let cases = [
        ("ISCHANGED(N)", "N=1.0", "N=1", "silent", "silent"),
        ("ISCHANGED(N)", "N=0", "", "fires", "silent"),
        ("ISCHANGED(T)", "T=a\nb", "T=a\r\nb", "silent", "silent"),
        ("ISCHANGED(T)", "T=A", "T=a", "fires", "silent"),
        ("PRIORVALUE(N) = 1", "N=2", "N=1", "fires", "silent"),
        ("PRIORVALUE(P) = 0.45", "P=2", "P=45", "fires", "silent"),
        (
            "ISPICKVAL(PRIORVALUE(S), \"b\")",
            "S=a",
            "S=b",
            "fires",
            "silent",
        ),
        ("ISNEW()", "", "", "silent", "fires"),
        (
            "ISCHANGED(N)",
            "N=1",
            "N=?",
            "cannot tell: the value of N before the change is not loaded",
            "silent",
        ),
    ];
    for (source, new, old, updated, created) in cases {
        let rule = compile_rule(source, &schema()).expect("compiles");
        let (new, old) = (record(new), record(old));
        assert_eq!(
            rule.outcome(&Context::new(&new).updated(&old)).to_string(),
            updated,
            "{source} updated"
        );
        assert_eq!(
            rule.outcome(&Context::new(&new).created()).to_string(),
            created,
            "{source} created"
        );
    }
}

#[test]
fn disputed_points_are_told_only_where_the_readings_differ() {
    let cases = [
        ("T = \"abc\"", "T=ABC", "unknown"),
        ("T = \"abc\"", "T=abd", "false"),
        ("T <> \"abc\"", "T=ABC", "unknown"),
        ("ISPICKVAL(S, \"Won\")", "S=won", "unknown"),
        ("ISPICKVAL(S, \"Won\")", "S=Won", "true"),
        ("INCLUDES(MS, \"A\")", "MS=a;b", "unknown"),
        ("INCLUDES(MS, \"A\")", "MS=a;A", "true"),
        ("N = NULL", "N=1", "unknown"),
        ("T = NULL", "", "true"),
        ("T < \"b\"", "T=B", "unknown"),
        ("T < \"b\"", "T=a", "true"),
        ("SUBSTITUTE(\"a\", T, \"b\")", "", "unknown"),
        ("SUBSTITUTE(\"a\", \"a\", T)", "", "blank"),
        ("TEXT(DT) = \"\"", "", "unknown"),
        ("TEXT(D) = \"\"", "", "true"),
    ];
    for (source, given, expected) in cases {
        let formula = compile(source, &schema(), Blanks::Blank).expect("compiles");
        let record = record(given);
        let context = Context {
            disputes: Disputes::CannotTell,
            ..Context::new(&record)
        };
        assert_eq!(
            said(&formula.answer(&context)),
            expected,
            "{source} with {given}"
        );
    }
}

#[test]
fn what_the_platform_refuses_does_not_compile() {
    for source in [
        "N = T",
        "D = DT",
        "S = \"A\"",
        "S = S",
        "B < B",
        "T - T",
        "N & T",
        "N && B",
        "IF(N, 1, 2)",
        "IF(B, 1, \"a\")",
        "CASE(N, 1, 2)",
        "CASE(B, TRUE, 1, 2)",
        "CASE(N, 1, B, B)",
        "ISBLANK(B)",
        "ISPICKVAL(T, \"a\")",
        "ISPICKVAL(S, T)",
        "INCLUDES(MS, \"\")",
        "INCLUDES(S, \"a\")",
        "ISCHANGED(N + 1)",
        "ISCHANGED(A.B)",
        "TEXT(T)",
        "TEXT(B)",
        "S",
        "LEN(N)",
        "ROUND(N)",
        "NOPE(1)",
        "Missing__c",
        "MAX()",
    ] {
        let refused = compile_rule(source, &schema()).is_err();
        assert!(refused, "{source}");
    }
}

#[test]
fn the_day_is_that_of_the_users_zone() {
    let rule = compile_rule("TODAY() = D && DATEVALUE(DT) = D", &schema()).expect("compiles");
    let record = record("D=2025-12-31|DT=2026-01-01T02:00:00Z");
    let now = DateTime::from_timestamp(1_767_236_400, 0).expect("2026-01-01T03:00:00Z");
    let outcome = |zone| rule.outcome(&Context::new(&record).at(now, zone));
    assert_eq!(outcome(Tz::America__New_York), Outcome::Fires);
    assert_eq!(outcome(Tz::UTC), Outcome::Silent);
    assert_eq!(
        rule.outcome(&Context::new(&record)).to_string(),
        "cannot tell: the current time is not given; the running user's time zone is not given"
    );
}

#[test]
fn needs_name_every_input() {
    let schema: Fields = [
        ("A__c", Kind::Number),
        ("S", Kind::Picklist),
        ("Account.Owner.Name", Kind::Text),
        ("$Setup.Off__c.Rules__c", Kind::Boolean),
    ]
    .into_iter()
    .collect();
    let rule = compile_rule(
        "AND(NOT($Setup.Off__c.Rules__c), a__C > 1, A__c < 9, ISCHANGED(S), Account.Owner.Name = $User.Username, TODAY() > DATE(2026,1,1))",
        &schema,
    )
    .expect("compiles");
    let needs = rule.needs();
    let paths = |list: &[formula::Reference]| {
        list.iter()
            .map(|reference| reference.path.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(&needs.fields), ["a__C", "S"]);
    assert_eq!(paths(&needs.prior), ["S"]);
    assert_eq!(paths(&needs.relations), ["Account.Owner.Name"]);
    assert_eq!(
        paths(&needs.globals),
        ["$Setup.Off__c.Rules__c", "$User.Username"]
    );
    assert!(needs.clock && needs.zone && needs.is_new && !needs.is_stable());
}

#[test]
fn numbers_beyond_what_we_hold_are_not_called_texts() {
    check(
        Blanks::Blank,
        &[
            ("ISNUMBER(T)", "T=1e20000", "unknown"),
            ("ISNUMBER(T)", "T=1e2", "true"),
            ("ISNUMBER(T)", "T=1e", "false"),
            ("VALUE(T)", "T=1e20000", "unknown"),
        ],
    );
    let long = compile(
        &format!("TEXT(1{}.5)", "0".repeat(40)),
        &schema(),
        Blanks::Blank,
    )
    .expect("compiles");
    assert_eq!(
        said(&long.answer(&Context::new(&record("")))),
        format!("1{}", "0".repeat(40))
    );
    assert_eq!(
        Number::parse("1e-3").map(|n| n.to_string()).as_deref(),
        Some("0.001")
    );
}
