//! What writeback says.

use super::*;

/// When things were seen.
const SEEN_AT: Option<events::Timestamp> = Some(events::Timestamp {
    seconds: 1_772_445_600,
    nanos: 123_456_000,
});

impl Script {
    fn backfill(&self) -> writeback::Backfill {
        writeback::Backfill {
            id: "backfill-1".into(),
            name: self.said(),
            state: writeback::BackfillState::Running.into(),
            created_by: self.said(),
            sample: Some(writeback::BackfillSample {
                meetings: 4,
                certainty: vec![0; 10],
                warnings: vec![self.said()],
                ..writeback::BackfillSample::default()
            }),
            progress: Some(writeback::BackfillProgress {
                sentence: self.said(),
                open: 5,
                ended: 3,
                ..writeback::BackfillProgress::default()
            }),
            ..writeback::Backfill::default()
        }
    }
}

impl writeback::Writeback for Script {
    async fn list_audit(
        &self,
        context: &CallContext,
        request: writeback::ListAuditRequest,
    ) -> Result<writeback::ListAuditResponse, RpcError> {
        context.require(Role::Viewer)?;
        if self.text.is_empty() || request.action == "live." {
            return Ok(writeback::ListAuditResponse::default());
        }
        // As the owner cuts it.
        let cut: String = self.text.chars().take(800).collect();
        let entry = |id| writeback::AuditEntry {
            id,
            at: SEEN_AT,
            actor: format!("user:{cut}"),
            role: "admin".into(),
            request_id: "r-1".into(),
            action: "permission.set".into(),
            subject: cut.clone(),
            before: serde_json::to_string(&cut).expect("is written"),
            after: request.page_token.clone(),
            ..writeback::AuditEntry::default()
        };
        let (first, next) = if request.page_token.is_empty() {
            (200, "1772445600123456.101")
        } else {
            (100, "")
        };
        let last = first - u64::from(request.page_size.min(100)) + 1;
        Ok(writeback::ListAuditResponse {
            entries: (last..=first).rev().map(entry).collect(),
            next_page_token: next.to_owned(),
        })
    }

    async fn decide_alike(
        &self,
        context: &CallContext,
        request: writeback::DecideAlikeRequest,
    ) -> Result<writeback::DecideAlikeResponse, RpcError> {
        context.require(Role::Admin)?;
        let kind = writeback::AlikeChanges {
            alike: "abc".into(),
            object: self.said(),
            field: self.said(),
            reasons: vec![self.said()],
            changes: 3,
            low_risk: 2,
            ..writeback::AlikeChanges::default()
        };
        let decided = if request.seen_at.is_some() { 2 } else { 0 };
        if decided > 0 {
            self.change(context)?;
        }
        Ok(writeback::DecideAlikeResponse {
            kinds: vec![kind],
            matching: 3,
            decidable: 2,
            decided,
            seen_at: SEEN_AT,
            ..writeback::DecideAlikeResponse::default()
        })
    }

    async fn list_refusal_groups(
        &self,
        _: &CallContext,
        _: writeback::ListRefusalGroupsRequest,
    ) -> Result<writeback::ListRefusalGroupsResponse, RpcError> {
        let group = writeback::RefusalGroup {
            cause: "rule/Opportunity/X/y".into(),
            scope: writeback::RefusalScope::Rule.into(),
            object: self.said(),
            code: self.said(),
            rule: self.said(),
            message: self.said(),
            advice: self.said(),
            changes: 4,
            watched: true,
            ..writeback::RefusalGroup::default()
        };
        Ok(writeback::ListRefusalGroupsResponse {
            groups: vec![group],
            changes: 4,
        })
    }

    async fn release_refusals(
        &self,
        context: &CallContext,
        _: writeback::ReleaseRefusalsRequest,
    ) -> Result<writeback::ReleaseRefusalsResponse, RpcError> {
        self.change(context)?;
        Ok(writeback::ReleaseRefusalsResponse {
            released: 4,
            ..writeback::ReleaseRefusalsResponse::default()
        })
    }

    async fn create_backfill(
        &self,
        context: &CallContext,
        request: writeback::CreateBackfillRequest,
    ) -> Result<writeback::CreateBackfillResponse, RpcError> {
        self.change(context)?;
        Ok(writeback::CreateBackfillResponse {
            backfill: Some(writeback::Backfill {
                name: request.name,
                ..self.backfill()
            }),
        })
    }

    async fn list_backfills(
        &self,
        _: &CallContext,
        _: writeback::ListBackfillsRequest,
    ) -> Result<writeback::ListBackfillsResponse, RpcError> {
        Ok(writeback::ListBackfillsResponse {
            backfills: vec![self.backfill()],
        })
    }

