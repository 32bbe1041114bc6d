//! A decision made again: nobody in the meeting is known, a colleague enters the company and its contact into the org, and
//! the meeting is decided again by itself, with the evidence of both times.

use super::skipped;
use super::stage::{SHOWN_MAX, Stage};
use crate::tell::step;
use anyhow::{Context, ensure};
use events::matching::v1::{Decision, Outcome};
use events::metadata::v1::SyncKind;
use serde_json::json;
use testkit::eventually::within;
use testkit::publish::Trace;
use testkit::stack::Simulator;

/// The sample meeting with people nobody knows, and what becomes known of them.
const SAMPLE: &str = "unknown-company";
const COMPANY: &str = "Nobody Knows Us AS";
const ADDRESS: &str = "dagny.moe@nobody-knows-us.example";

pub(super) async fn tell(stage: &Stage<'_>) -> anyhow::Result<()> {
    let Some(simulator) = stage.set.simulator else {
        skipped("entering a contact as somebody else than the connected user");
        return Ok(());
    };
    let publication = stage.sample(SAMPLE, "again")?;
    let meeting_id = publication.event.id.clone();
    stage
        .set
        .publisher
        .publish(&publication, &Trace::begin())
        .await?;
    let before = decided(stage, &meeting_id, |_| true).await?;
    ensure!(
        before.outcome() == Outcome::Unmatched,
        "meeting {meeting_id} is {:?} before anybody is known",
        before.outcome()
    );
    step(&format!("decided: {}", before.explanation));
    enter(simulator).await?;
    step(&format!(
        "a colleague enters {COMPANY} and its contact {ADDRESS}"
    ));
    let admin = stage.set.admin;
    admin.sync(SyncKind::Records).await.context("record sync")?;
    let after = decided(stage, &meeting_id, |decision| {
        !decision.contact_ids.is_empty()
    })
    .await?;
    ensure!(
        after.outcome() == Outcome::Matched,
        "meeting {meeting_id} is {:?} after its contact appeared",
        after.outcome()
    );
    step(&format!("decided again: {}", after.explanation));
    for candidate in after.candidates.iter().take(1) {
        for evidence in &candidate.evidence {
            step(&format!(
                "  {} ({}) {:+.1} bits: {} on {}",
                evidence.signal,
                evidence.group,
                evidence.millibits as f64 / 1_000.0,
                evidence.value,
                evidence.record_id
            ));
        }
    }
    Ok(())
}

/// What the connected user creates would be ours and no evidence; so somebody else does.
async fn enter(simulator: &Simulator) -> anyhow::Result<()> {
    let username = simulator.admin().username;
    let account = json!({
        "command": "save_as", "username": username, "object": "Account", "id": null,
        "fields": {"Name": COMPANY},
    });
    let saved = simulator.command(&account).await?;
    let account_id = saved.as_str().context("the simulator answers the id")?;
    let contact = json!({
        "command": "save_as", "username": username, "object": "Contact", "id": null,
        "fields": {"FirstName": "Dagny", "LastName": "Moe", "Email": ADDRESS, "AccountId": account_id},
    });
    simulator.command(&contact).await?;
    Ok(())
}

/// The meeting's newest decision once it is as awaited: the company may be known a moment before its contact.
async fn decided(
    stage: &Stage<'_>,
    meeting_id: &str,
    awaited: impl Fn(&Decision) -> bool,
) -> anyhow::Result<Decision> {
    let decision = within(SHOWN_MAX, || async {
        let (decision, _) = stage.set.admin.decision(meeting_id).await.ok()??;
        awaited(&decision).then_some(decision)
    });
    decision.await.with_context(|| {
        format!("meeting {meeting_id} is not decided as awaited after {SHOWN_MAX:?}")
    })
}
