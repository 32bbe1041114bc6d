//! The stylesheet and our own scripts, compiled in. Nothing comes from elsewhere.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// By name; a new file is added here and asked for by the pages that need it.
const ASSETS: [(&str, &str, &str); 3] = [
    (
        "console.css",
        CSS,
        include_str!("../../../assets/console.css"),
    ),
    ("live.js", SCRIPT, include_str!("../../../assets/live.js")),
    (
        "mapping.js",
        SCRIPT,
        include_str!("../../../assets/mapping.js"),
    ),
];

pub(super) async fn show(Path(name): Path<String>) -> Response {
    let Some((_, kind, text)) = ASSETS.iter().find(|(known, ..)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let about = [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, "max-age=300"),
    ];
    (about, *text).into_response()
}
