//! One refresh under the lease: claim, look if the last one left a doubt, call, store, and only then hand out.
//!
//! Race, in full. Replica A holds fence 7 and has sent the refresh token of generation 3. Its answer is slow; its lease
//! ends; B takes fence 8. B finds A's intent and waits until A's call cannot be running any more, then looks. If the
//! token is alive A's call never happened, and B may send. If it is dead Salesforce rotated, and only A's answer, if
//! it still comes, holds the new token. So an answer is stored whenever the generation is still the one it was asked
//! for, whatever the fence and however late: refusing it would throw away the only valid token. The fence guards what is
//! *sent*, and what a failure may record.

use std::time::Duration;

use chrono::Utc;
use events::WorkspaceId;
use rand::Rng as _;
use salesforce::Outcome;
use salesforce::oauth::{TokenError, TokenResponse};
use tokio::time::timeout;
use tracing::Instrument as _;

use super::access_token::{AccessTokens, Denied, Token};
use super::change;
use super::credential::{Credential, Unusable};
use crate::domain::refresh::{AfterLook, Decision, Purpose, after_look, decide};
use crate::domain::state::Loss;
use crate::domain::trouble::{self, Evidence, Verdict};
use crate::store::lease::{Residue, Standing};
use crate::store::{self, lease};

/// Who the history names for changes found out here.
pub(super) const ACTOR: &str = "service:auth/refresh";
/// First pause after an answer that says nothing, in seconds.
const RETRY_S: u64 = 5;
/// Pause after an answer we must not use, in seconds: somebody tampers, or our configuration is wrong.
const UNUSABLE_PAUSE_S: u64 = 60;

/// A lease in hand.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) workspace: WorkspaceId,
    pub(super) standing: Standing,
    fence: i64,
    look_first: bool,
}

impl AccessTokens {
    /// Takes the lease when the decision still stands under the lock; `None` when somebody was faster.
    pub(super) async fn claim(
        &self,
        workspace: &WorkspaceId,
        rejected: i64,
        purpose: Purpose,
    ) -> Result<Option<Work>, Denied> {
        let inner = &self.inner;
        let mut unit = inner.db.begin(workspace).await?;
        store::connection::lock(unit.connection(), workspace).await?;
        let Some(standing) = lease::standing_in(unit.connection(), workspace).await? else {
            return Ok(None);
        };
        let (look_first, intent) = match decide(&standing.facts, purpose, rejected) {
            Decision::Refresh => {
                let used_up = standing.grant.kind().may_be_used_up();
                let intent = (standing.facts.generation, self.settle_ms());
                (false, used_up.then_some(intent))
            }
            Decision::Look => (true, None),
            Decision::Refuse | Decision::Use | Decision::Wait | Decision::Pause(_) => {
                return Ok(None);
            }
        };
        let lease_ms = float(inner.limits.lease_ms());
        let fence = lease::take(
            unit.connection(),
            workspace,
            &inner.holder,
            lease_ms,
            intent,
        )
        .await?;
        unit.commit().await?;
        Ok(Some(Work {
            workspace: workspace.clone(),
            standing,
            fence,
            look_first,
        }))
    }

