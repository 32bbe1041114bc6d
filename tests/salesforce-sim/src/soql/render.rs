//! Prints rows as the REST API does: attributes first, then fields in the order selected.

use std::fmt::Write;

use super::filter;
use super::plan::{Context, Node, Plan};
use super::run;
use crate::org::API_VERSION;
use crate::schema::{Computed, Object};
use crate::store::Row;
use crate::value::{Value, write_string};

/// Appends one record.
pub fn record(context: Context<'_>, plan: &Plan, row: &Row, out: &mut String) {
    nodes(context, plan.object, row, &plan.nodes, out);
}

fn nodes(context: Context<'_>, number: u16, row: &Row, nodes: &[Node], out: &mut String) {
    let org = context.org;
    let object = org.schema.object(number);
    out.push('{');
    attributes(object, row, context.tooling, out);
    for node in nodes {
        match node {
            Node::Field(name, slot) => {
                key(name, out);
                field(context, number, row, *slot, out);
            }
            Node::Dynamic(name) => {
                key(name, out);
                filter::dynamic(org, number, row, name).write_json(out);
            }
            Node::Parent(name, hop, children) => {
                key(name, out);
                match hop.follow(org, number, row) {
                    Some((parent_object, parent)) => {
                        self::nodes(context, parent_object, parent, children, out);
                    }
                    None => out.push_str("null"),
                }
            }
            Node::Flat(name, fields) => {
                key(name, out);
                let _ = write!(out, r#"{{"attributes":{{"type":"{name}"}}"#);
                for (field, slot) in fields {
                    key(field, out);
                    org.value(number, row, *slot).write_json(out);
                }
                out.push('}');
            }
            Node::Children(name, plan, slot) => {
                key(name, out);
                children(context, plan, *slot, row, out);
            }
        }
    }
    out.push('}');
}

fn key(name: &str, out: &mut String) {
    out.push(',');
    write_string(name, out);
    out.push(':');
}

/// Appends the `attributes` entry.
pub fn attributes(object: &Object, row: &Row, tooling: bool, out: &mut String) {
    let tooling = if tooling { "tooling/" } else { "" };
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        r#""attributes":{{"type":"{0}","url":"/services/data/v{API_VERSION}/{tooling}sobjects/{0}/{1}"}}"#,
        object.name, row.id
    );
}

/// Appends one field's value; compound addresses become objects, validation rule metadata stays JSON.
pub fn field(context: Context<'_>, number: u16, row: &Row, slot: u16, out: &mut String) {
    let object = context.org.schema.object(number);
    let described = &object.fields[usize::from(slot)];
    if described.computed == Some(Computed::Address) {
        return address(context, number, object, &described.name, row, out);
    }
    if object.name == "ValidationRule" && described.name == "Metadata" {
        return out.push_str(row.get(slot).as_text().unwrap_or("null"));
    }
    if described.kind == crate::schema::FieldType::Base64 && !row.get(slot).is_null() {
        // Blobs are fetched by their own address.
        let path = format!(
            "/services/data/v{API_VERSION}/sobjects/{}/{}/{}",
            object.name, row.id, described.name
        );
        return write_string(&path, out);
    }
    context.org.value(number, row, slot).write_json(out);
}

fn address(
    context: Context<'_>,
    number: u16,
    object: &Object,
    compound: &str,
    row: &Row,
    out: &mut String,
) {
    let prefix = compound.strip_suffix("Address").unwrap_or("");
    const PARTS: [(&str, &str); 8] = [
        ("city", "City"),
        ("country", "Country"),
        ("geocodeAccuracy", "GeocodeAccuracy"),
        ("latitude", "Latitude"),
        ("longitude", "Longitude"),
        ("postalCode", "PostalCode"),
        ("state", "State"),
        ("street", "Street"),
    ];
    let values: Vec<(&str, Value)> = PARTS
        .iter()
        .map(|(name, suffix)| {
            let slot = object.slot(&format!("{prefix}{suffix}"));
            (
                *name,
                slot.map_or(Value::Null, |slot| context.org.value(number, row, slot)),
            )
        })
        .collect();
    if values.iter().all(|(_, value)| value.is_null()) {
        return out.push_str("null");
    }
    for (position, (name, value)) in values.iter().enumerate() {
        out.push(if position == 0 { '{' } else { ',' });
        write_string(name, out);
        out.push(':');
        value.write_json(out);
    }
    out.push('}');
}

fn children(context: Context<'_>, plan: &Plan, slot: u16, parent: &Row, out: &mut String) {
    let rows = run::children(context, plan, slot, parent.id);
    if rows.is_empty() {
        return out.push_str("null");
    }
    let _ = write!(
        out,
        r#"{{"totalSize":{},"done":true,"records":["#,
        rows.len()
    );
    for (position, row) in rows.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        record(context, plan, row, out);
    }
    out.push_str("]}");
}
