//! What matching says.

use super::*;

impl Script {
    fn flip(&self) -> matching::Flip {
        matching::Flip {
            meeting_id: MEETING.into(),
            title: self.said(),
            before: Some(self.decision()),
            after: Some(self.decision()),
            labelled: "right".into(),
        }
    }
}

impl matching::Matching for Script {
    async fn list_decisions(
        &self,
        _: &CallContext,
        _: matching::ListDecisionsRequest,
    ) -> Result<matching::ListDecisionsResponse, RpcError> {
        let summary = matching::DecisionSummary {
            decision: Some(self.decision()),
            title: self.said(),
            started_at: None,
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        };
        Ok(matching::ListDecisionsResponse {
            decisions: vec![summary],
            next_page_token: "further & on".into(),
        })
    }

    async fn get_decision(
        &self,
        _: &CallContext,
        request: matching::GetDecisionRequest,
    ) -> Result<matching::GetDecisionResponse, RpcError> {
        if request.meeting_id != MEETING {
            return Err(RpcError::not_found("the meeting"));
        }
        let meeting = MeetingProcessed {
            id: MEETING.into(),
            title: self.said(),
            ..MeetingProcessed::default()
        };
        Ok(matching::GetDecisionResponse {
            decision: Some(self.decision()),
            meeting: Some(meeting),
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        })
    }

    async fn correct_decision(
        &self,
        context: &CallContext,
        request: matching::CorrectDecisionRequest,
    ) -> Result<matching::CorrectDecisionResponse, RpcError> {
        self.change(context)?;
        let decided_by = if request.revert {
            matching::DecidedBy::Rules
        } else {
            matching::DecidedBy::Person
        };
        Ok(matching::CorrectDecisionResponse {
            decision: Some(matching::Decision {
                account_id: request.account_id,
                decided_by: decided_by.into(),
                ..self.decision()
            }),
        })
    }

    async fn get_projection(
        &self,
        _: &CallContext,
        _: matching::GetProjectionRequest,
    ) -> Result<matching::GetProjectionResponse, RpcError> {
        Ok(matching::GetProjectionResponse::default())
    }

    async fn list_domain_rules(
        &self,
        _: &CallContext,
        _: matching::ListDomainRulesRequest,
    ) -> Result<matching::ListDomainRulesResponse, RpcError> {
        Ok(matching::ListDomainRulesResponse::default())
    }

    async fn set_domain_rule(
        &self,
        context: &CallContext,
        _: matching::SetDomainRuleRequest,
    ) -> Result<matching::SetDomainRuleResponse, RpcError> {
        self.change(context)?;
        Ok(matching::SetDomainRuleResponse::default())
    }

    async fn preview_domain_rule(
        &self,
        _: &CallContext,
        _: matching::PreviewDomainRuleRequest,
    ) -> Result<matching::PreviewDomainRuleResponse, RpcError> {
        Ok(matching::PreviewDomainRuleResponse {
            flips: vec![self.flip()],
            looked_at: 3,
            truncated: false,
        })
    }

    async fn list_title_phrases(
        &self,
        _: &CallContext,
        _: matching::ListTitlePhrasesRequest,
    ) -> Result<matching::ListTitlePhrasesResponse, RpcError> {
        let phrase = matching::TitlePhrase {
            phrase: self.said(),
            ..matching::TitlePhrase::default()
        };
        Ok(matching::ListTitlePhrasesResponse {
            phrases: vec![phrase],
        })
    }

    async fn set_title_phrase(
        &self,
        context: &CallContext,
        _: matching::SetTitlePhraseRequest,
    ) -> Result<matching::SetTitlePhraseResponse, RpcError> {
        self.change(context)?;
        Ok(matching::SetTitlePhraseResponse::default())
    }

    async fn preview_title_phrase(
        &self,
        _: &CallContext,
        _: matching::PreviewTitlePhraseRequest,
    ) -> Result<matching::PreviewTitlePhraseResponse, RpcError> {
        Ok(matching::PreviewTitlePhraseResponse {
            flips: vec![self.flip()],
            looked_at: 3,
            truncated: true,
        })
    }

    async fn list_move_proposals(
        &self,
        _: &CallContext,
        _: matching::ListMoveProposalsRequest,
    ) -> Result<matching::ListMoveProposalsResponse, RpcError> {
        let proposal = matching::MoveProposal {
            meeting_id: MEETING.into(),
            reason: self.said(),
            current: Some(self.decision()),
            proposed: Some(self.decision()),
            ..matching::MoveProposal::default()
        };
        Ok(matching::ListMoveProposalsResponse {
            proposals: vec![proposal],
        })
    }

    async fn settle_move_proposal(
        &self,
        context: &CallContext,
        request: matching::SettleMoveProposalRequest,
    ) -> Result<matching::SettleMoveProposalResponse, RpcError> {
        self.change(context)?;
        Ok(matching::SettleMoveProposalResponse {
            decision: request.accept.then(|| self.decision()),
        })
    }

    async fn get_matching_settings(
        &self,
        _: &CallContext,
        _: matching::GetMatchingSettingsRequest,
    ) -> Result<matching::GetMatchingSettingsResponse, RpcError> {
        let settings = matching::MatchingSettings {
            account_threshold: 0.97,
            group_deals: true,
            phone_region: "DE".into(),
            ..matching::MatchingSettings::default()
        };
        Ok(matching::GetMatchingSettingsResponse {
            settings: Some(settings),
        })
    }

    async fn set_matching_settings(
        &self,
        context: &CallContext,
        _: matching::SetMatchingSettingsRequest,
    ) -> Result<matching::SetMatchingSettingsResponse, RpcError> {
        self.change(context)?;
        Ok(matching::SetMatchingSettingsResponse::default())
    }
}
