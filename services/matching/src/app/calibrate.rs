//! Fits a workspace's calibration again when its labelled examples have become more.

use crate::domain::calibrate::{LABELS_MIN, fit};
use crate::store::labels;
use chassis::Scope;

/// Workspaces fitted at a turn, and labels read for one.
const WORKSPACES_MAX: i64 = 16;
const LABELS_MAX: i64 = 20_000;

/// Fits what is due; answers how many workspaces were.
///
/// # Errors
/// When Postgres does not answer.
pub async fn calibrate(scope: &Scope) -> Result<usize, sqlx::Error> {
    let least = i64::try_from(LABELS_MIN).unwrap_or(i64::MAX);
    let due = labels::to_calibrate(scope, least, WORKSPACES_MAX).await?;
    for workspace in &due {
        let said = labels::labels(scope, workspace, LABELS_MAX).await?;
        let count = i32::try_from(said.len()).unwrap_or(i32::MAX);
        let fitted = fit(&said).unwrap_or_default();
        tracing::info!(
            workspace.id = workspace,
            labels = count,
            slope = fitted.slope,
            offset = fitted.offset,
            "calibration fitted on reviewers' answers"
        );
        labels::set_calibration(scope, workspace, fitted, count).await?;
    }
    Ok(due.len())
}
