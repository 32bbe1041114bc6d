//! One-time links: a person who follows one chooses a password and is signed in.

use chassis::Scope;
use chrono::{DateTime, TimeDelta, Utc};
use events::WorkspaceId;
use events::rpc::Role;
use secrecy::SecretString;
use uuid::Uuid;

use super::password::Passwords;
use super::random;
use crate::domain::secret;
use crate::store::{invitation, user};

/// A link works for this many hours.
const INVITATION_HOURS_MAX: i64 = 24;

/// A link that does not exist yet for a user who may not either.
pub(crate) struct Invite<'a> {
    /// Normalised.
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    pub(crate) workspace: &'a WorkspaceId,
    pub(crate) role: Role,
}

/// Makes the user when there is none, gives them the role, and answers the link's secret.
pub(crate) async fn invite(
    scope: &Scope,
    invite: &Invite<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<(Uuid, String)> {
    let mut tx = scope.transaction().await?;
    let id = match user::id_of(&mut tx, invite.email).await? {
        Some(id) => id,
        None => {
            let id = Uuid::now_v7();
            let new = user::NewUser {
                id,
                email: invite.email,
                name: invite.name,
                password_hash: None,
                super_admin: false,
            };
            user::insert(&mut tx, &new).await?;
            id
        }
    };
    user::join(&mut tx, id, invite.workspace, invite.role).await?;
    let link = random::secret();
    let expires_at = now + TimeDelta::hours(INVITATION_HOURS_MAX);
    invitation::insert(&mut tx, &secret::digest(&link), Some(id), expires_at).await?;
    tx.commit().await?;
    Ok((id, link))
}

/// A link with which somebody becomes the first super-admin; earlier ones end.
pub(crate) async fn invite_first(scope: &Scope, now: DateTime<Utc>) -> sqlx::Result<String> {
    let link = random::secret();
    let expires_at = now + TimeDelta::hours(INVITATION_HOURS_MAX);
    let mut tx = scope.transaction().await?;
    invitation::delete_first(&mut tx).await?;
    invitation::insert(&mut tx, &secret::digest(&link), None, expires_at).await?;
    tx.commit().await?;
    Ok(link)
}

/// Ends every link for a first super-admin: there is a user now.
pub(crate) async fn end_first(scope: &Scope) -> sqlx::Result<()> {
    let mut connection = scope.acquire().await?;
    invitation::delete_first(&mut connection).await
}

/// Uses a link up: stores the password, of a new super-admin of this address where the link is for the first.
///
/// `None` when the link was used meanwhile, or the address belongs to somebody.
pub(crate) async fn accept(
    scope: &Scope,
    passwords: &Passwords,
    link: &str,
    invitation: &invitation::Invitation,
    email: &str,
    password: SecretString,
) -> sqlx::Result<Option<Uuid>> {
    let hash = passwords.hash(password).await;
    let mut tx = scope.transaction().await?;
    if !invitation::take(&mut tx, &secret::digest(link)).await? {
        return Ok(None);
    }
    let id = match invitation.user_id {
        Some(id) => {
            user::set_password(&mut tx, id, &hash).await?;
            id
        }
        None => {
            // The operator may have made a first user meanwhile: an old link must not make another.
            if user::any(&mut *tx).await? {
                return Ok(None);
            }
            let id = Uuid::now_v7();
            let first = user::NewUser {
                id,
                email,
                name: "",
                password_hash: Some(&hash),
                super_admin: true,
            };
            if !user::insert(&mut tx, &first).await? {
                return Ok(None);
            }
            invitation::delete_first(&mut tx).await?;
            id
        }
    };
    tx.commit().await?;
    tracing::info!(user.id = %id, "an invitation was accepted");
    Ok(Some(id))
}
