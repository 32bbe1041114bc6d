//! Starting a service. Production and tests go through the same [`start`].
//!
//! Order: admin port, Postgres, NATS, comparison with what `migrate` declared, public port, `build`, tasks.

use std::{
    future::{Future, IntoFuture},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use axum::Router;
use tokio::{net::TcpListener, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    backoff,
    backoff::Backoff,
    bus::{self, Bus},
    config::{Config, Options},
    db::{self, Db, Relay},
    http,
    readiness::Readiness,
    rig::Rig,
    running::{Ended, Running},
    service::Service,
    telemetry::Metrics,
};

/// Inbox rows deleted by one statement, so that no delete holds its locks for long.
const PRUNE_ROWS_MAX: i64 = 10_000;
/// How often the inbox is pruned, in seconds.
const PRUNE_S: u64 = 3_600;

/// Starts a service and returns when it serves.
///
/// # Errors
/// When dependencies do not answer within `startup_timeout_s`, differ from what `migrate` declares, or `build` fails.
pub async fn start<S: Service>(config: Config<S::Options>) -> anyhow::Result<Running> {
    install_crypto();
    let options = config.chassis;
    let metrics = Metrics::new(S::NAME)?;
    metrics.make_global();
    let readiness = Arc::new(Readiness::default());
    let stop = CancellationToken::new();
    let stop_late = CancellationToken::new();
    let mut late = JoinSet::new();

    let (admin, admin_addr) = bind("ADMIN_ADDR", options.admin_addr).await?;
    let starting = Starting::announce(&readiness);
    spawn(
        &mut late,
        "admin",
        serve_http(
            admin,
            http::admin(Arc::clone(&readiness), metrics.clone()),
            stop_late.clone(),
        ),
    );

    let database = match S::STORE {
        Some(store) => Some(connect_database(&store, &options, S::NAME).await?),
        None => None,
    };
    let bus = patiently(&options, "nats", || Bus::connect(&options, S::NAME)).await?;
    let declared = S::consumers();
    patiently(&options, "jetstream", || {
        bus::check(&bus, &options, &declared)
    })
    .await?;
    let watched = bus.clone();
    readiness.add("nats", move || {
        let bus = watched.clone();
        async move { bus.ping().await }
    });

    let (public, http_addr) = bind("HTTP_ADDR", options.http_addr).await?;
    let mut rig = Rig {
        name: S::NAME,
        db: database.as_ref().map(|database| database.db.clone()),
        bus: bus.clone(),
        metrics: metrics.clone(),
        readiness: Arc::clone(&readiness),
        stop: stop.clone(),
        tasks: Vec::new(),
        router: None,
        http_addr,
        options: options.clone(),
        declared,
        serving: Vec::new(),
    };
    S::build(config.service, &mut rig)
        .await
        .with_context(|| format!("{} cannot be built", S::NAME))?;

    let mut tasks = JoinSet::new();
    let serves_http = rig.router.is_some();
    if let Some(router) = rig.router.take() {
        spawn(
            &mut tasks,
            "http",
            serve_http(public, http::public(router, metrics.clone()), stop.clone()),
        );
    }
    let db = database.as_ref().map(|database| database.db.clone());
    if let Some(database) = database {
        watch_database(&readiness, &database.db);
        spawn(
            &mut tasks,
            "inbox",
            prune(
                database.db.clone(),
                options.inbox_retention_days,
                stop.clone(),
            ),
        );
        let relay = Relay {
            db: database.db,
            bus: bus.clone(),
            connect: database.connect,
            metrics: metrics.clone(),
        };
        spawn(&mut late, "relay", relay.run(stop_late.clone()));
    }
    for (name, task) in rig.tasks {
        spawn(&mut tasks, name, task(stop.clone()));
    }
    // Whoever is told that we have started may ask us at once. A subscription that fails is seen by `failed`.
    for serving in rig.serving {
        tokio::time::timeout(options.startup_timeout(), serving)
            .await
            .context("rpc services were not subscribed in time")?
            .ok();
    }
    starting.done();
    tracing::info!(
        service = S::NAME,
        admin.addr = %admin_addr,
        http.addr = serves_http.then(|| http_addr.to_string()),
        "started"
    );
    Ok(Running {
        name: S::NAME,
        admin_addr,
        http_addr: serves_http.then_some(http_addr),
        readiness,
        bus,
        db,
        metrics,
        stop,
        stop_late,
        tasks,
        late,
        shutdown_timeout: options.shutdown_timeout(),
    })
}

fn spawn(
    tasks: &mut JoinSet<Ended>,
    name: &'static str,
    task: impl Future<Output = anyhow::Result<()>> + Send + 'static,
) {
    tasks.spawn(async move { (name, task.await) });
}

/// Readiness says "starting" until the service serves.
struct Starting(Arc<AtomicBool>);

impl Starting {
    fn announce(readiness: &Readiness) -> Self {
        let started = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&started);
        readiness.add("start", move || {
            let started = flag.load(Ordering::Acquire);
            async move {
                if started {
                    Ok(())
                } else {
                    Err("starting, waiting for dependencies".to_owned())
                }
            }
        });
        Self(started)
    }

    fn done(self) {
        self.0.store(true, Ordering::Release);
    }
}

