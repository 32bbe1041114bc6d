//! Facts of the org's setup that describes do not tell: durable ids of fields, sales processes, the list of objects.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use salesforce::soql::{Condition, Literal, Query};
use salesforce::{Conditional, Error, FieldName, FieldPath, ObjectName, ObjectSummary};

use super::org::Reader;
use super::refusal::{Offered, optional};
use crate::domain::schema::SalesProcess;

/// Fields of one object whose ids are asked: the platform answers no more than this many definitions.
const FIELDS_MAX: usize = 2_000;
/// Record types and sales processes of one org.
const PROCESSES_MAX: usize = 2_000;

const FIELD_DEFINITION: ObjectName = ObjectName::fixed("FieldDefinition");
const RECORD_TYPE: ObjectName = ObjectName::fixed("RecordType");
const BUSINESS_PROCESS: ObjectName = ObjectName::fixed("BusinessProcess");
const OBJECT_OF_FIELD: FieldPath = FieldPath::fixed("EntityDefinition.QualifiedApiName");

/// Sales processes, and which record type uses which.
#[derive(Debug, Default)]
pub struct Processes {
    /// The processes.
    pub processes: Vec<SalesProcess>,
    /// Process id by record type id.
    pub of_record_type: BTreeMap<String, String>,
}

impl Reader {
    /// The objects of the org, unless no object's metadata changed since `since`.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn objects(
        &self,
        since: Option<DateTime<Utc>>,
    ) -> Result<Offered<Conditional<Vec<ObjectSummary>>>, Error> {
        self.count();
        optional(self.org.describe_global(since).await)
    }

    /// Durable ids of an object's fields by name. A rename leaves them alone.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn field_ids(&self, object: &ObjectName) -> Result<BTreeMap<String, String>, Error> {
        const FIELDS: [FieldName; 2] = [
            FieldName::fixed("DurableId"),
            FieldName::fixed("QualifiedApiName"),
        ];
        let name =
            Literal::text(object.as_str()).map_err(|error| Error::Invalid(error.to_string()))?;
        self.count();
        let query = Query::from(FIELD_DEFINITION)
            .fields(FIELDS)
            .filter(Condition::is_in(OBJECT_OF_FIELD, vec![name]));
        let rows = match optional(self.org.tooling_query(query, FIELDS_MAX).await) {
            Ok(Offered::Yes(rows)) => rows,
            Ok(Offered::No(_)) | Err(Error::TooMany { .. }) => return Ok(BTreeMap::new()),
            Err(error) => return Err(error),
        };
        let ids = rows.iter().filter_map(|row| {
            let id = row.text("DurableId")?;
            // `Opportunity.00N...` names the field by its id; `Opportunity.NextStep` says only what is known.
            let own = id.rsplit('.').next().unwrap_or(id);
            let name = row.text("QualifiedApiName")?;
            (own != name).then(|| (name.to_owned(), id.to_owned()))
        });
        Ok(ids.collect())
    }

    /// Sales processes of opportunities. A host that has none, or does not show them, has no processes.
    ///
    /// # Errors
    /// When Salesforce cannot answer for now.
    pub async fn sales_processes(&self) -> Result<Processes, Error> {
        const USE: [FieldName; 2] = [
            FieldName::fixed("Id"),
            FieldName::fixed("BusinessProcessId"),
        ];
        const PROCESS: [FieldName; 3] = [
            FieldName::fixed("Id"),
            FieldName::fixed("Name"),
            FieldName::fixed("IsActive"),
        ];
        self.count();
        let opportunity =
            Literal::text("Opportunity").map_err(|error| Error::Invalid(error.to_string()))?;
        let query = Query::from(RECORD_TYPE)
            .fields(USE)
            .filter(Condition::is_in(
                FieldName::fixed("SobjectType"),
                vec![opportunity],
            ));
        let Offered::Yes(used) = optional(self.org.query(query, PROCESSES_MAX).await)? else {
            return Ok(Processes::default());
        };
        let of_record_type: BTreeMap<String, String> = used
            .iter()
            .filter_map(|row| {
                let process = row.id_at("BusinessProcessId")?;
                Some((row.id()?.as_str().to_owned(), process.as_str().to_owned()))
            })
            .collect();
        if of_record_type.is_empty() {
            return Ok(Processes::default());
        }
        self.count();
        let query = Query::from(BUSINESS_PROCESS).fields(PROCESS);
        let Offered::Yes(rows) = optional(self.org.tooling_query(query, PROCESSES_MAX).await)?
        else {
            return Ok(Processes::default());
        };
        let processes = rows.iter().filter_map(|row| {
            Some(SalesProcess {
                id: row.id()?.as_str().to_owned(),
                name: row.text("Name").unwrap_or_default().to_owned(),
                active: row.bool("IsActive").unwrap_or_default(),
            })
        });
        Ok(Processes {
            processes: processes
                .filter(|process| of_record_type.values().any(|used| *used == process.id))
                .collect(),
            of_record_type,
        })
    }
}
