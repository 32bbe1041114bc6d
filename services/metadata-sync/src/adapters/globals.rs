//! The values behind names that start with `$`, for the connected user: a handful of calls, however many rules there are.
//!
//! A refusal is an answer here: what the connected user may not read stays unknown, with the reason, and the rules that
//! need it are not answered.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use salesforce::soql::{Condition, Literal, Query};
use salesforce::{Error, FieldName, FieldPath, Id, ObjectName, Record, Value};

use super::org::{Described, Reader};
use super::refusal::{Offered, optional};
use crate::domain::global::Asked;
use crate::domain::schema::{Field, Object};

/// Permission sets of one user.
const ASSIGNMENTS_MAX: usize = 500;
/// Rows of a hierarchy custom setting in force for one user: its own, its profile's, the org's.
const OWNERS: usize = 3;

const ID: FieldName = FieldName::fixed("Id");
const PROFILE_ID: FieldName = FieldName::fixed("ProfileId");
const USER_ROLE_ID: FieldName = FieldName::fixed("UserRoleId");
const SETUP_OWNER_ID: FieldName = FieldName::fixed("SetupOwnerId");
const QUALIFIED_API_NAME: FieldName = FieldName::fixed("QualifiedApiName");
const DEVELOPER_NAME: FieldName = FieldName::fixed("DeveloperName");
const NAMESPACE_PREFIX: FieldName = FieldName::fixed("NamespacePrefix");
const SETUP_ENTITY_ID: FieldName = FieldName::fixed("SetupEntityId");
const PERMISSION_SET_ID: FieldName = FieldName::fixed("PermissionSetId");
const PERMISSION_SET_GROUP_ID: FieldName = FieldName::fixed("PermissionSetGroupId");
const EXPIRATION_DATE: FieldName = FieldName::fixed("ExpirationDate");

const ORGANIZATION: ObjectName = ObjectName::fixed("Organization");
const CUSTOM_PERMISSION: ObjectName = ObjectName::fixed("CustomPermission");
const ASSIGNMENT: ObjectName = ObjectName::fixed("PermissionSetAssignment");
const SETUP_ENTITY_ACCESS: ObjectName = ObjectName::fixed("SetupEntityAccess");

/// What is known of one global.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Salesforce's type word; empty when it is not known.
    pub kind: String,
    /// Its value, or why it is not known.
    pub value: Result<serde_json::Value, String>,
}

/// By name, in lower case.
pub type Answers = BTreeMap<String, Known>;

/// Whose values are read.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The connected user.
    pub user: &'a Id,
    /// Its organization.
    pub organization: &'a Id,
    /// What it sees of users.
    pub fields: &'a BTreeMap<String, Field>,
    /// Now.
    pub now: DateTime<Utc>,
}

