//! `/services/data` and the resource list of a version.

use serde_json::{Map, Value as Json, json};

use crate::id::Id;
use crate::org::{API_VERSION, Org};

/// Oldest version that still answers (salesforce-api.md 2.1).
const OLDEST: u32 = 31;
/// Newest version this org has.
const NEWEST: u32 = 67;

/// What a requested version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Answered.
    Supported,
    /// 410.
    Retired,
    /// 404.
    Unknown,
}

/// Judges a path segment such as `v67.0`.
pub fn status(segment: &str) -> Status {
    let number = segment
        .strip_prefix('v')
        .and_then(|number| number.strip_suffix(".0"))
        .and_then(|number| number.parse().ok());
    match number {
        Some(number) if (OLDEST..=NEWEST).contains(&number) => Status::Supported,
        Some(number) if number > 0 && number < OLDEST => Status::Retired,
        _ => Status::Unknown,
    }
}

/// `GET /services/data`.
pub fn list() -> Json {
    let season = |number: u32| {
        let names = ["Winter", "Spring", "Summer"];
        // Version 67 is Summer '26 and each year has three.
        let since = number + 2 - 31;
        let (name, year) = (names[(since % 3) as usize], 14 + since / 3);
        format!("{name} '{year}")
    };
    let versions = (OLDEST..=NEWEST)
        .map(|number| json!({"label": season(number), "url": format!("/services/data/v{number}.0"), "version": format!("{number}.0")}));
    versions.collect()
}

/// `GET /services/data/vXX.X`: the resources, and where the caller's identity is.
pub fn resources(org: &Org, user: Id) -> Json {
    let names = [
        "composite",
        "limits",
        "parameterizedSearch",
        "query",
        "queryAll",
        "search",
        "sobjects",
        "tooling",
        "ui-api",
    ];
    let entries = names.map(|name| {
        (
            name.to_owned(),
            json!(format!("/services/data/v{API_VERSION}/{name}")),
        )
    });
    let mut resources = Map::from_iter(entries);
    resources.insert(
        "identity".into(),
        json!(format!("{}/id/{}/{user}", org.base_url, org.org_id)),
    );
    Json::Object(resources)
}

#[cfg(test)]
mod tests {
    use super::{Status, list, status};

    #[test]
    fn versions_carry_their_season() {
        let list = list();
        let last = list
            .as_array()
            .and_then(|versions| versions.last())
            .expect("some version");
        assert_eq!(last["label"], "Summer '26");
        assert_eq!(list[0]["label"], "Summer '14");
        assert_eq!(status("v67.0"), Status::Supported);
        assert_eq!(status("v30.0"), Status::Retired);
        assert_eq!(status("v68.0"), Status::Unknown);
        assert_eq!(status("banana"), Status::Unknown);
    }
}
