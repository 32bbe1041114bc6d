//! Custom permissions of the connected user.

use std::collections::{BTreeMap, BTreeSet};

use salesforce::soql::{Condition, Query};
use salesforce::{Error, FieldName, Id, ObjectName, Record};

use super::{Answers, ID, Who, known, text, unknown};
use crate::adapters::org::Reader;
use crate::adapters::refusal::{Offered, optional};
use crate::domain::global::Asked;

/// Permission sets of one user.
const ASSIGNMENTS_MAX: usize = 500;

const DEVELOPER_NAME: FieldName = FieldName::fixed("DeveloperName");
const NAMESPACE_PREFIX: FieldName = FieldName::fixed("NamespacePrefix");
const SETUP_ENTITY_ID: FieldName = FieldName::fixed("SetupEntityId");
const PERMISSION_SET_ID: FieldName = FieldName::fixed("PermissionSetId");
const PERMISSION_SET_GROUP_ID: FieldName = FieldName::fixed("PermissionSetGroupId");
const EXPIRATION_DATE: FieldName = FieldName::fixed("ExpirationDate");

const CUSTOM_PERMISSION: ObjectName = ObjectName::fixed("CustomPermission");
const ASSIGNMENT: ObjectName = ObjectName::fixed("PermissionSetAssignment");
const SETUP_ENTITY_ACCESS: ObjectName = ObjectName::fixed("SetupEntityAccess");

/// What a user's permission sets give.
#[derive(Default)]
struct Held {
    /// Custom permissions by name, in lower case.
    ids: BTreeMap<String, Id>,
    granted: BTreeSet<Id>,
    through_group: bool,
}

impl Reader {
    /// A permission is held when one of the user's permission sets, its profile's among them, gives access to it. One that
    /// only a group might give is not known: a group may mute it.
    pub(super) async fn permissions(
        &self,
        asked: &Asked,
        who: Who<'_>,
        answers: &mut Answers,
    ) -> Result<(), Error> {
        if asked.permissions.is_empty() {
            return Ok(());
        }
        let held = match self.held(asked, who).await? {
            Offered::Yes(held) => held,
            Offered::No(reason) => {
                for name in &asked.permissions {
                    let why = format!("the user's permissions could not be read: {reason}");
                    answers.insert(format!("$permission.{name}"), unknown("boolean", why));
                }
                return Ok(());
            }
        };
        for name in &asked.permissions {
            let found = match held.ids.get(name) {
                None => unknown(
                    "boolean",
                    "the connected user sees no such custom permission",
                ),
                Some(id) if held.granted.contains(id) => known("boolean", true.into()),
                Some(_) if held.through_group => {
                    unknown("boolean", "a permission set group may give it")
                }
                Some(_) => known("boolean", false.into()),
            };
            answers.insert(format!("$permission.{name}"), found);
        }
        Ok(())
    }

    async fn held(&self, asked: &Asked, who: Who<'_>) -> Result<Offered<Held>, Error> {
        let mut held = Held::default();
        let mut names = Vec::with_capacity(asked.permissions.len());
        for name in &asked.permissions {
            // A packaged one is written with its namespace and stored without.
            let own = name.split_once("__").map_or(name.as_str(), |(_, own)| own);
            names.push(text(own)?);
        }
        self.count();
        let query = Query::from(CUSTOM_PERMISSION)
            .fields([ID, DEVELOPER_NAME, NAMESPACE_PREFIX])
            .filter(Condition::is_in(DEVELOPER_NAME, names));
        let rows = match optional(self.org.query(query, ASSIGNMENTS_MAX).await)? {
            Offered::Yes(rows) => rows,
            Offered::No(reason) => return Ok(Offered::No(reason)),
        };
        for row in rows {
            if let (Some(id), Some(name)) = (row.id(), row.text("DeveloperName")) {
                let name = match row.text("NamespacePrefix") {
                    Some(prefix) if !prefix.is_empty() => format!("{prefix}__{name}"),
                    Some(_) | None => name.to_owned(),
                };
                held.ids.insert(name.to_ascii_lowercase(), id);
            }
        }
        if held.ids.is_empty() {
            return Ok(Offered::Yes(held));
        }
        self.count();
        let query = Query::from(ASSIGNMENT)
            .fields([PERMISSION_SET_ID, PERMISSION_SET_GROUP_ID, EXPIRATION_DATE])
            .filter(Condition::eq(FieldName::fixed("AssigneeId"), *who.user));
        let rows = match optional(self.org.query(query, ASSIGNMENTS_MAX).await)? {
            Offered::Yes(rows) => rows,
            Offered::No(reason) => return Ok(Offered::No(reason)),
        };
        let in_force = |row: &&Record| {
            let ends = row.datetime("ExpirationDate");
            ends.is_none_or(|ends| ends > who.now)
        };
        let mut sets = Vec::new();
        for row in rows.iter().filter(in_force) {
            if row
                .get("PermissionSetGroupId")
                .is_some_and(|group| !group.is_null())
            {
                held.through_group = true;
            } else {
                sets.extend(row.id_at("PermissionSetId"));
            }
        }
        if sets.is_empty() {
            return Ok(Offered::Yes(held));
        }
        self.count();
        let query = Query::from(SETUP_ENTITY_ACCESS)
            .fields([SETUP_ENTITY_ID])
            .filter(
                Condition::is_in(SETUP_ENTITY_ID, held.ids.values().cloned())
                    .and(Condition::is_in(FieldName::fixed("ParentId"), sets)),
            );
        match optional(self.org.query(query, ASSIGNMENTS_MAX).await)? {
            Offered::Yes(rows) => {
                let entities = rows.iter().filter_map(|row| row.id_at("SetupEntityId"));
                held.granted = entities.collect();
                Ok(Offered::Yes(held))
            }
            Offered::No(reason) => Ok(Offered::No(reason)),
        }
    }
}
