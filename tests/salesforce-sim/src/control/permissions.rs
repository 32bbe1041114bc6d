//! Permission changes: each user who gets one gets a profile of their own first, as an admin would
//! clone a profile rather than change everybody's.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::access::PermissionSet;
use crate::id::Id;
use crate::org::Org;
use crate::seed::load;
use crate::value::Value;

/// Changes the permission set of a user's own profile.
pub(super) fn change(
    org: &mut Org,
    username: &str,
    change: impl FnOnce(&mut PermissionSet),
) -> Result<(), String> {
    let user = org
        .user_by_name(username)
        .ok_or_else(|| format!("no user {username}"))?
        .id;
    let set = own_set(org, user, username)?;
    let set = org
        .permission_sets
        .get_mut(&set)
        .ok_or("the user has no permission set")?;
    change(Arc::make_mut(set));
    org.touch();
    Ok(())
}

fn own_set(org: &mut Org, user: Id, username: &str) -> Result<Id, String> {
    let users = org.number("User");
    let slot = org
        .schema
        .object(users)
        .slot("ProfileId")
        .ok_or("users have no profile")?;
    let table = org.table(users);
    let profile = table
        .get(user)
        .and_then(|row| row.get(slot).as_id())
        .ok_or("the user has no profile")?;
    let set = org
        .permission_sets
        .values()
        .find(|set| set.profile == Some(profile))
        .cloned();
    let set = set.ok_or("the profile has no permission set")?;
    let sharers = table
        .positions()
        .filter_map(|at| table.at(at))
        .filter(|row| row.get(slot).as_id() == Some(profile))
        .count();
    if sharers <= 1 {
        return Ok(set.id);
    }
    let mut add = |object: &str, fields: Json| {
        let fields = fields.as_object().cloned().unwrap_or_default();
        load::record(org, object, &fields).map_err(|error| error.to_string())
    };
    let name = format!("Custom: {username}");
    let clone = add(
        "Profile",
        json!({"Name": name, "UserType": "Standard", "PermissionsApiEnabled": set.api_enabled}),
    )?;
    let fields = json!({"Name": format!("X{clone}"), "Label": name, "IsOwnedByProfile": true, "ProfileId": clone.to_string()});
    let id = add("PermissionSet", fields)?;
    org.permission_sets.insert(
        id,
        Arc::new(PermissionSet {
            id,
            profile: Some(clone),
            ..PermissionSet::clone(&set)
        }),
    );
    if let Some(row) = org.table(users).get(user).cloned() {
        let mut row = (*row).clone();
        row.set(slot, Value::Id(clone));
        org.table_mut(users).put(row);
    }
    reassign(org, user, set.id, id);
    Ok(id)
}

/// Moves a user's assignment from one permission set to another.
fn reassign(org: &mut Org, user: Id, from: Id, to: Id) {
    let assignments = org.number("PermissionSetAssignment");
    let object = org.schema.object(assignments);
    let slots = object
        .slot("PermissionSetId")
        .zip(object.slot("AssigneeId"));
    let Some((set, assignee)) = slots else { return };
    let table = org.table(assignments);
    let mut rows = table.positions().filter_map(|at| table.at(at));
    let row = rows
        .find(|row| row.get(assignee).as_id() == Some(user) && row.get(set).as_id() == Some(from));
    if let Some(mut row) = row.map(|row| (**row).clone()) {
        row.set(set, Value::Id(to));
        org.table_mut(assignments).put(row);
    }
}
