//! `ergoctl mapping`.

use serde_json::{Value, json};

use super::document::{read, written};
use super::{Out, line};
use crate::api::{Api, MappingProblem};
use crate::arguments::Mapping;
use crate::exit;
use crate::show::plain;

pub(super) async fn run(api: &Api, out: &Out, mapping: Mapping) -> anyhow::Result<u8> {
    match mapping {
        Mapping::Export { draft, format } => {
            let mut mappings: Value = api.get(&["mapping"], &[]).await?.read()?;
            let which = if draft { "draft" } else { "published" };
            let document = mappings[which].take();
            anyhow::ensure!(
                !document.is_null(),
                "there is no {which} mapping; import one"
            );
            line(&written(&document, format, out)?)?;
            Ok(exit::DONE)
        }
        Mapping::Import { file, publish } => {
            let answer = api.put(&["mapping", "draft"], read(&file)?).await?;
            let mut saved: Value = answer.read()?;
            let problems: Vec<MappingProblem> = serde_json::from_value(saved["problems"].take())
                .map_err(|source| crate::api::Error::Unreadable { source })?;
            if publish && problems.is_empty() {
                return publish_draft(api, out).await;
            }
            out.answer(&answer, |_| Ok(shown(&problems)))?;
            Ok(if problems.is_empty() {
                exit::DONE
            } else {
                exit::NO
            })
        }
        Mapping::Publish => publish_draft(api, out).await,
    }
}

async fn publish_draft(api: &Api, out: &Out) -> anyhow::Result<u8> {
    let answer = api.post(&["mapping", "publish"], json!({})).await?;
    out.answer(&answer, |mapping| {
        Ok(format!("version {} is published", mapping["version"]))
    })?;
    Ok(exit::DONE)
}

fn shown(problems: &[MappingProblem]) -> String {
    if problems.is_empty() {
        return "the draft is saved and could be published".to_owned();
    }
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| plain(&problem.to_string()))
        .collect();
    format!(
        "the draft is saved and has {} problems\n{}",
        problems.len(),
        lines.join("\n")
    )
}
