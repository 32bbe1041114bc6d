//! A validation rule before it refuses: predicted and explained, rehearsed without a trace, and confirmed by the org's
//! own answer.

use super::stage::{SHOWN_MAX, Stage, change_of};
use crate::tale::state_word;
use crate::tell::step;
use anyhow::{Context, ensure};
use events::writeback::v1::{
    Change, ChangeDecision, ChangeState, DecideChangesRequest, Decision, ListPredictionsRequest,
    RehearseChangesRequest, WritebackClient,
};
use testkit::eventually::within;
use testkit::publish::Trace;
use testkit::rpc::as_admin;

/// The sample meeting whose stage move one of the org's rules refuses.
const SAMPLE: &str = "validation-rule";
const FIELD: &str = "Opportunity.StageName";
/// What that rule reads; an org without it has no such rule.
const READS: &str = "Competitor__c";

pub(super) async fn tell(stage: &Stage<'_>) -> anyhow::Result<()> {
    let described = stage.rest.describe("Opportunity").await?;
    let mut fields = described["fields"].as_array().into_iter().flatten();
    if !fields.any(|field| field["name"] == READS) {
        step(&format!("skipped: the org has no Opportunity.{READS}"));
        return Ok(());
    }
    let held = hold(stage).await?;
    let record = held.record.clone().unwrap_or_default();
    let look = async || {
        let fields = ["StageName", "LastModifiedDate"];
        stage.rest.record(&record.object, &record.id, &fields).await
    };
    let before = look().await?;
    let held = rehearse(stage, held).await?;
    let after = look().await?;
    ensure!(
        before == after,
        "the rehearsal left a trace: {before} is now {after}"
    );
    step("the record is as it was, to the second it was last modified");
    confirm(stage, &held).await?;
    score(stage).await
}

/// The meeting's stage move is held, with the rule, its message and why it would fire.
async fn hold(stage: &Stage<'_>) -> anyhow::Result<Change> {
    let publication = stage.sample(SAMPLE, "predicted")?;
    let meeting_id = publication.event.id.clone();
    stage
        .set
        .publisher
        .publish(&publication, &Trace::begin())
        .await?;
    let set = stage
        .set
        .admin
        .settled(&meeting_id, publication.event.revision, SHOWN_MAX)
        .await?;
    let change = change_of(&set, FIELD)?;
    ensure!(
        change.state() == ChangeState::Held,
        "{FIELD} is {}, not held",
        state_word(change.state())
    );
    let predicted = change
        .reasons
        .iter()
        .find(|reason| reason.code == "predicted_block")
        .context("no rule was predicted to refuse")?;
    let why = predicted
        .rule
        .as_ref()
        .context("the prediction is not explained")?;
    ensure!(
        !why.because.is_empty(),
        "the explanation names no condition"
    );
    step(&format!("{FIELD} to {} is held", change.proposed_json));
    step(&format!("rule {}: {}", why.rule, why.message));
    step(&why.explanation);
    Ok(change.clone())
}

async fn rehearse(stage: &Stage<'_>, held: Change) -> anyhow::Result<Change> {
    let admin = stage.set.admin;
    let answer = WritebackClient::new(admin.rpc.clone())
        .rehearse_changes(
            &as_admin(),
            RehearseChangesRequest {
                workspace: admin.workspace.clone(),
                change_ids: vec![held.id],
            },
        )
        .await
        .context("rehearse the change")?;
    let change = answer
        .changes
        .into_iter()
        .next()
        .context("nothing was rehearsed")?;
    let shown = change
        .rehearsal
        .as_ref()
        .context("the rehearsal was not kept with the change")?;
    ensure!(
        !shown.accepted,
        "salesforce would accept what was predicted to be refused"
    );
    let said = shown
        .said
        .first()
        .map_or("", |reason| reason.message.as_str());
    step(&format!("rehearsed: Salesforce would refuse it: {said}"));
    Ok(change)
}

/// A person tries all the same; Salesforce decides, in its own words.
async fn confirm(stage: &Stage<'_>, held: &Change) -> anyhow::Result<()> {
    let admin = stage.set.admin;
    let decided = WritebackClient::new(admin.rpc.clone())
        .decide_changes(
            &as_admin(),
            DecideChangesRequest {
                workspace: admin.workspace.clone(),
                decisions: vec![ChangeDecision {
                    change_id: held.id.clone(),
                    version: held.version,
                    decision: Decision::Approve.into(),
                    ..ChangeDecision::default()
                }],
            },
        )
        .await
        .context("approve the change")?;
    ensure!(decided.refusals.is_empty(), "{:?}", decided.refusals);
    let refused = within(SHOWN_MAX, || async {
        let set = admin.change_set(&held.meeting_id).await.ok()??;
        let change = change_of(&set, FIELD).ok()?.clone();
        (change.state() == ChangeState::Refused).then_some(change)
    });
    let refused = refused
        .await
        .context("salesforce did not refuse what was predicted and rehearsed to be refused")?;
    let said = refused
        .reasons
        .iter()
        .find(|reason| reason.gate == "salesforce")
        .map_or("", |reason| reason.message.as_str());
    step(&format!(
        "approved all the same: refused by Salesforce: {said}"
    ));
    Ok(())
}

async fn score(stage: &Stage<'_>) -> anyhow::Result<()> {
    let admin = stage.set.admin;
    let answer = WritebackClient::new(admin.rpc.clone())
        .list_predictions(
            &as_admin(),
            ListPredictionsRequest {
                workspace: admin.workspace.clone(),
                ..ListPredictionsRequest::default()
            },
        )
        .await
        .context("ask how predictions fared")?;
    let sum = |of: fn(&events::writeback::v1::RuleScore) -> u64| -> u64 {
        answer.scores.iter().map(of).sum()
    };
    let (agreed, alarms, missed) = (
        sum(|score| score.agreed),
        sum(|score| score.false_alarms),
        sum(|score| score.missed),
    );
    ensure!(agreed > 0, "no prediction was compared with an answer");
    step(&format!(
        "predictions so far: {agreed} agreed with the org, {alarms} false alarms, {missed} missed"
    ));
    Ok(())
}
