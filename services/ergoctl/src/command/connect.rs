//! `ergoctl connect`, `ergoctl disconnect`.

use serde_json::json;

use super::Out;
use crate::api::Api;
use crate::arguments::{Connect, word};
use crate::exit;
use crate::show::value;

/// Only the link goes to standard output, so that it can be passed on.
pub(super) async fn run(api: &Api, out: &Out, connect: &Connect) -> anyhow::Result<u8> {
    let wish = json!({
        "environment": word(connect.environment),
        "my_domain": connect.my_domain.as_deref().unwrap_or_default(),
        "different_user": connect.different_user,
        "start_over": connect.start_over,
    });
    let answer = api.post(&["connect"], wish).await?;
    out.answer(&answer, |link| Ok(value(&link["connect_url"])))?;
    if !out.json {
        eprintln!("open it in a browser within ten minutes; it works once");
    }
    Ok(exit::DONE)
}

pub(super) async fn disconnect(api: &Api, out: &Out) -> anyhow::Result<u8> {
    let answer = api.post(&["disconnect"], json!({})).await?;
    out.answer(&answer, |connection| Ok(value(&connection["state"])))?;
    Ok(exit::DONE)
}