    async fn get_backfill(
        &self,
        _: &CallContext,
        _: writeback::GetBackfillRequest,
    ) -> Result<writeback::GetBackfillResponse, RpcError> {
        let slice = writeback::BackfillSlice {
            slice: "2025-03".into(),
            meetings: 2,
            counts: vec![writeback::BackfillCount {
                state: ChangeState::Applied.into(),
                changes: 3,
            }],
            held_low_risk: 5,
            approved_by: self.said(),
            ..writeback::BackfillSlice::default()
        };
        Ok(writeback::GetBackfillResponse {
            backfill: Some(self.backfill()),
            slices: vec![slice],
            seen_at: SEEN_AT,
        })
    }

    async fn move_backfill(
        &self,
        context: &CallContext,
        _: writeback::MoveBackfillRequest,
    ) -> Result<writeback::MoveBackfillResponse, RpcError> {
        self.change(context)?;
        Ok(writeback::MoveBackfillResponse {
            backfill: Some(self.backfill()),
        })
    }

    async fn approve_slice(
        &self,
        context: &CallContext,
        _: writeback::ApproveSliceRequest,
    ) -> Result<writeback::ApproveSliceResponse, RpcError> {
        self.change(context)?;
        Ok(writeback::ApproveSliceResponse {
            changes: 5,
            left_for_review: 1,
            seen_at: SEEN_AT,
        })
    }

    async fn undo_backfill(
        &self,
        context: &CallContext,
        _: writeback::UndoBackfillRequest,
    ) -> Result<writeback::UndoBackfillResponse, RpcError> {
        self.change(context)?;
        Ok(writeback::UndoBackfillResponse {
            undone: 3,
            ..writeback::UndoBackfillResponse::default()
        })
    }

    async fn list_missed(
        &self,
        _: &CallContext,
        _: writeback::ListMissedRequest,
    ) -> Result<writeback::ListMissedResponse, RpcError> {
        let meeting = writeback::MissedMeeting {
            meeting_id: MEETING.into(),
            title: self.said(),
            changes_waiting: 2,
            ..writeback::MissedMeeting::default()
        };
        let gap = writeback::ConnectionGap {
            id: "gap-1".into(),
            detail: self.said(),
            state: ConnectionState::ReconnectRequired.into(),
            changes_missed: 3,
            changes_waiting: 2,
            meetings: vec![meeting],
            ..writeback::ConnectionGap::default()
        };
        Ok(writeback::ListMissedResponse {
            gaps: vec![gap],
            changes_waiting: 2,
        })
    }

    async fn release_missed(
        &self,
        context: &CallContext,
        _: writeback::ReleaseMissedRequest,
    ) -> Result<writeback::ReleaseMissedResponse, RpcError> {
        context.require(Role::Operator)?;
        self.changed.fetch_add(1, Ordering::SeqCst);
        Ok(writeback::ReleaseMissedResponse {
            changes_released: 2,
        })
    }

    async fn get_permissions(
        &self,
        _: &CallContext,
        _: writeback::GetPermissionsRequest,
    ) -> Result<writeback::GetPermissionsResponse, RpcError> {
        Ok(writeback::GetPermissionsResponse::default())
    }

    async fn set_permissions(
        &self,
        context: &CallContext,
        request: writeback::SetPermissionsRequest,
    ) -> Result<writeback::SetPermissionsResponse, RpcError> {
        self.change(context)?;
        Ok(writeback::SetPermissionsResponse {
            permissions: request.permissions,
        })
    }

    async fn get_stage_controls(
        &self,
        _: &CallContext,
        _: writeback::GetStageControlsRequest,
    ) -> Result<writeback::GetStageControlsResponse, RpcError> {
        if self.text.is_empty() {
            return Ok(writeback::GetStageControlsResponse::default());
        }
        Ok(writeback::GetStageControlsResponse {
            controls: vec![writeback::StageControl {
                stage: self.said(),
                allowed_exits: vec![self.said()],
                required_fields: vec![self.said()],
            }],
            ..writeback::GetStageControlsResponse::default()
        })
    }

    async fn set_stage_controls(
        &self,
        context: &CallContext,
        _: writeback::SetStageControlsRequest,
    ) -> Result<writeback::SetStageControlsResponse, RpcError> {
        self.change(context)?;
        Ok(writeback::SetStageControlsResponse::default())
    }

    async fn list_change_sets(
        &self,
        _: &CallContext,
        _: writeback::ListChangeSetsRequest,
    ) -> Result<writeback::ListChangeSetsResponse, RpcError> {
        unasked()
    }

    async fn get_change_set(
        &self,
        _: &CallContext,
        _: writeback::GetChangeSetRequest,
    ) -> Result<writeback::GetChangeSetResponse, RpcError> {
        Ok(writeback::GetChangeSetResponse {
            change_set: Some(self.set()),
        })
    }

