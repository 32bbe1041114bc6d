//! Custom settings and custom metadata: a describe for the types, a query for the values.

use std::collections::BTreeSet;

use salesforce::soql::{Condition, Query};
use salesforce::{Error, FieldName, Id, ObjectName, Record};

use super::{Answers, known, of, text, unknown};
use crate::adapters::org::{Described, Reader};
use crate::adapters::refusal::{Offered, optional};
use crate::domain::schema::{Field, Object};

/// Rows of a hierarchy custom setting in force for one user: its own, its profile's, the org's.
const OWNERS: usize = 3;

const SETUP_OWNER_ID: FieldName = FieldName::fixed("SetupOwnerId");
const QUALIFIED_API_NAME: FieldName = FieldName::fixed("QualifiedApiName");

impl Reader {
    /// A hierarchy custom setting, field by field: the user's own row, else the profile's, else the org's.
    pub(super) async fn setting(
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

    pub(super) async fn metadata(
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
