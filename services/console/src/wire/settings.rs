//! What writeback is set to, how it is doing, and what a rehearsal found.

use chrono::{DateTime, Utc};
use events::crm::v1::RecordRef;
use events::rpc::RpcError;
use events::writeback::v1 as proto;
use events::writeback::v1::PermissionMode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::Count;
use super::word::{Word as _, parse_optional};

/// Our permission on one object or field.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Permission {
    pub(crate) object: String,
    /// Empty for the object itself.
    #[serde(default)]
    pub(crate) field: String,
    #[serde(default)]
    pub(crate) mode: String,
    /// Only of objects.
    #[serde(default)]
    pub(crate) create_mode: String,
}

/// Some or all permissions.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Permissions {
    pub(crate) permissions: Vec<Permission>,
}

impl From<Vec<proto::PropertyPermission>> for Permissions {
    fn from(permissions: Vec<proto::PropertyPermission>) -> Self {
        let said = |mode: PermissionMode| match mode {
            PermissionMode::Unspecified => String::new(),
            mode => mode.word(),
        };
        let permission = |permission: proto::PropertyPermission| Permission {
            mode: said(permission.mode()),
            create_mode: said(permission.create_mode()),
            object: permission.object,
            field: permission.field,
        };
        Self {
            permissions: permissions.into_iter().map(permission).collect(),
        }
    }
}

impl Permissions {
    pub(crate) fn into_proto(self) -> Result<Vec<proto::PropertyPermission>, RpcError> {
        let permission = |(index, permission): (usize, Permission)| {
            let at = |name: &str| format!("permissions[{index}].{name}");
            let mode: PermissionMode = parse_optional(&at("mode"), &permission.mode)?;
            let create: PermissionMode =
                parse_optional(&at("create_mode"), &permission.create_mode)?;
            Ok(proto::PropertyPermission {
                object: permission.object,
                field: permission.field,
                mode: mode.into(),
                create_mode: create.into(),
            })
        };
        self.permissions
            .into_iter()
            .enumerate()
            .map(permission)
            .collect()
    }
}

/// How stages may move.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageControls {
    pub(crate) controls: Vec<StageControl>,
    #[serde(default)]
    pub(crate) pipeline_record_type_ids: Vec<String>,
}

/// How one stage may be left, and what entering it needs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageControl {
    pub(crate) stage: String,
    #[serde(default)]
    pub(crate) allowed_exits: Vec<String>,
    #[serde(default)]
    pub(crate) required_fields: Vec<String>,
}

impl From<proto::GetStageControlsResponse> for StageControls {
    fn from(answer: proto::GetStageControlsResponse) -> Self {
        let control = |control: proto::StageControl| StageControl {
            stage: control.stage,
            allowed_exits: control.allowed_exits,
            required_fields: control.required_fields,
        };
        Self {
            controls: answer.controls.into_iter().map(control).collect(),
            pipeline_record_type_ids: answer.pipeline_record_type_ids,
        }
    }
}

impl StageControls {
    pub(crate) fn into_proto(self, workspace: &str) -> proto::SetStageControlsRequest {
        let control = |control: StageControl| proto::StageControl {
            stage: control.stage,
            allowed_exits: control.allowed_exits,
            required_fields: control.required_fields,
        };
        proto::SetStageControlsRequest {
            workspace: workspace.to_owned(),
            controls: self.controls.into_iter().map(control).collect(),
            pipeline_record_type_ids: self.pipeline_record_type_ids,
        }
    }
}

/// Whether approved changes are written.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Live {
    pub(crate) live: bool,
}

/// How a workspace is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    pub(crate) live: bool,
    pub(crate) verified: bool,
    pub(crate) counts: Vec<Count>,
    /// In the last 24 hours.
    pub(crate) api_calls_used: u64,
    pub(crate) api_calls_max: u64,
    pub(crate) last_applied_at: Option<DateTime<Utc>>,
    /// 0 when nothing was published.
    pub(crate) mapping_version: u64,
}

impl From<proto::GetStatusResponse> for Status {
    fn from(status: proto::GetStatusResponse) -> Self {
        let count = |count: proto::StateCount| Count {
            state: count.state(),
            count: count.count,
        };
        Self {
            live: status.live,
            verified: status.verified,
            counts: status.counts.into_iter().map(count).collect(),
            api_calls_used: status.api_calls_used,
            api_calls_max: status.api_calls_max,
            last_applied_at: super::time(status.last_applied_at),
            mapping_version: status.mapping_version,
        }
    }
}

/// Which records to rehearse on.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verify {
    /// Empty to let writeback choose recent ones.
    #[serde(default)]
    pub(crate) records: Vec<Record>,
}

/// One record.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) object: String,
    pub(crate) id: String,
}

impl Verify {
    pub(crate) fn into_proto(self) -> Vec<RecordRef> {
        let record = |record: Record| RecordRef {
            object: record.object,
            id: record.id,
        };
        self.records.into_iter().map(record).collect()
    }
}

/// A rehearsal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verification {
    pub(crate) id: String,
    pub(crate) passed: bool,
    /// Whether it is still good for the present connection, mapping and settings.
    pub(crate) current: bool,
    pub(crate) results: Vec<VerificationResult>,
    pub(crate) connection_epoch: u64,
    pub(crate) mapping_version: u64,
    pub(crate) started_by: String,
    pub(crate) at: Option<DateTime<Utc>>,
    /// What a rehearsal cannot show.
    pub(crate) limits: String,
}

/// What Salesforce said of one rehearsed write.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VerificationResult {
    pub(crate) object: String,
    pub(crate) record_id: String,
    pub(crate) field: String,
    pub(crate) accepted: bool,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl From<proto::VerificationRun> for Verification {
    fn from(run: proto::VerificationRun) -> Self {
        let result = |result: proto::VerificationResult| {
            let record = result.record.unwrap_or_default();
            VerificationResult {
                object: record.object,
                record_id: record.id,
                field: result.field,
                accepted: result.accepted,
                code: result.code,
                message: result.message,
            }
        };
        Self {
            id: run.id,
            passed: run.passed,
            current: run.current,
            results: run.results.into_iter().map(result).collect(),
            connection_epoch: run.connection_epoch,
            mapping_version: run.mapping_version,
            started_by: run.started_by,
            at: super::time(run.at),
            limits: run.limits,
        }
    }
}