impl Reader {
    /// Reads what is asked.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn globals(&self, asked: &Asked, who: Who<'_>) -> Result<Answers, Error> {
        let mut answers = Answers::new();
        for (name, why) in &asked.unread {
            answers.insert(name.clone(), unknown("", *why));
        }
        let profile = self.user(asked, who, &mut answers).await?;
        self.organization(asked, who, &mut answers).await?;
        self.permissions(asked, who, &mut answers).await?;
        for (object, fields) in &asked.settings {
            let owners = [Some(who.user), profile.as_ref(), Some(who.organization)];
            self.setting(object, fields, owners, &mut answers).await?;
        }
        for (object, fields) in &asked.metadata {
            let none = BTreeSet::new();
            let records = asked.records.get(object).unwrap_or(&none);
            self.metadata(object, fields, records, &mut answers).await?;
        }
        Ok(answers)
    }

    /// The connected user with its profile and role, in one query; answers the profile's id.
    async fn user(
        &self,
        asked: &Asked,
        who: Who<'_>,
        answers: &mut Answers,
    ) -> Result<Option<Id>, Error> {
        let id = serde_json::Value::from(who.user.as_str());
        answers.insert("$user.id".to_owned(), known("id", id));
        let seen = |name: &str| {
            let mut fields = who.fields.iter();
            fields.find(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let mut query = Query::from(ObjectName::USER).fields([ID]);
        let mut own = Vec::new();
        for field in asked.user.iter().filter(|field| *field != "id") {
            match seen(field).and_then(|(name, found)| Some((FieldName::parse(name).ok()?, found)))
            {
                Some((name, found)) => {
                    query = query.field(&name);
                    own.push((field, name, found.kind.clone()));
                }
                None => {
                    let why = "the connected user does not see the field";
                    answers.insert(format!("$user.{field}"), unknown("", why));
                }
            }
        }
        let asks_profile = !asked.profile.is_empty() || !asked.settings.is_empty();
        let sees_profile = asks_profile && seen("ProfileId").is_some();
        if sees_profile {
            query = query
                .field(&PROFILE_ID)
                .field(FieldPath::fixed("Profile.Name"));
        }
        let sees_role = !asked.role.is_empty() && seen("UserRoleId").is_some();
        if sees_role {
            query = query
                .field(&USER_ROLE_ID)
                .field(FieldPath::fixed("UserRole.Name"));
        }
        if own.is_empty() && !asks_profile && asked.role.is_empty() {
            return Ok(None);
        }
        self.count();
        let query = query.filter(Condition::eq(ID, *who.user));
        let row = match optional(self.org.query(query, 1).await)? {
            Offered::Yes(rows) => rows.into_iter().next(),
            Offered::No(_) => None,
        };
        let why = "the connected user's own record could not be read";
        for (field, name, kind) in own {
            let value = row.as_ref().and_then(|row| row.get(name.as_str()));
            let found = value.map_or_else(|| unknown(&kind, why), |value| of(&kind, value));
            answers.insert(format!("$user.{field}"), found);
        }
        for (group, fields, lookup, name, sees) in [
            (
                "$profile",
                &asked.profile,
                "ProfileId",
                "Profile.Name",
                sees_profile,
            ),
            (
                "$userrole",
                &asked.role,
                "UserRoleId",
                "UserRole.Name",
                sees_role,
            ),
        ] {
            for field in fields {
                let (kind, path) = match field.as_str() {
                    "id" => ("id", lookup),
                    "name" => ("string", name),
                    _ => ("", ""),
                };
                let found = match &row {
                    _ if path.is_empty() => unknown("", "only its name and id are read"),
                    Some(row) if sees => {
                        // A user without a role has blank role fields.
                        let leads_nowhere = row.get(lookup).is_some_and(Value::is_null);
                        let value = row.get(path).filter(|_| !leads_nowhere);
                        match value {
                            Some(value) => of(kind, value),
                            None if leads_nowhere => known(kind, serde_json::Value::Null),
                            None => unknown(kind, why),
                        }
                    }
                    Some(_) | None => unknown(kind, why),
                };
                answers.insert(format!("{group}.{field}"), found);
            }
        }
        Ok(row.and_then(|row| row.id_at("ProfileId")))
    }

    async fn organization(
        &self,
        asked: &Asked,
        who: Who<'_>,
        answers: &mut Answers,
    ) -> Result<(), Error> {
        for field in &asked.organization {
            let name = format!("$organization.{field}");
            match field.as_str() {
                "id" => {
                    let id = serde_json::Value::from(who.organization.as_str());
                    answers.insert(name, known("id", id));
                }
                "name" => {
                    self.count();
                    let query = Query::from(ORGANIZATION).fields([ID, FieldName::fixed("Name")]);
                    let row = match optional(self.org.query(query, 1).await)? {
                        Offered::Yes(rows) => rows.into_iter().next(),
                        Offered::No(_) => None,
                    };
                    let value = row.as_ref().and_then(|row| row.get("Name"));
                    let why = "the organization's record could not be read";
                    let found =
                        value.map_or_else(|| unknown("string", why), |value| of("string", value));
                    answers.insert(name, found);
                }
                _ => {
                    answers.insert(name, unknown("", "only its name and id are read"));
                }
            }
        }
        Ok(())
    }

    /// A permission is held when one of the user's permission sets, its profile's among them, gives access to it. One that
    /// only a group might give is not known: a group may mute it.
    async fn permissions(
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

    /// A hierarchy custom setting, field by field: the user's own row, else the profile's, else the org's.
    async fn setting(
        &self,
        object: &str,
        fields: &BTreeSet<String>,
        owners: [Option<&Id>; OWNERS],
        answers: &mut Answers,
    ) -> Result<(), Error> {
        let group = format!("$setup.{object}");
        let Some((name, described)) = self.visible(object).await? else {
            out_of_reach(&group, object, fields, answers);
            return Ok(());
        };
        let readable = known_fields(&group, &described, fields, answers);
        let ids = owners.into_iter().flatten().cloned();
        self.count();
        let query = Query::from(name)
            .fields([SETUP_OWNER_ID])
            .fields(readable.iter().map(|(_, name, _)| name))
            .filter(Condition::is_in(SETUP_OWNER_ID, ids));
        let rows = match optional(self.org.query(query, OWNERS).await)? {
            Offered::Yes(rows) => rows,
            Offered::No(reason) => {
                for (field, _, found) in &readable {
                    answers.insert(
                        format!("{group}.{field}"),
                        unknown(&found.kind, reason.clone()),
                    );
                }
                return Ok(());
            }
        };
        // Without its profile a user may have a row that we did not ask for.
        let sees_all = owners.iter().all(Option::is_some);
        let in_order: Vec<&Record> = owners
            .iter()
            .flatten()
            .filter_map(|owner| {
                rows.iter()
                    .find(|row| row.id_at("SetupOwnerId").as_ref() == Some(*owner))
            })
            .collect();
        for (field, name, found) in readable {
            let given = in_order
                .iter()
                .filter_map(|row| row.get(name.as_str()))
                .find(|value| !value.is_null());
            let kind = &found.kind;
            let starts_blank = found.default_formula.is_empty()
                && matches!(found.default_json.as_str(), "" | "null" | "false");
            let answer = match given {
                _ if !sees_all => unknown(kind, "the connected user's profile is not known"),
                Some(value) => of(kind, value),
                // Whether a setting nobody filled reads as its default is not documented.
                None if in_order.is_empty() && !starts_blank => {
                    unknown(kind, "the setting has no value for the connected user")
                }
                None => known(kind, serde_json::Value::Null),
            };
            answers.insert(format!("{group}.{field}"), answer);
        }
        Ok(())
    }

    async fn metadata(
        &self,
        object: &str,
        fields: &BTreeSet<String>,
        records: &BTreeSet<String>,
        answers: &mut Answers,
    ) -> Result<(), Error> {
        let group = |record: &str| format!("$custommetadata.{object}.{record}");
        let Some((name, described)) = self.visible(object).await? else {
            for record in records {
                out_of_reach(&group(record), object, fields, answers);
            }
            return Ok(());
        };
        let mut readable = Vec::new();
        let mut names = Vec::with_capacity(records.len());
        for record in records {
            readable = known_fields(&group(record), &described, fields, answers);
            names.push(text(record)?);
        }
        self.count();
        let query = Query::from(name)
            .fields([QUALIFIED_API_NAME])
            .fields(readable.iter().map(|(_, name, _)| name))
            .filter(Condition::is_in(QUALIFIED_API_NAME, names));
        let asked = optional(self.org.query(query, records.len()).await)?;
        for record in records {
            let row = match &asked {
                Offered::Yes(rows) => rows.iter().find(|row| {
                    let name = row.text("QualifiedApiName");
                    name.is_some_and(|name| name.eq_ignore_ascii_case(record))
                }),
                Offered::No(_) => None,
            };
            for (field, name, found) in &readable {
                let value = row.and_then(|row| row.get(name.as_str()));
                let answer = match (&asked, value) {
                    // Its value is an internal name, not an id.
                    _ if found.kind == "reference" => {
                        unknown("", "lookups of custom metadata are not read")
                    }
                    (Offered::No(reason), _) => unknown(&found.kind, reason.clone()),
                    (Offered::Yes(_), Some(value)) => of(&found.kind, value),
                    (Offered::Yes(_), None) => {
                        unknown(&found.kind, "the connected user sees no such record")
                    }
                };
                answers.insert(format!("{}.{field}", group(record)), answer);
            }
        }
        Ok(())
    }

    /// The object, when the connected user may read it.
    async fn visible(&self, object: &str) -> Result<Option<(ObjectName, Object)>, Error> {
        let Ok(name) = ObjectName::parse(object) else {
            return Ok(None);
        };
        Ok(match self.describe(&name, None, true).await? {
            Described::Changed { object, .. } if object.queryable => Some((name, *object)),
            Described::Changed { .. } | Described::Unchanged | Described::Absent => None,
        })
    }
}

fn out_of_reach(group: &str, object: &str, fields: &BTreeSet<String>, answers: &mut Answers) {
    for field in fields {
        let why = format!("{object} is out of the connected user's reach");
        answers.insert(format!("{group}.{field}"), unknown("", why));
    }
}

/// What a user's permission sets give.
#[derive(Default)]
struct Held {
    /// Custom permissions by name, in lower case.
    ids: BTreeMap<String, Id>,
    granted: BTreeSet<Id>,
    through_group: bool,
}

/// The asked fields that are there, under the names they have; the others are told unknown.
fn known_fields(
    group: &str,
    described: &Object,
    fields: &BTreeSet<String>,
    answers: &mut Answers,
) -> Vec<(String, FieldName, Field)> {
    let mut found = Vec::new();
    for field in fields {
        let seen = described
            .fields
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(field));
        match seen.and_then(|(name, seen)| Some((FieldName::parse(name).ok()?, seen))) {
            Some((name, seen)) => found.push((field.clone(), name, seen.clone())),
            None => {
                let why = "the connected user does not see the field";
                answers.insert(format!("{group}.{field}"), unknown("", why));
            }
        }
    }
    found
}

fn text(text: &str) -> Result<Literal, Error> {
    Literal::text(text).map_err(|error| Error::Invalid(error.to_string()))
}

fn of(kind: &str, value: &Value) -> Known {
    match serde_json::to_value(value) {
        Ok(value) => known(kind, value),
        Err(error) => unknown(kind, error.to_string()),
    }
}

fn known(kind: &str, value: serde_json::Value) -> Known {
    Known {
        kind: kind.to_owned(),
        value: Ok(value),
    }
}

fn unknown(kind: &str, why: impl Into<String>) -> Known {
    Known {
        kind: kind.to_owned(),
        value: Err(why.into()),
    }
}
