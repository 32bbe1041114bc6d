//! `ergoctl quarantine`.

use super::{Out, items, page};
use crate::api::Api;
use crate::arguments::Quarantine;
use crate::exit;
use crate::show::{pairs, table, value};

const COLUMNS: [(&str, &str); 6] = [
    ("NUMBER", "/sequence"),
    ("SERVICE", "/service"),
    ("CODE", "/code"),
    ("REASON", "/reason"),
    ("EVENT", "/event_id"),
    ("SINCE", "/at"),
];

pub(super) async fn run(api: &Api, out: &Out, quarantine: Quarantine) -> anyhow::Result<u8> {
    match quarantine {
        Quarantine::List {
            service,
            page_token,
        } => {
            let mut query = Vec::new();
            if let Some(service) = service {
                query.push(("service", service));
            }
            if let Some(token) = page_token {
                query.push(("page_token", token.to_string()));
            }
            let answer = api.get(&["quarantine"], &query).await?;
            out.answer(&answer, |list| Ok(page(list, table(items(list), &COLUMNS))))?;
        }
        Quarantine::Show { sequence } => {
            let answer = api.get(&["quarantine", &sequence.to_string()], &[]).await?;
            out.answer(&answer, |item| {
                Ok(pairs(&[
                    ("number", value(&item["sequence"])),
                    ("service", value(&item["service"])),
                    ("code", value(&item["code"])),
                    ("reason", value(&item["reason"])),
                    ("subject", value(&item["subject"])),
                    ("consumer", value(&item["consumer"])),
                    ("attempts", value(&item["attempts"])),
                    ("event", value(&item["event_id"])),
                    ("since", value(&item["at"])),
                    ("trace", value(&item["traceparent"])),
                    ("payload bytes", value(&item["payload_bytes"])),
                    (
                        "payload base64",
                        item["payload_base64"]
                            .as_str()
                            .unwrap_or_default()
                            .to_owned(),
                    ),
                ]))
            })?;
        }
        Quarantine::Replay { sequences } => {
            for sequence in sequences {
                let number = sequence.to_string();
                let answer = api
                    .post(&["quarantine", &number, "replay"], serde_json::json!({}))
                    .await?;
                out.answer(&answer, |item| {
                    Ok(format!(
                        "{sequence} published again on {}",
                        value(&item["subject"])
                    ))
                })?;
            }
        }
        Quarantine::Forget { sequences } => {
            for sequence in sequences {
                api.delete(&["quarantine", &sequence.to_string()], &[])
                    .await?;
            }
        }
    }
    Ok(exit::DONE)
}
