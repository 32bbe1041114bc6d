//! Thresholds, windows and pipelines of a workspace.

use super::{MatchingRpc, record_id, store, workspace};
use crate::domain::phone::calling_code;
use crate::domain::weight;
use crate::store::settings::{self, Thresholds};
use events::WorkspaceId;
use events::matching::v1 as proto;
use events::rpc::RpcError;

/// Between which probabilities a threshold may lie (matching guide, section 6).
const THRESHOLD: std::ops::RangeInclusive<f64> = 0.8..=0.995;
/// Pipelines that may be selected.
const PIPELINES_MAX: usize = 200;

impl MatchingRpc {
    pub(super) async fn thresholds(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<proto::GetMatchingSettingsResponse, RpcError> {
        let found = settings::thresholds(&self.db.workspace(workspace), workspace.as_str())
            .await
            .map_err(store)?
            .unwrap_or_default();
        let shown = |total: Option<i64>| total.map_or(0.0, weight::probability);
        let settings = proto::MatchingSettings {
            account_threshold: shown(found.account_matched),
            opportunity_threshold: shown(found.opportunity_matched),
            window_days: found
                .window_days
                .and_then(|days| u32::try_from(days).ok())
                .unwrap_or_default(),
            pipeline_record_type_ids: found.pipelines,
            group_deals: found.group_deals,
            phone_region: found.phone_region.unwrap_or_default(),
        };
        Ok(proto::GetMatchingSettingsResponse {
            settings: Some(settings),
        })
    }

    pub(super) async fn set_thresholds(
        &self,
        request: proto::SetMatchingSettingsRequest,
    ) -> Result<proto::SetMatchingSettingsResponse, RpcError> {
        let workspace = workspace(&request.workspace)?;
        let wanted = request
            .settings
            .ok_or_else(|| RpcError::invalid("settings", "is missing; send all of them"))?;
        let window_days = match wanted.window_days {
            0 => None,
            days @ 1..=365 => i32::try_from(days).ok(),
            _ => {
                return Err(RpcError::invalid(
                    "settings.window_days",
                    "is not 1 to 365, or 0 for the default of 14",
                ));
            }
        };
        if wanted.pipeline_record_type_ids.len() > PIPELINES_MAX {
            return Err(RpcError::invalid(
                "settings.pipeline_record_type_ids",
                "has more than 200 items",
            ));
        }
        let mut pipelines = Vec::with_capacity(wanted.pipeline_record_type_ids.len());
        for id in &wanted.pipeline_record_type_ids {
            pipelines.extend(record_id("settings.pipeline_record_type_ids", id)?);
        }
        let thresholds = Thresholds {
            account_matched: threshold("settings.account_threshold", wanted.account_threshold)?,
            opportunity_matched: threshold(
                "settings.opportunity_threshold",
                wanted.opportunity_threshold,
            )?,
            window_days,
            pipelines,
            group_deals: wanted.group_deals,
            phone_region: region(&wanted.phone_region)?,
        };
        let known = settings::set_thresholds(
            &self.db.workspace(&workspace),
            workspace.as_str(),
            &thresholds,
        )
        .await
        .map_err(store)?;
        known
            .then_some(proto::SetMatchingSettingsResponse {})
            .ok_or_else(|| RpcError::not_found("this workspace"))
    }
}

fn region(text: &str) -> Result<Option<String>, RpcError> {
    if text.is_empty() {
        return Ok(None);
    }
    let fine = text.len() == 2
        && text.chars().all(|c| c.is_ascii_uppercase())
        && calling_code(text).is_some();
    if !fine {
        return Err(RpcError::invalid(
            "settings.phone_region",
            "is no country of ISO 3166 in two capital letters, such as DE, or empty for none",
        ));
    }
    Ok(Some(text.to_owned()))
}

fn threshold(field: &str, probability: f64) -> Result<Option<i64>, RpcError> {
    if probability == 0.0 {
        return Ok(None);
    }
    if !THRESHOLD.contains(&probability) {
        return Err(RpcError::invalid(
            field,
            "is not between 0.8 and 0.995, or 0 for the default",
        ));
    }
    Ok(Some(weight::total(probability)))
}
