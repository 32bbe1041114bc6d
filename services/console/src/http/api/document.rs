//! The API's own description, OpenAPI 3.1: what is the same for every route is said here, once.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::ToSchema as _;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder};
use utoipa::openapi::security::{SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, Info, OpenApi, PathItem, Ref, RefOr, Required, ResponseBuilder,
    ServerBuilder, Type, schema::ObjectBuilder,
};

use super::documented;
use super::once::KEY_CHARACTERS_MAX;
use crate::http::problem;

/// Name of the answer that stands for every error.
const PROBLEM: &str = "Problem";

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut document = documented().into_openapi();
    complete(&mut document);
    document
        .to_json()
        .expect("a document of plain structs is JSON")
});

/// This document.
#[utoipa::path(get, path = "/openapi.json", security(()), responses((status = 200, body = serde_json::Value)))]
pub(super) async fn show() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        DOCUMENT.as_str(),
    )
}

/// Adds what no route says of itself: who may ask, how errors look, and parameters common to many.
fn complete(document: &mut OpenApi) {
    document.info = Info::builder()
        .title("Ergo for Salesforce")
        .version("1")
        .description(Some(ABOUT))
        .build();
    document.servers = Some(vec![ServerBuilder::new().url("/api/v1").build()]);
    document.security = Some(
        ["token", "session"]
            .map(|scheme| SecurityRequirement::new(scheme, Vec::<String>::new()))
            .to_vec(),
    );
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme(
        "token",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("ergo_session"))),
    );
    components.schemas.insert(
        problem::Document::name().into_owned(),
        <problem::Document as utoipa::PartialSchema>::schema(),
    );
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(problem::Document::name())))
        .build();
    let answer = ResponseBuilder::new()
        .description(
            "The wish was refused or could not be met; `detail` says why and `fix` what to do.",
        )
        .content("application/problem+json", content)
        .build();
    components
        .responses
        .insert(PROBLEM.to_owned(), RefOr::T(answer));
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            complete_operation(path, method, operation);
        }
    }
}

const ABOUT: &str = "Everything the console's pages do. Send `Authorization: Bearer ergo_<id>_<secret>`; make a token in \
the console. Every request is made in the name of that token's user and needs their role in the workspace.";

fn complete_operation(path: &str, method: &str, operation: &mut Operation) {
    let segments = || path.split('/').filter(|segment| !segment.is_empty());
    let words: Vec<&str> = segments()
        .filter(|segment| *segment != "w" && *segment != "{workspace}")
        .map(|segment| segment.trim_matches(['{', '}']))
        .collect();
    operation.tags = words.first().map(|word| vec![(*word).to_owned()]);
    operation.operation_id = Some(format!("{method}_{}", words.join("_")).replace(['-', '.'], "_"));
    let parameters = operation.parameters.get_or_insert_default();
    if path.starts_with("/w/{workspace}") {
        parameters.insert(0, RefOr::T(workspace()));
    }
    if method == "post" {
        parameters.push(RefOr::T(idempotency_key()));
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.required.get_or_insert(Required::True);
    }
    operation.responses.responses.insert(
        "default".to_owned(),
        RefOr::Ref(Ref::from_response_name(PROBLEM)),
    );
}

fn workspace() -> Parameter {
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[A-Za-z0-9_-]{1,64}$"));
    ParameterBuilder::new()
        .name("workspace")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(id))
        .build()
}

fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(KEY_CHARACTERS_MAX))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Sent again with the same key, a request is not met again but told what became of it, for a day.",
        ))
        .schema(Some(text))
        .build()
}

/// The operations of a path that has any.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
        ("patch", &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
