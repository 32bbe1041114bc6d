//! What persons said about decisions: the labelled examples, and the calibration fitted on them.

use crate::domain::facts::Calibration;
use chassis::Scope;
use sqlx::PgConnection;

/// What a person said about a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The meeting.
    pub meeting_id: String,
    /// Its revision.
    pub revision: i64,
    /// The account chosen; empty for none.
    pub account_id: String,
    /// The opportunity chosen; empty for none.
    pub opportunity_id: String,
    /// What the decision's posterior was computed from.
    pub decided_total: i64,
    /// Whether the decision's best candidate was the one chosen.
    pub was_right: bool,
}

/// Keeps a labelled example, or marks it reverted.
///
/// # Errors
/// When Postgres does not answer.
pub async fn label(
    connection: &mut PgConnection,
    workspace: &str,
    meeting_id: &str,
    label: Option<&Label>,
    actor: &str,
) -> Result<(), sqlx::Error> {
    let Some(label) = label else {
        sqlx::query!(
            "update matching.label set reverted_at = now() where workspace = $1 and meeting_id = $2 and reverted_at is null",
            workspace,
            meeting_id,
        )
        .execute(connection)
        .await?;
        return Ok(());
    };
    sqlx::query!(
        "insert into matching.label
             (workspace, meeting_id, revision, account_id, opportunity_id, decided_total, was_right, labelled_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (workspace, meeting_id) do update set
             revision = excluded.revision, account_id = excluded.account_id, opportunity_id = excluded.opportunity_id,
             decided_total = excluded.decided_total, was_right = excluded.was_right, labelled_by = excluded.labelled_by,
             labelled_at = now(), reverted_at = null",
        workspace,
        meeting_id,
        label.revision,
        label.account_id,
        label.opportunity_id,
        label.decided_total,
        label.was_right,
        actor,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Workspaces whose labels have become a tenth more since they were last fitted on.
///
/// # Errors
/// When Postgres does not answer.
pub async fn to_calibrate(
    scope: &Scope,
    labels_min: i64,
    rows_max: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select l.workspace from matching.label l join matching.workspace w on w.workspace = l.workspace
         where l.reverted_at is null
         group by l.workspace, w.calibrated_labels
         having count(*) >= $1 and count(*) * 10 > w.calibrated_labels * 11
         limit $2",
        labels_min,
        rows_max,
    )
    .fetch_all(scope)
    .await
}

/// The newest labels of a workspace: what the best candidate added up to, and whether it was right.
///
/// # Errors
/// When Postgres does not answer.
pub async fn labels(
    scope: &Scope,
    workspace: &str,
    rows_max: i64,
) -> Result<Vec<(i64, bool)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select decided_total, was_right from matching.label where workspace = $1 and reverted_at is null
         order by labelled_at desc limit $2",
        workspace,
        rows_max,
    )
    .fetch_all(scope)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.decided_total, row.was_right))
        .collect())
}

/// Sets what was fitted, and on how many labels.
///
/// # Errors
/// When Postgres does not answer.
pub async fn set_calibration(
    scope: &Scope,
    workspace: &str,
    fitted: Calibration,
    labels: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update matching.workspace set calibration_slope = $2, calibration_offset = $3, calibrated_at = now(),
                calibrated_labels = $4
         where workspace = $1",
        workspace,
        fitted.slope,
        fitted.offset,
        labels,
    )
    .execute(scope)
    .await?;
    Ok(())
}