    /// Performs the refresh. Runs to its end whoever still waits for it.
    pub(super) async fn carry_out(&self, work: Work) -> Result<Token, Denied> {
        let inner = &self.inner;
        let credential = match self.credential(&work).await {
            Ok(credential) => credential,
            Err(Unusable::Gone(loss)) => {
                let (verdict, nothing) = (Verdict::Lose(loss), Evidence::default());
                return self
                    .conclude(&work, verdict, Residue::Nothing, nothing, 0)
                    .await;
            }
            Err(Unusable::OurFault(what)) => {
                return self.our_fault(&work, what, Residue::Nothing).await;
            }
            Err(Unusable::Store(error)) => return Err(error.into()),
        };
        let Ok(host) = inner.salesforce.hosts().api(&work.standing.instance_url) else {
            return self
                .our_fault(
                    &work,
                    "the org's address is not allowed any more: check SALESFORCE_ALLOWED_HOSTS",
                    Residue::Nothing,
                )
                .await;
        };
        let scope = inner.db.workspace(&work.workspace);
        let (failures, doubted) = lease::memory(&scope, &work.workspace).await?;
        let evidence = Evidence {
            doubted,
            ..Evidence::default()
        };
        if let (true, Credential::RefreshToken(token)) = (work.look_first, &credential) {
            let sight = self.look(&host, token, failures).await;
            match after_look(sight, work.standing.rotates) {
                AfterLook::Refresh => {
                    let (settle, call) = (self.settle_ms(), float(inner.limits.call_ms));
                    let generation = work.standing.facts.generation;
                    if !lease::intend(
                        &scope,
                        &work.workspace,
                        work.fence,
                        generation,
                        settle,
                        call,
                    )
                    .await?
                    {
                        return Err(Denied::Later(
                            "another replica is refreshing this connection",
                        ));
                    }
                }
                AfterLook::Lost => {
                    return self
                        .conclude(
                            &work,
                            Verdict::Lose(Loss::RotationLost),
                            Residue::Nothing,
                            evidence,
                            failures,
                        )
                        .await;
                }
                AfterLook::Pause => {
                    return self
                        .conclude(
                            &work,
                            Verdict::Retry { after_s: RETRY_S },
                            Residue::Look,
                            evidence,
                            failures,
                        )
                        .await;
                }
            }
        }
        let endpoint = inner.endpoint.clone();
        let mut call = Box::pin(async move { credential.trade(&endpoint, &host).await });
        match timeout(Duration::from_millis(inner.limits.call_ms), &mut call).await {
            Ok(answer) => self.answered(&work, answer, evidence, failures).await,
            Err(_elapsed) => {
                // The call goes on: with rotation a late answer holds the only valid token. Nobody sends meanwhile, the
                // intent sees to that.
                let rest_ms = inner
                    .limits
                    .answer_ms_max
                    .saturating_sub(inner.limits.call_ms);
                let (this, late) = (self.clone(), work.clone());
                let wait = async move {
                    if let Ok(answer) = timeout(Duration::from_millis(rest_ms), call).await {
                        let outcome = this.answered(&late, answer, evidence, failures).await;
                        tracing::info!(workspace = %late.workspace, stored = outcome.is_ok(), "a late answer of the token endpoint arrived");
                    }
                };
                inner.tasks.spawn(wait.in_current_span());
                let verdict = Verdict::Retry { after_s: RETRY_S };
                self.conclude(&work, verdict, Residue::Settle, evidence, failures)
                    .await
            }
        }
    }

    async fn answered(
        &self,
        work: &Work,
        answer: Result<TokenResponse, TokenError>,
        evidence: Evidence,
        failures: u32,
    ) -> Result<Token, Denied> {
        match answer {
            Ok(response) => self.keep(work, &response).await,
            Err(error) => self.failed(work, &error, evidence, failures).await,
        }
    }

    async fn failed(
        &self,
        work: &Work,
        error: &TokenError,
        evidence: Evidence,
        failures: u32,
    ) -> Result<Token, Denied> {
        let residue = match (error.outcome(), error) {
            (Outcome::NotSent | Outcome::Answered, _) => Residue::Nothing,
            (Outcome::Ambiguous, TokenError::Transport(_)) => Residue::Settle,
            (Outcome::Ambiguous, _) => Residue::Look,
        };
        match error.failure() {
            Some(failure) => {
                let kind = work.standing.grant.kind();
                let evidence = if trouble::needs_others(failure) {
                    // How other workspaces fare tells our own fault from one org's trouble; only yes or no comes back.
                    let all = self.inner.db.all_workspaces();
                    lease::others(&all, &work.workspace, kind, evidence.doubted).await?
                } else {
                    evidence
                };
                let verdict = trouble::verdict(failure, evidence, kind);
                tracing::info!(workspace = %work.workspace, error = %error, verdict = ?verdict, "refresh refused");
                self.conclude(work, verdict, residue, evidence, failures)
                    .await
            }
            None if matches!(error, TokenError::Signature | TokenError::Host(_)) => {
                tracing::error!(workspace = %work.workspace, error = %error, "token response cannot be trusted");
                self.our_fault(
                    work,
                    "salesforce's token response cannot be trusted; see the log",
                    residue,
                )
                .await
            }
            // A gateway's page with status 200, half a body: it passes.
            None => {
                tracing::warn!(workspace = %work.workspace, error = %error, "token response is not usable");
                let verdict = Verdict::Retry { after_s: RETRY_S };
                self.conclude(work, verdict, residue, evidence, failures)
                    .await
            }
        }
    }

