//! `ergoctl owners`, `ergoctl pipelines`.

use serde_json::{Value, json};

use super::document::read;
use super::{Out, items, line};
use crate::api::Api;
use crate::arguments::Owners;
use crate::exit;
use crate::show::{rows_table, table, value};

const OWNERS: [(&str, &str); 5] = [
    ("ID", "/id"),
    ("NAME", "/name"),
    ("E-MAIL", "/email"),
    ("ACTIVE", "/active"),
    ("TYPE", "/user_type"),
];

pub(super) async fn run(api: &Api, out: &Out, owners: Owners) -> anyhow::Result<u8> {
    match owners {
        Owners::List { search } => {
            let answer = api.get(&["owners"], &[("search", search)]).await?;
            out.answer(&answer, |known| {
                Ok(table(listed(&known["owners"]), &OWNERS))
            })?;
        }
        Owners::Overrides { set: Some(file) } => {
            api.put(&["owner-overrides"], read(&file)?).await?;
            line("the overrides are set")?;
        }
        Owners::Overrides { set: None } => {
            let mut known: Value = api.get(&["owners"], &[]).await?.read()?;
            let overrides = json!({"overrides": known["overrides"].take()});
            line(serde_yaml_ng::to_string(&overrides)?.trim_end())?;
        }
    }
    Ok(exit::DONE)
}

pub(super) async fn pipelines(api: &Api, out: &Out) -> anyhow::Result<u8> {
    let answer = api.get(&["pipelines"], &[]).await?;
    out.answer(&answer, |list| {
        let rows = items(list).iter().flat_map(|pipeline| {
            listed(&pipeline["stages"]).iter().map(|stage| {
                vec![
                    value(&pipeline["name"]),
                    value(&pipeline["chosen"]),
                    value(&stage["api_name"]),
                    value(&stage["probability"]),
                    value(&stage["allowed_exits"]),
                    value(&stage["description"]),
                ]
            })
        });
        let headings = ["PIPELINE", "WRITTEN TO", "STAGE", "%", "MAY GO TO", "TOLD"];
        Ok(rows_table(&headings, rows.collect()))
    })?;
    Ok(exit::DONE)
}

fn listed(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}
