//! The owners console asks, answering from a script: one process that serves all four.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chassis::{ConsumerSpec, Rig, Service, Store};
use events::auth::v1::{self as auth, AuthServer};
use events::crm::v1::{self as crm, ConnectionState, OverwritePolicy, RecordRef};
use events::matching::v1::{self as matching, MatchingServer, Outcome};
use events::meeting::v1::{Evidence, MeetingProcessed};
use events::metadata::v1::{self as metadata, MetadataSyncServer};
use events::rpc::{CallContext, Code, Role, RpcError};
use events::writeback::v1::{self as writeback, ChangeState, Verdict, WritebackServer};

/// The meeting every owner knows.
pub(crate) const MEETING: &str = "m-1/α";
/// Where auth sends browsers.
pub(crate) const CONNECT_URL: &str = "https://auth.example.com/oauth/connect/abc?x=1&y=2";

/// What the owners say, and how often they were asked to change something.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// Text put wherever an owner answers text of strangers.
    pub(crate) text: Arc<str>,
    /// How many changes wait; 0 for the one every test knows.
    pub(crate) queued: u64,
    changed: Arc<AtomicUsize>,
}

impl Script {
    pub(crate) fn saying(text: &str) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// With so many changes waiting.
    pub(crate) fn with_queue(mut self, changes: u64) -> Self {
        self.queued = changes;
        self
    }

    /// Wishes that reached an owner.
    pub(crate) fn changes(&self) -> usize {
        self.changed.load(Ordering::SeqCst)
    }

