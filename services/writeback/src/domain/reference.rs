//! A field of a new record that names another new record: by its creation key until that one is in Salesforce, by its id
//! from then on.

use std::collections::HashMap;

use super::value::{FieldValue, Fields};

/// Begins a reference; no Salesforce id does.
const PREFIX: &str = "@ergo:";

/// Refers to the record of this creation key.
#[must_use]
pub fn to(creation_key: &str) -> FieldValue {
    FieldValue::Text(format!("{PREFIX}{creation_key}"))
}

/// The creation keys the fields refer to.
#[must_use]
pub fn keys(fields: &Fields) -> Vec<&str> {
    fields.values().filter_map(key).collect()
}

/// Whether a value is a reference.
#[must_use]
pub fn is(value: &FieldValue) -> bool {
    key(value).is_some()
}

fn key(value: &FieldValue) -> Option<&str> {
    value.text()?.strip_prefix(PREFIX)
}

/// The fields with ids in the place of keys; `None` while one is not known.
#[must_use]
pub fn resolved(fields: &Fields, ids: &HashMap<String, String>) -> Option<Fields> {
    fields
        .iter()
        .map(|(name, value)| {
            let value = match key(value) {
                Some(key) => FieldValue::Text(ids.get(key)?.clone()),
                None => value.clone(),
            };
            Some((name.clone(), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_becomes_an_id_when_its_record_is_known() {
        let fields = Fields::from([
            ("ContactId".to_owned(), to("k1")),
            ("OpportunityId".to_owned(), FieldValue::Text("006A".into())),
        ]);
        assert_eq!(keys(&fields), ["k1"]);
        assert_eq!(resolved(&fields, &HashMap::new()), None);
        let ids = HashMap::from([("k1".to_owned(), "003A".to_owned())]);
        let known = resolved(&fields, &ids).expect("is known");
        assert!(keys(&known).is_empty());
        assert_eq!(known["ContactId"].text(), Some("003A"));
        assert_eq!(known["OpportunityId"].text(), Some("006A"));
    }
}
