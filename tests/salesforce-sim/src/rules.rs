//! Validation rules: a formula that blocks the save when it is true.

use std::sync::Arc;

use formula::Formula;
use serde_json::{Value as Json, json};

use crate::error::{ApiError, SaveErrors};
use crate::id::Id;
use crate::save::Tx;
use crate::save::row::Draft;

/// One validation rule.
#[derive(Debug, Clone)]
pub struct ValidationRule {
    /// Record id, prefix 03d.
    pub id: Id,
    /// Object it guards.
    pub object: u16,
    /// API name.
    pub name: String,
    /// Switched on.
    pub active: bool,
    /// Note for admins.
    pub description: Option<String>,
    /// Formula; the rule blocks when it is true.
    pub formula: String,
    /// Field the error is shown beside.
    pub error_field: Option<String>,
    /// Error text.
    pub message: String,
    /// When it was made, in ms.
    pub created_ms: i64,
    /// When it was last changed, in ms.
    pub modified_ms: i64,
    /// The formula, compiled against the current schema; none when it no longer compiles.
    pub compiled: Option<Arc<Formula>>,
}

impl ValidationRule {
    /// The Tooling API's `Metadata`.
    pub fn metadata(&self) -> Json {
        json!({
            "active": self.active,
            "description": self.description,
            "errorConditionFormula": self.formula,
            "errorDisplayField": self.error_field,
            "errorMessage": self.message,
            "shouldEvaluateOnClient": null,
            "urls": null,
        })
    }
}

/// Errors of every active rule that blocks this save.
pub fn failures(tx: &Tx<'_>, draft: &Draft<'_>) -> SaveErrors {
    let mut errors = SaveErrors::new();
    for rule in tx
        .org
        .rules
        .iter()
        .filter(|rule| rule.active && rule.object == draft.object)
    {
        if rule
            .compiled
            .as_ref()
            .is_some_and(|formula| crate::evaluate::fires(tx, draft, formula))
        {
            let fields: Vec<&str> = rule.error_field.as_deref().into_iter().collect();
            errors.push(ApiError::save(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                rule.message.clone(),
                &fields,
            ));
        }
    }
    errors
}