pub(crate) struct Database {
    pub(crate) db: Db,
    pub(crate) connect: sqlx::postgres::PgConnectOptions,
}

pub(crate) async fn connect_database(
    store: &crate::service::Store,
    options: &Options,
    service: &str,
) -> anyhow::Result<Database> {
    let url = options
        .database_url
        .as_ref()
        .context("DATABASE_URL is not set")?;
    let connect = db::connect_options(url, options, service)?;
    patiently(options, "postgres", || db::check_version(&connect, store)).await?;
    let pool = db::pool(connect.clone(), options, store.schema);
    Ok(Database {
        db: Db::new(pool, store.schema),
        connect,
    })
}

fn watch_database(readiness: &Readiness, db: &Db) {
    let db = db.clone();
    readiness.add("postgres", move || {
        let db = db.clone();
        async move { db.ping().await.map_err(|error| error.to_string()) }
    });
}

async fn bind(option: &str, addr: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(addr)
        .await
        .with_context(|| format!("{option} {addr} cannot be bound"))?;
    let addr = listener
        .local_addr()
        .with_context(|| format!("{option} has no address"))?;
    Ok((listener, addr))
}

async fn serve_http(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .into_future()
        .await
        .context("the http server ended")
}

async fn prune(db: Db, days: u32, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        match db.prune_inbox(days, PRUNE_ROWS_MAX).await {
            Ok(rows) if rows == PRUNE_ROWS_MAX.unsigned_abs() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the inbox was not pruned, it will be later"),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(PRUNE_S)) => {}
        }
    }
}

/// Repeats `attempt` until it succeeds or `startup_timeout_s` has passed; the last error is the one reported.
///
/// Differences and missing migrations are waited for as well: at an upgrade the migration job may still be running.
pub(crate) async fn patiently<T, F, Fut>(
    options: &Options,
    what: &'static str,
    mut attempt: F,
) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<T>>,
{
    let deadline = Instant::now() + options.startup_timeout();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let error = match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let delay = Backoff::RECONNECT.delay(attempts, backoff::jitter());
        if Instant::now() + delay > deadline {
            return Err(error.context(format!(
                "gave up on {what} after {} s",
                options.startup_timeout_s
            )));
        }
        if attempts == 1 {
            tracing::warn!(what, error = format!("{error:#}"), "not there yet, waiting");
        }
        tokio::time::sleep(delay).await;
    }
}

/// One TLS implementation for the whole process; a second call changes nothing.
pub(crate) fn install_crypto() {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}
