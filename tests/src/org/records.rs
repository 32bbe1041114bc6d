//! The records the sample meetings are about: found, or created, by ordinary REST.

use super::rest::{Rest, quoted};
use crate::fixtures::day;
use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Where the list is, from the project's folder.
const FILE: &str = "tests/fixtures/org.yaml";

/// One record of the list: how others refer to it, and its fields by API name.
#[derive(Debug, Clone, Deserialize)]
pub struct Sample {
    /// Name within the list.
    #[serde(default)]
    pub key: String,
    /// Key of its account.
    #[serde(default)]
    account: Option<String>,
    /// Key of its contact, for contact roles.
    #[serde(default)]
    contact: Option<String>,
    /// Key of its opportunity, for contact roles.
    #[serde(default)]
    opportunity: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    fields: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Samples {
    accounts: Vec<Sample>,
    contacts: Vec<Sample>,
    opportunities: Vec<Sample>,
    contact_roles: Vec<Sample>,
    leads: Vec<Sample>,
}

/// Ids of the sample records, by key, and their names, by id.
#[derive(Debug, Clone, Default)]
pub struct Records {
    ids: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    counts: BTreeMap<String, u64>,
}

impl Records {
    /// Finds each sample record in the org, creates what is missing and puts the listed fields back.
    ///
    /// # Errors
    /// When the list cannot be read or Salesforce refuses.
    pub async fn prepare(rest: &Rest) -> anyhow::Result<Self> {
        let path = crate::tools::root().join(FILE);
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {FILE}"))?;
        let samples: Samples =
            serde_yaml_ng::from_str(&text).with_context(|| format!("understand {FILE}"))?;
        let mut records = Self::default();
        records
            .put(rest, "Account", "Name", &samples.accounts)
            .await?;
        records
            .put(rest, "Contact", "Email", &samples.contacts)
            .await?;
        records
            .put(rest, "Opportunity", "Name", &samples.opportunities)
            .await?;
        records.put(rest, "Lead", "Email", &samples.leads).await?;
        records.put_roles(rest, &samples.contact_roles).await?;
        Ok(records)
    }

    /// The id of a sample record.
    #[must_use]
    pub fn id(&self, key: &str) -> Option<&str> {
        self.ids.get(key).map(String::as_str)
    }

    /// The name of a sample record, for a person.
    #[must_use]
    pub fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    /// How many sample records of an object there are.
    #[must_use]
    pub fn count(&self, object: &str) -> u64 {
        self.counts.get(object).copied().unwrap_or_default()
    }

    async fn put(
        &mut self,
        rest: &Rest,
        object: &str,
        identity: &str,
        samples: &[Sample],
    ) -> anyhow::Result<()> {
        let rows = samples
            .iter()
            .map(|sample| self.row(sample))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let values: Vec<String> = rows.iter().map(|row| quoted(text(row, identity))).collect();
        let soql = format!(
            "SELECT Id, {identity} FROM {object} WHERE {identity} IN ({})",
            values.join(", ")
        );
        self.counts.insert(object.to_owned(), samples.len() as u64);
        let mut found = BTreeMap::new();
        for record in rest
            .query(&soql)
            .await
            .with_context(|| format!("look for sample {object} records"))?
        {
            let (identity, id) = (record[identity].as_str(), record["Id"].as_str());
            if let (Some(identity), Some(id)) = (identity, id) {
                found.insert(identity.to_lowercase(), id.to_owned());
            }
        }
        let (mut missing, mut present) = (Vec::new(), Vec::new());
        for (sample, row) in samples.iter().zip(rows) {
            match found.get(&text(&row, identity).to_lowercase()) {
                Some(id) => present.push((sample, id.clone(), row)),
                None => missing.push((sample, row)),
            }
        }
        let new: Vec<_> = missing.iter().map(|(_, row)| row.clone()).collect();
        let ids = rest
            .create(object, &new)
            .await
            .with_context(|| format!("create sample {object} records"))?;
        for ((sample, row), id) in missing.iter().zip(ids) {
            self.know(sample, &id, row);
        }
        let mut back = Vec::new();
        for (sample, id, mut row) in present {
            self.know(sample, &id, &row);
            row.insert("id".to_owned(), Value::String(id));
            back.push(row);
        }
        rest.update(object, &back)
            .await
            .with_context(|| format!("put sample {object} records back"))
    }

    async fn put_roles(&mut self, rest: &Rest, samples: &[Sample]) -> anyhow::Result<()> {
        let rows = samples
            .iter()
            .map(|sample| self.row(sample))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let opportunities: Vec<String> = rows
            .iter()
            .map(|row| quoted(text(row, "OpportunityId")))
            .collect();
        let soql = format!(
            "SELECT OpportunityId, ContactId FROM OpportunityContactRole WHERE OpportunityId IN ({})",
            opportunities.join(", ")
        );
        let found = rest
            .query(&soql)
            .await
            .context("look for sample contact roles")?;
        let known = |row: &Map<String, Value>| {
            found.iter().any(|role| {
                role["OpportunityId"] == row["OpportunityId"]
                    && role["ContactId"] == row["ContactId"]
            })
        };
        let missing: Vec<_> = rows.into_iter().filter(|row| !known(row)).collect();
        rest.create("OpportunityContactRole", &missing)
            .await
            .context("create sample contact roles")?;
        Ok(())
    }

    /// The record as Salesforce takes it: references resolved, relative days made absolute.
    fn row(&self, sample: &Sample) -> anyhow::Result<Map<String, Value>> {
        let mut row = sample.fields.clone();
        let references = [
            ("AccountId", &sample.account),
            ("ContactId", &sample.contact),
            ("OpportunityId", &sample.opportunity),
        ];
        for (field, key) in references {
            if let Some(key) = key {
                let id = self
                    .id(key)
                    .with_context(|| format!("{FILE} refers to {key}, which it does not list"))?;
                row.insert(field.to_owned(), Value::String(id.to_owned()));
            }
        }
        for value in row.values_mut() {
            if let Some(day) = value.as_str().and_then(day) {
                *value = Value::String(day);
            }
        }
        Ok(row)
    }

    fn know(&mut self, sample: &Sample, id: &str, row: &Map<String, Value>) {
        let name = match row.get("Name").and_then(Value::as_str) {
            Some(name) => name.to_owned(),
            None => format!("{} {}", text(row, "FirstName"), text(row, "LastName")),
        };
        self.ids.insert(sample.key.clone(), id.to_owned());
        self.names.insert(id.to_owned(), name);
    }
}

fn text<'a>(row: &'a Map<String, Value>, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}
