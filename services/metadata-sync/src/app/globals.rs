//! Adds to each object what the names that start with `$` in its rules stand for, so that a snapshot is all a prediction
//! needs. An org whose rules name none costs no call.

use std::collections::BTreeMap;

use salesforce::Id;

use super::now;
use super::runner::{Stop, Work};
use crate::adapters::globals::{Answers, Known, Who};
use crate::domain::global::{self, Names};
use crate::domain::schema::{Global, Object};

/// Reads them for all objects at once.
///
/// # Errors
/// When Salesforce cannot answer for now.
pub(super) async fn read(work: &Work, objects: &mut [&mut Object]) -> Result<(), Stop> {
    let by_object: Vec<Names> = objects.iter().map(|object| global::names(object)).collect();
    let mut all = Names::new();
    for (key, name) in by_object.iter().flatten() {
        all.entry(key.clone()).or_insert_with(|| name.clone());
    }
    let mut answers = Answers::new();
    let user = Id::parse(&work.workspace.user_id);
    let organization = Id::parse(&work.workspace.organization_id);
    if let (false, Ok(user), Ok(organization)) = (all.is_empty(), user, organization) {
        work.within_budget()?;
        let none = BTreeMap::new();
        let users = objects.iter().find(|object| object.name == "User");
        let who = Who {
            user: &user,
            organization: &organization,
            fields: users.map_or(&none, |object| &object.fields),
            now: now(),
        };
        answers = work.reader.globals(&global::asked(&all), who).await?;
    }
    for (object, names) in objects.iter_mut().zip(by_object) {
        object.globals = names
            .into_iter()
            .map(|(key, name)| global(name, answers.get(&key)))
            .collect();
    }
    Ok(())
}

fn global(name: String, known: Option<&Known>) -> Global {
    let (kind, value_json, unknown_reason) = match known {
        Some(Known {
            kind,
            value: Ok(value),
        }) => (kind.clone(), value.to_string(), String::new()),
        Some(Known {
            kind,
            value: Err(why),
        }) => (kind.clone(), String::new(), why.clone()),
        None => {
            let why = "the connected user is not known".to_owned();
            (String::new(), String::new(), why)
        }
    };
    Global {
        name,
        kind,
        value_json,
        unknown_reason,
    }
}
