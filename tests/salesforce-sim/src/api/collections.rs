//! sObject collections: up to 200 rows per call, each with its own result.

use std::fmt::Write;

use serde_json::{Map, Value as Json, json};

use super::{Method, Request, Response, sobjects};
use crate::access::RecordAccess;
use crate::error::{ApiError, SaveErrors};
use crate::id::Id;
use crate::save::delete::delete;
use crate::save::upsert::{self, Upserted};
use crate::save::{Tx, View, create, update};
use crate::value::write_string;

/// Rows per write.
const ROWS_MAX: usize = 200;
/// Rows per read.
const READ_ROWS_MAX: usize = 2_000;
/// Runs of one object type per write.
const CHUNKS_MAX: usize = 10;

enum Done {
    Saved(Id, Option<bool>),
    Failed(Option<Id>, SaveErrors),
}

/// Answers a request below `/composite/sobjects`.
pub fn dispatch(tx: &mut Tx<'_>, request: &Request, path: &[&str]) -> Response {
    match (request.method, path) {
        (Method::Post, []) => write(tx, request, insert_row),
        (Method::Patch, []) => write(tx, request, update_row),
        (Method::Patch, [object, key]) => {
            let Some(number) = sobjects::visible(&tx.view(), object) else {
                return Response::error(&ApiError::no_resource());
            };
            match upsert::key_slot(&tx.view(), number, key) {
                Ok(slot) => write(tx, request, |tx, record| {
                    upsert_row(tx, record, number, slot)
                }),
                Err(error) => Response::error(&error),
            }
        }
        (Method::Delete, []) => delete_rows(tx, request),
        _ => Response::error(&ApiError::bare(
            405,
            "METHOD_NOT_ALLOWED",
            format!("HTTP Method '{}' not allowed", request.method.name()),
        )),
    }
}

fn too_many(count: usize, max: usize) -> Option<Response> {
    let message =
        format!("record limit reached. cannot submit more than {max} records into this call");
    (count > max).then(|| Response::error(&ApiError::bare(400, "EXCEEDED_ID_LIMIT", message)))
}

