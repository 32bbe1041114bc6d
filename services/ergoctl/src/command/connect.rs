//! `ergoctl connect`, `ergoctl disconnect`.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::Out;
use crate::api::Api;
use crate::arguments::{Connect, word};
use crate::exit;
use crate::show::value;

/// Largest key read, in bytes: a 4,096-bit key in PEM has about 3,300.
const KEY_BYTES_MAX: u64 = 12 * 1024;

/// Only the link goes to standard output, so that it can be passed on.
pub(super) async fn run(api: &Api, out: &Out, connect: &Connect) -> anyhow::Result<u8> {
    if connect.jwt {
        return by_key(api, out, connect).await;
    }
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

/// The command line makes sure that all parts are there.
async fn by_key(api: &Api, out: &Out, connect: &Connect) -> anyhow::Result<u8> {
    let file = connect
        .private_key_file
        .as_deref()
        .unwrap_or(Path::new("-"));
    let key = private_key(file)?;
    let wish = json!({
        "environment": word(connect.environment),
        "my_domain": connect.my_domain.as_deref().unwrap_or_default(),
        "consumer_key": connect.consumer_key,
        "username": connect.username,
        "private_key": key.expose_secret(),
        "start_over": connect.start_over,
    });
    let answer = api.post(&["connect", "jwt"], wish).await?;
    out.answer(&answer, |connection| Ok(value(&connection["state"])))?;
    Ok(exit::DONE)
}

/// The key from a file or, named `-`, from standard input.
fn private_key(file: &Path) -> anyhow::Result<SecretString> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        let input = std::io::stdin().lock();
        input.take(KEY_BYTES_MAX + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file)
            .and_then(|file| file.take(KEY_BYTES_MAX + 1).read_to_string(&mut text))
    };
    read.with_context(|| format!("{} cannot be read", file.display()))?;
    anyhow::ensure!(
        text.len() as u64 <= KEY_BYTES_MAX,
        "{} has more than {KEY_BYTES_MAX} bytes",
        file.display()
    );
    Ok(text.into())
}

pub(super) async fn disconnect(api: &Api, out: &Out) -> anyhow::Result<u8> {
    let answer = api.post(&["disconnect"], json!({})).await?;
    out.answer(&answer, |connection| Ok(value(&connection["state"])))?;
    Ok(exit::DONE)
}
