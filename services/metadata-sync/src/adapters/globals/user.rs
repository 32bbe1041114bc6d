//! The connected user with its profile and role, and the organization: a query each.

use salesforce::soql::{Condition, Query};
use salesforce::{Error, FieldName, FieldPath, Id, ObjectName, Value};

use super::{Answers, ID, Who, known, of, unknown};
use crate::adapters::org::Reader;
use crate::adapters::refusal::{Offered, optional};
use crate::domain::global::Asked;

const PROFILE_ID: FieldName = FieldName::fixed("ProfileId");
const USER_ROLE_ID: FieldName = FieldName::fixed("UserRoleId");
const ORGANIZATION: ObjectName = ObjectName::fixed("Organization");

impl Reader {
    /// The connected user with its profile and role, in one query; answers the profile's id.
    pub(super) async fn user(
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

    pub(super) async fn organization(
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
}
