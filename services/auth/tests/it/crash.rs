//! A replica that can die between any two of its steps.
//!
//! It lives on a runtime of its own: when that is shut down every task ends where it stands, as in a killed process. Each
//! step of a refresh speaks to Postgres, so its place is chosen by counting messages on the wire: at the chosen one the
//! wire snaps, delivering it (a statement) or not (an answer), and the replica dies with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use auth::app::access_token::{AccessTokens, Denied, Limits, Token};
use auth::domain::refresh::Purpose;
use auth::seal::Ring;
use auth::telemetry::Telemetry;
use chassis::{CancellationToken, Db};
use events::WorkspaceId;
use salesforce::Salesforce;
use salesforce::oauth::ClientCredentials;
use salesforce_sim::config::{DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET};
use sqlx::postgres::PgPoolOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::world::World;

/// Connections of one replica's pool.
const CONNECTIONS_MAX: u32 = 4;

/// What all replicas of a lane share.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) database_url: String,
    pub(crate) salesforce: salesforce::Options,
    pub(crate) ring: Arc<Ring>,
    pub(crate) limits: Limits,
}

impl Site {
    pub(crate) fn new(world: &World, base_url: &str, limits: Limits) -> Self {
        Self {
            database_url: world.database.url(),
            salesforce: salesforce::Options {
                salesforce_login_url: base_url.to_owned(),
                ..salesforce::Options::default()
            },
            ring: Arc::new(Ring::parse(&world.seal_keys).expect("a key line")),
            limits,
        }
    }

    /// The app's endpoints on the current runtime.
    pub(crate) fn salesforce(&self) -> (Salesforce, salesforce::oauth::TokenEndpoint) {
        let salesforce = Salesforce::new(&self.salesforce).expect("options hold");
        let endpoint = salesforce.token_endpoint(ClientCredentials {
            key: DEFAULT_CONSUMER_KEY.to_owned(),
            secret: DEFAULT_CONSUMER_SECRET.to_owned().into(),
        });
        (salesforce, endpoint)
    }
}

/// The wire to Postgres.
struct Wire {
    /// Messages that still pass.
    left: AtomicI64,
    snapped: CancellationToken,
}

/// One incarnation of a replica; dies when its wire snaps, when it is killed, and with its value.
pub(crate) struct Replica {
    handle: Handle,
    tokens: AccessTokens,
    wire: Arc<Wire>,
    _accepting: AbortOnDropHandle<()>,
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Replica {
    pub(crate) async fn start(site: &Site, host: &str, port: u16) -> Self {
        let wire = Arc::new(Wire {
            left: AtomicI64::new(i64::MAX),
            snapped: CancellationToken::new(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let own = listener.local_addr().expect("bound").port();
        let accepting = accept(listener, (host.to_owned(), port), Arc::clone(&wire));
        let accepting = AbortOnDropHandle::new(tokio::spawn(accepting));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let handle = runtime.handle().clone();
        let snapped = wire.snapped.clone();
        tokio::spawn(async move {
            snapped.cancelled().await;
            runtime.shutdown_background();
        });
        let mut url = url::Url::parse(&site.database_url).expect("a url");
        url.set_host(Some("127.0.0.1")).expect("has a host");
        url.set_port(Some(own)).expect("has a port");
        let site = site.clone();
        let build = async move {
            let pool = PgPoolOptions::new()
                .max_connections(CONNECTIONS_MAX)
                .connect_lazy(url.as_str())
                .expect("a url");
            let (salesforce, endpoint) = site.salesforce();
            AccessTokens::new(
                Db::new(pool, "auth"),
                salesforce,
                endpoint,
                site.ring,
                site.limits,
                Telemetry::new(&opentelemetry::global::meter("test")),
                TaskTracker::new(),
            )
        };
        let tokens = handle.spawn(build).await.expect("not killed yet");
        Self {
            handle,
            tokens,
            wire,
            _accepting: accepting,
        }
    }

    /// Asks; `None` when the replica died before it answered.
    pub(crate) async fn token(
        &self,
        workspace: &WorkspaceId,
        rejected: i64,
    ) -> Option<Result<Token, Denied>> {
        let (tokens, workspace) = (self.tokens.clone(), workspace.clone());
        let asked = async move { tokens.get(&workspace, rejected, Purpose::Serve).await };
        self.handle.spawn(asked).await.ok()
    }

    /// Dies at the `message`-th message from now.
    pub(crate) fn die_at(&self, message: i64) {
        self.wire.left.store(message, Ordering::SeqCst);
    }

    /// Takes the above back.
    pub(crate) fn spare(&self) {
        self.wire.left.store(i64::MAX, Ordering::SeqCst);
    }

    pub(crate) fn kill(&self) {
        self.wire.snapped.cancel();
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.wire.snapped.is_cancelled()
    }
}

async fn accept(listener: TcpListener, target: (String, u16), wire: Arc<Wire>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = TcpStream::connect((target.0.as_str(), target.1));
        let server = server.await.expect("postgres is there");
        client.set_nodelay(true).ok();
        server.set_nodelay(true).ok();
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::spawn(pump(from_client, to_server, Arc::clone(&wire), true));
        tokio::spawn(pump(from_server, to_client, Arc::clone(&wire), false));
    }
}

/// Moves messages until the wire snaps; a statement is still delivered then, an answer is not.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    wire: Arc<Wire>,
    is_statement: bool,
) {
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            () = wire.snapped.cancelled() => return,
            read = from.read(&mut chunk) => read,
        };
        let Ok(bytes @ 1..) = read else { return };
        let snaps = wire.left.fetch_sub(1, Ordering::SeqCst) <= 1;
        if (!snaps || is_statement) && to.write_all(&chunk[..bytes]).await.is_err() {
            return;
        }
        if snaps {
            wire.snapped.cancel();
            return;
        }
    }
}
