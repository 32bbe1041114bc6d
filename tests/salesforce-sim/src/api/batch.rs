//! `POST /composite/batch`: independent subrequests.

use serde_json::Value as Json;

use super::collections::quoted;
use super::{Body, Method, Request, Response};
use crate::error::ApiError;
use crate::save::Tx;

/// Subrequests per call.
const SUBREQUESTS_MAX: usize = 25;

/// Runs each subrequest and prints the results in order.
pub fn run(tx: &mut Tx<'_>, request: &Request) -> Response {
    let subrequests = request.body["batchRequests"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if subrequests.is_empty() || subrequests.len() > SUBREQUESTS_MAX {
        let message = format!("batchRequests must have between 1 and {SUBREQUESTS_MAX} elements");
        return Response::error(&ApiError::bare(400, "LIMIT_EXCEEDED", message));
    }
    let halt = request.body["haltOnError"].as_bool().unwrap_or(false);
    let (mut results, mut has_errors) = (Vec::new(), false);
    for subrequest in &subrequests {
        let response = if has_errors && halt {
            let error = ApiError::bare(
                412,
                "BATCH_PROCESSING_HALTED",
                "Batch processing halted per request",
            );
            Response::error(&error)
        } else {
            one(tx, request, subrequest)
        };
        has_errors |= response.failed();
        let body = match response.body {
            Body::Json(text) => text,
            Body::Empty => "null".into(),
            Body::Text(text) | Body::Html(text) | Body::Csv(text) => quoted(&text),
        };
        results.push(format!(
            r#"{{"statusCode":{},"result":{body}}}"#,
            response.status
        ));
    }
    Response::text(
        200,
        format!(
            r#"{{"hasErrors":{has_errors},"results":[{}]}}"#,
            results.join(",")
        ),
    )
}

fn one(tx: &mut Tx<'_>, outer: &Request, subrequest: &Json) -> Response {
    let (segments, query) = Request::split_url(subrequest["url"].as_str().unwrap_or_default());
    // Batch URLs start at the version; the full path is accepted too.
    let segments = match segments.as_slice() {
        [services, data, rest @ ..] if services == "services" && data == "data" => rest,
        all => all,
    };
    let [version, path @ ..] = segments else {
        return Response::error(&ApiError::no_resource());
    };
    if super::versions::status(version) != super::versions::Status::Supported {
        return Response::error(&ApiError::no_resource());
    }
    let request = Request {
        method: Method::parse(subrequest["method"].as_str().unwrap_or("GET")),
        path: path.to_vec(),
        query,
        body: subrequest["richInput"].clone(),
        headers: outer.headers.clone(),
        calls_used: outer.calls_used,
    };
    super::dispatch(tx, &request)
}
