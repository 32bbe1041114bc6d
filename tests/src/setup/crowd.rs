//! A workspace whose org has nothing but customers with one contact and one open deal each: for load and drills.

use super::{Admin, Connected, Settings};
use crate::org::prepare_crowd;
use crate::stack::Stack;
use anyhow::Context;
use events::metadata::v1::SyncKind;

/// A live workspace and its customers.
#[derive(Debug)]
pub struct Crowd {
    /// The connection, and the org by ordinary REST.
    pub connected: Connected,
    /// The customers' deals, by number.
    pub opportunities: Vec<String>,
}

impl Admin {
    /// Connects, seeds `customers`, syncs, maps what `settings` say, permits, verifies and goes live.
    ///
    /// # Errors
    /// When a step fails, naming it.
    pub async fn live_with_crowd(
        &self,
        stack: &Stack,
        customers: usize,
        settings: &Settings,
        tell: impl Fn(&str),
    ) -> anyhow::Result<Crowd> {
        let connected = self
            .connect(stack.org(), &stack.console_url(), tell)
            .await
            .context("connect")?;
        let opportunities = prepare_crowd(&connected.rest, customers)
            .await
            .context("seed the customers")?;
        self.sync(SyncKind::Schema).await.context("schema sync")?;
        self.sync(SyncKind::Records).await.context("record sync")?;
        let expected = customers as u64;
        self.projected(expected, expected).await?;
        self.map(settings).await.context("publish the mapping")?;
        self.permit(settings).await.context("set permissions")?;
        self.verify().await.context("verify")?;
        self.live(true).await.context("go live")?;
        Ok(Crowd {
            connected,
            opportunities,
        })
    }
}
