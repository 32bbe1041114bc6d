//! The end of a refresh that succeeded: the new tokens are stored before anyone uses them.

use std::time::Duration;

use chassis::Failure;
use chrono::Utc;
use salesforce::oauth::TokenResponse;
use uuid::Uuid;

use super::access_token::{AccessTokens, Denied, Token};
use super::change;
use super::refresh::{ACTOR, Work};
use crate::domain::state::{Loss, State, Trigger};
use crate::domain::trouble::{Evidence, Verdict};
use crate::store::lease::{Residue, Standing};
use crate::store::{self, lease, secret};

/// Attempts to store an answer in hand, a second apart at most: a database that fails over needs less.
const STORE_ATTEMPTS_MAX: u32 = 90;

impl AccessTokens {
    /// Stores an answer, again and again if need be: with rotation it holds the only valid token there is.
    pub(super) async fn keep(
        &self,
        work: &Work,
        response: &TokenResponse,
    ) -> Result<Token, Denied> {
        if response.org_id.as_str() != work.standing.organization_id {
            tracing::error!(workspace = %work.workspace, "refresh answered for another org");
            return self
                .conclude(
                    work,
                    Verdict::Lose(Loss::Revoked),
                    Residue::Nothing,
                    Evidence::default(),
                    0,
                )
                .await;
        }
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.keep_once(work, response).await {
                Ok(outcome) => return outcome,
                Err(failure) if attempt < STORE_ATTEMPTS_MAX => {
                    tracing::warn!(workspace = %work.workspace, error = failure.chain(), attempt, "new token is not stored yet");
                    let pause_ms = (50 * u64::from(attempt)).min(1_000);
                    tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                }
                Err(failure) => {
                    tracing::error!(workspace = %work.workspace, error = failure.chain(), "new token could not be stored and is lost");
                    return Err(failure.into());
                }
            }
        }
    }

    async fn keep_once(
        &self,
        work: &Work,
        response: &TokenResponse,
    ) -> Result<Result<Token, Denied>, Failure> {
        let inner = &self.inner;
        let mut unit = inner.db.begin(&work.workspace).await?;
        let db = unit.connection();
        let Some(before) = store::connection::lock(db, &work.workspace).await? else {
            return Ok(Err(Denied::State {
                state: State::NotConnected,
                detail: String::new(),
            }));
        };
        let Some(standing) = lease::standing_in(db, &work.workspace).await? else {
            return Ok(Err(Denied::State {
                state: State::NotConnected,
                detail: String::new(),
            }));
        };
        if before.state == State::Disconnected || before.state == State::Authorizing {
            // Disconnected while Salesforce was answering: the new token must not stay alive unknown to anyone.
            if let Some(orphan) = &response.refresh_token {
                let id = Uuid::new_v4();
                store::revocation::enqueue(
                    db,
                    &inner.ring,
                    id,
                    &work.workspace,
                    response.instance.as_str(),
                    orphan,
                )
                .await?;
                unit.commit().await?;
            }
            return Ok(Err(Denied::State {
                state: before.state,
                detail: before.cause.detail().to_owned(),
            }));
        }
        if standing.facts.generation != work.standing.facts.generation {
            // Reconnected meanwhile, or our own commit succeeded and its confirmation was lost.
            return Ok(Err(Denied::Later(
                "a newer token was stored meanwhile; ask again",
            )));
        }
        let rotated = response.refresh_token.as_ref().map(|_| true);
        let generation = lease::advance(db, &work.workspace, rotated).await?;
        let place = |kind| secret::Place {
            workspace: &work.workspace,
            kind,
            owner: "",
        };
        if let Some(refresh_token) = &response.refresh_token {
            secret::put(
                db,
                &inner.ring,
                place(secret::Kind::RefreshToken),
                generation,
                refresh_token,
            )
            .await?;
        }
        secret::put(
            db,
            &inner.ring,
            place(secret::Kind::AccessToken),
            generation,
            &response.access_token,
        )
        .await?;
        lease::settle(db, &work.workspace).await?;
        let mut after = before.clone();
        if let Some(moved) = after.moved(response.instance.as_str()) {
            after = moved;
        }
        // A late answer undoes "rotation lost". A suspension is only lifted by a probe, which also tries the API.
        if after.state == State::ReconnectRequired
            && let Some(healed) = after.after(Trigger::Healed, Utc::now())
        {
            after = healed;
        }
        if after != before {
            change::save(&mut unit, &before, &after, ACTOR).await?;
        }
        unit.commit().await?;
        inner.telemetry.refreshed("refreshed");
        tracing::info!(workspace = %work.workspace, token.generation = generation, token.rotated = rotated.is_some(), "access token refreshed");
        let standing = Standing {
            instance_url: response.instance.as_str().to_owned(),
            ..standing
        };
        Ok(Ok(standing.token(
            response.access_token.clone(),
            generation,
            true,
        )))
    }
}
