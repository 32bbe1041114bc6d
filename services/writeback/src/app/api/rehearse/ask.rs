//! Asks the org about rows of one object: one read for what the rules need of records that are there, one call that is
//! rolled back.

use std::collections::HashMap;

use chrono::Utc;
use salesforce::{Error, Id, Org, Record, WriteOptions};

use super::Rehearsing;
use crate::adapters::{answers, records};
use crate::domain::outcome::Row;
use crate::domain::prediction::compare::Answer;
use crate::domain::prediction::score::{Foretold, Score};
use crate::domain::prediction::{self, Save, Scene};
use crate::domain::rehearsal::{self, Said};
use crate::domain::settings::Settings;
use crate::domain::value::Fields;
use crate::store::usage::Spent;

/// The part of an id that no record of any object has.
const NOBODY: &str = "000000000000";

/// Rows rehearsed in one call.
pub(super) struct Run<'a> {
    /// The workspace.
    pub(super) settings: &'a Settings,
    /// sObject.
    pub(super) object: &'a str,
    /// The records are created.
    pub(super) is_new: bool,
    /// The records; never empty.
    pub(super) rows: &'a [Rehearsing<'a>],
}

impl Run<'_> {
    /// What Salesforce says of each row.
    ///
    /// # Errors
    /// When a call failed.
    pub(super) async fn rehearse(
        &self,
        org: &Org,
        spent: &mut Spent,
        score: &mut Score,
    ) -> Result<Vec<Said>, Error> {
        let foretold = self.foretell(org, spent).await?;
        let mut sent = Vec::with_capacity(self.rows.len() + 1);
        for row in self.rows {
            sent.push(self.record(row.record_id, &row.fields)?);
        }
        sent.push(self.last()?);
        spent.calls += 1;
        let options = WriteOptions::default();
        let outcomes = if self.is_new {
            org.create_many(&sent, true, options).await?
        } else {
            org.update_many(&sent, true, options).await?
        };
        let answered: Vec<Row> = outcomes.iter().map(answers::row).collect();
        let rolled_back = answered
            .last()
            .is_some_and(|row| matches!(row, Row::Refused(_)));
        if !rolled_back {
            // Never seen, and never to be silent about: the rehearsal may have left a write behind.
            tracing::error!(
                crm.object = self.object,
                "a rehearsal of changes was not rolled back by salesforce"
            );
        }
        let book = self.settings.rules.get(self.object);
        let mut said = Vec::with_capacity(self.rows.len());
        for (at, answer) in answered.iter().take(self.rows.len()).enumerate() {
            let one = match answer {
                Row::Saved { .. } => Said::Accepted,
                Row::Refused(problems) => rehearsal::judge(false, problems),
            };
            if let (Some(book), Some(foretold)) = (book, foretold.get(&at)) {
                let answer = match &one {
                    Said::Accepted => Answer::Accepted,
                    Said::Refused(problems) => Answer::Refused(problems),
                };
                score.add(self.object, book, foretold, answer);
            }
            said.push(if rolled_back {
                one
            } else {
                rehearsal::not_rolled_back()
            });
        }
        Ok(said)
    }

    fn record(&self, id: &str, fields: &Fields) -> Result<Record, Error> {
        let fields = fields.iter().map(|(name, value)| (name.as_str(), value));
        records::record(self.object, id, fields)
    }

    /// The row that takes everything before it back: no org has a record with this id to update, and none lets a new
    /// record choose its own.
    fn last(&self) -> Result<Record, Error> {
        let prefix = match self.rows.first().map(|row| row.record_id) {
            Some(id) if !id.is_empty() => Id::parse(id)
                .map_err(|error| Error::Invalid(error.to_string()))?
                .key_prefix()
                .to_owned(),
            Some(_) | None => {
                let known = self.settings.schema.get(self.object);
                known.map_or_else(String::new, |object| object.key_prefix.clone())
            }
        };
        if prefix.is_empty() {
            return Err(Error::Invalid(format!(
                "the key prefix of {} is not known; read the schema again",
                self.object
            )));
        }
        let none = Fields::new();
        let fields = self.rows.last().map_or(&none, |row| &row.fields);
        self.record(&format!("{prefix}{NOBODY}"), fields)
    }

    /// What the rules would do to each record as it is now, or as it would come into being, by row.
    async fn foretell(
        &self,
        org: &Org,
        spent: &mut Spent,
    ) -> Result<HashMap<usize, Foretold>, Error> {
        let (Some(book), Some(described)) = (
            self.settings.rules.get(self.object),
            self.settings.schema.get(self.object),
        ) else {
            return Ok(HashMap::new());
        };
        let ids = self.rows.iter().map(|row| row.record_id);
        let read = if self.is_new || book.reads.is_empty() {
            // Rules that read nothing, hidden ones among them, need no call; a new record has nothing to read.
            ids.map(|id| (id.to_owned(), Some(Fields::new()))).collect()
        } else {
            let fields = book.reads.iter().map(String::as_str);
            let (read, calls) = records::read(org, self.object, ids, fields).await?;
            spent.calls += calls;
            read
        };
        let scene = Scene {
            user_id: &self.settings.connection.user_id,
            now: Utc::now(),
        };
        let mut foretold = HashMap::new();
        for (at, row) in self.rows.iter().enumerate() {
            let Some(Some(before)) = read.get(row.record_id) else {
                continue;
            };
            let changed = &row.fields;
            let save = if self.is_new {
                Save::Create(changed)
            } else {
                Save::Update { before, changed }
            };
            foretold.insert(
                at,
                Foretold {
                    predicted: prediction::answers(book, described, save, scene),
                    record_id: row.record_id.to_owned(),
                    change_ids: row.changes.iter().map(|change| change.id).collect(),
                    before: before.clone(),
                    changed: changed.clone(),
                },
            );
        }
        Ok(foretold)
    }
}
