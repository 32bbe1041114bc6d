//! A connection's life: its token expires and is refreshed once, its grant is revoked, a person reconnects, and what
//! waited meanwhile is written.

use super::skipped;
use super::stage::{SHOWN_MAX, Stage, change_of};
use crate::tale::{label, reasons, state_word};
use crate::tell::step;
use anyhow::{Context, ensure};
use events::crm::v1::{Connection, ConnectionState};
use events::writeback::v1::{Change, ChangeSet, ChangeState};
use serde_json::json;
use testkit::eventually::within;
use testkit::stack::Simulator;

/// The sample meeting that is published again with other words, and the field it changes.
const SAMPLE: &str = "clean-match";
const FIELD: &str = "Opportunity.NextStep";
/// States shown of the history.
const HISTORY_SHOWN_MAX: usize = 8;

pub(super) async fn tell(stage: &Stage<'_>) -> anyhow::Result<()> {
    let admin = stage.set.admin;
    let before = admin.connection().await?;
    step(&format!("{}: {}", word(&before), whom(&before)));
    expire(stage).await?;
    match stage.set.simulator {
        Some(simulator) => revoke(stage, simulator, &before).await?,
        None => skipped("revoking the grant in the org"),
    }
    let mut history = admin.connection_history().await?;
    history.truncate(HISTORY_SHOWN_MAX);
    history.reverse();
    let connections = history
        .iter()
        .filter_map(|change| change.connection.as_ref());
    let states: Vec<String> = connections.map(word).collect();
    step(&format!("its history: {}", states.join(" > ")));
    Ok(())
}

/// The session ends; the next write finds out and causes one refresh.
async fn expire(stage: &Stage<'_>) -> anyhow::Result<()> {
    let admin = stage.set.admin;
    let (token, generation) = admin.access_token().await?;
    if let Some(simulator) = stage.set.simulator {
        let rotation = json!({"command": "set_rotation", "on": true});
        simulator.command(&rotation).await?;
    }
    // Revoking an access token ends that session and leaves the grant, as in any org.
    stage.rest.revoke(&token).await?;
    let set = stage
        .publish(SAMPLE, "expired", "Confirm the date of the site visit")
        .await?;
    let set = stage.settled(&set).await?;
    let change = applied(&set)?;
    let (_, refreshed) = admin.access_token().await?;
    ensure!(
        refreshed == generation + 1,
        "the token's generation went from {generation} to {refreshed}: not one refresh"
    );
    step(&format!(
        "expired and refreshed: the session was ended in the org, the next call was refused, one refresh followed \
         (token generation {generation} > {refreshed}); {} {}",
        label(change),
        state_word(change.state())
    ));
    Ok(())
}

/// The grant is revoked in the org; work waits until a person has connected again.
async fn revoke(
    stage: &Stage<'_>,
    simulator: &Simulator,
    before: &Connection,
) -> anyhow::Result<()> {
    let (admin, org) = (stage.set.admin, stage.set.org);
    let command = json!({"command": "revoke_grants", "username": org.username});
    simulator.command(&command).await?;
    let set = stage
        .publish(SAMPLE, "revoked", "Send the signed order form")
        .await?;
    let lost = until(stage, ConnectionState::ReconnectRequired).await?;
    step(&format!(
        "revoked in the org: {}: {}",
        word(&lost),
        lost.detail
    ));
    let set = admin
        .change_set(&set.meeting_id)
        .await?
        .context("the change set is gone")?;
    let waiting = change_of(&set, FIELD)?;
    ensure!(
        waiting.state() != ChangeState::Applied,
        "{FIELD} was written without a grant"
    );
    step(&format!(
        "a meeting that arrived meanwhile waits: {FIELD} {}",
        state_word(waiting.state())
    ));
    let connected = admin.connect(org, stage.set.console_url, step).await?;
    let connection = &connected.connection;
    ensure!(
        connection.epoch == before.epoch,
        "the same user's reconnect began another epoch"
    );
    step(&format!("reconnected: {}", whom(connection)));
    let set = stage.settled(&set).await?;
    let change = applied(&set)?;
    step(&format!(
        "work resumed by itself: {} {}",
        label(change),
        state_word(change.state())
    ));
    Ok(())
}

async fn until(stage: &Stage<'_>, state: ConnectionState) -> anyhow::Result<Connection> {
    let found = within(SHOWN_MAX, || async {
        let connection = stage.set.admin.connection().await.ok()?;
        (connection.state() == state).then_some(connection)
    });
    found
        .await
        .with_context(|| format!("the connection is not {state:?} after {SHOWN_MAX:?}"))
}

fn applied(set: &ChangeSet) -> anyhow::Result<&Change> {
    let change = change_of(set, FIELD)?;
    ensure!(
        change.state() == ChangeState::Applied,
        "{FIELD} is {}, not applied: {}",
        state_word(change.state()),
        reasons(change).join("; ")
    );
    Ok(change)
}

fn whom(connection: &Connection) -> String {
    format!(
        "org {} as {}, epoch {}",
        connection.organization_id, connection.username, connection.epoch
    )
}

/// The state's name as the bus has it, and the cause when there is one.
fn word(connection: &Connection) -> String {
    let state = lower(connection.state().as_str_name(), "CONNECTION_STATE_");
    let cause = lower(connection.cause().as_str_name(), "CONNECTION_CAUSE_");
    if cause == "unspecified" {
        state
    } else {
        format!("{state} ({cause})")
    }
}

fn lower(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_lowercase()
}