    fn change(&self, context: &CallContext) -> Result<(), RpcError> {
        context.require(Role::Admin)?;
        self.changed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn said(&self) -> String {
        self.text.to_string()
    }
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct OwnersOptions {
    #[arg(skip)]
    pub(crate) script: Script,
}

pub(crate) struct Owners;

impl Service for Owners {
    const NAME: &'static str = "owners";
    const STORE: Option<Store> = None;
    type Options = OwnersOptions;

    fn consumers() -> Vec<ConsumerSpec> {
        Vec::new()
    }

    async fn build(options: OwnersOptions, rig: &mut Rig) -> anyhow::Result<()> {
        rig.serve_rpc(AuthServer(options.script.clone()));
        rig.serve_rpc(MetadataSyncServer(options.script.clone()));
        rig.serve_rpc(MatchingServer(options.script.clone()));
        rig.serve_rpc(WritebackServer(options.script));
        Ok(())
    }
}

fn unasked<T>() -> Result<T, RpcError> {
    Err(RpcError::new(Code::Internal, "no test asks this"))
}

fn connection(state: ConnectionState) -> crm::Connection {
    crm::Connection {
        workspace: "acme".into(),
        state: state.into(),
        username: "integration@acme.example".into(),
        organization_id: "00D000000000001EAA".into(),
        detail: "Works.".into(),
        ..crm::Connection::default()
    }
}

impl auth::Auth for Script {
    async fn begin_connect(
        &self,
        context: &CallContext,
        _: auth::BeginConnectRequest,
    ) -> Result<auth::BeginConnectResponse, RpcError> {
        self.change(context)?;
        Ok(auth::BeginConnectResponse {
            connect_url: CONNECT_URL.into(),
            expires_at: None,
        })
    }

    async fn connect_jwt(
        &self,
        context: &CallContext,
        request: auth::ConnectJwtRequest,
    ) -> Result<auth::ConnectJwtResponse, RpcError> {
        self.change(context)?;
        if request.private_key.is_empty() {
            return Err(RpcError::invalid("private_key", "is missing"));
        }
        Ok(auth::ConnectJwtResponse {
            connection: Some(connection(ConnectionState::Connected)),
        })
    }

    async fn get_connection(
        &self,
        _: &CallContext,
        _: auth::GetConnectionRequest,
    ) -> Result<auth::GetConnectionResponse, RpcError> {
        Ok(auth::GetConnectionResponse {
            connection: Some(connection(ConnectionState::Connected)),
        })
    }

    async fn list_connections(
        &self,
        _: &CallContext,
        _: auth::ListConnectionsRequest,
    ) -> Result<auth::ListConnectionsResponse, RpcError> {
        Ok(auth::ListConnectionsResponse::default())
    }

    async fn list_connection_history(
        &self,
        _: &CallContext,
        _: auth::ListConnectionHistoryRequest,
    ) -> Result<auth::ListConnectionHistoryResponse, RpcError> {
        let mut limited = connection(ConnectionState::AccessLimited);
        limited.detail = self.said();
        let step = crm::ConnectionChanged {
            connection: Some(limited),
            previous_state: ConnectionState::Connected.into(),
        };
        Ok(auth::ListConnectionHistoryResponse {
            changes: vec![step],
        })
    }

    async fn get_access_token(
        &self,
        _: &CallContext,
        _: auth::GetAccessTokenRequest,
    ) -> Result<auth::GetAccessTokenResponse, RpcError> {
        unasked()
    }

    async fn disconnect(
        &self,
        context: &CallContext,
        _: auth::DisconnectRequest,
    ) -> Result<auth::DisconnectResponse, RpcError> {
        self.change(context)?;
        Ok(auth::DisconnectResponse {
            connection: Some(connection(ConnectionState::Disconnected)),
        })
    }

    async fn report_access_problem(
        &self,
        _: &CallContext,
        _: auth::ReportAccessProblemRequest,
    ) -> Result<auth::ReportAccessProblemResponse, RpcError> {
        unasked()
    }
}

impl metadata::MetadataSync for Script {
    async fn confirm_schema(
        &self,
        _: &CallContext,
        _: metadata::ConfirmSchemaRequest,
    ) -> Result<metadata::ConfirmSchemaResponse, RpcError> {
        unasked()
    }

    async fn start_access_review(
        &self,
        context: &CallContext,
        _: metadata::StartAccessReviewRequest,
    ) -> Result<metadata::StartAccessReviewResponse, RpcError> {
        context.require(Role::Operator)?;
        self.changed.fetch_add(1, Ordering::SeqCst);
        let run = metadata::SyncRun {
            id: "run-2".into(),
            kind: metadata::SyncKind::Schema.into(),
            state: metadata::SyncState::Queued.into(),
            ..metadata::SyncRun::default()
        };
        Ok(metadata::StartAccessReviewResponse { run: Some(run) })
    }

    async fn get_access_review(
        &self,
        _: &CallContext,
        _: metadata::GetAccessReviewRequest,
    ) -> Result<metadata::GetAccessReviewResponse, RpcError> {
        let gap = crm::AccessGap {
            kind: crm::AccessKind::FieldEdit.into(),
            object: "Opportunity".into(),
            field: "NextStep".into(),
            message: self.said(),
            fix: self.said(),
            entry_ids: vec!["next_step".into()],
            ..crm::AccessGap::default()
        };
        let review = crm::AccessReview {
            workspace: "acme".into(),
            revision: 4,
            missing: vec![gap],
            missing_count: 1,
            api_enabled: true,
            notes: vec![self.said()],
            objects: vec![crm::ObjectAccess {
                object: self.said(),
                read: true,
                fields: vec![crm::FieldAccess {
                    field: self.said(),
                    read: true,
                    edit: false,
                }],
                ..crm::ObjectAccess::default()
            }],
            ..crm::AccessReview::default()
        };
        Ok(metadata::GetAccessReviewResponse {
            review: Some(review),
            history: Vec::new(),
        })
    }

    async fn start_sync(
        &self,
        context: &CallContext,
        request: metadata::StartSyncRequest,
    ) -> Result<metadata::StartSyncResponse, RpcError> {
        self.change(context)?;
        let run = metadata::SyncRun {
            id: "run-1".into(),
            kind: request.kind,
            state: metadata::SyncState::Queued.into(),
            ..metadata::SyncRun::default()
        };
        Ok(metadata::StartSyncResponse { run: Some(run) })
    }

    async fn list_sync_runs(
        &self,
        _: &CallContext,
        _: metadata::ListSyncRunsRequest,
    ) -> Result<metadata::ListSyncRunsResponse, RpcError> {
        Ok(metadata::ListSyncRunsResponse::default())
    }

    async fn get_object(
        &self,
        _: &CallContext,
        _: metadata::GetObjectRequest,
    ) -> Result<metadata::GetObjectResponse, RpcError> {
        unasked()
    }

    async fn list_objects(
        &self,
        _: &CallContext,
        _: metadata::ListObjectsRequest,
    ) -> Result<metadata::ListObjectsResponse, RpcError> {
        unasked()
    }

    async fn get_mapping(
        &self,
        _: &CallContext,
        request: metadata::GetMappingRequest,
    ) -> Result<metadata::GetMappingResponse, RpcError> {
        let entry = crm::MappingEntry {
            id: "next_step".into(),
            property: self.said(),
            object: "Opportunity".into(),
            field: "NextStep".into(),
            overwrite: OverwritePolicy::ReplaceOurs.into(),
            ..crm::MappingEntry::default()
        };
        let published = crm::Mapping {
            workspace: request.workspace,
            version: 3,
            entries: vec![entry],
            ..crm::Mapping::default()
        };
        Ok(metadata::GetMappingResponse {
            draft: None,
            published: Some(published),
        })
    }

    async fn save_mapping_draft(
        &self,
        context: &CallContext,
        _: metadata::SaveMappingDraftRequest,
    ) -> Result<metadata::SaveMappingDraftResponse, RpcError> {
        self.change(context)?;
        Ok(metadata::SaveMappingDraftResponse::default())
    }

    async fn publish_mapping(
        &self,
        context: &CallContext,
        _: metadata::PublishMappingRequest,
    ) -> Result<metadata::PublishMappingResponse, RpcError> {
        self.change(context)?;
        let problem = metadata::MappingProblem {
            entry_id: "next_step".into(),
            field: "field".into(),
            message: "Opportunity has no field NextStepp".into(),
            fix: "did you mean NextStep?".into(),
        };
        Ok(metadata::PublishMappingResponse {
            mapping: None,
            problems: vec![problem],
        })
    }

    async fn list_drift(
        &self,
        _: &CallContext,
        _: metadata::ListDriftRequest,
    ) -> Result<metadata::ListDriftResponse, RpcError> {
        if self.text.is_empty() {
            return Ok(metadata::ListDriftResponse::default());
        }
        let item = crm::DriftItem {
            id: "d-1".into(),
            object: "Opportunity".into(),
            field: self.said(),
            before: self.said(),
            after: self.said(),
            proposed_repair: self.said(),
            repairable: true,
            ..crm::DriftItem::default()
        };
        Ok(metadata::ListDriftResponse { items: vec![item] })
    }

    async fn resolve_drift(
        &self,
        context: &CallContext,
        _: metadata::ResolveDriftRequest,
    ) -> Result<metadata::ResolveDriftResponse, RpcError> {
        self.change(context)?;
        Err(RpcError::not_found("the drift item"))
    }

    async fn repair_drift(
        &self,
        context: &CallContext,
        request: metadata::RepairDriftRequest,
    ) -> Result<metadata::RepairDriftResponse, RpcError> {
        self.change(context)?;
        let item = crm::DriftItem {
            id: request.id,
            kind: crm::DriftKind::FieldRenamed.into(),
            status: crm::DriftStatus::Repaired.into(),
            people: vec![self.said()],
            ..crm::DriftItem::default()
        };
        Ok(metadata::RepairDriftResponse {
            item: Some(item),
            ..metadata::RepairDriftResponse::default()
        })
    }

    async fn list_properties(
        &self,
        _: &CallContext,
        _: metadata::ListPropertiesRequest,
    ) -> Result<metadata::ListPropertiesResponse, RpcError> {
        let property = crm::Property {
            key: "next_step".into(),
            label: self.said(),
            r#type: crm::property::Type::Text.into(),
            ..crm::Property::default()
        };
        Ok(metadata::ListPropertiesResponse {
            properties: vec![property],
            mapping_version: 3,
            ..metadata::ListPropertiesResponse::default()
        })
    }

    async fn list_mapping_versions(
        &self,
        _: &CallContext,
        _: metadata::ListMappingVersionsRequest,
    ) -> Result<metadata::ListMappingVersionsResponse, RpcError> {
        let version = metadata::MappingVersion {
            version: 3,
            revision: 2,
            published_by: self.said(),
            entries: 4,
            suspended: 1,
            ..metadata::MappingVersion::default()
        };
        Ok(metadata::ListMappingVersionsResponse {
            versions: vec![version],
        })
    }

    async fn diff_mapping(
        &self,
        _: &CallContext,
        request: metadata::DiffMappingRequest,
    ) -> Result<metadata::DiffMappingResponse, RpcError> {
        let difference = metadata::MappingDifference {
            what: "entry".into(),
            id: format!("{}-{}", request.from_version, request.to_version),
            field: "field".into(),
            before: self.said(),
            after: String::new(),
        };
        Ok(metadata::DiffMappingResponse {
            differences: vec![difference],
        })
    }

    async fn export_mapping(
        &self,
        _: &CallContext,
        request: metadata::ExportMappingRequest,
    ) -> Result<metadata::ExportMappingResponse, RpcError> {
        Ok(metadata::ExportMappingResponse {
            yaml: format!("format: 1 # {}", self.said()),
            version: request.version,
            controls_known: true,
        })
    }

    async fn import_mapping(
        &self,
        context: &CallContext,
        request: metadata::ImportMappingRequest,
    ) -> Result<metadata::ImportMappingResponse, RpcError> {
        self.change(context)?;
        let problem = metadata::MappingProblem {
            field: "pipelines".into(),
            message: request.yaml,
            ..metadata::MappingProblem::default()
        };
        Ok(metadata::ImportMappingResponse {
            stored: false,
            problems: vec![problem],
        })
    }

    async fn list_pipelines(
        &self,
        _: &CallContext,
        _: metadata::ListPipelinesRequest,
    ) -> Result<metadata::ListPipelinesResponse, RpcError> {
        let stage = metadata::PipelineStage {
            stage: Some(crm::Stage {
                api_name: "Legal".into(),
                probability: 60,
                ..crm::Stage::default()
            }),
            description: self.said(),
            allowed_exits: vec!["Closed Won".into()],
        };
        Ok(metadata::ListPipelinesResponse {
            pipelines: vec![metadata::Pipeline {
                developer_name: "Renewal".into(),
                chosen: true,
                stages: vec![stage],
                ..metadata::Pipeline::default()
            }],
            controls_known: false,
        })
    }

    async fn describe_stages(
        &self,
        context: &CallContext,
        request: metadata::DescribeStagesRequest,
    ) -> Result<metadata::DescribeStagesResponse, RpcError> {
        self.change(context)?;
        Ok(metadata::DescribeStagesResponse {
            unknown_stages: request.stages.into_iter().map(|said| said.stage).collect(),
        })
    }

    async fn list_owners(
        &self,
        _: &CallContext,
        request: metadata::ListOwnersRequest,
    ) -> Result<metadata::ListOwnersResponse, RpcError> {
        Ok(metadata::ListOwnersResponse {
            owners: vec![metadata::Owner {
                id: "005000000000001AAA".into(),
                name: request.search,
                active: true,
                ..metadata::Owner::default()
            }],
            overrides: vec![metadata::OwnerOverride {
                email: "ann@acme.example".into(),
                user_id: "005000000000001AAA".into(),
            }],
        })
    }

    async fn resolve_owners(
        &self,
        _: &CallContext,
        _: metadata::ResolveOwnersRequest,
    ) -> Result<metadata::ResolveOwnersResponse, RpcError> {
        unasked()
    }

    async fn save_owner_overrides(
        &self,
        context: &CallContext,
        _: metadata::SaveOwnerOverridesRequest,
    ) -> Result<metadata::SaveOwnerOverridesResponse, RpcError> {
        self.change(context)?;
        Ok(metadata::SaveOwnerOverridesResponse::default())
    }

    async fn list_selectable_objects(
        &self,
        _: &CallContext,
        _: metadata::ListSelectableObjectsRequest,
    ) -> Result<metadata::ListSelectableObjectsResponse, RpcError> {
        Ok(metadata::ListSelectableObjectsResponse {
            objects: vec![metadata::SelectableObject {
                name: "Deal__c".into(),
                label: self.said(),
                selected: true,
            }],
        })
    }

    async fn select_objects(
        &self,
        context: &CallContext,
        _: metadata::SelectObjectsRequest,
    ) -> Result<metadata::SelectObjectsResponse, RpcError> {
        self.change(context)?;
        Ok(metadata::SelectObjectsResponse::default())
    }
}

impl Script {
    fn decision(&self) -> matching::Decision {
        let evidence = matching::Evidence {
            signal: "contact_email".into(),
            group: "identity".into(),
            value: self.said(),
            millibits: 9_500,
            ..matching::Evidence::default()
        };
        let candidate = matching::Candidate {
            object: "Account".into(),
            record_id: "001000000000001AAA".into(),
            name: self.said(),
            millibits: 9_500,
            probability: 0.991,
            evidence: vec![evidence],
            ..matching::Candidate::default()
        };
        matching::Decision {
            id: "d-1".into(),
            workspace: "acme".into(),
            meeting_id: MEETING.into(),
            meeting_revision: 1,
            outcome: Outcome::Matched.into(),
            account_id: "001000000000001AAA".into(),
            opportunity_outcome: Outcome::Ambiguous.into(),
            probability: 0.991,
            candidates: vec![candidate],
            explanation: self.said(),
            ..matching::Decision::default()
        }
    }

    fn change_of(&self, state: ChangeState) -> writeback::Change {
        let text = serde_json::to_string(&self.said()).expect("is written");
        let reason = |gate: &str, verdict: Verdict| writeback::Reason {
            gate: gate.into(),
            verdict: verdict.into(),
            code: "human_edit_newer".into(),
            message: self.said(),
            fields: Vec::new(),
            rule: None,
        };
        let value = |value: &str| writeback::RuleValue {
            path: "NextStep".into(),
            value: Some(value.into()),
            before: None,
        };
        let predicted = writeback::Reason {
            code: "predicted_block".into(),
            rule: Some(writeback::RuleFinding {
                rule: "Agreed".into(),
                message: self.said(),
                explanation: format!("The rule fires because {}.", self.said()),
                because: vec![writeback::RuleCondition {
                    text: "NOT(ISBLANK(NextStep))".into(),
                    holds: true,
                    values: vec![value(&self.said())],
                }],
                would_lift: vec!["NextStep".into()],
            }),
            ..reason("validation_rules", Verdict::Hold)
        };
        let doubt = writeback::Reason {
            code: "cannot_tell".into(),
            ..reason("validation_rules", Verdict::Pass)
        };
        writeback::Change {
            id: "c-1".into(),
            meeting_id: MEETING.into(),
            action: writeback::Action::UpdateField.into(),
            record: Some(RecordRef {
                object: "Opportunity".into(),
                id: "006000000000001AAA".into(),
            }),
            field: "NextStep".into(),
            baseline_json: "null".into(),
            proposed_json: text,
            confidence: 0.92,
            evidence: vec![Evidence {
                quote: self.said(),
                speaker: "Ann".into(),
                offset_ms: 872_000,
            }],
            state: state.into(),
            reasons: vec![
                reason("connection", Verdict::Pass),
                reason("overwrite_policy", Verdict::Hold),
                predicted,
                doubt,
            ],
            version: 4,
            rehearsal: Some(writeback::Rehearsal {
                accepted: false,
                said: vec![reason("salesforce", Verdict::Block)],
                together: vec!["Amount".into()],
                by: "user:ann@acme.example".into(),
                at: None,
            }),
            ..writeback::Change::default()
        }
    }

    fn set(&self) -> writeback::ChangeSet {
        writeback::ChangeSet {
            id: "s-1".into(),
            meeting_id: MEETING.into(),
            meeting_revision: 1,
            state: writeback::ChangeSetState::Waiting.into(),
            changes: vec![self.change_of(ChangeState::Held)],
            ..writeback::ChangeSet::default()
        }
    }
}

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
            refusals: request.change_ids.into_iter().map(refusal).collect(),
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