fn write(
    tx: &mut Tx<'_>,
    request: &Request,
    mut save: impl FnMut(&mut Tx<'_>, &Map<String, Json>) -> Done,
) -> Response {
    let body = match request.object() {
        Ok(body) => body,
        Err(error) => return Response::error(&error),
    };
    let Some(records) = body.get("records").and_then(Json::as_array) else {
        return Response::error(&ApiError::bare(
            400,
            "MISSING_ARGUMENT",
            "Missing argument: records",
        ));
    };
    if let Some(refusal) = too_many(records.len(), ROWS_MAX) {
        return refusal;
    }
    let types = records
        .iter()
        .map(|record| record["attributes"]["type"].as_str());
    let chunks = types
        .clone()
        .zip(types.skip(1))
        .filter(|(left, right)| left != right)
        .count()
        + 1;
    if chunks > CHUNKS_MAX {
        let message = "Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking.";
        return Response::error(&ApiError::bare(400, "LIMIT_EXCEEDED", message));
    }
    let all_or_none = body
        .get("allOrNone")
        .and_then(Json::as_bool)
        .unwrap_or(false);
    let mut results = Vec::with_capacity(records.len());
    let start = tx.savepoint();
    for record in records {
        let savepoint = tx.savepoint();
        let done = match record.as_object() {
            Some(record) => save(tx, record),
            None => Done::Failed(None, vec![ApiError::json("Unexpected value in records")]),
        };
        if matches!(done, Done::Failed(..)) {
            tx.rollback_to(savepoint);
        }
        results.push(done);
    }
    finish(tx, start, all_or_none, results)
}

fn finish(
    tx: &mut Tx<'_>,
    start: crate::save::tx::Savepoint,
    all_or_none: bool,
    results: Vec<Done>,
) -> Response {
    let any_failed = results.iter().any(|done| matches!(done, Done::Failed(..)));
    let rolled_back = all_or_none && any_failed;
    if rolled_back {
        tx.rollback_to(start);
    }
    let mut out = String::with_capacity(results.len() * 80);
    for (position, done) in results.into_iter().enumerate() {
        out.push(if position == 0 { '[' } else { ',' });
        match done {
            Done::Saved(id, _) if rolled_back => {
                let message = "Record rolled back because not all records were valid and the request was using AllOrNone header";
                failed(
                    Some(id),
                    &[ApiError::save(
                        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                        message,
                        &[],
                    )],
                    &mut out,
                );
            }
            Done::Saved(id, created) => {
                let _ = write!(out, r#"{{"id":"{id}","success":true,"errors":[]"#);
                if let Some(created) = created {
                    let _ = write!(out, r#","created":{created}"#);
                }
                out.push('}');
            }
            Done::Failed(id, errors) => failed(id, &errors, &mut out),
        }
    }
    if out.is_empty() {
        out.push('[');
    }
    out.push(']');
    Response::text(200, out)
}

fn failed(id: Option<Id>, errors: &[ApiError], out: &mut String) {
    out.push('{');
    if let Some(id) = id {
        let _ = write!(out, r#""id":"{id}","#);
    }
    let rows = Json::Array(errors.iter().map(ApiError::row).collect());
    let _ = write!(out, r#""success":false,"errors":{rows}}}"#);
}

fn object_of(tx: &Tx<'_>, record: &Map<String, Json>) -> Result<u16, ApiError> {
    let name = record
        .get("attributes")
        .and_then(|attributes| attributes["type"].as_str());
    let name = name.ok_or_else(|| {
        ApiError::save(
            "INVALID_TYPE",
            "sObject type is missing: attributes.type",
            &[],
        )
    })?;
    sobjects::visible(&tx.view(), name).ok_or_else(|| {
        ApiError::save(
            "INVALID_TYPE",
            format!("sObject type '{name}' is not supported."),
            &[],
        )
    })
}

fn insert_row(tx: &mut Tx<'_>, record: &Map<String, Json>) -> Done {
    let created = object_of(tx, record)
        .map_err(|error| vec![error])
        .and_then(|object| create(tx, object, record));
    match created {
        Ok(id) => Done::Saved(id, None),
        Err(errors) => Done::Failed(None, errors),
    }
}

fn update_row(tx: &mut Tx<'_>, record: &Map<String, Json>) -> Done {
    let key = record
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("id"));
    let Some(text) = key.and_then(|(_, id)| id.as_str()) else {
        return Done::Failed(
            None,
            vec![ApiError::save(
                "MISSING_ARGUMENT",
                "Id not specified in an update call",
                &[],
            )],
        );
    };
    let object = match object_of(tx, record) {
        Ok(object) => object,
        Err(error) => return Done::Failed(None, vec![error]),
    };
    let Some(id) = Id::parse(text) else {
        let label = &tx.org.schema.object(object).label;
        let message = format!("{label} ID: id value of incorrect type: {text}");
        return Done::Failed(None, vec![ApiError::save("MALFORMED_ID", message, &["Id"])]);
    };
    let fields: Map<String, Json> = record
        .iter()
        .filter(|(key, _)| !key.eq_ignore_ascii_case("id"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    match update(tx, object, id, &fields) {
        Ok(()) => Done::Saved(id, None),
        Err(errors) => Done::Failed(Some(id), errors),
    }
}

fn upsert_row(tx: &mut Tx<'_>, record: &Map<String, Json>, object: u16, slot: u16) -> Done {
    match object_of(tx, record) {
        Ok(found) if found == object => {}
        Ok(_) => {
            return Done::Failed(
                None,
                vec![ApiError::save(
                    "INVALID_TYPE",
                    "record type does not match the request",
                    &[],
                )],
            );
        }
        Err(error) => return Done::Failed(None, vec![error]),
    }
    let name = tx.org.schema.object(object).fields[usize::from(slot)]
        .name
        .clone();
    let value = record
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(&name))
        .map(|(_, value)| value);
    let value = match value {
        None if name == "Id" => String::new(),
        Some(Json::Null) if name == "Id" => String::new(),
        Some(Json::String(text)) if !text.is_empty() => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        _ => {
            let message = format!("{name} not specified");
            return Done::Failed(None, vec![ApiError::save("MISSING_ARGUMENT", message, &[])]);
        }
    };
    match upsert::upsert(tx, object, slot, &value, record, false) {
        Ok(Upserted::Created(id)) => Done::Saved(id, Some(true)),
        Ok(Upserted::Updated(id)) => Done::Saved(id, Some(false)),
        Ok(Upserted::Several(ids)) => {
            let ids: Vec<String> = ids.iter().map(Id::to_string).collect();
            let message = format!(
                "{name}: more than one record found for external id field: [{}]",
                ids.join(", ")
            );
            Done::Failed(
                None,
                vec![ApiError::save("DUPLICATE_EXTERNAL_ID", message, &[])],
            )
        }
        Err(errors) => Done::Failed(None, errors),
    }
}

fn delete_rows(tx: &mut Tx<'_>, request: &Request) -> Response {
    let ids: Vec<&str> = request
        .parameter("ids")
        .map(|ids| ids.split(',').collect())
        .unwrap_or_default();
    if let Some(refusal) = too_many(ids.len(), ROWS_MAX) {
        return refusal;
    }
    let all_or_none = request.parameter("allOrNone") == Some("true");
    let start = tx.savepoint();
    let mut results = Vec::with_capacity(ids.len());
    for text in ids {
        let known = Id::parse(text.trim()).and_then(|id| {
            tx.org
                .schema
                .of_prefix(id.prefix())
                .map(|object| (object, id))
        });
        let Some((object, id)) = known else {
            results.push(Done::Failed(
                None,
                vec![ApiError::save(
                    "MALFORMED_ID",
                    format!("malformed id {text}"),
                    &[],
                )],
            ));
            continue;
        };
        results.push(match delete(tx, object, id) {
            Ok(()) => Done::Saved(id, None),
            Err(errors) => Done::Failed(Some(id), errors),
        });
    }
    finish(tx, start, all_or_none, results)
}

/// `GET` or `POST /composite/sobjects/{Object}`: rows by id; `null` for those the caller cannot see.
pub fn retrieve(view: &View<'_>, request: &Request, object: &str) -> Response {
    let Some(number) = sobjects::visible(view, object) else {
        return Response::error(&ApiError::no_resource());
    };
    let list = |name: &str| -> Vec<String> {
        match request.method {
            Method::Get => request
                .parameter(name)
                .map(|text| text.split(',').map(|item| item.trim().to_owned()).collect()),
            _ => request.body[name].as_array().map(|items| {
                items
                    .iter()
                    .filter_map(|item| item.as_str().map(str::to_owned))
                    .collect()
            }),
        }
        .unwrap_or_default()
    };
    let (ids, fields) = (list("ids"), list("fields"));
    if let Some(refusal) = too_many(ids.len(), READ_ROWS_MAX) {
        return refusal;
    }
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let mut out = String::with_capacity(ids.len() * 200);
    for (position, text) in ids.iter().enumerate() {
        out.push(if position == 0 { '[' } else { ',' });
        let row = Id::parse(text).and_then(|id| view.org.table(number).get(id));
        let seen = row
            .filter(|row| !row.deleted && view.access.record(row.id) != Some(RecordAccess::None));
        match seen {
            Some(row) => match sobjects::print(view, number, row.id, &fields) {
                Ok(record) => out.push_str(&record),
                Err(error) => return Response::error(&error),
            },
            None => out.push_str("null"),
        }
    }
    if out.is_empty() {
        out.push('[');
    }
    out.push(']');
    Response::text(200, out)
}

/// `POST /composite/tree/{Object}`: flat rows, all or none.
pub fn tree(tx: &mut Tx<'_>, request: &Request, object: &str) -> Response {
    let Some(number) = sobjects::visible(&tx.view(), object) else {
        return Response::error(&ApiError::no_resource());
    };
    let records = request.body["records"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if let Some(refusal) = too_many(records.len(), ROWS_MAX) {
        return refusal;
    }
    let start = tx.savepoint();
    let (mut results, mut failures) = (Vec::new(), Vec::new());
    for record in &records {
        let reference = record["attributes"]["referenceId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let fields = record.as_object().cloned().unwrap_or_default();
        match create(tx, number, &fields) {
            Ok(id) => results.push(json!({"referenceId": reference, "id": id.to_string()})),
            Err(errors) => {
                let errors: Vec<Json> = errors.iter().map(ApiError::row).collect();
                failures.push(json!({"referenceId": reference, "errors": errors}));
            }
        }
    }
    if failures.is_empty() {
        return Response::text(
            201,
            json!({"hasErrors": false, "results": results}).to_string(),
        );
    }
    tx.rollback_to(start);
    Response::text(
        400,
        json!({"hasErrors": true, "results": failures}).to_string(),
    )
}

/// Keeps the JSON writer in reach of sibling modules that print strings by hand.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_string(text, &mut out);
    out
}
