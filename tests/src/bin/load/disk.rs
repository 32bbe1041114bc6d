//! What meetings and records take of the disks of Postgres and NATS, for sizing them.

use crate::report::Figures;
use anyhow::Context;
use async_nats::jetstream;
use testkit::stack::Stack;

/// Bytes taken, in all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disk {
    postgres: u64,
    streams: u64,
}

impl Disk {
    /// What is taken now: tables with their indexes, and streams, one copy.
    pub(crate) async fn taken(stack: &Stack) -> anyhow::Result<Self> {
        let tables: i64 = sqlx::query_scalar(
            "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c
             join pg_namespace n on n.oid = c.relnamespace
             where n.nspname in ('matching', 'writeback') and c.relkind = 'r'",
        )
        .fetch_one(&stack.database().pool().await)
        .await
        .context("ask how large the tables are")?;
        let context = jetstream::new(stack.client().await?);
        let mut streams = 0;
        for spec in &events::topology::STREAMS {
            let stream = context.get_stream(spec.name).await?;
            streams += stream.cached_info().state.bytes;
        }
        Ok(Self {
            postgres: u64::try_from(tables).unwrap_or(0),
            streams,
        })
    }

    /// Adds what each of `count` took since `self`; `each` is what one of them is.
    pub(crate) async fn since(
        self,
        stack: &Stack,
        each: &str,
        count: u64,
        figures: &mut Figures,
    ) -> anyhow::Result<()> {
        let now = Self::taken(stack).await?;
        let share = |before: u64, after: u64| {
            let kib = after.saturating_sub(before) as f64 / 1024.0 / count.max(1) as f64;
            format!("{kib:.2} KiB")
        };
        figures.add(
            format!("disk of Postgres per {each}, indexes included"),
            share(self.postgres, now.postgres),
            "",
        );
        figures.add(
            format!("disk of NATS per {each} and copy"),
            share(self.streams, now.streams),
            "",
        );
        Ok(())
    }
}
