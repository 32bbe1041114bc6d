//! `ergoctl mapping`.

use serde_json::{Value, json};

use super::document::{read, text, written};
use super::{Out, items, line};
use crate::api::{Api, MappingProblem};
use crate::arguments::{Mapping, MappingDocument};
use crate::exit;
use crate::show::{plain, table};

const VERSIONS: [(&str, &str); 5] = [
    ("VERSION", "/version"),
    ("PUBLISHED", "/published_at"),
    ("BY", "/published_by"),
    ("ENTRIES", "/entries"),
    ("SUSPENDED", "/suspended"),
];
const DIFFERENCES: [(&str, &str); 5] = [
    ("WHAT", "/what"),
    ("ID", "/id"),
    ("FIELD", "/field"),
    ("BEFORE", "/before"),
    ("AFTER", "/after"),
];

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
        Mapping::Versions => {
            let answer = api.get(&["mapping", "versions"], &[]).await?;
            out.answer(&answer, |list| Ok(table(items(list), &VERSIONS)))?;
            Ok(exit::DONE)
        }
        Mapping::Diff { from, to } => {
            let query = [("from", from.to_string()), ("to", to.to_string())];
            let answer = api.get(&["mapping", "diff"], &query).await?;
            out.answer(&answer, |list| Ok(table(items(list), &DIFFERENCES)))?;
            Ok(exit::DONE)
        }
        Mapping::Document(wish) => document(api, out, wish).await,
    }
}

async fn document(api: &Api, out: &Out, wish: MappingDocument) -> anyhow::Result<u8> {
    match wish {
        MappingDocument::Export { version } => {
            let query = [("version", version.to_string())];
            let answer = api.get(&["mapping", "document"], &query).await?;
            let known: Value = answer.read()?;
            if known["controls_known"] == false {
                eprintln!(
                    "pipelines and exits are left out: writeback did not say which were chosen"
                );
            }
            out.answer(&answer, |known| {
                let yaml = known["yaml"].as_str().unwrap_or_default();
                Ok(plain(yaml.trim_end()))
            })?;
            Ok(exit::DONE)
        }
        MappingDocument::Import { file } => {
            let wish = json!({"yaml": text(&file)?});
            let answer = api.put(&["mapping", "document"], wish).await?;
            let mut imported: Value = answer.read()?;
            let problems: Vec<MappingProblem> = serde_json::from_value(imported["problems"].take())
                .map_err(|source| crate::api::Error::Unreadable { source })?;
            let stored = imported["stored"] == true;
            out.answer(&answer, |_| {
                Ok(if stored {
                    shown(&problems)
                } else {
                    let lines: Vec<String> = problems
                        .iter()
                        .map(|problem| plain(&problem.to_string()))
                        .collect();
                    format!("nothing was stored\n{}", lines.join("\n"))
                })
            })?;
            Ok(if stored && problems.is_empty() {
                exit::DONE
            } else {
                exit::NO
            })
        }
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
