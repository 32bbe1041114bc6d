//! Prints rows as Bulk API 2.0 does: a header of field names, every value quoted, one row per line.

use super::plan::{Context, Hop, Node, Plan};
use crate::error::ApiError;
use crate::org::Org;
use crate::schema::{Computed, FieldType};
use crate::store::Row;
use crate::value::Value;

/// What each column shows.
#[derive(Debug, Clone)]
pub struct Columns(Vec<Column>);

#[derive(Debug, Clone)]
struct Column {
    name: String,
    hops: Vec<Hop>,
    slot: u16,
}

/// The columns of a plan.
///
/// # Errors
/// What a bulk query cannot select: children, compound fields, blobs.
pub fn columns(org: &Org, plan: &Plan) -> Result<Columns, ApiError> {
    let mut found = Vec::new();
    collect(org, Some(plan.object), &plan.nodes, "", &[], &mut found)?;
    Ok(Columns(found))
}

fn refused(what: &str) -> ApiError {
    ApiError::bare(
        400,
        "FUNCTIONALITY_NOT_ENABLED",
        format!("Selecting {what} not supported in Bulk Query"),
    )
}

fn collect(
    org: &Org,
    object: Option<u16>,
    nodes: &[Node],
    prefix: &str,
    hops: &[Hop],
    found: &mut Vec<Column>,
) -> Result<(), ApiError> {
    for node in nodes {
        match node {
            Node::Field(name, slot) => {
                if let Some(object) = object {
                    let field = &org.schema.object(object).fields[usize::from(*slot)];
                    if field.computed == Some(Computed::Address) {
                        return Err(refused("compound data"));
                    }
                    if field.kind == FieldType::Base64 {
                        return Err(refused("binary data"));
                    }
                }
                found.push(Column {
                    name: format!("{prefix}{name}"),
                    hops: hops.to_vec(),
                    slot: *slot,
                });
            }
            Node::Parent(name, hop, children) => {
                let mut hops = hops.to_vec();
                hops.push(*hop);
                let prefix = format!("{prefix}{name}.");
                collect(org, hop.target, children, &prefix, &hops, found)?;
            }
            Node::Dynamic(_) => return Err(refused("fields of polymorphic parents")),
            Node::Flat(..) => return Err(refused("derived parents")),
            Node::Children(..) => return Err(refused("child rows")),
        }
    }
    Ok(())
}

/// One page: the header and the rows.
pub fn page(
    context: Context<'_>,
    plan: &Plan,
    columns: &Columns,
    rows: &[std::sync::Arc<Row>],
) -> String {
    let mut out = String::with_capacity((rows.len() + 1) * columns.0.len() * 16);
    line(columns.0.iter().map(|column| column.name.clone()), &mut out);
    for row in rows {
        let values = columns
            .0
            .iter()
            .map(|column| text(&value(context.org, plan.object, row, column)));
        line(values, &mut out);
    }
    out
}

fn value(org: &Org, object: u16, row: &Row, column: &Column) -> Value {
    let (mut object, mut row) = (object, row);
    for hop in &column.hops {
        match hop.follow(org, object, row) {
            Some((parent, found)) => (object, row) = (parent, found.as_ref()),
            None => return Value::Null,
        }
    }
    org.value(object, row, column.slot)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.to_string(),
        // Unlike REST, bulk results write the zone as Z.
        Value::DateTime(_) => match value.to_json().as_str() {
            Some(text) => text.replace("+0000", "Z"),
            None => String::new(),
        },
        other => match other.to_json() {
            serde_json::Value::String(text) => text,
            json => json.to_string(),
        },
    }
}

fn line(values: impl Iterator<Item = String>, out: &mut String) {
    for (position, value) in values.enumerate() {
        if position > 0 {
            out.push(',');
        }
        out.push('"');
        for character in value.chars() {
            if character == '"' {
                out.push('"');
            }
            out.push(character);
        }
        out.push('"');
    }
    out.push('\n');
}
