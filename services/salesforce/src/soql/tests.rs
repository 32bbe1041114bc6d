//! Quoting laws and the rendered form of statements.

use chrono::{TimeZone, Utc};
use proptest::prelude::*;

use super::*;
use crate::id::Id;
use crate::name::{FieldName, FieldPath, ObjectName};

const NAME: FieldPath = FieldPath::fixed("Name");
const STAGE: FieldPath = FieldPath::fixed("StageName");

/// What Salesforce reads back from a quoted literal, after the escapes its documentation lists. An
/// unescaped quote inside, or a backslash before anything else, fails.
fn unquote(literal: &str) -> Option<String> {
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    let mut out = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => return None,
            '\\' => out.push(match characters.next()? {
                '\'' => '\'',
                '"' => '"',
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => {
                    let hex: String = characters.by_ref().take(4).collect();
                    char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?
                }
                _ => return None,
            }),
            other => out.push(other),
        }
    }
    Some(out)
}

/// What a LIKE pattern matches exactly, when it has no wildcard; `None` when it has one.
fn unquote_like(literal: &str) -> Option<String> {
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    let mut plain = String::from("'");
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '%' | '_' => return None,
            '\\' => match characters.next()? {
                wildcard @ ('%' | '_') => plain.push(wildcard),
                other => plain.extend(['\\', other]),
            },
            other => plain.push(other),
        }
    }
    plain.push('\'');
    unquote(&plain)
}

proptest! {
    #[test]
    fn any_text_survives_quoting(text in "[^\\x00]{0,60}") {
        let literal = Literal::text(text.clone()).expect("no NUL, short").to_string();
        prop_assert_eq!(unquote(&literal), Some(text));
    }

    #[test]
    fn quoting_characters_survive_quoting(text in "['\"\\\\%_nrt\\n\\r\\t u0]{0,40}") {
        let literal = Literal::text(text.clone()).expect("no NUL, short").to_string();
        prop_assert_eq!(unquote(&literal), Some(text));
    }

    #[test]
    fn exact_text_in_a_pattern_has_no_wildcard(text in "['\"\\\\%_a-c\\n ]{0,40}") {
        let pattern = LikePattern::default().exactly(&text).expect("no NUL, short").to_string();
        prop_assert_eq!(unquote_like(&pattern), Some(text));
    }

    #[test]
    fn chunks_lose_nothing_and_keep_the_limits(count in 0_usize..700, values_max in 1_usize..250, bytes_max in 40_usize..9_000) {
        let values: Vec<Literal> = (0..count).map(|n| Literal::from(n as i64)).collect();
        let lists = chunks(values.clone(), values_max, bytes_max);
        for list in &lists {
            prop_assert!(!list.is_empty() && list.len() <= values_max);
            let bytes: usize = list.iter().map(|value| value.to_string().len() + 1).sum();
            prop_assert!(bytes <= bytes_max);
        }
        prop_assert_eq!(lists.concat(), values);
    }
}

#[test]
fn text_that_cannot_be_quoted_is_refused() {
    assert_eq!(Literal::text("a\0b"), Err(LiteralError::Nul));
    assert_eq!(Literal::text("x".repeat(4_001)), Err(LiteralError::Length));
    assert!(LikePattern::contains("a\0b").is_err());
}

#[test]
fn an_injection_stays_text() {
    let literal = Literal::text("x' OR Name != '").expect("text");
    let query = Query::from(ObjectName::ACCOUNT).filter(Condition::eq(NAME, literal));
    insta::assert_snapshot!(query, @r"SELECT Id FROM Account WHERE Name = 'x\' OR Name != \''");
}

#[test]
fn a_full_statement_reads_as_written() {
    let id = Id::parse("0061a000000UGT8AAO")
        .unwrap_or_else(|_| Id::parse("006000000000001").expect("an id"));
    let since = Utc
        .with_ymd_and_hms(2026, 3, 2, 8, 30, 0)
        .single()
        .expect("a moment");
    let roles = Subquery::new(
        FieldName::fixed("OpportunityContactRoles"),
        [FieldName::fixed("ContactId"), FieldName::fixed("Role")],
    )
    .limit(5);
    let open = Condition::eq(FieldPath::fixed("IsClosed"), false).or(Condition::is_in(
        STAGE,
        [Literal::text("Won & done").expect("text")],
    ));
    let query = Query::from(ObjectName::OPPORTUNITY)
        .fields([
            FieldPath::fixed("Id"),
            NAME,
            FieldPath::fixed("Account.Name"),
            NAME,
        ])
        .children(roles)
        .filter(Condition::at_least(
            FieldPath::fixed("SystemModstamp"),
            since,
        ))
        .filter(open)
        .filter(Condition::Like(NAME, LikePattern::contains("50%_x").expect("text")).negated())
        .filter(Condition::ne(FieldPath::fixed("OwnerId"), id))
        .order_by(
            FieldPath::fixed("SystemModstamp"),
            Direction::Ascending,
            Nulls::First,
        )
        .order_by(FieldPath::fixed("Id"), Direction::Descending, Nulls::Last)
        .limit(10)
        .offset(20);
    insta::assert_snapshot!(query.to_soql().replace(id.as_str(), "{id}"), @r"SELECT Id, Name, Account.Name, (SELECT ContactId, Role FROM OpportunityContactRoles LIMIT 5) FROM Opportunity WHERE SystemModstamp >= 2026-03-02T08:30:00.000Z AND (IsClosed = false OR StageName IN ('Won & done')) AND (NOT (Name LIKE '%50\%\_x%')) AND OwnerId != '{id}' ORDER BY SystemModstamp ASC NULLS FIRST, Id DESC NULLS LAST LIMIT 10 OFFSET 20");
}

#[test]
fn an_empty_list_matches_no_row() {
    let none: [Literal; 0] = [];
    assert_eq!(Condition::is_in(NAME, none).to_string(), "Id = null");
    assert_eq!(Condition::NotIn(NAME, Vec::new()).to_string(), "Id != null");
    assert_eq!(Condition::Any(Vec::new()).to_string(), "Id = null");
}

#[test]
fn a_semi_join_nests_a_query() {
    let inner = Query::from(ObjectName::CONTACT)
        .field(FieldPath::fixed("AccountId"))
        .filter(Condition::is_not_null(FieldPath::fixed("Email")));
    let condition = Condition::InQuery(FieldPath::fixed("Id"), Box::new(inner));
    let query = Query::from(ObjectName::ACCOUNT).filter(condition).count();
    insta::assert_snapshot!(query, @"SELECT count() FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE Email != null)");
}