    async fn our_fault(
        &self,
        work: &Work,
        what: &'static str,
        residue: Residue,
    ) -> Result<Token, Denied> {
        let verdict = Verdict::OurFault {
            what,
            after_s: UNUSABLE_PAUSE_S,
        };
        self.conclude(work, verdict, residue, Evidence::default(), 0)
            .await
    }

    /// Records a failure and what it does to the connection, unless the lease has passed on.
    pub(super) async fn conclude(
        &self,
        work: &Work,
        verdict: Verdict,
        residue: Residue,
        evidence: Evidence,
        failures: u32,
    ) -> Result<Token, Denied> {
        let inner = &self.inner;
        let trigger = verdict.trigger();
        let (after_s, doubt, denied) = match verdict {
            Verdict::Retry { after_s } => (
                after_s,
                evidence.doubted,
                "salesforce is not answering token requests; it is asked again shortly",
            ),
            Verdict::Doubt { loss, after_s } => (
                after_s,
                Some(loss),
                "salesforce refused the grant in a way that is checked again before it is believed",
            ),
            Verdict::Suspend { .. } => (0, None, "connection is suspended"),
            Verdict::Lose(_) => (0, None, "connection needs a person to reconnect it"),
            Verdict::OurFault { what, after_s } => {
                tracing::error!(workspace = %work.workspace, what, "refresh failed by our own fault");
                (after_s, evidence.doubted, what)
            }
        };
        inner.telemetry.refreshed(outcome_name(verdict));
        let jitter = rand::rng().random_range(0.0..1.0);
        let pause_ms = match after_s {
            0 => 0,
            _ => trouble::pause_ms(after_s, failures + 1, inner.limits.retry_pause_ms, jitter),
        };
        let mut unit = inner.db.begin(&work.workspace).await?;
        let before = store::connection::lock(unit.connection(), &work.workspace).await?;
        let ours = lease::fail(
            unit.connection(),
            &work.workspace,
            work.fence,
            residue,
            float(pause_ms),
            doubt,
        )
        .await?;
        let standing = lease::standing_in(unit.connection(), &work.workspace).await?;
        let moved_on = standing
            .is_none_or(|standing| standing.facts.generation != work.standing.facts.generation);
        let Some(before) = before.filter(|_| ours && !moved_on) else {
            unit.commit().await?;
            return Err(Denied::Later(
                "the connection changed during the refresh; ask again",
            ));
        };
        let after = trigger.and_then(|trigger| before.after(trigger, Utc::now()));
        if let Some(after) = &after {
            change::save(&mut unit, &before, after, ACTOR).await?;
        }
        if let Verdict::Suspend { probe_after_s, .. } = verdict {
            let seconds = float(probe_after_s) * rand::rng().random_range(0.8..1.2);
            store::connection::probe_in(unit.connection(), &work.workspace, seconds).await?;
        }
        unit.commit().await?;
        let now = after.unwrap_or(before);
        if trigger.is_some() {
            return Err(Denied::State {
                state: now.state,
                detail: now.cause.detail().to_owned(),
            });
        }
        Err(Denied::Later(denied))
    }

    /// From the start of a call until it cannot be running any more, in milliseconds.
    fn settle_ms(&self) -> f64 {
        float(self.inner.limits.answer_ms_max + self.inner.limits.settle_ms)
    }
}

fn outcome_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Retry { .. } => "retry",
        Verdict::Doubt { .. } => "doubt",
        Verdict::Suspend { .. } => "suspended",
        Verdict::Lose(_) => "lost",
        Verdict::OurFault { .. } => "our_fault",
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds and seconds of at most days"
)]
fn float(number: u64) -> f64 {
    number as f64
}
