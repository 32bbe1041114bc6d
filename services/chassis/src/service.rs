//! What a service is, to the chassis: a name, perhaps a store, its consumers, and its wiring.

use std::future::Future;

use crate::{bus::ConsumerSpec, rig::Rig};

/// A service's part of the database.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    /// Its schema: a plain lower-case identifier; the role is `ergo_<schema>`.
    pub schema: &'static str,
    /// Its migrations, applied by the `migrate` verb only. `sqlx.toml` puts their history into the same schema.
    pub migrator: &'static sqlx::migrate::Migrator,
    /// Tables without a `workspace` column that need no row-level security, each with its reason beside it. Inbox, outbox
    /// and history need not be named. A table with the column is never open.
    pub open_tables: &'static [&'static str],
}

/// One deployable. `main` is `fn main() -> ExitCode { chassis::boot::<Auth>() }`.
pub trait Service: Sized + Send + 'static {
    /// As in the design, for example `metadata-sync`.
    const NAME: &'static str;
    /// Its schema and migrations, if it stores anything.
    const STORE: Option<Store>;
    /// Its own options, beside those all services share.
    type Options: clap::Args + Clone + Send + Sync + 'static;

    /// Its consumers: declared by `migrate`, compared by `serve`, and bound by [`Rig::consume`].
    fn consumers() -> Vec<ConsumerSpec>;

    /// The wiring, top to bottom. Dependencies have answered by now; nothing runs until this returns.
    ///
    /// # Errors
    /// Whatever makes a start impossible: the process ends with code 1 and the printed chain.
    fn build(
        options: Self::Options,
        rig: &mut Rig,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}
