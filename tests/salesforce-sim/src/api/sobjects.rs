//! `/sobjects`: describes and single records.

use serde_json::{Value as Json, json};

use super::{Body, Method, Request, Response, replication};
use crate::access::RecordAccess;
use crate::error::{ApiError, SaveErrors};
use crate::id::Id;
use crate::org::API_VERSION;
use crate::save::delete::delete;
use crate::save::row::etag;
use crate::save::upsert::{self, Upserted};
use crate::save::{Tx, View, coerce, create, update};
use crate::schema::describe;
use crate::soql::plan::Context;
use crate::soql::render;

/// The number of an object the caller can see.
pub fn visible(view: &View<'_>, name: &str) -> Option<u16> {
    view.org
        .schema
        .number(name)
        .filter(|number| view.access.sees(&view.org.schema, *number))
}

/// Answers a GET below `/sobjects`.
pub fn read(view: &View<'_>, request: &Request, path: &[&str]) -> Response {
    let [name, rest @ ..] = path else {
        return describe_answer(
            view,
            request,
            describe::global(view.org, view.access, false).to_string(),
        );
    };
    let Some(object) = visible(view, name) else {
        return Response::error(&ApiError::no_resource());
    };
    match rest {
        [] => Response::json(&describe::basic(view.org, object, view.access)),
        ["describe"] => {
            let text = view.org.describe(object, view.access).to_string();
            describe_answer(view, request, text)
        }
        ["describe", "layouts", ..] => Response::json(&layouts(view, object)),
        ["deleted"] => replication::deleted(view, request, object),
        ["updated"] => replication::updated(view, request, object),
        [id] => retrieve(view, request, object, id),
        [id, "Content"] => blob(view, object, id),
        [key, value] => match upsert::key_slot(view, object, key) {
            Ok(slot) => match upsert::find(view, object, slot, value).as_slice() {
                [] => Response::error(&ApiError::no_resource()),
                [id] => retrieve(view, request, object, &id.to_string()),
                ids => several(&view.org.schema.object(object).name, ids),
            },
            Err(error) => Response::error(&error),
        },
        _ => Response::error(&ApiError::no_resource()),
    }
}

/// 300: the key names several records.
fn several(object: &str, ids: &[Id]) -> Response {
    let urls: Vec<Json> = ids
        .iter()
        .map(|id| {
            json!(format!(
                "/services/data/v{API_VERSION}/sobjects/{object}/{id}"
            ))
        })
        .collect();
    Response::text(300, Json::Array(urls).to_string())
}

/// Answers any other request below `/sobjects`.
pub fn write(tx: &mut Tx<'_>, request: &Request, path: &[&str]) -> Response {
    let [name, rest @ ..] = path else {
        return method_not_allowed(request);
    };
    let Some(object) = visible(&tx.view(), name) else {
        return Response::error(&ApiError::no_resource());
    };
    match (request.method, rest) {
        (Method::Post, []) => saved(tx, |tx| {
            let fields = request.object().map_err(one)?;
            create(tx, object, fields).map(|id| created(tx, object, id, None))
        }),
        (Method::Patch, [id]) => saved(tx, |tx| {
            let fields = request.object().map_err(one)?;
            let id = parse_id(id).map_err(one)?;
            update(tx, object, id, fields).map(|()| Response::empty(204))
        }),
        (Method::Delete, [id]) => saved(tx, |tx| {
            let id = parse_id(id).map_err(one)?;
            delete(tx, object, id).map(|()| Response::empty(204))
        }),
        (_, [key, value @ ..]) if value.len() < 2 => by_key(
            tx,
            request,
            object,
            key,
            value.first().copied().unwrap_or(""),
        ),
        _ => method_not_allowed(request),
    }
}

fn one(error: ApiError) -> SaveErrors {
    vec![error]
}

fn method_not_allowed(request: &Request) -> Response {
    let message = format!(
        "HTTP Method '{}' not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE",
        request.method.name()
    );
    Response::error(&ApiError::bare(405, "METHOD_NOT_ALLOWED", message))
}

