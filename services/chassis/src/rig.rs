//! What `build` wires a service with: its dependencies, and the places to hang its work on.
//!
//! Nothing hung here runs before `build` has returned, so a service is wired completely or not at all.

use std::{future::Future, net::SocketAddr, sync::Arc};

use axum::Router;
use events::rpc::Dispatch;
use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::{
    bus::{Bus, ConsumerHealth, ConsumerSpec, Engine, Handler, backlog},
    config::Options,
    db::Db,
    readiness::Readiness,
    rpc::{self, RpcTransport},
    telemetry::Metrics,
};

type Task = Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, anyhow::Result<()>> + Send>;

/// Handed to [`crate::Service::build`].
pub struct Rig {
    pub(crate) name: &'static str,
    pub(crate) db: Option<Db>,
    pub(crate) bus: Bus,
    pub(crate) metrics: Metrics,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: Vec<(&'static str, Task)>,
    pub(crate) router: Option<Router>,
    pub(crate) http_addr: SocketAddr,
    pub(crate) options: Options,
    pub(crate) declared: Vec<ConsumerSpec>,
    /// Each answers when its rpc service is subscribed, or is dropped when that failed.
    pub(crate) serving: Vec<oneshot::Receiver<()>>,
}

impl Rig {
    /// The service's database.
    ///
    /// # Panics
    /// When the service declared no store: a mistake in its wiring, seen at the first start.
    #[must_use]
    pub fn db(&self) -> &Db {
        self.db
            .as_ref()
            .expect("the service declares a Store in Service::STORE")
    }

    /// The connection to NATS.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The transport for typed clients of other services: `AuthClient::new(rig.rpc())`.
    #[must_use]
    pub fn rpc(&self) -> RpcTransport {
        RpcTransport::new(self.bus.clone(), self.metrics.clone())
    }

    /// Instruments of this process; `metrics().meter()` makes a service's own.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Where public routes are served; bound already, so port 0 has become a real one.
    #[must_use]
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// Cancelled when the process begins to stop.
    #[must_use]
    pub fn shutdown(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs `handler` on the consumer `spec`, which must be one of [`crate::Service::consumers`].
    ///
    /// # Panics
    /// When the spec was not declared, because `migrate` would not have created it.
    pub fn consume<H: Handler>(&mut self, spec: &ConsumerSpec, handler: H) {
        assert!(
            self.declared.contains(spec),
            "consumer {} is not among Service::consumers",
            spec.durable
        );
        let health = Arc::new(ConsumerHealth::new());
        let check = Arc::clone(&health);
        self.readiness(spec.durable, move || {
            let state = check.check();
            async move { state }
        });
        let (bus, watched, metrics) = (self.bus.clone(), spec.clone(), self.metrics.clone());
        let held = Arc::clone(&health);
        self.task(spec.durable, move |stop| {
            backlog::watch(bus, watched, metrics, held, stop)
        });
        let engine = Engine {
            bus: self.bus.clone(),
            spec: spec.clone().tuned(&self.options),
            handler,
            service: self.name,
            metrics: self.metrics.clone(),
            health,
        };
        self.task(spec.durable, move |stop| engine.run(stop));
    }

    /// Answers requests on `ergo.rpc.<service>.*`.
    pub fn serve_rpc<D: Dispatch>(&mut self, server: D) {
        let (bus, metrics) = (self.bus.clone(), self.metrics.clone());
        let (subscribed, serving) = oneshot::channel();
        self.serving.push(serving);
        self.task(D::SERVICE, move |stop| {
            rpc::serve(bus, metrics, server, subscribed, stop)
        });
    }

    /// Serves public routes on `HTTP_ADDR`; a second router is merged into the first.
    ///
    /// Bodies are limited to 1 MiB, requests to 30 s, a panic becomes a 500. A stream that has no end of its own must
    /// end with [`Rig::shutdown`], or stopping waits for it until the deadline.
    pub fn http(&mut self, router: Router) {
        self.router = Some(match self.router.take() {
            Some(earlier) => earlier.merge(router),
            None => router,
        });
    }

    /// Runs a background duty until the token is cancelled. Returning earlier, or failing, ends the process.
    pub fn task<F, Fut>(&mut self, name: &'static str, duty: F)
    where
        F: FnOnce(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.tasks
            .push((name, Box::new(move |stop| Box::pin(duty(stop)))));
    }

    /// Adds a check to `/readyz`; its error text says what is missing.
    pub fn readiness<F, Fut>(&mut self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.readiness.add(name, check);
    }
}
