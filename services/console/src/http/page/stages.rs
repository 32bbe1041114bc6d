//! How opportunity stages may move, and what entering one needs.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::Role;

use super::visitor::{Chrome, Posted, Refusal, Visitor};
use super::{render, see};
use crate::ask::settings;
use crate::http::Desk;
use crate::wire::settings::{StageControl, StageControls};

#[derive(Template)]
#[template(path = "stages.html")]
struct Page {
    chrome: Chrome,
    controls: Vec<StageControl>,
}

pub(super) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Refusal> {
    let (chrome, controls) = futures::join!(
        visitor.step(&desk, "stages"),
        settings::stage_controls(&desk.owners, &visitor.asking),
    );
    let page = Page {
        chrome,
        controls: controls.map_err(|error| visitor.trouble(error))?.controls,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Sets one stage, or removes it; the others stay as they are at that moment.
pub(super) async fn save(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let stage = fields.get("stage").trim().to_owned();
    let mut all = settings::stage_controls(&desk.owners, &visitor.asking)
        .await
        .map_err(|error| visitor.trouble(error))?;
    all.controls.retain(|control| control.stage != stage);
    if fields.get("action") != "remove" {
        all.controls.push(StageControl {
            stage,
            allowed_exits: names(fields.get("exits")),
            required_fields: names(fields.get("fields")),
        });
    }
    let wish = StageControls {
        controls: all.controls,
        pipeline_record_type_ids: all.pipeline_record_type_ids,
    };
    settings::set_stage_controls(&desk.owners, &visitor.asking, wish)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("stages")))
}

/// Names separated by commas.
fn names(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}
