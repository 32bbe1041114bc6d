//! Composite calls: dependent subrequests in one transaction or one after another, and graphs of them.

use std::collections::HashMap;
use std::fmt::Write;

use serde_json::{Map, Value as Json, json};

use super::collections::quoted;
use super::request::Headers;
use super::{Body, Method, Request, Response};
use crate::error::ApiError;
use crate::save::{Options, Tx};

/// Subrequests per call.
const SUBREQUESTS_MAX: usize = 25;
/// Of which queries and collections.
const HEAVY_MAX: usize = 5;
/// Nodes of one graph call.
const GRAPH_NODES_MAX: usize = 500;
/// Graphs of one call.
const GRAPHS_MAX: usize = 75;

const HALTED: &str =
    "The transaction was rolled back since another operation in the same transaction failed.";

/// `POST /composite`.
pub fn run(tx: &mut Tx<'_>, request: &Request) -> Response {
    let body = match request.object() {
        Ok(body) => body,
        Err(error) => return Response::error(&error),
    };
    let Some(subrequests) = body.get("compositeRequest").and_then(Json::as_array) else {
        return Response::error(&ApiError::bare(
            400,
            "MISSING_ARGUMENT",
            "Missing argument: compositeRequest",
        ));
    };
    if subrequests.len() > SUBREQUESTS_MAX {
        let message = format!(
            "Limit exceeded: a composite request may have at most {SUBREQUESTS_MAX} subrequests"
        );
        return Response::error(&ApiError::bare(400, "LIMIT_EXCEEDED", message));
    }
    let heavy = subrequests
        .iter()
        .filter(|sub| is_heavy(sub["url"].as_str().unwrap_or_default()))
        .count();
    if heavy > HEAVY_MAX {
        let message = format!(
            "Limit exceeded: at most {HEAVY_MAX} subrequests may be queries or collections"
        );
        return Response::error(&ApiError::bare(400, "LIMIT_EXCEEDED", message));
    }
    let all_or_none = body
        .get("allOrNone")
        .and_then(Json::as_bool)
        .unwrap_or(false);
    let (responses, _) = subrequests_of(tx, request, subrequests, all_or_none);
    Response::text(
        200,
        format!(r#"{{"compositeResponse":[{}]}}"#, responses.join(",")),
    )
}

/// `POST /composite/graph`: each graph is all or none.
pub fn graphs(tx: &mut Tx<'_>, request: &Request) -> Response {
    let graphs = request.body["graphs"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let nodes: usize = graphs
        .iter()
        .map(|graph| graph["compositeRequest"].as_array().map_or(0, Vec::len))
        .sum();
    if graphs.len() > GRAPHS_MAX || nodes > GRAPH_NODES_MAX {
        let message =
            format!("Limit exceeded: at most {GRAPHS_MAX} graphs and {GRAPH_NODES_MAX} nodes");
        return Response::error(&ApiError::bare(400, "LIMIT_EXCEEDED", message));
    }
    let mut out = Vec::new();
    for graph in &graphs {
        let subrequests = graph["compositeRequest"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let (responses, successful) = subrequests_of(tx, request, &subrequests, true);
        out.push(format!(
            r#"{{"graphId":{},"isSuccessful":{successful},"graphResponse":{{"compositeResponse":[{}]}}}}"#,
            graph["graphId"],
            responses.join(",")
        ));
    }
    Response::text(200, format!(r#"{{"graphs":[{}]}}"#, out.join(",")))
}

fn is_heavy(url: &str) -> bool {
    let path = url.split('?').next().unwrap_or_default();
    path.split('/')
        .any(|segment| matches!(segment, "query" | "queryAll" | "composite"))
}

fn subrequests_of(
    tx: &mut Tx<'_>,
    outer: &Request,
    subrequests: &[Json],
    all_or_none: bool,
) -> (Vec<String>, bool) {
    let start = tx.savepoint();
    let mut answers: Vec<(String, Response)> = Vec::new();
    let mut values: HashMap<String, Json> = HashMap::new();
    let mut failed_at = None;
    for (position, subrequest) in subrequests.iter().enumerate() {
        let reference = subrequest["referenceId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let response = one(tx, outer, subrequest, &values);
        let failed = response.failed();
        if let (Body::Json(text), false) = (&response.body, failed)
            && let Ok(value) = serde_json::from_str(text)
        {
            values.insert(reference.clone(), value);
        }
        answers.push((reference, response));
        if failed && all_or_none {
            failed_at = Some(position);
            break;
        }
    }
    if let Some(culprit) = failed_at {
        tx.rollback_to(start);
        let halted = || Response::error(&ApiError::bare(400, "PROCESSING_HALTED", HALTED));
        for (position, (_, response)) in answers.iter_mut().enumerate() {
            if position != culprit {
                *response = halted();
            }
        }
        for subrequest in &subrequests[answers.len()..] {
            answers.push((
                subrequest["referenceId"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                halted(),
            ));
        }
    }
    (
        answers
            .iter()
            .map(|(reference, response)| print(reference, response))
            .collect(),
        failed_at.is_none(),
    )
}

fn one(
    tx: &mut Tx<'_>,
    outer: &Request,
    subrequest: &Json,
    values: &HashMap<String, Json>,
) -> Response {
    let unresolved = |reference: &str| {
        let message = format!("Invalid reference specified. No value for {reference} found");
        Response::error(&ApiError::bare(400, "PROCESSING_HALTED", message))
    };
    let url = match substitute(subrequest["url"].as_str().unwrap_or_default(), values) {
        Ok(url) => url,
        Err(reference) => return unresolved(&reference),
    };
    let body = match resolve(&subrequest["body"], values) {
        Ok(body) => body,
        Err(reference) => return unresolved(&reference),
    };
    let (segments, query) = Request::split_url(&url);
    let path = match segments.as_slice() {
        [services, data, version, rest @ ..]
            if services == "services"
                && data == "data"
                && super::versions::status(version) == super::versions::Status::Supported =>
        {
            rest.to_vec()
        }
        _ => return Response::error(&ApiError::no_resource()),
    };
    if path.first().is_some_and(|first| first == "composite")
        && path.get(1).is_none_or(|second| second != "sobjects")
    {
        return Response::error(&ApiError::bare(
            400,
            "INVALID_ARGUMENT_TYPE",
            "composite subrequests cannot be nested",
        ));
    }
    if path.first().is_some_and(|first| first == "jobs") {
        return Response::error(&ApiError::no_resource());
    }
    let request = Request {
        method: Method::parse(subrequest["method"].as_str().unwrap_or("GET")),
        path,
        query,
        body,
        headers: Headers {
            modified_since_s: seconds(subrequest, "If-Modified-Since"),
            none_match: text(subrequest, "If-None-Match"),
            ..outer.headers.clone()
        },
        calls_used: outer.calls_used,
    };
    // Preconditions belong to one subrequest, never to the whole call.
    let preconditions = Options {
        unmodified_since_s: seconds(subrequest, "If-Unmodified-Since"),
        if_match: text(subrequest, "If-Match"),
        ..tx.options.clone()
    };
    let options = std::mem::replace(&mut tx.options, preconditions);
    let response = super::dispatch(tx, &request);
    tx.options = options;
    response
}

/// A header of a subrequest.
fn text(subrequest: &Json, name: &str) -> Option<String> {
    let headers = subrequest["httpHeaders"].as_object()?;
    let (_, value) = headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    value.as_str().map(str::to_owned)
}

/// A date header of a subrequest, in seconds since 1970.
fn seconds(subrequest: &Json, name: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(&text(subrequest, name)?).ok()?;
    let since = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

/// Replaces every `@{ref.path}` inside a text.
fn substitute(text: &str, values: &HashMap<String, Json>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("@{") {
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        let reference = &rest[start + 2..start + length];
        out.push_str(&rest[..start]);
        match lookup(reference, values) {
            Some(Json::String(value)) => out.push_str(value),
            Some(Json::Null) | None => return Err(reference.to_owned()),
            Some(value) => {
                let _ = write!(out, "{value}");
            }
        }
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn resolve(json: &Json, values: &HashMap<String, Json>) -> Result<Json, String> {
    Ok(match json {
        Json::String(text) => {
            // A whole-string reference keeps the type of what it names.
            let whole = text
                .strip_prefix("@{")
                .and_then(|rest| rest.strip_suffix('}'))
                .filter(|inner| !inner.contains('}'));
            match whole {
                Some(reference) => lookup(reference, values)
                    .cloned()
                    .ok_or_else(|| reference.to_owned())?,
                None => Json::String(substitute(text, values)?),
            }
        }
        Json::Array(items) => Json::Array(
            items
                .iter()
                .map(|item| resolve(item, values))
                .collect::<Result<_, _>>()?,
        ),
        Json::Object(object) => {
            let entries = object
                .iter()
                .map(|(key, value)| Ok((key.clone(), resolve(value, values)?)));
            Json::Object(entries.collect::<Result<Map<_, _>, String>>()?)
        }
        other => other.clone(),
    })
}

/// `ref.records[0].Id` in an earlier answer.
fn lookup<'a>(reference: &str, values: &'a HashMap<String, Json>) -> Option<&'a Json> {
    let mut parts = reference
        .split(['.', '['])
        .map(|part| part.trim_end_matches(']'));
    let mut value = values.get(parts.next()?)?;
    for part in parts {
        value = match part.parse::<usize>() {
            Ok(index) if value.is_array() => value.get(index)?,
            _ => value.get(part)?,
        };
    }
    Some(value)
}

fn print(reference: &str, response: &Response) -> String {
    let body = match &response.body {
        Body::Json(text) => text.clone(),
        Body::Empty => "null".into(),
        Body::Text(text) | Body::Html(text) | Body::Csv(text) => quoted(text),
    };
    let headers: Map<String, Json> = response
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    format!(
        r#"{{"body":{body},"httpHeaders":{},"httpStatusCode":{},"referenceId":{}}}"#,
        Json::Object(headers),
        response.status,
        quoted(reference)
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::{resolve, substitute};

    #[test]
    fn references_are_replaced_wherever_they_stand() {
        let values = HashMap::from([("q".to_owned(), json!({"records": [{"Id": "006"}], "n": 3}))]);
        assert_eq!(
            substitute("/x/@{q.records[0].Id}/y", &values).as_deref(),
            Ok("/x/006/y")
        );
        assert_eq!(
            resolve(&json!({"a": ["@{q.n}"]}), &values),
            Ok(json!({"a": [3]}))
        );
        assert_eq!(
            substitute("@{other.id}", &values),
            Err("other.id".to_owned())
        );
    }
}
