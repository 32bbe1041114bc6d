//! Picklist values per record type, as the page layouts of the org offer them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Org;
use crate::error::Error;
use crate::id::Id;
use crate::name::{FieldName, ObjectName};

/// All picklist fields of an object for one record type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordTypePicklists {
    /// By field API name.
    pub picklist_field_values: BTreeMap<String, FieldPicklist>,
}

/// One picklist field for one record type. For StageName it is already the sales process's list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct FieldPicklist {
    /// Index of each controlling value.
    pub controller_values: BTreeMap<String, u32>,
    /// The default, when there is one.
    pub default_value: Option<PicklistChoice>,
    /// Values offered.
    pub values: Vec<PicklistChoice>,
}

/// One value offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct PicklistChoice {
    /// Write this.
    pub value: String,
    /// Show this.
    pub label: String,
    /// Indexes of the controlling values it is valid for; empty when nothing controls it. Numbers
    /// here, unlike the describe's bitmap.
    pub valid_for: Vec<u32>,
    /// For stages: closed, won, default probability, forecast category.
    pub attributes: Option<serde_json::Value>,
}

impl Org {
    /// The values of every picklist field for a record type. Not every object is supported: Task and
    /// Event fall back to the describe.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn picklists(
        &self,
        object: &ObjectName,
        record_type: &Id,
    ) -> Result<RecordTypePicklists, Error> {
        let target = self.data(&format!(
            "/ui-api/object-info/{object}/picklist-values/{record_type}"
        ));
        self.get("picklists", target).await
    }

    /// The values of one picklist field for a record type.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn picklist(
        &self,
        object: &ObjectName,
        record_type: &Id,
        field: &FieldName,
    ) -> Result<FieldPicklist, Error> {
        let target = self.data(&format!(
            "/ui-api/object-info/{object}/picklist-values/{record_type}/{field}"
        ));
        self.get("picklist", target).await
    }
}
