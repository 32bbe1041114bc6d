//! What matching is told and asked: phrases, previews, move proposals, settings, corrections.

use events::matching::v1 as matching;
use events::rpc::RpcError;

use super::{Asking, incomplete};
use crate::owners::Owners;
use crate::wire::matching::Decision;
use crate::wire::rule::{Correction, MatchingSettings, MoveProposal, Preview, TitlePhrase};

pub(crate) async fn phrases(
    owners: &Owners,
    asking: &Asking,
) -> Result<Vec<TitlePhrase>, RpcError> {
    let request = matching::ListTitlePhrasesRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .matching
        .list_title_phrases(&asking.context, request)
        .await?;
    Ok(answer.phrases.into_iter().map(Into::into).collect())
}

/// Sets one phrase, or removes it.
pub(crate) async fn set_phrase(
    owners: &Owners,
    asking: &Asking,
    phrase: matching::TitlePhrase,
    remove: bool,
) -> Result<(), RpcError> {
    let request = matching::SetTitlePhraseRequest {
        workspace: asking.workspace(),
        phrase: Some(phrase),
        remove,
    };
    owners
        .matching
        .set_title_phrase(&asking.context, request)
        .await?;
    Ok(())
}

pub(crate) async fn preview_phrase(
    owners: &Owners,
    asking: &Asking,
    phrase: matching::TitlePhrase,
    remove: bool,
) -> Result<Preview, RpcError> {
    let request = matching::PreviewTitlePhraseRequest {
        workspace: asking.workspace(),
        phrase: Some(phrase),
        remove,
    };
    let answer = owners
        .matching
        .preview_title_phrase(&asking.context, request)
        .await?;
    Ok(Preview::new(
        answer.flips,
        answer.looked_at,
        answer.truncated,
    ))
}

pub(crate) async fn preview_domain(
    owners: &Owners,
    asking: &Asking,
    rule: matching::DomainRule,
    remove: bool,
) -> Result<Preview, RpcError> {
    let request = matching::PreviewDomainRuleRequest {
        workspace: asking.workspace(),
        rule: Some(rule),
        remove,
    };
    let answer = owners
        .matching
        .preview_domain_rule(&asking.context, request)
        .await?;
    Ok(Preview::new(
        answer.flips,
        answer.looked_at,
        answer.truncated,
    ))
}

/// Newest first.
pub(crate) async fn moves(owners: &Owners, asking: &Asking) -> Result<Vec<MoveProposal>, RpcError> {
    let request = matching::ListMoveProposalsRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .matching
        .list_move_proposals(&asking.context, request)
        .await?;
    Ok(answer.proposals.into_iter().map(Into::into).collect())
}

/// The new decision when the move is taken.
pub(crate) async fn settle_move(
    owners: &Owners,
    asking: &Asking,
    meeting_id: String,
    accept: bool,
) -> Result<Option<Decision>, RpcError> {
    let request = matching::SettleMoveProposalRequest {
        workspace: asking.workspace(),
        meeting_id,
        accept,
    };
    let answer = owners
        .matching
        .settle_move_proposal(&asking.context, request)
        .await?;
    Ok(answer.decision.map(Decision::new))
}

pub(crate) async fn settings(
    owners: &Owners,
    asking: &Asking,
) -> Result<MatchingSettings, RpcError> {
    let request = matching::GetMatchingSettingsRequest {
        workspace: asking.workspace(),
    };
    let answer = owners
        .matching
        .get_matching_settings(&asking.context, request)
        .await?;
    Ok(answer.settings.unwrap_or_default().into())
}

pub(crate) async fn set_settings(
    owners: &Owners,
    asking: &Asking,
    settings: MatchingSettings,
) -> Result<(), RpcError> {
    let request = matching::SetMatchingSettingsRequest {
        workspace: asking.workspace(),
        settings: Some(settings.into()),
    };
    owners
        .matching
        .set_matching_settings(&asking.context, request)
        .await?;
    Ok(())
}

/// A person's choice; `None` takes an earlier one back.
pub(crate) async fn correct(
    owners: &Owners,
    asking: &Asking,
    meeting_id: String,
    correction: Option<Correction>,
) -> Result<Decision, RpcError> {
    let revert = correction.is_none();
    let (account_id, opportunity_id) = correction
        .map(|chosen| (chosen.account_id, chosen.opportunity_id))
        .unwrap_or_default();
    let request = matching::CorrectDecisionRequest {
        workspace: asking.workspace(),
        meeting_id,
        account_id,
        opportunity_id,
        revert,
    };
    let answer = owners
        .matching
        .correct_decision(&asking.context, request)
        .await?;
    let decision = answer
        .decision
        .ok_or_else(|| incomplete("matching", "a decision"))?;
    Ok(Decision::new(decision))
}
