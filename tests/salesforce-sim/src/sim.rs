//! A running org: its two servers on a runtime of their own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::clock::Clock;
use crate::config::SimConfig;
use crate::control::server as control;
use crate::http::listener::{Connection, SimListener};
use crate::http::server::handle;
use crate::http::shared::Shared;
use crate::seed;

/// Threads serving both ports.
const WORKER_THREADS: usize = 2;

/// Why an org did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken or the network is not available.
    #[error("listening on port {port}")]
    Listen {
        /// The port asked for; 0 means any.
        port: u16,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// No runtime.
    #[error("starting the simulator's runtime")]
    Runtime(#[source] std::io::Error),
    /// The seed data is broken.
    #[error("seeding the org")]
    Seed(#[from] seed::Error),
}

/// A running org. Dropping it closes both ports and every connection at once.
#[derive(Debug)]
pub struct Sim {
    runtime: Option<Runtime>,
    shared: Arc<Shared>,
    base_url: String,
    control_url: String,
}

impl Sim {
    /// Starts an org on loopback.
    ///
    /// # Errors
    /// A port that cannot be bound.
    pub fn start(config: SimConfig) -> Result<Sim, StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .thread_name("salesforce-sim")
            .enable_all()
            .build()
            .map_err(StartError::Runtime)?;
        let (org_listener, org_address) = listen(config.port)?;
        let (control_listener, control_address) = listen(config.control_port)?;
        let clock = Arc::new(Clock::default());
        let mut org = seed::org(&config, Arc::clone(&clock))?;
        let base_url = config
            .public_url
            .clone()
            .unwrap_or_else(|| format!("http://{org_address}"));
        org.base_url.clone_from(&base_url);
        let shared = Arc::new(Shared::new(&config, org, clock));
        let org_router = Router::new()
            .fallback(handle)
            .with_state(Arc::clone(&shared));
        let control_router = control::router(Arc::clone(&shared));
        runtime.spawn(async move {
            let Ok(listener) = TcpListener::from_std(org_listener) else {
                return;
            };
            let service = org_router.into_make_service_with_connect_info::<Connection>();
            if let Err(error) = axum::serve(SimListener(listener), service).await {
                tracing::error!(error = %error, "the org's server ended");
            }
        });
        runtime.spawn(async move {
            let Ok(listener) = TcpListener::from_std(control_listener) else {
                return;
            };
            if let Err(error) = axum::serve(listener, control_router).await {
                tracing::error!(error = %error, "the control server ended");
            }
        });
        Ok(Sim {
            runtime: Some(runtime),
            shared,
            base_url,
            control_url: format!("http://{control_address}"),
        })
    }

    /// Address of the org, as clients use it; also the login host.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Address of the control API.
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// A typed client of the control API.
    pub fn control(&self) -> crate::Control {
        crate::Control::new(&self.control_url)
    }

    /// An access token for a user, without any OAuth flow.
    ///
    /// Panics never; an unknown user gives a token that no call accepts.
    pub fn access_token(&self, username: &str) -> String {
        control::token_for(&self.shared, username).unwrap_or_default()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Dropping a runtime may block, which an async test must not; this only cancels.
            runtime.shutdown_background();
        }
    }
}

fn listen(port: u16) -> Result<(StdListener, SocketAddr), StartError> {
    let fail = |source| StartError::Listen { port, source };
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(fail)?;
    listener.set_nonblocking(true).map_err(fail)?;
    let address = listener.local_addr().map_err(fail)?;
    Ok((listener, address))
}
