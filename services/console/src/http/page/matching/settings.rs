//! How sure matching has to be, and what it looks at.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use events::rpc::{Role, RpcError};

use crate::ask::matching;
use crate::http::Desk;
use crate::http::page::visitor::{Chrome, Fields, Posted, Refusal, Visitor};
use crate::http::page::{render, see};
use crate::wire::rule::MatchingSettings;

#[derive(Template)]
#[template(path = "matching_settings.html")]
struct Page {
    chrome: Chrome,
    settings: MatchingSettings,
}

impl Page {
    /// A number of a field; empty for the default.
    fn number(&self, set: &f64) -> String {
        if *set == 0.0 {
            String::new()
        } else {
            set.to_string()
        }
    }

    fn pipelines(&self) -> String {
        self.settings.pipeline_record_type_ids.join(", ")
    }
}

pub(in crate::http::page) async fn show(
    State(desk): State<Desk>,
    visitor: Visitor,
) -> Result<Response, Refusal> {
    let (chrome, settings) = futures::join!(
        visitor.step(&desk, "matching"),
        matching::settings(&desk.owners, &visitor.asking),
    );
    let page = Page {
        chrome,
        settings: settings.map_err(|error| visitor.trouble(error))?,
    };
    Ok(render(StatusCode::OK, &page))
}

pub(in crate::http::page) async fn save(
    State(desk): State<Desk>,
    Posted { visitor, fields }: Posted,
) -> Result<Response, Refusal> {
    visitor.require(Role::Admin)?;
    let settings = read(&fields).map_err(|error| visitor.trouble(error))?;
    matching::set_settings(&desk.owners, &visitor.asking, settings)
        .await
        .map_err(|error| visitor.trouble(error))?;
    Ok(see(&visitor.path("matching/settings")))
}

/// All settings as a form says them; an empty number is the default.
fn read(fields: &Fields) -> Result<MatchingSettings, RpcError> {
    Ok(MatchingSettings {
        account_threshold: number(fields, "account_threshold")?,
        opportunity_threshold: number(fields, "opportunity_threshold")?,
        window_days: number(fields, "window_days")?,
        pipeline_record_type_ids: fields
            .get("pipeline_record_type_ids")
            .split(',')
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .map(str::to_owned)
            .collect(),
        group_deals: fields.get("group_deals") == "on",
        phone_region: fields.get("phone_region").trim().to_ascii_uppercase(),
    })
}

fn number<T: std::str::FromStr + Default>(fields: &Fields, name: &str) -> Result<T, RpcError> {
    match fields.get(name).trim() {
        "" => Ok(T::default()),
        text => text
            .parse()
            .map_err(|_| RpcError::invalid(name, "is no number; write one or leave it empty")),
    }
}
