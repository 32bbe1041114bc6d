//! What a request carries: a JSON body, query parameters, parts of the path. Each refusal names the field.

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::{StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::http::Desk;
use crate::http::problem::Problem;

/// Largest body, in bytes: a mapping of some thousand entries.
pub(super) const BODY_BYTES_MAX: usize = 512 * 1024;
/// Most rows on a page.
pub(super) const PAGE_SIZE_MAX: u32 = 200;

/// A JSON body; an empty one stands for `{}`.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Desk> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Desk) -> Result<Self, Problem> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .map(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        let bytes = axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX)
            .await
            .map_err(|_| too_large())?;
        if bytes.is_empty() {
            return parsed(b"{}").map(Self);
        }
        if is_json != Some(true) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "the body is not declared as JSON; send the header content-type: application/json",
            ));
        }
        parsed(&bytes).map(Self)
    }
}

/// Of a body beyond [`BODY_BYTES_MAX`].
pub(super) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        format!(
            "the body has more than {BODY_BYTES_MAX} bytes or did not arrive; send less at once"
        ),
    )
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let problem = format!("cannot be read: {text}; correct the body");
        // "missing field `live` at line 1 column 2" and "unknown field `x`, expected `y`" name the field.
        let names_field = text.starts_with("missing field") || text.starts_with("unknown field");
        match text.split('`').nth(1).filter(|_| names_field) {
            Some(field) => Problem::invalid(field, &problem),
            None => Problem::invalid("body", &problem),
        }
    })
}

/// Query parameters.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Desk> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Desk) -> Result<Self, Problem> {
        Query::<T>::try_from_uri(&parts.uri)
            .map(|Query(query)| Self(query))
            .map_err(|error| {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "invalid_argument",
                    error.body_text(),
                )
            })
    }
}

/// Which part of a list.
#[derive(Debug, Default, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Paging {
    /// Items on a page, at most 200.
    #[param(minimum = 1, maximum = 200)]
    page_size: Option<u32>,
    /// From `next_page_token` of the page before; absent for the first.
    #[serde(default)]
    pub(super) page_token: String,
}

impl Paging {
    /// 1 to [`PAGE_SIZE_MAX`]; `default` when none was asked for.
    pub(super) fn size(&self, default: u32) -> Result<u32, Problem> {
        page_size(self.page_size, default)
    }
}

/// Parts of the path, by name.
pub(super) struct Segments<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Desk> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Problem> {
        Path::<T>::from_request_parts(parts, desk)
            .await
            .map(|Path(segments)| Self(segments))
            .map_err(|error| {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "invalid_argument",
                    error.body_text(),
                )
            })
    }
}

/// 1 to [`PAGE_SIZE_MAX`]; `None` means `default`.
pub(super) fn page_size(asked: Option<u32>, default: u32) -> Result<u32, Problem> {
    match asked {
        None => Ok(default),
        Some(size) if (1..=PAGE_SIZE_MAX).contains(&size) => Ok(size),
        Some(_) => Err(Problem::invalid(
            "page_size",
            &format!("is not 1 to {PAGE_SIZE_MAX}; ask for further pages with page_token"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Live {
        #[serde(rename = "live")]
        _live: bool,
    }

    #[test]
    fn a_body_that_cannot_be_read_names_the_field() {
        for (body, field) in [
            ("{}", "live"),
            (r#"{"live":true,"x":1}"#, "x"),
            (r#"{"live":1}"#, "body"),
            ("{", "body"),
        ] {
            let problem = parsed::<Live>(body.as_bytes()).expect_err("is refused");
            let json = serde_json::to_value(&problem).expect("is JSON");
            assert_eq!(json["field"], field, "{body}");
        }
    }

    #[test]
    fn pages_have_a_size() {
        assert_eq!(page_size(None, 50).ok(), Some(50));
        assert_eq!(page_size(Some(200), 50).ok(), Some(200));
        assert!(page_size(Some(0), 50).is_err());
        assert!(page_size(Some(201), 50).is_err());
    }
}
