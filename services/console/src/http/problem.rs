//! Errors of the API: `application/problem+json` (RFC 9457) with a code for programs, the field, and the fix.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use events::rpc::{Code, RpcError};
use serde::Serialize;
use utoipa::ToSchema;

/// An error a program can act on and a person can read. Boxed, because answers are rarely errors.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Problem(Box<Document>);

/// Why a request was refused or could not be met (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Document {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    #[serde(serialize_with = "number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// For programs.
    code: &'static str,
    /// For people: what is wrong and how it is mended.
    detail: String,
    /// The field of the request it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The part of `detail` that says how it is mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
    /// Further problems of the same request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<serde_json::Value>,
}

fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// `detail` may name the fix after a semicolon.
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let fix = detail.split_once("; ").map(|(_, fix)| fix.to_owned());
        Self(Box::new(Document {
            kind: format!("urn:ergo:problem:{code}"),
            title: status.canonical_reason().unwrap_or("error"),
            status,
            code,
            detail,
            field: None,
            fix,
            errors: Vec::new(),
        }))
    }

    /// About one field of the request: `problem` reads on from its name.
    pub(super) fn invalid(field: &str, problem: &str) -> Self {
        RpcError::invalid(field, problem).into()
    }

    /// Everything wrong at once.
    pub(super) fn many<T: Serialize>(code: &'static str, detail: &str, errors: &[T]) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
        problem.0.errors = errors
            .iter()
            .map(|error| serde_json::to_value(error).expect("a plain struct is always JSON"))
            .collect();
        problem
    }

    /// A fault of ours: the cause is logged and never sent.
    pub(super) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong here; tell the operator the x-request-id of this answer",
        )
    }
}

/// Status and code of an owner's refusal.
pub(super) fn status(code: Code) -> (StatusCode, &'static str) {
    match code {
        Code::InvalidArgument => (StatusCode::BAD_REQUEST, "invalid_argument"),
        Code::PermissionDenied => (StatusCode::FORBIDDEN, "permission_denied"),
        Code::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Code::AlreadyExists => (StatusCode::CONFLICT, "already_exists"),
        Code::FailedPrecondition => (StatusCode::PRECONDITION_FAILED, "failed_precondition"),
        Code::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "resource_exhausted"),
        Code::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Code::DeadlineExceeded => (StatusCode::GATEWAY_TIMEOUT, "deadline_exceeded"),
    }
}

impl From<RpcError> for Problem {
    fn from(error: RpcError) -> Self {
        if error.code == Code::Internal {
            return Self::internal(&error);
        }
        let (status, code) = status(error.code);
        let mut problem = Self::new(status, code, error.to_string());
        problem.0.field = error.field;
        problem
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(error = %error, "the store did not answer");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "the store does not answer; try again shortly",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.0.status;
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"ergo\""),
            );
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_the_field_and_the_fix() {
        let error = RpcError::invalid("workspace", "is missing; name the workspace");
        let text = serde_json::to_string_pretty(&Problem::from(error)).expect("is JSON");
        insta::assert_snapshot!(text, @r#"
        {
          "type": "urn:ergo:problem:invalid_argument",
          "title": "Bad Request",
          "status": 400,
          "code": "invalid_argument",
          "detail": "workspace is missing; name the workspace",
          "field": "workspace",
          "fix": "name the workspace"
        }
        "#);
    }

    #[test]
    fn a_fault_of_ours_is_not_told() {
        let error = RpcError::new(Code::Internal, "table x is gone");
        assert!(!Problem::from(error).0.detail.contains("table"));
    }
}
