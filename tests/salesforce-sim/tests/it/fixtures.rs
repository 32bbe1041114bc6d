//! Rendered describes against recorded ones, where the recordings are at hand.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value as Json;

use crate::org::Org;

fn keys(json: &Json) -> BTreeSet<&str> {
    json.as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

fn recorded(object: &str) -> Option<Json> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/fixtures/salesforce/cumulusci/describes");
    let text = std::fs::read_to_string(folder.join(format!("{object}.describe.json"))).ok()?;
    serde_json::from_str(&text).ok()
}

/// Facts of a field that a client acts on.
const COMPARED: [&str; 28] = [
    "type",
    "soapType",
    "length",
    "byteLength",
    "precision",
    "scale",
    "digits",
    "createable",
    "updateable",
    "nillable",
    "defaultedOnCreate",
    "filterable",
    "sortable",
    "groupable",
    "aggregatable",
    "permissionable",
    "restrictedPicklist",
    "nameField",
    "compoundFieldName",
    "extraTypeInfo",
    "relationshipName",
    "calculated",
    "custom",
    "dependentPicklist",
    "queryByDistance",
    "htmlFormatted",
    "unique",
    "externalId",
];

#[tokio::test]
async fn rendered_describes_agree_with_recorded_ones() {
    let org = Org::demo();
    for object in ["Account", "Contact", "Opportunity", "Event"] {
        let Some(recorded) = recorded(object) else {
            println!("skipped: no recorded describes beside the workspace");
            return;
        };
        let (_, rendered) = org.get(&format!("/sobjects/{object}/describe")).await;
        let missing: Vec<_> = keys(&recorded)
            .difference(&keys(&rendered))
            .copied()
            .map(str::to_owned)
            .collect();
        assert!(missing.is_empty(), "{object} lacks {missing:?}");
        let rendered_fields = rendered["fields"].as_array().expect("fields");
        let mut compared = 0;
        for expected in recorded["fields"].as_array().expect("fields") {
            let Some(found) = rendered_fields
                .iter()
                .find(|field| field["name"] == expected["name"])
            else {
                continue;
            };
            assert_eq!(keys(found), keys(expected), "{object}.{}", expected["name"]);
            for key in COMPARED {
                // The one date that cannot be aggregated, for reasons nobody has written down.
                if key == "aggregatable" && expected["name"] == "ActivityDate" {
                    continue;
                }
                assert_eq!(
                    found[key], expected[key],
                    "{object}.{}.{key}",
                    expected["name"]
                );
            }
            compared += 1;
        }
        assert!(compared >= 30, "{object}: only {compared} fields in common");
        let child = &rendered["childRelationships"][0];
        assert_eq!(
            keys(child),
            keys(&recorded["childRelationships"][0]),
            "{object}"
        );
    }
}