/// Runs a save; a refused one leaves nothing of what it already did.
fn saved(
    tx: &mut Tx<'_>,
    save: impl FnOnce(&mut Tx<'_>) -> Result<Response, SaveErrors>,
) -> Response {
    let savepoint = tx.savepoint();
    match save(tx) {
        Ok(response) => response,
        Err(errors) => {
            tx.rollback_to(savepoint);
            // What a collection row calls a bad reference is a missing resource under its own address.
            let missing = |error: &ApiError| {
                error.status == 404 && error.code == "INVALID_CROSS_REFERENCE_KEY"
            };
            if errors.iter().any(missing) {
                return Response::error(&ApiError::no_resource());
            }
            Response::errors(&errors)
        }
    }
}

fn created(tx: &Tx<'_>, object: u16, id: Id, created: Option<bool>) -> Response {
    let mut body = json!({"id": id.to_string(), "success": true, "errors": []});
    if let Some(created) = created {
        body["created"] = json!(created);
    }
    let status = if created == Some(false) { 200 } else { 201 };
    let response = Response::text(status, body.to_string());
    if status == 201 {
        response.with(
            "Location",
            format!(
                "/services/data/v{API_VERSION}/sobjects/{}/{id}",
                tx.org.schema.object(object).name
            ),
        )
    } else {
        response
    }
}

fn describe_answer(view: &View<'_>, request: &Request, text: String) -> Response {
    let modified_s = view.org.schema.modified_s;
    let stamp = httpdate::fmt_http_date(
        std::time::UNIX_EPOCH + std::time::Duration::from_secs(modified_s.unsigned_abs()),
    );
    let tag = format!("\"{:x}\"", view.org.schema.version);
    let unchanged = request
        .headers
        .modified_since_s
        .is_some_and(|since_s| modified_s <= since_s)
        || request.headers.none_match.as_deref() == Some(tag.as_str());
    let response = if unchanged {
        Response::empty(304)
    } else {
        Response::text(200, text)
    };
    response.with("Last-Modified", stamp).with("ETag", tag)
}

/// An id in an address; what is not one is taken for the name of an external id field.
fn parse_id(text: &str) -> Result<Id, ApiError> {
    Id::parse(text).ok_or_else(|| no_key(text))
}

fn no_key(name: &str) -> ApiError {
    let message = format!("Provided external ID field does not exist or is not accessible: {name}");
    ApiError::bare(404, "NOT_FOUND", message)
}

fn retrieve(view: &View<'_>, request: &Request, object: u16, id: &str) -> Response {
    let described = view.org.schema.object(object);
    if Id::parse(id).is_none() {
        return Response::error(&no_key(id));
    }
    let row = Id::parse(id).and_then(|id| view.org.table(object).get(id));
    let shared = row.is_some_and(|row| view.access.record(row.id) != Some(RecordAccess::None));
    let Some(row) = row.filter(|row| shared && !row.deleted) else {
        return Response::error(&ApiError::no_resource());
    };
    let fields: Vec<&str> = request
        .parameter("fields")
        .map(|names| names.split(',').map(str::trim).collect())
        .unwrap_or_default();
    let is_account = described.name == "Account";
    if is_account && request.headers.none_match.as_deref() == Some(etag(row).as_str()) {
        return Response::empty(304);
    }
    if request
        .headers
        .modified_since_s
        .is_some_and(|since_s| row.modified_ms.div_euclid(1000) <= since_s)
    {
        return Response::empty(304);
    }
    match print(view, object, row.id, &fields) {
        Ok(text) => {
            let modified = std::time::UNIX_EPOCH
                + std::time::Duration::from_millis(row.modified_ms.unsigned_abs());
            let response =
                Response::text(200, text).with("Last-Modified", httpdate::fmt_http_date(modified));
            if is_account {
                response.with("ETag", etag(row))
            } else {
                response
            }
        }
        Err(error) => Response::error(&error),
    }
}

/// Prints a row with the named fields, or all the caller sees.
///
/// # Errors
/// `INVALID_FIELD` for an unknown or hidden field.
pub fn print(view: &View<'_>, object: u16, id: Id, fields: &[&str]) -> Result<String, ApiError> {
    let described = view.org.schema.object(object);
    let row = view
        .org
        .table(object)
        .get(id)
        .ok_or_else(ApiError::no_resource)?;
    let slots: Vec<u16> = if fields.is_empty() {
        view.access
            .visible(object, described)
            .map(|(slot, _)| slot)
            .collect()
    } else {
        let named = fields.iter().filter(|name| !name.is_empty()).map(|name| {
            let slot = described.slot(name);
            let seen = slot.filter(|slot| {
                view.access
                    .field(object, *slot, &described.fields[usize::from(*slot)])
                    .read
            });
            seen.ok_or_else(|| coerce::no_column(name, &described.name))
        });
        named.collect::<Result<_, _>>()?
    };
    let context = Context {
        org: view.org,
        access: view.access,
        all_rows: true,
        tooling: false,
        text: "",
    };
    let mut out = String::from("{");
    render::attributes(described, row, false, &mut out);
    for slot in slots {
        out.push_str(",\"");
        out.push_str(&described.fields[usize::from(slot)].name);
        out.push_str("\":");
        render::field(context, object, row, slot, &mut out);
    }
    out.push('}');
    Ok(out)
}

fn by_key(tx: &mut Tx<'_>, request: &Request, object: u16, key: &str, value: &str) -> Response {
    let slot = match upsert::key_slot(&tx.view(), object, key) {
        Ok(slot) => slot,
        Err(error) => return Response::error(&error),
    };
    let name = tx.org.schema.object(object).name.clone();
    match request.method {
        Method::Delete => {
            let found = upsert::find(&tx.view(), object, slot, value);
            match found.as_slice() {
                [] => Response::error(&ApiError::no_resource()),
                [id] => saved(tx, |tx| {
                    delete(tx, object, *id).map(|()| Response::empty(204))
                }),
                ids => several(&name, ids),
            }
        }
        Method::Patch | Method::Post => {
            let update_only = request.parameter("updateOnly") == Some("true");
            saved(tx, |tx| {
                let fields = request.object().map_err(one)?;
                Ok(
                    match upsert::upsert(tx, object, slot, value, fields, update_only)? {
                        Upserted::Created(id) => created(tx, object, id, Some(true)),
                        Upserted::Updated(id) => created(tx, object, id, Some(false)),
                        Upserted::Several(ids) => several(&name, &ids),
                    },
                )
            })
        }
        Method::Get | Method::Put | Method::Head | Method::Other => method_not_allowed(request),
    }
}

fn blob(view: &View<'_>, object: u16, id: &str) -> Response {
    use base64::Engine;
    let content = Id::parse(id)
        .and_then(|id| view.org.table(object).get(id))
        .filter(|row| !row.deleted)
        .map(|row| view.org.value_of(object, row, "Content"));
    let bytes = content
        .as_ref()
        .and_then(crate::value::Value::as_text)
        .and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => Response {
            status: 200,
            headers: Vec::new(),
            body: Body::Text(text),
        },
        None => Response::error(&ApiError::no_resource()),
    }
}

/// The smallest layout answer: one section with every field the caller may edit.
fn layouts(view: &View<'_>, object: u16) -> Json {
    let described = view.org.schema.object(object);
    let items: Vec<Json> = view
        .access
        .visible(object, described)
        .filter(|(_, field)| field.createable || field.updateable)
        .map(|(_, field)| {
            json!({"label": field.label, "required": field.required(), "editableForNew": field.createable,
                   "editableForUpdate": field.updateable,
                   "layoutComponents": [{"type": "Field", "value": field.name}]})
        })
        .collect();
    let sections = json!([{"heading": "Information", "layoutRows": [{"layoutItems": items, "numItems": items.len()}]}]);
    let base = format!("/services/data/v{API_VERSION}/sobjects/{}", described.name);
    json!({
        "layouts": [{"id": null, "detailLayoutSections": sections, "editLayoutSections": sections}],
        "recordTypeMappings": describe::record_types(described, &base),
        "recordTypeSelectorRequired": [false],
    })
}
