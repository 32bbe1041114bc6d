//! What Salesforce refused, by cause, and its release once a person says that the cause is mended.

use events::rpc::{CallContext, Code, RpcError};
use events::writeback::v1 as proto;

use super::conclude::Conclusion;
use super::{Api, failed, workspace};
use crate::domain::change::{Reason, Verdict};
use crate::domain::refusal;
use crate::domain::settings::{Mode, Settings};
use crate::domain::text;
use crate::store::audit::Entry;
use crate::store::reasons_json;
use crate::store::refusals::{self, Target};
use crate::wire;

/// Groups when nobody says how many.
const GROUPS_DEFAULT: u32 = 50;
/// Most groups listed.
const GROUPS_MAX: u32 = 200;
/// Changes released by one call.
const CHANGES_MAX: u32 = 1_000;
/// Longest reason kept, in UTF-16 code units.
const REASON_UNITS_MAX: usize = 1_000;

impl Api {
    pub(super) async fn refusals(
        &self,
        request: proto::ListRefusalGroupsRequest,
    ) -> Result<proto::ListRefusalGroupsResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let limit = match request.limit {
            0 => GROUPS_DEFAULT,
            1..=GROUPS_MAX => request.limit,
            _ => return Err(RpcError::invalid("limit", format!("is above {GROUPS_MAX}"))),
        };
        let settings = self.settings.one(workspace).await.map_err(failed)?;
        let scope = self.scope(workspace)?;
        let found = refusals::groups(&scope, workspace, i64::from(limit))
            .await
            .map_err(failed)?;
        let changes = refusals::count(&scope, workspace, None)
            .await
            .map_err(failed)?;
        let mut groups: Vec<proto::RefusalGroup> = Vec::with_capacity(found.len());
        for group in found {
            let Some(cause) = refusal::cause(&group.object, &group.field, &group.reasons) else {
                continue;
            };
            let shown = wire::refusals::group(group, &cause, &settings.schema);
            // One cause seen under two prints is one group for a person.
            match groups.iter_mut().find(|known| known.cause == shown.cause) {
                Some(known) => {
                    known.changes += shown.changes;
                    known.meetings += shown.meetings;
                    known.watched |= shown.watched;
                }
                None => groups.push(shown),
            }
        }
        Ok(proto::ListRefusalGroupsResponse {
            groups,
            changes: u64::try_from(changes).unwrap_or(0),
        })
    }

    pub(super) async fn release_group(
        &self,
        context: &CallContext,
        request: proto::ReleaseRefusalsRequest,
    ) -> Result<proto::ReleaseRefusalsResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let changes_max = match request.changes_max {
            0 => CHANGES_MAX,
            1..=CHANGES_MAX => request.changes_max,
            _ => {
                return Err(RpcError::invalid(
                    "changes_max",
                    format!("is above {CHANGES_MAX}"),
                ));
            }
        };
        if request.cause.is_empty() || request.cause.contains('\0') {
            return Err(RpcError::invalid("cause", "is missing"));
        }
        let settings = self.settings.one(workspace).await.map_err(failed)?;
        let mut unit = self.scope(workspace)?.begin().await.map_err(failed)?;
        let all = refusals::targets(unit.connection(), workspace, &request.cause)
            .await
            .map_err(failed)?;
        if all.is_empty() {
            return Err(RpcError::not_found("this cause"));
        }
        let targets = permitted(all, &settings, Mode::Review);
        if targets.is_empty() {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "the workspace's permissions do not allow these writes: an admin has to open them first",
            ));
        }
        let why = text::cut(&text::clean(&request.reason), REASON_UNITS_MAX);
        let reason = reasons_json(&[released(&context.caller.actor, &why)]);
        let rows_max = i64::from(changes_max);
        let done = refusals::release(
            unit.connection(),
            workspace,
            &request.cause,
            None,
            &targets,
            &reason,
            rows_max,
        )
        .await
        .map_err(failed)?;
        let queued = done.iter().filter(|change| change.queued).count();
        let entry = Entry {
            workspace,
            action: "refusals.released",
            subject: request.cause.clone(),
            before: None,
            after: Some(format!(
                r#"{{"released":{queued},"superseded":{},"reason":{}}}"#,
                done.len() - queued,
                serde_json::Value::String(why)
            )),
        };
        let conclusion = Conclusion {
            lanes: done
                .iter()
                .filter(|change| change.queued)
                .map(|change| (workspace.to_owned(), change.lane.clone(), change.priority))
                .collect(),
            sets: done.iter().map(|change| change.change_set_id).collect(),
            entries: vec![entry],
        };
        self.conclude(unit, context, workspace, conclusion).await?;
        let left = refusals::count(&self.scope(workspace)?, workspace, Some(&request.cause))
            .await
            .map_err(failed)?;
        let number = |count: usize| u64::try_from(count).unwrap_or(0);
        Ok(proto::ReleaseRefusalsResponse {
            released: number(queued),
            superseded: number(done.len() - queued),
            remaining: u64::try_from(left).unwrap_or(0),
        })
    }
}

/// What is said of a change a person released.
fn released(actor: &str, why: &str) -> Reason {
    let why = if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    };
    Reason::new(
        "review",
        Verdict::Pass,
        "released",
        format!("{actor} had it tried again, because what Salesforce refused was mended{why}"),
    )
}

/// What the workspace's permissions allow at least as freely as `least`.
pub(crate) fn permitted(targets: Vec<Target>, settings: &Settings, least: Mode) -> Vec<Target> {
    targets
        .into_iter()
        .filter(|target| {
            // Taking back what we wrote asks for no permission to write more.
            target.undoes
                || settings.permissions.of(
                    target.action,
                    &target.object,
                    &target.field,
                    target.mapped,
                ) >= least
        })
        .collect()
}
