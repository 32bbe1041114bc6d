//! Validation rules: listed with one query, formulas read 25 at a time and only of rules that changed.

use std::collections::BTreeMap;

use salesforce::soql::{Condition, Literal, LiteralError, Query};
use salesforce::{Composite, Error, FieldName, FieldPath, Id, ObjectName, Record, Subrequest};

use super::org::Reader;
use super::refusal::{Offered, optional};
use crate::domain::schema::ValidationRule;

/// Validation rules of one org; a large one has three hundred.
const RULES_MAX: usize = 5_000;

const VALIDATION_RULE: ObjectName = ObjectName::fixed("ValidationRule");
const RULE_OBJECT: FieldPath = FieldPath::fixed("EntityDefinition.QualifiedApiName");

impl Reader {
    /// Active validation rules by object. The formula of a rule that is as in `known` is not read again.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn validation_rules(
        &self,
        objects: &[ObjectName],
        known: &BTreeMap<String, ValidationRule>,
    ) -> Result<Offered<BTreeMap<String, Vec<ValidationRule>>>, Error> {
        let listed = match self.list_rules(objects).await? {
            Offered::Yes(listed) => listed,
            Offered::No(reason) => return Ok(Offered::No(reason)),
        };
        let mut rules: BTreeMap<String, Vec<ValidationRule>> = BTreeMap::new();
        let mut unread: Vec<(String, Id, ValidationRule)> = Vec::new();
        for (object, rule) in listed {
            let same = known.get(&rule.id).filter(|old| {
                !rule.last_modified.is_empty() && old.last_modified == rule.last_modified
            });
            match (same, Id::parse(&rule.id)) {
                (Some(old), _) => rules.entry(object).or_default().push(old.clone()),
                (None, Ok(id)) => unread.push((object, id, rule)),
                (None, Err(_)) => rules.entry(object).or_default().push(rule),
            }
        }
        for chunk in unread.chunks(salesforce::COMPOSITE_REQUESTS_MAX) {
            let formulas = self.formulas(chunk.iter().map(|(_, id, _)| id)).await?;
            for (object, id, rule) in chunk {
                let formula = formulas.get(id).cloned().unwrap_or_default();
                rules
                    .entry(object.clone())
                    .or_default()
                    .push(ValidationRule {
                        formula,
                        ..rule.clone()
                    });
            }
        }
        Ok(Offered::Yes(rules))
    }

    async fn list_rules(
        &self,
        objects: &[ObjectName],
    ) -> Result<Offered<Vec<(String, ValidationRule)>>, Error> {
        const FIELDS: [FieldName; 6] = [
            FieldName::fixed("Id"),
            FieldName::fixed("ValidationName"),
            FieldName::fixed("Active"),
            FieldName::fixed("ErrorDisplayField"),
            FieldName::fixed("ErrorMessage"),
            FieldName::fixed("LastModifiedDate"),
        ];
        let mut names = Vec::with_capacity(objects.len());
        for object in objects {
            names.push(Literal::text(object.as_str()).map_err(impossible)?);
        }
        self.count();
        let query = Query::from(VALIDATION_RULE)
            .fields(FIELDS)
            .field(RULE_OBJECT)
            .filter(Condition::is_in(RULE_OBJECT, names));
        let rows = match optional(self.org.tooling_query(query, RULES_MAX).await)? {
            Offered::Yes(rows) => rows,
            Offered::No(reason) => return Ok(Offered::No(reason)),
        };
        let active = rows.iter().filter(|row| row.bool("Active") == Some(true));
        let listed = active.filter_map(|row| {
            Some((
                row.text("EntityDefinition.QualifiedApiName")?.to_owned(),
                rule(row)?,
            ))
        });
        Ok(Offered::Yes(listed.collect()))
    }

    /// Formulas by rule id; one that cannot be read is left out, as a managed package hides its own.
    async fn formulas(
        &self,
        ids: impl Iterator<Item = &Id>,
    ) -> Result<BTreeMap<Id, String>, Error> {
        let ids: Vec<Id> = ids.cloned().collect();
        let mut composite = Composite::new(false);
        for (at, id) in ids.iter().enumerate() {
            let reference = FieldName::parse(&format!("rule{at}"))
                .map_err(|error| Error::Invalid(error.to_string()))?;
            composite = composite.push(Subrequest::tooling_retrieve(
                reference,
                &VALIDATION_RULE,
                id,
            ));
        }
        self.count();
        let answers = match optional(self.org.composite(composite).await)? {
            Offered::Yes(answers) => answers,
            Offered::No(_) => return Ok(BTreeMap::new()),
        };
        let read = ids
            .into_iter()
            .zip(answers)
            .filter(|(_, answer)| answer.is_success());
        Ok(read
            .filter_map(|(id, answer)| {
                let row = answer.record().ok()?;
                Some((id, row.text("Metadata.errorConditionFormula")?.to_owned()))
            })
            .collect())
    }
}

fn impossible(error: LiteralError) -> Error {
    Error::Invalid(error.to_string())
}

fn rule(row: &Record) -> Option<ValidationRule> {
    let text = |field: &str| row.text(field).unwrap_or_default().to_owned();
    Some(ValidationRule {
        id: row.id()?.as_str().to_owned(),
        name: text("ValidationName"),
        formula: String::new(),
        error_message: text("ErrorMessage"),
        error_field: text("ErrorDisplayField"),
        last_modified: text("LastModifiedDate"),
    })
}
