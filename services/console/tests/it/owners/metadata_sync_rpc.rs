//! What metadata-sync says.

use super::*;

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
            draft: self.draft(),
            published: Some(published),
        })
    }

    async fn save_mapping_draft(
        &self,
        context: &CallContext,
        request: metadata::SaveMappingDraftRequest,
    ) -> Result<metadata::SaveMappingDraftResponse, RpcError> {
        self.change(context)?;
        *self.draft.lock().expect("nobody panicked") = request.draft;
        Ok(metadata::SaveMappingDraftResponse::default())
    }

    async fn check_mapping(
        &self,
        context: &CallContext,
        request: metadata::CheckMappingRequest,
    ) -> Result<metadata::CheckMappingResponse, RpcError> {
        context.require(Role::Viewer)?;
        let entries = request.draft.unwrap_or_default().entries;
        let wrong = entries.iter().filter(|entry| entry.field == "NextStepp");
        let problem = |entry: &crm::MappingEntry| metadata::MappingProblem {
            entry_id: entry.id.clone(),
            field: "field".into(),
            message: "Opportunity has no field NextStepp".into(),
            fix: "did you mean NextStep?".into(),
        };
        Ok(metadata::CheckMappingResponse {
            problems: wrong.map(problem).collect(),
        })
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
            published_at: Some(events::Timestamp {
                seconds: 1_772_445_601,
                nanos: 0,
            }),
            entries: 4,
            suspended: 1,
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
