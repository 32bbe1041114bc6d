//! How freely each object and field is written: off, read only, after review, by itself.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::Role;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::{mapping, settings};
use crate::http::Desk;
use crate::wire::settings::{Permission, Permissions};

/// The modes, from none to most, with what they mean.
const MODES: [(&str, &str); 4] = [
    ("off", "off"),
    ("read_only", "read only"),
    ("review", "after review"),
    ("automatic", "automatic"),
];

/// One object with its fields.
#[derive(Default)]
struct Object {
    /// Tells the form's fields apart from those of other objects.
    number: usize,
    name: String,
    update: String,
    create: String,
    /// Field and mode, by field.
    fields: BTreeMap<String, String>,
}

/// One field of a form.
struct Choice {
    id: String,
    name: String,
    mode: String,
}

impl Object {
    fn listed(&self) -> Vec<(&str, Choice)> {
        let choice = |(number, (field, mode)): (usize, (&String, &String))| Choice {
            id: format!("field-{number}"),
            name: format!("field:{field}"),
            mode: mode.clone(),
        };
        self.fields
            .keys()
            .map(String::as_str)
            .zip(self.fields.iter().enumerate().map(choice))
            .collect()
    }
}

#[derive(Template)]
#[template(path = "permissions.html")]
struct Page {
    chrome: Chrome,
    objects: Vec<Object>,
}

impl Page {
    fn modes(&self) -> [(&'static str, &'static str); 4] {
        MODES
    }
}

/// What was said, and every mapped field nothing was said of: that one is off.
fn objects(said: Permissions, mapped: Vec<(String, String)>) -> Vec<Object> {
    let mut objects: BTreeMap<String, Object> = BTreeMap::new();
    for permission in said.permissions {
        let object = objects.entry(permission.object).or_default();
        if permission.field.is_empty() {
            object.update = permission.mode;
            object.create = permission.create_mode;
        } else {
            object.fields.insert(permission.field, permission.mode);
        }
    }
    for (object, field) in mapped {
        let object = objects.entry(object).or_default();
        object.fields.entry(field).or_default();
    }
    let named = |(number, (name, object)): (usize, (String, Object))| Object {
        number,
        name,
        ..object
    };
    objects.into_iter().enumerate().map(named).collect()
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    let (chrome, said, mappings) = futures::join!(
        visitor.step(&desk, "permissions"),
        settings::permissions(&desk.owners, &visitor.asking),
        mapping::get(&desk.owners, &visitor.asking),
    );
    let mapped = mappings
        .map_err(|error| visitor.trouble(error))?
        .published
        .map(|mapping| mapping.entries)
        .unwrap_or_default()
        .into_iter()
        .map(|entry| (entry.object, entry.field))
        .collect();
    let page = Page {
        chrome,
        objects: objects(said.map_err(|error| visitor.trouble(error))?, mapped),
    };
    Ok(render(StatusCode::OK, &page))
}

/// Sets what one object's form says: `update`, `create`, and `field:<name>` each.
pub(super) async fn save(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let object = fields.get("object").to_owned();
    let own = Permission {
        object: object.clone(),
        field: String::new(),
        mode: fields.get("update").to_owned(),
        create_mode: fields.get("create").to_owned(),
    };
    let of_field = |(name, mode): (&str, &str)| {
        Some(Permission {
            object: object.clone(),
            field: name.strip_prefix("field:")?.to_owned(),
            mode: mode.to_owned(),
            create_mode: String::new(),
        })
    };
    let permissions = std::iter::once(own)
        .chain(fields.all().filter_map(of_field))
        // Nothing chosen changes nothing.
        .filter(|one| !one.mode.is_empty() || !one.create_mode.is_empty())
        .collect();
    settings::set_permissions(&desk.owners, &visitor.asking, Permissions { permissions })
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("permissions")))
}
