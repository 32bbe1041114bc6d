//! Tries again by itself what Salesforce refused, once the org's schema shows that the cause is gone or changed: a rule
//! was switched off, a field made longer, an access granted. Each state of the schema gets one try.

use chassis::{Cause, Db, Failure};
use chrono::Utc;

use super::announce;
use super::api::permitted;
use super::wake::Wake;
use crate::domain::change::{Reason, Verdict};
use crate::domain::refusal::{self, Look};
use crate::domain::settings::{Mode, Settings};
use crate::store::refusals::{self, Group};
use crate::store::{self, changes, reasons_json};

/// Causes looked at after one change of the schema; the most frequent first.
const GROUPS_MAX: i64 = 500;
/// Changes released in one transaction.
const CHANGES_MAX: i64 = 500;

/// Looks at all refusals of a workspace; answers how many changes go on.
///
/// # Errors
/// When Postgres fails; what was released before stays released.
pub async fn release(db: &Db, wake: &Wake, settings: &Settings) -> Result<usize, Failure> {
    let workspace = settings.workspace.as_str();
    let scope = store::scope(db, [workspace])?;
    let mut released = 0;
    for group in refusals::groups(&scope, workspace, GROUPS_MAX).await? {
        let Some(cause) = refusal::cause(&group.object, &group.field, &group.reasons) else {
            continue;
        };
        let now = refusal::print(&cause, group.action, &settings.schema);
        match refusal::look(&group.print, &now) {
            Look::Same => {}
            Look::Learnt => refusals::learn(&scope, workspace, &group.cause, &now).await?,
            Look::Mended => released += of_group(db, wake, settings, &group).await?,
        }
    }
    Ok(released)
}

async fn of_group(
    db: &Db,
    wake: &Wake,
    settings: &Settings,
    group: &Group,
) -> Result<usize, Failure> {
    let workspace = settings.workspace.as_str();
    let reason = reasons_json(&[Reason::new(
        "executor",
        Verdict::Pass,
        "cause_changed",
        "what Salesforce refused it for is not what it was: it is tried again",
    )]);
    let mut released = 0;
    loop {
        let mut unit = store::scope(db, [workspace])?.begin().await?;
        let targets = refusals::targets(unit.connection(), workspace, &group.cause).await?;
        // What a person has to approve since then is not written by itself.
        let targets = permitted(targets, settings, Mode::Automatic);
        let done = refusals::release(
            unit.connection(),
            workspace,
            &group.cause,
            Some(&group.print),
            &targets,
            &reason,
            CHANGES_MAX,
        )
        .await?;
        let queued = done.iter().filter(|change| change.queued).count();
        let lanes = done
            .iter()
            .filter(|change| change.queued)
            .map(|change| (workspace.to_owned(), change.lane.clone(), change.priority));
        changes::push_lanes(unit.connection(), lanes.collect::<Vec<_>>()).await?;
        let sets = done.iter().map(|change| change.change_set_id).collect();
        announce::sets(&mut unit, sets, Utc::now()).await?;
        announce::approved(&mut unit, workspace, queued, &Cause::current())?;
        unit.commit().await?;
        released += queued;
        if queued > 0 {
            wake.executor();
            tracing::info!(
                workspace.id = workspace,
                changes = queued,
                "refused changes go on: the schema shows that their cause changed"
            );
        }
        if i64::try_from(done.len()).unwrap_or(0) < CHANGES_MAX {
            return Ok(released);
        }
    }
}
