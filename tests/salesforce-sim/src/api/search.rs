//! Parameterised search, and the small part of SOSL that maps onto it.

use serde_json::{Value as Json, json};

use super::{Method, Request, Response};
use crate::access::RecordAccess;
use crate::error::ApiError;
use crate::save::View;
use crate::schema::FieldType;

/// Rows per object unless asked otherwise.
const ROWS_PER_OBJECT: usize = 250;
/// Longest search string, in characters; longer ones find nothing.
const SEARCH_CHARS_MAX: usize = 10_000;

struct Search {
    term: String,
    scope: String,
    objects: Vec<(u16, Vec<String>, usize)>,
}

/// `POST` or `GET /parameterizedSearch`.
pub fn parameterized(view: &View<'_>, request: &Request) -> Response {
    let parsed = if request.method == Method::Post {
        from_body(view, request)
    } else {
        from_query(view, request)
    };
    answer(view, parsed)
}

/// `GET /search?q=FIND {…}`.
pub fn sosl(view: &View<'_>, request: &Request) -> Response {
    answer(view, parse_sosl(view, request.parameter("q").unwrap_or("")))
}

fn malformed(message: impl Into<String>) -> ApiError {
    ApiError::bare(400, "MALFORMED_SEARCH", message)
}

fn named(view: &View<'_>, name: &str) -> Result<u16, ApiError> {
    super::sobjects::visible(view, name).ok_or_else(|| {
        ApiError::bare(
            400,
            "INVALID_TYPE",
            format!("sObject type '{name}' is not supported."),
        )
    })
}

