//! The values behind names that start with `$`, for the connected user: a handful of calls, however many rules there are.
//!
//! A refusal is an answer here: what the connected user may not read stays unknown, with the reason, and the rules that
//! need it are not answered.

mod permission;
mod setting;
mod user;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use salesforce::soql::Literal;
use salesforce::{Error, FieldName, Id, Value};

use super::org::Reader;
use crate::domain::global::Asked;
use crate::domain::schema::Field;

const ID: FieldName = FieldName::fixed("Id");

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
            if let Some(records) = asked.records.get(object) {
                self.metadata(object, fields, records, &mut answers).await?;
            }
        }
        Ok(answers)
    }
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
