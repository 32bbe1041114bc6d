//! A refusal: the org's own message, the group of what it stopped, its release once the cause is mended, and then why the
//! value is where it is.

use super::skipped;
use super::stage::{SHOWN_MAX, Stage, change_of};
use crate::tale::state_word;
use crate::tell::step;
use anyhow::{Context, ensure};
use events::writeback::v1::{
    Change, ChangeState, ListRefusalGroupsRequest, RefusalGroup, ReleaseRefusalsRequest,
    WhyValueRequest, WritebackClient,
};
use serde_json::json;
use testkit::eventually::within;
use testkit::rpc::as_admin;
use testkit::stack::Simulator;

/// The sample meeting that is published again with other words, and the field it changes.
const SAMPLE: &str = "clean-match";
const FIELD: &str = "Opportunity.NextStep";
/// A rule an admin of the org added since the schema was read: nothing could predict it.
const RULE: &str = "Story_No_Faxes";
const MESSAGE: &str = "We do not send faxes any more.";

pub(super) async fn tell(stage: &Stage<'_>) -> anyhow::Result<()> {
    let Some(simulator) = stage.set.simulator else {
        skipped("adding a validation rule to the org");
        return Ok(());
    };
    let rule = json!({
        "command": "put_rule", "object": "Opportunity", "name": RULE, "formula": "CONTAINS(NextStep, \"fax\")",
        "message": MESSAGE, "error_field": "NextStep", "active": true,
    });
    simulator.command(&rule).await?;
    let told = refused_then_released(stage, simulator).await;
    // Whatever happened, later chapters meet the org as it was.
    let mended = json!({"command": "remove_rule", "object": "Opportunity", "name": RULE});
    simulator.command(&mended).await?;
    let change = told?;
    why(stage, &change).await
}

async fn refused_then_released(stage: &Stage<'_>, simulator: &Simulator) -> anyhow::Result<Change> {
    let set = stage
        .publish(SAMPLE, "refused", "Send the price list by fax")
        .await?;
    let set = stage.settled(&set).await?;
    let change = change_of(&set, FIELD)?;
    ensure!(
        change.state() == ChangeState::Refused,
        "{FIELD} is {}, not refused",
        state_word(change.state())
    );
    let said = change
        .reasons
        .iter()
        .find(|reason| reason.gate == "salesforce")
        .context("the org's own words are not kept")?;
    ensure!(
        said.message == MESSAGE,
        "the org said {MESSAGE:?} and {:?} is kept",
        said.message
    );
    step(&format!(
        "{FIELD} is refused by Salesforce ({}): {}",
        said.code, said.message
    ));
    let group = group(stage).await?;
    step(&format!(
        "grouped with what else it stopped: {} changes of {} meetings; {}",
        group.changes, group.meetings, group.advice
    ));
    let mended = json!({"command": "remove_rule", "object": "Opportunity", "name": RULE});
    simulator.command(&mended).await?;
    let released = WritebackClient::new(stage.set.admin.rpc.clone())
        .release_refusals(
            &as_admin(),
            ReleaseRefusalsRequest {
                workspace: stage.set.admin.workspace.clone(),
                cause: group.cause,
                reason: "the rule was taken back".into(),
                changes_max: 0,
            },
        )
        .await
        .context("release the group")?;
    ensure!(
        released.released > 0 && released.remaining == 0,
        "{released:?}"
    );
    step("an admin of the org takes the rule back, and the group is released");
    let applied = within(SHOWN_MAX, || async {
        let set = stage.set.admin.change_set(&set.meeting_id).await.ok()??;
        let change = change_of(&set, FIELD).ok()?.clone();
        (change.state() == ChangeState::Applied).then_some(change)
    });
    let applied = applied
        .await
        .with_context(|| format!("{FIELD} was not written after its release"))?;
    step(&format!("{FIELD} applied: {}", applied.observed_json));
    Ok(applied)
}

/// The group of this rule, by what it says.
async fn group(stage: &Stage<'_>) -> anyhow::Result<RefusalGroup> {
    let answer = WritebackClient::new(stage.set.admin.rpc.clone())
        .list_refusal_groups(
            &as_admin(),
            ListRefusalGroupsRequest {
                workspace: stage.set.admin.workspace.clone(),
                limit: 0,
            },
        )
        .await
        .context("ask what was refused")?;
    let mut groups = answer.groups.into_iter();
    groups
        .find(|group| group.message == MESSAGE)
        .context("the refusal is in no group")
}

/// From the field back to the meeting, in the product's own words.
async fn why(stage: &Stage<'_>, change: &Change) -> anyhow::Result<()> {
    let answer = WritebackClient::new(stage.set.admin.rpc.clone())
        .why_value(
            &as_admin(),
            WhyValueRequest {
                workspace: stage.set.admin.workspace.clone(),
                record: change.record.clone(),
                field: change.field.clone(),
            },
        )
        .await
        .context("ask why the value is there")?;
    let story = answer
        .stories
        .first()
        .context("nothing of ours is known of the field")?;
    ensure!(
        story.current && story.attempts.len() >= 2,
        "the story is not of this write: {story:?}"
    );
    step(&format!("why is this value here? {}", story.sentence));
    for attempt in &story.attempts {
        step(&format!(
            "  try {}: {} (request {})",
            attempt.number, attempt.result, attempt.request_id
        ));
    }
    Ok(())
}
