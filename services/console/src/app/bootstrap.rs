//! The first start: the first super-admin, and the operator's own API token.
//!
//! Everything here can run on every start and on every replica: what exists is left as it is, but for the token, whose
//! file is the operator's word.

use chassis::Scope;
use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::Utc;
use events::WorkspaceId;
use events::rpc::Role;
use secrecy::SecretString;
use uuid::Uuid;

use super::invite;
use super::password::Passwords;
use crate::config::{Options, PublicUrl};
use crate::domain::{account, secret::ApiToken};
use crate::store::{api_token, user};

/// Largest secret file, in bytes.
const FILE_BYTES_MAX: u64 = 4096;

/// Does what the options ask for; with no user at all, prints a link with which somebody becomes the first.
pub(crate) async fn run(
    options: &Options,
    public_url: &PublicUrl,
    scope: &Scope,
    passwords: &Passwords,
) -> anyhow::Result<()> {
    if let (Some(email), Some(file)) = (
        &options.console_bootstrap_email,
        &options.console_bootstrap_password_file,
    ) {
        let workspace = options
            .console_bootstrap_workspace
            .as_deref()
            .map(str::parse::<WorkspaceId>)
            .transpose()
            .context("CONSOLE_BOOTSTRAP_WORKSPACE")?;
        first_admin(scope, passwords, email, file, workspace.as_ref()).await?;
    }
    if let Some(file) = &options.console_bootstrap_api_token_file {
        let text = read("CONSOLE_BOOTSTRAP_API_TOKEN_FILE", file).await?;
        let token = ApiToken::parse(&text)
            .map_err(|problem| anyhow::anyhow!("CONSOLE_BOOTSTRAP_API_TOKEN_FILE {problem}"))?;
        if !api_token::provide(scope, &token.id, &token.secret_sha256).await? {
            bail!(
                "CONSOLE_BOOTSTRAP_API_TOKEN_FILE has the id of a person's token; take another id"
            );
        }
        tracing::info!(token.id = token.id, "the provided api token is accepted");
    }
    if user::any(scope).await? {
        invite::end_first(scope).await?;
    } else {
        let link = invite::invite_first(scope, Utc::now()).await?;
        tracing::warn!(
            link = format!("{}/welcome/{link}", public_url.origin),
            "there is no user yet: whoever opens this link within a day becomes the first super-admin"
        );
    }
    Ok(())
}

async fn first_admin(
    scope: &Scope,
    passwords: &Passwords,
    email: &str,
    file: &Path,
    workspace: Option<&WorkspaceId>,
) -> anyhow::Result<()> {
    let email = account::email(email)
        .map_err(|problem| anyhow::anyhow!("CONSOLE_BOOTSTRAP_EMAIL {problem}"))?;
    let mut tx = scope.transaction().await?;
    let id = match user::id_of(&mut tx, &email).await? {
        Some(id) => id,
        None => {
            let password = read("CONSOLE_BOOTSTRAP_PASSWORD_FILE", file).await?;
            account::password(&password)
                .map_err(|problem| anyhow::anyhow!("CONSOLE_BOOTSTRAP_PASSWORD_FILE {problem}"))?;
            let hash = passwords.hash(SecretString::from(password)).await;
            let first = user::NewUser {
                id: Uuid::now_v7(),
                email: &email,
                name: "",
                password_hash: Some(&hash),
                super_admin: true,
            };
            if user::insert(&mut tx, &first).await? {
                tracing::info!(user.id = %first.id, "the first super-admin was made");
            }
            // Another replica may have been faster.
            user::id_of(&mut tx, &email)
                .await?
                .context("the first super-admin is not there")?
        }
    };
    if let Some(workspace) = workspace {
        user::join(&mut tx, id, workspace, Role::Admin).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn read(option: &str, file: &Path) -> anyhow::Result<String> {
    let about = || format!("{option} {} cannot be read", file.display());
    let length = tokio::fs::metadata(file).await.with_context(about)?.len();
    if length > FILE_BYTES_MAX {
        bail!(
            "{option} {} has more than {FILE_BYTES_MAX} bytes",
            file.display()
        );
    }
    let text = tokio::fs::read_to_string(file).await.with_context(about)?;
    Ok(text.trim().to_owned())
}
