//! What the story tells after the sample meetings: one file for each part of the product's life that needs more than one
//! meeting. A chapter fails when the product does not do what it is there to show; a step that needs the simulator's
//! control API says that it is skipped when the story is told to another org.

mod again;
mod connection;
mod drift;
mod history;
mod prediction;
mod refused;
mod stage;

pub(crate) use stage::{Set, Stage};

use crate::tell::step;
use anyhow::Context;

/// Tells every chapter, in order.
pub(crate) async fn tell(set: &Set<'_>) -> anyhow::Result<()> {
    heading("A meeting, decided again when its contact appears");
    again::tell(&Stage::open(set).await?)
        .await
        .context("a meeting, decided again when its contact appears")?;
    heading("A validation rule, before it refuses");
    prediction::tell(&Stage::open(set).await?)
        .await
        .context("a validation rule, before it refuses")?;
    heading("Refused, then released after the cause was mended");
    refused::tell(&Stage::open(set).await?)
        .await
        .context("refused, then released after the cause was mended")?;
    heading("A backfill: sampled, approved by month, and taken back");
    history::tell(&Stage::open(set).await?)
        .await
        .context("a backfill: sampled, approved by month, and taken back")?;
    heading("The life of a connection");
    connection::tell(&Stage::open(set).await?)
        .await
        .context("the life of a connection")?;
    heading("The org changes between two meetings");
    drift::tell(&Stage::open(set).await?)
        .await
        .context("the org changes between two meetings")
}

fn heading(text: &str) {
    println!("\n{text}");
}

/// Says that a step was left out, and why.
fn skipped(what: &str) {
    step(&format!(
        "skipped: {what} needs the simulator's control API"
    ));
}
