//! Which objects of the org are read beside those always read.

use std::collections::BTreeSet;

use chassis::{Cause, Db};
use events::WorkspaceId;
use events::metadata::v1::SelectableObject;
use events::rpc::{Code, RpcError};
use salesforce::{Conditional, ObjectName, Org};

use super::{broken, internal};
use crate::domain::publish::Problem;
use crate::domain::run::Kind;
use crate::store::{run, setting, workspace};

/// Objects one workspace may select; each costs a call when the org changed.
const SELECTED_MAX: usize = 50;

/// Objects that may be selected, by name: with records of their own, visible to the connected user.
///
/// # Errors
/// When the org does not answer, or Postgres fails.
pub async fn selectable(
    db: &Db,
    org: &Org,
    id: &WorkspaceId,
) -> Result<Vec<SelectableObject>, RpcError> {
    let selected = setting::selected_objects(&db.workspace(id), id.as_str())
        .await
        .map_err(broken)?;
    let listed = match org.describe_global(None).await {
        Ok(Conditional::Modified { value, .. }) => value,
        Ok(Conditional::NotModified) => vec![],
        Err(error) => {
            tracing::info!(%error, "the org did not list its objects");
            return Err(RpcError::new(
                Code::Unavailable,
                "the org did not list its objects; try again shortly",
            ));
        }
    };
    let mut objects: Vec<SelectableObject> = listed
        .into_iter()
        .filter(|object| object.queryable && !object.custom_setting && object.key_prefix.is_some())
        .map(|object| SelectableObject {
            selected: selected.contains(&object.name),
            name: object.name,
            label: object.label,
        })
        .collect();
    objects.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(objects)
}

/// Replaces the selection and asks for a read of the schema, or answers every problem.
///
/// # Errors
/// When the org does not answer, or Postgres fails.
pub async fn select(
    db: &Db,
    org: &Org,
    id: &WorkspaceId,
    objects: &[String],
    by: &str,
) -> Result<Vec<Problem>, RpcError> {
    let known = selectable(db, org, id).await?;
    let mut problems = Vec::new();
    let mut push = |object: &str, message: String, fix: &str| {
        problems.push(Problem {
            entry_id: object.to_owned(),
            field: "objects",
            message,
            fix: fix.to_owned(),
        });
    };
    let chosen: BTreeSet<&String> = objects.iter().collect();
    if chosen.len() > SELECTED_MAX {
        push(
            "",
            format!(
                "{} objects are selected and the limit is {SELECTED_MAX}",
                chosen.len()
            ),
            "select fewer",
        );
    }
    for object in &chosen {
        let near = known
            .iter()
            .find(|other| other.name.eq_ignore_ascii_case(object));
        match near {
            Some(found) if &&found.name == object && ObjectName::parse(object).is_ok() => {}
            Some(found) => push(
                object,
                format!("{object:?} is written {}", found.name),
                "write it as the org does",
            ),
            None => push(
                object,
                format!(
                    "{object:?} is not in the org, hidden from the connected user, or has no records"
                ),
                "choose an object of the list",
            ),
        }
    }
    if !problems.is_empty() {
        return Ok(problems);
    }
    let chosen: Vec<String> = chosen.into_iter().cloned().collect();
    let mut unit = db.begin(id).await.map_err(internal)?;
    workspace::lock(unit.connection(), id.as_str())
        .await
        .map_err(broken)?;
    setting::select_objects(unit.connection(), id.as_str(), &chosen, by)
        .await
        .map_err(broken)?;
    let trace = Cause::current();
    run::ask(
        unit.connection(),
        id.as_str(),
        Kind::Schema,
        by,
        trace.traceparent.as_deref(),
    )
    .await
    .map_err(broken)?;
    unit.commit().await.map_err(internal)?;
    Ok(vec![])
}
