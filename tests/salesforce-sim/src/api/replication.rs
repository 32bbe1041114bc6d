//! `/sobjects/{Object}/deleted` and `/updated`.

use serde_json::json;

use super::{Request, Response};
use crate::error::ApiError;
use crate::save::View;
use crate::store::Row;
use crate::value::{format_datetime, parse_datetime};

const DAY_MS: i64 = 86_400_000;
/// Longest span either may cover.
const SPAN_DAYS_MAX: i64 = 30;

fn span(view: &View<'_>, request: &Request) -> Result<(i64, i64), ApiError> {
    let read = |name: &str| {
        request
            .parameter(name)
            .and_then(parse_datetime)
            .ok_or_else(|| {
                ApiError::bare(
                    400,
                    "INVALID_REPLICATION_DATE",
                    format!("{name} must be an ISO 8601 datetime with offset"),
                )
            })
    };
    let (start, end) = (read("start")?, read("end")?);
    if end <= start || end - start < 60_000 {
        return Err(ApiError::bare(
            400,
            "INVALID_REPLICATION_DATE",
            "endDate must be at least one minute greater than startDate",
        ));
    }
    if view.now_ms - start > SPAN_DAYS_MAX * DAY_MS {
        return Err(ApiError::bare(
            400,
            "INVALID_REPLICATION_DATE",
            "startDate before org replication enabled date",
        ));
    }
    Ok((start, end))
}

fn rows<'a>(view: &View<'a>, object: u16, start: i64, end: i64) -> Vec<&'a Row> {
    let table = view.org.table(object);
    let mut rows: Vec<&Row> = table
        .since(start)
        .filter_map(|at| table.at(at))
        .map(|row| &**row)
        .filter(|row| row.modified_ms >= start && row.modified_ms < end)
        .collect();
    rows.sort_unstable_by_key(|row| row.id);
    rows
}

/// Ids deleted in a span.
pub fn deleted(view: &View<'_>, request: &Request, object: u16) -> Response {
    let (start, end) = match span(view, request) {
        Ok(span) => span,
        Err(error) => return Response::error(&error),
    };
    let records: Vec<_> = rows(view, object, start, end)
        .into_iter()
        .filter(|row| row.deleted)
        .map(|row| json!({"id": row.id.to_string(), "deletedDate": format_datetime(row.modified_ms)}))
        .collect();
    Response::json(&json!({
        "deletedRecords": records,
        "earliestDateAvailable": format_datetime(view.now_ms - 15 * DAY_MS),
        "latestDateCovered": format_datetime(end.min(view.now_ms)),
    }))
}

/// Ids created or changed in a span.
pub fn updated(view: &View<'_>, request: &Request, object: u16) -> Response {
    let (start, end) = match span(view, request) {
        Ok(span) => span,
        Err(error) => return Response::error(&error),
    };
    let ids: Vec<_> = rows(view, object, start, end)
        .into_iter()
        .filter(|row| !row.deleted)
        .map(|row| row.id.to_string())
        .collect();
    Response::json(&json!({"ids": ids, "latestDateCovered": format_datetime(end.min(view.now_ms))}))
}
