//! The REST API: one dispatcher for direct requests and for subrequests of composite calls.

pub mod batch;
pub mod bulk;
pub mod collections;
pub mod composite;
pub mod limits;
pub mod query;
pub mod replication;
pub mod request;
pub mod search;
pub mod sobjects;
pub mod tooling;
pub mod versions;

pub use request::{Body, Method, Request, Response};

use crate::error::ApiError;
use crate::id::Id;
use crate::save::{Tx, View};
use crate::schema::ui_api;

/// Answers a request inside a transaction. Subrequests of one all-or-none composite share it.
///
/// `request.path` starts after `/services/data/vXX.X`.
pub fn dispatch(tx: &mut Tx<'_>, request: &Request) -> Response {
    if is_read(request) {
        return read(&tx.view(), request);
    }
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    match (request.method, path.as_slice()) {
        (_, ["sobjects", rest @ ..]) => sobjects::write(tx, request, rest),
        (_, ["composite", "sobjects", rest @ ..]) => collections::dispatch(tx, request, rest),
        (Method::Post, ["composite"]) => composite::run(tx, request),
        (Method::Post, ["composite", "batch"]) => batch::run(tx, request),
        (Method::Post, ["composite", "graph"]) => composite::graphs(tx, request),
        (Method::Post, ["composite", "tree", object]) => collections::tree(tx, request, object),
        _ => not_found(request),
    }
}

/// Whether a request can be answered under the read half of the lock.
pub fn is_read(request: &Request) -> bool {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    // A query job changes no record.
    if let ["jobs", "query", ..] = path.as_slice() {
        return true;
    }
    match request.method {
        Method::Get => true,
        Method::Post => matches!(
            path.as_slice(),
            ["parameterizedSearch"] | ["composite", "sobjects", _]
        ),
        Method::Patch | Method::Put | Method::Delete | Method::Head | Method::Other => false,
    }
}

/// Answers a request that changes nothing.
pub fn read(view: &View<'_>, request: &Request) -> Response {
    let (org, access) = (view.org, view.access);
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        [] => Response::json(&versions::resources(org, access.user)),
        ["sobjects", rest @ ..] => sobjects::read(view, request, rest),
        ["composite", "sobjects", object] => collections::retrieve(view, request, object),
        ["limits"] => Response::json(&limits::limits(org, request)),
        ["limits", "recordCount"] => Response::json(&limits::record_count(org, access, request)),
        [verb @ ("query" | "queryAll"), rest @ ..] => {
            query::run(view, request, *verb == "queryAll", false, rest)
        }
        ["tooling", rest @ ..] => tooling::dispatch(view, request, rest),
        ["jobs", "query", rest @ ..] => bulk::run(view, request, rest),
        ["search"] => search::sosl(view, request),
        ["parameterizedSearch"] => search::parameterized(view, request),
        ["ui-api", "object-info", object, rest @ ..] => match sobjects::visible(view, object) {
            Some(number) => object_info(view, number, rest),
            None => Response::error(&ApiError::no_resource()),
        },
        _ => not_found(request),
    }
}

fn object_info(view: &View<'_>, number: u16, rest: &[&str]) -> Response {
    let (org, access) = (view.org, view.access);
    let described = org.schema.object(number);
    let ["picklist-values", record_type, rest @ ..] = rest else {
        return if rest.is_empty() {
            Response::json(&ui_api::object_info(org, number, access))
        } else {
            Response::error(&ApiError::no_resource())
        };
    };
    let known = |id: &Id| {
        *id == Id::MASTER_RECORD_TYPE || described.record_types.iter().any(|kind| kind.id == *id)
    };
    let Some(record_type) = Id::parse(record_type).filter(known) else {
        return Response::error(&ApiError::no_resource());
    };
    match rest {
        [] => Response::json(&ui_api::all_picklists(org, number, record_type, access)),
        [field] => match access
            .visible(number, described)
            .find(|(_, found)| found.name == *field)
        {
            Some((_, field)) => Response::json(&ui_api::values(org, described, field, record_type)),
            None => Response::error(&ApiError::no_resource()),
        },
        _ => Response::error(&ApiError::no_resource()),
    }
}

fn not_found(request: &Request) -> Response {
    const KNOWN: [&str; 10] = [
        "jobs",
        "sobjects",
        "composite",
        "query",
        "queryAll",
        "limits",
        "search",
        "parameterizedSearch",
        "tooling",
        "ui-api",
    ];
    let known = request
        .path
        .first()
        .is_some_and(|first| KNOWN.contains(&first.as_str()));
    if known && request.method != Method::Get {
        let message = format!("HTTP Method '{}' not allowed", request.method.name());
        return Response::error(&ApiError::bare(405, "METHOD_NOT_ALLOWED", message));
    }
    Response::error(&ApiError::no_resource())
}
