//! The Tooling API: queries over setup objects, and single validation rules.

use super::{Request, Response, query};
use crate::derived;
use crate::error::ApiError;
use crate::id::Id;
use crate::save::View;
use crate::schema::describe;
use crate::soql::plan::Context;
use crate::soql::render;

/// Answers a request below `/tooling`.
pub fn dispatch(view: &View<'_>, request: &Request, path: &[&str]) -> Response {
    match path {
        ["query", rest @ ..] => query::run(view, request, false, true, rest),
        ["sobjects"] => Response::json(&describe::global(view.org, view.access, true)),
        ["sobjects", "ValidationRule", id] => validation_rule(view, id),
        ["sobjects", name, "describe"] => match super::sobjects::visible(view, name) {
            Some(number) => Response::text(200, view.org.describe(number, view.access).to_string()),
            None => Response::error(&ApiError::no_resource()),
        },
        _ => Response::error(&ApiError::no_resource()),
    }
}

fn validation_rule(view: &View<'_>, id: &str) -> Response {
    let org = view.org;
    if !view.access.view_setup() {
        let message = "insufficient access rights: View Setup and Configuration is required";
        return Response::error(&ApiError::bare(403, "INSUFFICIENT_ACCESS", message));
    }
    let rule = Id::parse(id).and_then(|id| org.rules.iter().find(|rule| rule.id == id));
    let (Some(rule), Some(number)) = (rule, org.schema.number("ValidationRule")) else {
        return Response::error(&ApiError::no_resource());
    };
    let object = org.schema.object(number);
    let row = derived::validation_rule(org, object, rule);
    let context = Context {
        org,
        access: view.access,
        all_rows: false,
        tooling: true,
        text: "",
    };
    let mut out = String::from("{");
    render::attributes(object, &row, true, &mut out);
    for (slot, field) in object.live_fields() {
        // Parents are flattened for queries only.
        if field.name.contains('.') {
            continue;
        }
        out.push_str(&format!(",\"{}\":", field.name));
        render::field(context, number, &row, slot, &mut out);
    }
    out.push('}');
    Response::text(200, out)
}