    async fn list_changes(
        &self,
        _: &CallContext,
        request: writeback::ListChangesRequest,
    ) -> Result<writeback::ListChangesResponse, RpcError> {
        let total = self.queued.max(1);
        let shown = total.min(u64::from(request.page_size));
        let change = |number| writeback::Change {
            id: format!("c-{number}"),
            ..self.change_of(ChangeState::Held)
        };
        Ok(writeback::ListChangesResponse {
            changes: (1..=shown).map(change).collect(),
            next_page_token: if total > shown { "further" } else { "" }.to_owned(),
            total,
        })
    }

    async fn decide_changes(
        &self,
        context: &CallContext,
        request: writeback::DecideChangesRequest,
    ) -> Result<writeback::DecideChangesResponse, RpcError> {
        self.change(context)?;
        // Version 4 is what lists show; anything else was decided on what nobody saw.
        let stale = request.decisions.iter().filter(|one| one.version != 4);
        let refusal = |one: &writeback::ChangeDecision| writeback::Refusal {
            change_id: one.change_id.clone(),
            message: "has changed since you looked; look again".into(),
        };
        Ok(writeback::DecideChangesResponse {
            changes: Vec::new(),
            refusals: stale.map(refusal).collect(),
        })
    }

    async fn why_value(
        &self,
        _: &CallContext,
        _: writeback::WhyValueRequest,
    ) -> Result<writeback::WhyValueResponse, RpcError> {
        Ok(writeback::WhyValueResponse {
            stories: vec![writeback::ValueStory {
                change: Some(self.change_of(ChangeState::Applied)),
                sentence: self.said(),
                current: true,
                ..writeback::ValueStory::default()
            }],
        })
    }

    async fn undo_changes(
        &self,
        context: &CallContext,
        request: writeback::UndoChangesRequest,
    ) -> Result<writeback::UndoChangesResponse, RpcError> {
        self.change(context)?;
        let refusal = |id: String| writeback::Refusal {
            change_id: id,
            message: "is not in salesforce".into(),
        };
        Ok(writeback::UndoChangesResponse {
            changes: vec![],
            refusals: request
                .change_ids
                .into_iter()
                .filter(|id| id != "c-2")
                .map(refusal)
                .collect(),
        })
    }

    async fn rehearse_changes(
        &self,
        context: &CallContext,
        request: writeback::RehearseChangesRequest,
    ) -> Result<writeback::RehearseChangesResponse, RpcError> {
        self.change(context)?;
        let refusal = |id: &String| writeback::Refusal {
            change_id: id.clone(),
            message: "is not known in this workspace".into(),
        };
        let unknown = request.change_ids.iter().filter(|id| *id != "c-1");
        Ok(writeback::RehearseChangesResponse {
            refusals: unknown.map(refusal).collect(),
            limits: "rolled back".into(),
            api_calls: 1,
            ..writeback::RehearseChangesResponse::default()
        })
    }

    async fn list_predictions(
        &self,
        _: &CallContext,
        _: writeback::ListPredictionsRequest,
    ) -> Result<writeback::ListPredictionsResponse, RpcError> {
        Ok(writeback::ListPredictionsResponse {
            scores: vec![writeback::RuleScore {
                object: "Opportunity".into(),
                rule: "Agreed".into(),
                agreed: 3,
                missed: 1,
                ..writeback::RuleScore::default()
            }],
            ..writeback::ListPredictionsResponse::default()
        })
    }

    async fn start_verification(
        &self,
        context: &CallContext,
        _: writeback::StartVerificationRequest,
    ) -> Result<writeback::StartVerificationResponse, RpcError> {
        self.change(context)?;
        Ok(writeback::StartVerificationResponse {
            run: Some(writeback::VerificationRun::default()),
        })
    }

    async fn get_verification(
        &self,
        _: &CallContext,
        _: writeback::GetVerificationRequest,
    ) -> Result<writeback::GetVerificationResponse, RpcError> {
        Ok(writeback::GetVerificationResponse::default())
    }

    async fn set_live(
        &self,
        context: &CallContext,
        _: writeback::SetLiveRequest,
    ) -> Result<writeback::SetLiveResponse, RpcError> {
        self.change(context)?;
        Ok(writeback::SetLiveResponse::default())
    }

    async fn get_status(
        &self,
        _: &CallContext,
        _: writeback::GetStatusRequest,
    ) -> Result<writeback::GetStatusResponse, RpcError> {
        Ok(writeback::GetStatusResponse {
            live: true,
            verified: true,
            api_calls_used: 12,
            api_calls_max: 1_000,
            mapping_version: 3,
            ..writeback::GetStatusResponse::default()
        })
    }

    async fn count_queued_changes(
        &self,
        _: &CallContext,
        _: writeback::CountQueuedChangesRequest,
    ) -> Result<writeback::CountQueuedChangesResponse, RpcError> {
        unasked()
    }
}