fn from_body(view: &View<'_>, request: &Request) -> Result<Search, ApiError> {
    let body = request.object()?;
    let texts = |json: Option<&Json>| -> Vec<String> {
        let items = json
            .and_then(Json::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        items
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect()
    };
    let common = texts(body.get("fields"));
    let overall = body
        .get("overallLimit")
        .and_then(Json::as_u64)
        .unwrap_or(2_000) as usize;
    let mut objects = Vec::new();
    for object in body
        .get("sobjects")
        .and_then(Json::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        let name = object["name"].as_str().unwrap_or_default();
        let own = texts(object.get("fields"));
        let limit = object["limit"]
            .as_u64()
            .map_or(ROWS_PER_OBJECT, |limit| limit as usize)
            .min(overall);
        objects.push((
            named(view, name)?,
            if own.is_empty() { common.clone() } else { own },
            limit,
        ));
    }
    Ok(Search {
        term: body
            .get("q")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .into(),
        scope: body
            .get("in")
            .and_then(Json::as_str)
            .unwrap_or("ALL")
            .to_uppercase(),
        objects,
    })
}

fn from_query(view: &View<'_>, request: &Request) -> Result<Search, ApiError> {
    let names = request.parameter("sobject").unwrap_or_default();
    let mut objects = Vec::new();
    for name in names.split(',').filter(|name| !name.is_empty()) {
        let fields = request.parameter(&format!("{name}.fields")).unwrap_or("Id");
        objects.push((
            named(view, name)?,
            fields.split(',').map(str::to_owned).collect(),
            ROWS_PER_OBJECT,
        ));
    }
    let term = request.parameter("q").unwrap_or_default().into();
    Ok(Search {
        term,
        scope: request.parameter("in").unwrap_or("ALL").to_uppercase(),
        objects,
    })
}

fn parse_sosl(view: &View<'_>, text: &str) -> Result<Search, ApiError> {
    let no_term = || malformed("No search term found. The search term must be enclosed in braces.");
    let (start, end) = text
        .find('{')
        .zip(text.find('}'))
        .filter(|(start, end)| start < end)
        .ok_or_else(no_term)?;
    let term = text[start + 1..end].replace('\\', "");
    let rest = &text[end + 1..];
    let upper = rest.to_ascii_uppercase();
    let scope = ["EMAIL", "NAME", "PHONE", "ALL"]
        .iter()
        .find(|scope| upper.contains(&format!("IN {scope} FIELDS")));
    let mut objects = Vec::new();
    if let Some(at) = upper.find("RETURNING") {
        for part in split_outside(&rest[at + "RETURNING".len()..]) {
            let (name, fields) = part.split_once('(').unwrap_or((&part, ""));
            let fields = fields.trim_end_matches(')');
            let fields: Vec<String> = fields
                .split(',')
                .filter_map(|field| field.split_whitespace().next().map(str::to_owned))
                .collect();
            objects.push((named(view, name.trim())?, fields, ROWS_PER_OBJECT));
        }
    }
    Ok(Search {
        term,
        scope: (*scope.unwrap_or(&"ALL")).into(),
        objects,
    })
}

/// Splits at commas outside parentheses.
fn split_outside(text: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts
        .into_iter()
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

fn answer(view: &View<'_>, parsed: Result<Search, ApiError>) -> Response {
    let search = match parsed {
        Ok(search) => search,
        Err(error) => return Response::error(&error),
    };
    let term = search.term.trim().trim_matches('"').to_lowercase();
    if term.chars().count() < 2 {
        return Response::error(&malformed(
            "search term must be longer than one character: ",
        ));
    }
    let mut found = Vec::new();
    if term.chars().count() <= SEARCH_CHARS_MAX {
        for (number, fields, limit) in &search.objects {
            if let Err(error) = collect(
                view,
                *number,
                fields,
                *limit,
                &term,
                &search.scope,
                &mut found,
            ) {
                return Response::error(&error);
            }
        }
    }
    Response::json(&json!({"searchRecords": found}))
}

fn collect(
    view: &View<'_>,
    number: u16,
    fields: &[String],
    limit: usize,
    term: &str,
    scope: &str,
    found: &mut Vec<Json>,
) -> Result<(), ApiError> {
    let org = view.org;
    let object = org.schema.object(number);
    let searched: Vec<u16> = view
        .access
        .visible(number, object)
        .filter(|(_, field)| match scope {
            "EMAIL" => field.kind == FieldType::Email,
            "PHONE" => field.kind == FieldType::Phone,
            "NAME" => field.name_field || field.compound.as_deref() == Some("Name"),
            _ => field.kind.is_text() && !field.long_text(),
        })
        .map(|(slot, _)| slot)
        .collect();
    let mut printed = Vec::new();
    for name in fields {
        let slot = object.slot(name).filter(|slot| {
            view.access
                .field(number, *slot, &object.fields[usize::from(*slot)])
                .read
        });
        let slot = slot.ok_or_else(|| {
            ApiError::bare(
                400,
                "INVALID_FIELD",
                format!("No such column '{name}' on entity '{}'.", object.name),
            )
        })?;
        printed.push((object.fields[usize::from(slot)].name.clone(), slot));
    }
    let words: Vec<&str> = term.split_whitespace().collect();
    let table = org.table(number);
    let mut left = limit;
    for row in table.positions().filter_map(|at| table.at(at)) {
        if left == 0 {
            break;
        }
        if row.deleted || view.access.record(row.id) == Some(RecordAccess::None) {
            continue;
        }
        let text: String = searched
            .iter()
            .filter_map(|slot| {
                org.value(number, row, *slot)
                    .as_text()
                    .map(str::to_lowercase)
            })
            .collect::<Vec<_>>()
            .join("\n");
        let hit = words.iter().all(|word| {
            let word = word.trim_matches('*');
            // Tokens match from their start, as the index does.
            text.split(|c: char| c.is_whitespace() || "@.,-_".contains(c))
                .any(|token| token.starts_with(word))
                || text.contains(word)
        });
        if hit {
            let mut record = json!({"attributes": {
                "type": object.name,
                "url": format!("/services/data/v{}/sobjects/{}/{}", crate::org::API_VERSION, object.name, row.id),
            }});
            for (name, slot) in &printed {
                record[name.as_str()] = org.value(number, row, *slot).to_json();
            }
            if printed.is_empty() {
                record["Id"] = json!(row.id.to_string());
            }
            found.push(record);
            left -= 1;
        }
    }
    Ok(())
}
