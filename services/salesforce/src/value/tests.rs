//! Exactness and shapes of values.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

const AMOUNT: FieldName = FieldName::fixed("Amount");

fn record(json: &str) -> Record {
    serde_json::from_str(json).expect("a record")
}

#[test]
fn a_row_with_parent_children_and_address_is_read_whole() {
    let row = record(
        r#"{"attributes":{"type":"Opportunity","url":"/services/data/v67.0/sobjects/Opportunity/0061a000000UGT8"},
            "Id":"001D000000IRFmaIAH","Amount":1.0E7,"Probability":12.50,"IsClosed":false,"NextStep":null,
            "CloseDate":"2026-03-02","SystemModstamp":"2015-06-26T20:00:02.000+0000","T__c":"14:32:00.250Z",
            "Regions__c":"EU;US",
            "Account":{"attributes":{"type":"Account"},"Name":"Acme","Owner":{"attributes":{"type":"User"},"Email":"a@b.c"}},
            "Campaign":null,
            "BillingAddress":{"city":"Oslo","latitude":59.91},
            "OpportunityContactRoles":{"totalSize":1,"done":true,"records":[{"attributes":{"type":"OpportunityContactRole"},"Role":"Buyer"}]},
            "Tasks":null}"#,
    );
    assert_eq!(row.object, "Opportunity");
    assert_eq!(
        row.id().map(|id| id.to_string()).as_deref(),
        Some("001D000000IRFmaIAH")
    );
    assert_eq!(row.decimal("Amount"), Some(Decimal::from(10_000_000)));
    assert_eq!(
        row.decimal("Probability").map(|n| n.to_string()).as_deref(),
        Some("12.50")
    );
    assert_eq!(row.bool("IsClosed"), Some(false));
    assert_eq!(row.get("NextStep"), Some(&Value::Null));
    assert_eq!(row.get("Missing"), None);
    assert_eq!(
        row.date("CloseDate").map(|d| d.to_string()).as_deref(),
        Some("2026-03-02")
    );
    assert_eq!(
        row.datetime("SystemModstamp")
            .map(|m| m.to_rfc3339())
            .as_deref(),
        Some("2015-06-26T20:00:02+00:00")
    );
    assert!(row.get("T__c").and_then(Value::as_time).is_some());
    assert_eq!(row.text("Account.Name"), Some("Acme"));
    assert_eq!(row.text("Account.Owner.Email"), Some("a@b.c"));
    assert_eq!(row.get("Campaign.Name"), Some(&Value::Null));
    assert_eq!(row.text("BillingAddress.city"), Some("Oslo"));
    assert_eq!(
        row.children("OpportunityContactRoles")[0].text("Role"),
        Some("Buyer")
    );
    assert!(row.children("Tasks").is_empty());
    let regions: Vec<&str> = row
        .get("Regions__c")
        .map(|v| v.multi_select().collect())
        .unwrap_or_default();
    assert_eq!(regions, ["EU", "US"]);
}

#[test]
fn a_record_is_written_with_its_type_and_exact_numbers() {
    let number: Decimal = "123456789012345678.90".parse().expect("a decimal");
    let record = Record::new(&ObjectName::OPPORTUNITY)
        .with(&AMOUNT, number)
        .with(&FieldName::fixed("NextStep"), None::<&str>)
        .with(&FieldName::fixed("Name"), "Acme \"x\"");
    let json = serde_json::to_string(&record).expect("serialises");
    insta::assert_snapshot!(json, @r#"{"attributes":{"type":"Opportunity"},"Amount":123456789012345678.90,"Name":"Acme \"x\"","NextStep":null}"#);
    let json = serde_json::to_string(&record.fields_only()).expect("serialises");
    insta::assert_snapshot!(json, @r#"{"Amount":123456789012345678.90,"Name":"Acme \"x\"","NextStep":null}"#);
}

#[test]
fn debug_shows_no_content() {
    let record = Record::new(&ObjectName::CONTACT)
        .with(&FieldName::fixed("Email"), "pat@example.com")
        .with(&AMOUNT, 7_i64);
    let shown = format!("{record:?}");
    insta::assert_snapshot!(shown, @r#"Record(Contact {"Amount": Number(..), "Email": Text(15 bytes)})"#);
}

#[test]
fn a_number_beyond_the_decimal_type_keeps_its_text() {
    let value: Value = serde_json::from_str("1e99").expect("a number");
    assert_eq!(value, Value::NumberText("1e99".to_owned()));
    assert_eq!(serde_json::to_string(&value).expect("serialises"), "1e99");
}

#[test]
fn nesting_without_end_is_refused() {
    let json = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    assert!(serde_json::from_str::<Value>(&json).is_err());
}

proptest! {
    #[test]
    fn numbers_round_trip_digit_for_digit(mantissa in -999_999_999_999_999_999_i64..999_999_999_999_999_999, scale in 0_u32..9) {
        let number = Decimal::new(mantissa, scale);
        let json = serde_json::to_string(&Value::Number(number)).expect("serialises");
        let back: Value = serde_json::from_str(&json).expect("a number");
        prop_assert_eq!(back.as_decimal().map(|n| n.to_string()), Some(number.to_string()));
    }

    #[test]
    fn text_round_trips(text in ".{0,60}") {
        let json = serde_json::to_string(&Value::from(text.as_str())).expect("serialises");
        let back: Value = serde_json::from_str(&json).expect("text");
        prop_assert_eq!(back.as_text(), Some(text.as_str()));
    }
}
