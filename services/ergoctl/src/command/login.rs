//! `ergoctl login`, `logout` and `keys`: who asks.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::Context as _;
use secrecy::SecretString;
use serde_json::Value;

use super::{Out, items, line, page};
use crate::api::{Api, Error};
use crate::arguments::{Keys, Target};
use crate::exit;
use crate::saved;
use crate::show::{plain, table, value};

/// Checks the token with the console before it is kept.
pub(super) async fn login(out: &Out, mut target: Target) -> anyhow::Result<u8> {
    if target.token.is_none() {
        if std::io::stdin().is_terminal() {
            eprintln!("paste the token (make one in the console under API tokens), then Enter:");
        }
        let mut text = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut text)
            .context("standard input cannot be read")?;
        if text.trim().is_empty() {
            return Err(
                Error::Usage("no token was given; pipe it in or paste it".to_owned()).into(),
            );
        }
        target.token = Some(SecretString::from(text.trim().to_owned()));
    }
    let answer = Api::new(&target)?.own("me").await?;
    let me: Value = answer.read()?;
    // Without a choice there is one workspace to act on.
    let workspaces: Vec<&String> = me["workspaces"]
        .as_object()
        .into_iter()
        .flat_map(|all| all.keys())
        .collect();
    if let (None, [only]) = (&target.workspace, workspaces.as_slice()) {
        target.workspace = Some((*only).clone());
    }
    let path = saved::keep(&target)?;
    out.answer(&answer, |me| {
        Ok(format!(
            "logged in as {}; kept in {}",
            value(&me["actor"]),
            path.display()
        ))
    })?;
    Ok(exit::DONE)
}

pub(super) fn logout(target: &Target) -> anyhow::Result<u8> {
    let was = saved::forget(target)?;
    line(if was {
        "logged out; revoke the token in the console when nobody needs it"
    } else {
        "was not logged in"
    })?;
    Ok(exit::DONE)
}

pub(super) async fn keys(api: &Api, out: &Out, wish: Keys) -> anyhow::Result<u8> {
    match wish {
        Keys::List => {
            let answer = api.own("tokens").await?;
            out.answer(&answer, |tokens| {
                let columns = [
                    ("ID", "/id"),
                    ("NAME", "/name"),
                    ("ROLE", "/role"),
                    ("WORKSPACE", "/workspace"),
                    ("ENDS", "/expires_at"),
                    ("LAST USED", "/used_at"),
                ];
                Ok(page(tokens, table(items(tokens), &columns)))
            })?;
        }
        Keys::Revoke { id } => {
            api.revoke(&id).await?;
            line(&format!("revoked {}", plain(&id)))?;
        }
    }
    Ok(exit::DONE)
}
