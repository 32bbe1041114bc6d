//! Answers what console and operators ask.

mod correct;
mod decisions;
mod moves;
mod phrases;
mod preview;
mod rules;
mod thresholds;

use crate::app::{Names, Reconsidered};
use chassis::{Db, Failure};
use events::matching::v1 as proto;
use events::rpc::{CallContext, Code, Role, RpcError};
use events::{RecordId, WorkspaceId};
use prost::Message;
use std::sync::Arc;
use tokio::sync::Notify;

/// Implements `ergo.rpc.matching.*`.
#[derive(Debug)]
pub struct MatchingRpc {
    db: Db,
    names: Arc<Names>,
    changed: Arc<Notify>,
    reconsidered: Reconsidered,
}

impl MatchingRpc {
    /// On this database, with the names held in memory; `changed` is notified when a rule concerns decided meetings.
    #[must_use]
    pub fn new(
        db: Db,
        names: Arc<Names>,
        changed: Arc<Notify>,
        reconsidered: Reconsidered,
    ) -> Self {
        Self {
            db,
            names,
            changed,
            reconsidered,
        }
    }
}

fn workspace(text: &str) -> Result<WorkspaceId, RpcError> {
    text.parse().map_err(|_| {
        RpcError::invalid(
            "workspace",
            "is not 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'",
        )
    })
}

fn store(error: sqlx::Error) -> RpcError {
    failed(Failure::from(error))
}

fn failed(failure: Failure) -> RpcError {
    tracing::warn!(error = failure.chain(), "request could not be answered");
    RpcError::new(Code::Unavailable, "the store does not answer; try again")
}

fn decoded<M: Message + Default>(body: &[u8]) -> Result<M, RpcError> {
    M::decode(body).map_err(|error| {
        tracing::error!(%error, "a stored message cannot be read");
        RpcError::new(
            Code::Internal,
            "a stored message cannot be read; see the log",
        )
    })
}

fn record_id(field: &str, text: &str) -> Result<Option<String>, RpcError> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = RecordId::parse(text)
        .map_err(|error| RpcError::invalid(field, format!("is no record id: {error}")))?;
    Ok(Some(id.as_str().to_owned()))
}

impl proto::Matching for MatchingRpc {
    async fn list_decisions(
        &self,
        context: &CallContext,
        request: proto::ListDecisionsRequest,
    ) -> Result<proto::ListDecisionsResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.page(request).await
    }

    async fn get_decision(
        &self,
        context: &CallContext,
        request: proto::GetDecisionRequest,
    ) -> Result<proto::GetDecisionResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.latest(request).await
    }

    async fn correct_decision(
        &self,
        context: &CallContext,
        request: proto::CorrectDecisionRequest,
    ) -> Result<proto::CorrectDecisionResponse, RpcError> {
        context.require(Role::Admin)?;
        self.correct(context, request).await
    }

    async fn get_projection(
        &self,
        context: &CallContext,
        request: proto::GetProjectionRequest,
    ) -> Result<proto::GetProjectionResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.projection(request).await
    }

    async fn list_domain_rules(
        &self,
        context: &CallContext,
        request: proto::ListDomainRulesRequest,
    ) -> Result<proto::ListDomainRulesResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.rules(request).await
    }

    async fn set_domain_rule(
        &self,
        context: &CallContext,
        request: proto::SetDomainRuleRequest,
    ) -> Result<proto::SetDomainRuleResponse, RpcError> {
        context.require(Role::Admin)?;
        self.set_rule(context, request).await
    }

    async fn preview_domain_rule(
        &self,
        context: &CallContext,
        request: proto::PreviewDomainRuleRequest,
    ) -> Result<proto::PreviewDomainRuleResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.preview_rule(request).await
    }

    async fn list_title_phrases(
        &self,
        context: &CallContext,
        request: proto::ListTitlePhrasesRequest,
    ) -> Result<proto::ListTitlePhrasesResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.phrases(request).await
    }

    async fn set_title_phrase(
        &self,
        context: &CallContext,
        request: proto::SetTitlePhraseRequest,
    ) -> Result<proto::SetTitlePhraseResponse, RpcError> {
        context.require(Role::Admin)?;
        self.set_phrase(context, request).await
    }

    async fn preview_title_phrase(
        &self,
        context: &CallContext,
        request: proto::PreviewTitlePhraseRequest,
    ) -> Result<proto::PreviewTitlePhraseResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.preview_phrase(request).await
    }

    async fn list_move_proposals(
        &self,
        context: &CallContext,
        request: proto::ListMoveProposalsRequest,
    ) -> Result<proto::ListMoveProposalsResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.moves(&workspace(&request.workspace)?).await
    }

    async fn settle_move_proposal(
        &self,
        context: &CallContext,
        request: proto::SettleMoveProposalRequest,
    ) -> Result<proto::SettleMoveProposalResponse, RpcError> {
        context.require(Role::Admin)?;
        self.settle_move(context, request).await
    }

    async fn get_matching_settings(
        &self,
        context: &CallContext,
        request: proto::GetMatchingSettingsRequest,
    ) -> Result<proto::GetMatchingSettingsResponse, RpcError> {
        context.require(Role::Viewer)?;
        self.thresholds(&workspace(&request.workspace)?).await
    }

    async fn set_matching_settings(
        &self,
        context: &CallContext,
        request: proto::SetMatchingSettingsRequest,
    ) -> Result<proto::SetMatchingSettingsResponse, RpcError> {
        context.require(Role::Admin)?;
        self.set_thresholds(request).await
    }
}
