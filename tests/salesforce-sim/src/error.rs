//! What the org answers when it refuses: code, message, fields and status.
//!
//! Codes and texts are those of salesforce-api.md section 7; one constructor per refusal that several
//! places share, so that the wording cannot drift between single-record and collection calls.

use serde_json::{Map, Value as Json, json};

/// One refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// HTTP status of the single-record form.
    pub status: u16,
    /// Error code, as in the error catalogue.
    pub code: String,
    /// Text for a person.
    pub message: String,
    /// Fields concerned; `None` leaves the key out, as real answers for queries and sessions do.
    pub fields: Option<Vec<String>>,
    /// Keys beside the usual three, such as `duplicateResut`.
    pub extra: Map<String, Json>,
}

impl ApiError {
    /// A refusal without a `fields` key.
    pub fn bare(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            fields: None,
            extra: Map::new(),
        }
    }

    /// A 400 refusal of a save, naming the fields concerned.
    pub fn save(code: &str, message: impl Into<String>, fields: &[&str]) -> Self {
        let fields = Some(fields.iter().map(ToString::to_string).collect());
        Self {
            fields,
            ..Self::bare(400, code, message)
        }
    }

    /// The same refusal under another HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// A path that leads nowhere.
    pub fn no_resource() -> Self {
        Self::bare(404, "NOT_FOUND", "The requested resource does not exist")
    }

    /// A record in the recycle bin.
    pub fn deleted() -> Self {
        Self::save("ENTITY_IS_DELETED", "entity is deleted", &[]).with_status(404)
    }

    /// A body that is not JSON, or a value that cannot become the field's type.
    pub fn json(message: impl Into<String>) -> Self {
        Self::bare(400, "JSON_PARSER_ERROR", message)
    }

    /// A query that cannot be parsed.
    pub fn malformed_query(message: impl Into<String>) -> Self {
        Self::bare(400, "MALFORMED_QUERY", message)
    }

    /// The element of a single-record error array.
    pub fn rest(&self) -> Json {
        let mut object = self.extra.clone();
        object.insert("message".into(), json!(self.message));
        object.insert("errorCode".into(), json!(self.code));
        if let Some(fields) = &self.fields {
            object.insert("fields".into(), json!(fields));
        }
        Json::Object(object)
    }

    /// The element of a collection row, which says `statusCode` and always has `fields`.
    pub fn row(&self) -> Json {
        let mut object = self.extra.clone();
        object.insert("message".into(), json!(self.message));
        object.insert("statusCode".into(), json!(self.code));
        object.insert(
            "fields".into(),
            json!(self.fields.clone().unwrap_or_default()),
        );
        Json::Object(object)
    }
}

/// A save reports every reason it found.
pub type SaveErrors = Vec<ApiError>;
