//! `/query`, `/queryAll` and their next pages.

use super::{Request, Response};
use crate::error::ApiError;
use crate::save::View;
use crate::soql::cursor;
use crate::soql::plan::Context;

/// Runs a query or fetches a page.
pub fn run(
    view: &View<'_>,
    request: &Request,
    all_rows: bool,
    tooling: bool,
    rest: &[&str],
) -> Response {
    let text = request.parameter("q").unwrap_or("");
    let context = Context {
        org: view.org,
        access: view.access,
        all_rows,
        tooling,
        text,
    };
    let page = match rest {
        [] if text.is_empty() => Err(ApiError::malformed_query(
            "SOQL statements cannot be empty or null",
        )),
        [] => cursor::first_page(context, request.headers.batch_size),
        [locator] => cursor::next_page(context, locator),
        _ => Err(ApiError::no_resource()),
    };
    match page {
        Ok(text) => Response::text(200, text),
        Err(error) => Response::error(&error),
    }
}
