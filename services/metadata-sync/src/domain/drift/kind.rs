//! The kinds of difference, and which of them need a person.

use serde::{Deserialize, Serialize};

/// A kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The object is gone or hidden.
    ObjectRemoved,
    /// The field is gone or hidden.
    FieldRemoved,
    /// The field carries another name.
    FieldRenamed,
    /// The field is new.
    FieldAdded,
    /// The field has another type.
    FieldRetyped,
    /// The field takes less.
    FieldShortened,
    /// The field takes more.
    FieldLengthened,
    /// The field must be filled from now on.
    FieldRequired,
    /// The picklist refuses unknown values from now on.
    PicklistRestricted,
    /// A value is gone.
    PicklistValueRemoved,
    /// A value is still listed and may no longer be chosen.
    PicklistValueDeactivated,
    /// A value is written differently.
    PicklistValueRenamed,
    /// A value is shown differently and written as before.
    PicklistValueRelabelled,
    /// A value is new or active again.
    PicklistValueAdded,
    /// The connected user may no longer write.
    PermissionLost,
    /// The connected user may write again.
    PermissionGained,
    /// A validation rule is new.
    ValidationRuleAdded,
    /// A validation rule is different.
    ValidationRuleChanged,
    /// A validation rule is gone or inactive.
    ValidationRuleRemoved,
    /// A stage is new or active again.
    StageAdded,
    /// A stage is different.
    StageChanged,
    /// A stage is gone or inactive.
    StageRemoved,
    /// A record type is gone or out of reach.
    RecordTypeRemoved,
    /// A Salesforce user is no longer active: records they own refuse changes.
    OwnerDeactivated,
}

/// How much a difference matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It only allows more than before; written down, nothing to do.
    Info,
    /// Single changes may be held; the mapping works.
    Warning,
    /// Part of the mapping no longer works.
    Critical,
}

impl Severity {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity of a stored word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Info, Self::Warning, Self::Critical]
            .into_iter()
            .find(|severity| severity.as_str() == text)
    }
}

impl Kind {
    /// Whether it can only widen what may be written, so that it needs nobody's decision.
    #[must_use]
    pub fn harmless(self) -> bool {
        match self {
            Self::FieldAdded
            | Self::FieldLengthened
            | Self::PicklistValueAdded
            | Self::PicklistValueRelabelled
            | Self::PermissionGained
            | Self::ValidationRuleRemoved
            | Self::StageAdded => true,
            Self::ObjectRemoved
            | Self::FieldRemoved
            | Self::FieldRenamed
            | Self::FieldRetyped
            | Self::FieldShortened
            | Self::FieldRequired
            | Self::PicklistRestricted
            | Self::PicklistValueRemoved
            | Self::PicklistValueDeactivated
            | Self::PicklistValueRenamed
            | Self::PermissionLost
            | Self::ValidationRuleAdded
            | Self::ValidationRuleChanged
            | Self::StageChanged
            | Self::StageRemoved
            | Self::RecordTypeRemoved
            | Self::OwnerDeactivated => false,
        }
    }

    /// How much it matters, given whether it broke part of the mapping.
    #[must_use]
    pub fn severity(self, broke: bool) -> Severity {
        match (self.harmless(), broke) {
            (true, _) => Severity::Info,
            (false, true) => Severity::Critical,
            (false, false) => Severity::Warning,
        }
    }
}
