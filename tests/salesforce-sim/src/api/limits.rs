//! `/limits` and `/limits/recordCount`.

use serde_json::{Map, Value as Json, json};

use super::Request;
use crate::access::Access;
use crate::org::Org;

/// `GET /limits`.
pub fn limits(org: &Org, request: &Request) -> Json {
    let max = org.config.api_requests_max;
    let untouched = |max: u64| json!({"Max": max, "Remaining": max});
    json!({
        "DailyApiRequests": {"Max": max, "Remaining": max.saturating_sub(request.calls_used)},
        "DailyBulkApiBatches": untouched(15_000),
        "DailyBulkV2QueryJobs": untouched(10_000),
        "DailyBulkV2QueryFileStorageMB": untouched(976_562),
        "DailyAsyncApexExecutions": untouched(250_000),
        "DailyStandardVolumePlatformEvents": untouched(10_000),
        "DataStorageMB": untouched(1_024),
        "FileStorageMB": untouched(1_024),
        "HourlyPublishedPlatformEvents": untouched(50_000),
        "HourlySyncReportRuns": untouched(500),
        "PermissionSets": {"Max": 1_500, "Remaining": 1_500, "CreateCustom": {"Max": 1_000, "Remaining": 1_000}},
        "SingleEmail": untouched(5_000),
    })
}

/// `GET /limits/recordCount?sObjects=A,B`; objects without rows are left out.
pub fn record_count(org: &Org, access: &Access, request: &Request) -> Json {
    let wanted: Option<Vec<&str>> = request
        .parameter("sObjects")
        .map(|names| names.split(',').map(str::trim).collect());
    let mut counts = Vec::new();
    for (number, object) in org.schema.objects() {
        let asked = wanted.as_ref().is_none_or(|wanted| {
            wanted
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&object.name))
        });
        let count = org.table(number).live();
        if asked && count > 0 && access.sees(&org.schema, number) {
            counts.push(json!({"count": count, "name": object.name}));
        }
    }
    Json::Object(Map::from_iter([(
        "sObjects".to_owned(),
        Json::Array(counts),
    )]))
}
