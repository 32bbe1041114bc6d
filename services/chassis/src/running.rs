//! A started service, and stopping it.
//!
//! Stopping is the reverse of starting: stop pulling and accepting, let work in flight finish, relay what it emitted,
//! flush, all under one deadline.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{bus::Bus, db::Db, readiness::Readiness, rpc::RpcTransport, telemetry::Metrics};

/// A task's name and how it ended.
pub(crate) type Ended = (&'static str, anyhow::Result<()>);

/// A started service.
pub struct Running {
    pub(crate) name: &'static str,
    pub(crate) admin_addr: SocketAddr,
    pub(crate) http_addr: Option<SocketAddr>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) bus: Bus,
    pub(crate) db: Option<Db>,
    pub(crate) metrics: Metrics,
    /// Cancelled first: no new work.
    pub(crate) stop: CancellationToken,
    /// Cancelled when work in flight has ended: the relay and the ports.
    pub(crate) stop_late: CancellationToken,
    pub(crate) tasks: JoinSet<Ended>,
    pub(crate) late: JoinSet<Ended>,
    pub(crate) shutdown_timeout: Duration,
}

impl Running {
    /// Where `/livez`, `/readyz` and `/metrics` are served.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin_addr
    }

    /// Where the public routes are served, if there are any.
    #[must_use]
    pub fn http_addr(&self) -> Option<SocketAddr> {
        self.http_addr
    }

    /// The service's database, if it has one.
    #[must_use]
    pub fn db(&self) -> Option<&Db> {
        self.db.as_ref()
    }

    /// The service's connection to NATS.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// A transport for typed clients over the service's connection.
    #[must_use]
    pub fn rpc(&self) -> RpcTransport {
        RpcTransport::new(self.bus.clone(), self.metrics.clone())
    }

    /// What `/readyz` would name as missing; empty when ready.
    pub async fn missing(&self) -> Vec<(&'static str, String)> {
        self.readiness.missing().await
    }

    /// Waits until a part ends that should not have; returns why. Never returns while all is well.
    pub async fn failed(&mut self) -> anyhow::Error {
        let ended = tokio::select! {
            Some(ended) = self.tasks.join_next() => ended,
            Some(ended) = self.late.join_next() => ended,
        };
        match ended {
            Ok((name, Ok(()))) => anyhow::anyhow!("task {name} ended although nothing told it to"),
            Ok((name, Err(error))) => error.context(format!("task {name} failed")),
            Err(error) => anyhow::Error::from(error).context("a task died"),
        }
    }

    /// Stops: no new work, work in flight finished, events relayed, all within `shutdown_timeout_s`.
    ///
    /// # Errors
    /// When the deadline passed, or a task failed while stopping.
    pub async fn shutdown(mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + self.shutdown_timeout;
        self.stop.cancel();
        let drained = drain(&mut self.tasks, deadline).await;
        self.stop_late.cancel();
        // The relay and the ports get their turn even when work in flight used up the time.
        let late_deadline = deadline.max(Instant::now() + Duration::from_secs(1));
        let flushed = drain(&mut self.late, late_deadline).await;
        tokio::time::timeout(Duration::from_secs(1), self.bus.client().flush())
            .await
            .ok();
        if let Some(db) = &self.db {
            tokio::time::timeout(Duration::from_secs(1), db.close())
                .await
                .ok();
        }
        tracing::info!(service = self.name, "stopped");
        drained.and(flushed)
    }
}

/// Dropping without `shutdown` is a crash: everything ends where it is. Tests use it as one.
impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.abort_all();
        self.late.abort_all();
    }
}

async fn drain(tasks: &mut JoinSet<Ended>, deadline: Instant) -> anyhow::Result<()> {
    let mut first_error = None;
    while !tasks.is_empty() {
        match tokio::time::timeout_at(deadline, tasks.join_next()).await {
            Ok(None | Some(Ok((_, Ok(()))))) => {}
            Ok(Some(Ok((name, Err(error))))) => {
                first_error = first_error.or(Some(
                    error.context(format!("task {name} failed while stopping")),
                ));
            }
            Ok(Some(Err(error))) => {
                first_error = first_error.or(Some(
                    anyhow::Error::from(error).context("a task died while stopping"),
                ));
            }
            Err(_) => {
                let left = tasks.len();
                tasks.shutdown().await;
                anyhow::bail!(
                    "{left} tasks did not end within the shutdown deadline and were cut off"
                );
            }
        }
    }
    first_error.map_or(Ok(()), Err)
}
