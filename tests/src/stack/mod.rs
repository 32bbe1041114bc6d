//! The whole product as processes on this machine: NATS, Postgres, an org, and the five services, each with its own
//! database role, on ports the system chose. What production does with Helm, in a folder.

mod plan;
mod process;
mod roles;
mod secrets;
mod simulator;

pub use plan::{SERVICES, ServiceName};
pub use process::Process;
pub use simulator::Simulator;

use crate::chaos::Proxy;
use crate::cluster::{Cluster, SERVERS};
use crate::nats::Nats;
use crate::org::Target;
use crate::postgres::{Database, Postgres};
use crate::rpc::NatsTransport;
use crate::tools::Tools;
use anyhow::Context;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use tokio::net::TcpSocket;

/// What a stack is started with.
#[derive(Debug, Clone, Default)]
pub struct StackOptions {
    /// An org that exists already; otherwise a simulated one is started.
    pub org: Option<Target>,
    /// Port of the auth service, where a connected app's callback must name it; 0 lets the system choose.
    pub auth_port: u16,
    /// Where spans are sent, when anywhere.
    pub otlp_endpoint: Option<String>,
    /// Workspace the console's first user sees before it is connected.
    pub console_workspace: Option<String>,
    /// Puts a [`Proxy`] in front of NATS and Postgres, to take them away.
    pub breakable: bool,
    /// Runs three NATS servers that replicate to each other instead of one; not together with `breakable`.
    pub clustered: bool,
    /// Runs a Postgres nobody else uses, so that it may be crashed.
    pub own_database: bool,
    /// Services that are not started, for tests that need only some.
    pub without: Vec<ServiceName>,
    /// Further environment variables for every service.
    pub environment: Vec<(String, String)>,
}

/// Everything running; ends with its value.
#[derive(Debug)]
pub struct Stack {
    services: Vec<(ServiceName, Process)>,
    simulator: Option<Simulator>,
    org: Target,
    nats: Bus,
    nats_proxy: Option<Proxy>,
    database_proxy: Option<Proxy>,
    database: Database,
    addresses: Addresses,
    secrets: secrets::Secrets,
    folder: PathBuf,
    // Last: the services write into it until they end.
    _folder: Option<tempfile::TempDir>,
}

/// What the services are connected to.
#[derive(Debug)]
enum Bus {
    One(Nats),
    Three(Cluster),
}

/// Ports chosen before anything starts, because services are told each other's addresses.
#[derive(Debug, Clone)]
struct Addresses {
    auth_http: u16,
    console_http: u16,
    admin: Vec<u16>,
}

impl Bus {
    fn url(&self) -> String {
        match self {
            Self::One(one) => one.url(),
            Self::Three(cluster) => cluster.url(),
        }
    }

    /// Copies of each stream, as `NATS_STREAM_REPLICAS` takes it.
    fn replicas(&self) -> String {
        match self {
            Self::One(_) => 1.to_string(),
            Self::Three(_) => SERVERS.to_string(),
        }
    }
}

impl Stack {
    /// Starts everything in a folder that goes with the stack, and waits until every service is ready.
    ///
    /// # Errors
    /// When a part is missing or does not become ready; with the end of its log.
    pub async fn start(options: StackOptions) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("ergo-stack-").tempdir()?;
        let path = folder.path().to_owned();
        let mut stack = Self::prepare(options, &path).await?;
        stack._folder = Some(folder);
        stack.start_services().await?;
        Ok(stack)
    }

    /// Starts everything with logs and keys in `folder`, which stays.
    ///
    /// # Errors
    /// When a part is missing or does not become ready; with the end of its log.
    pub async fn start_in(options: StackOptions, folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut stack = Self::prepare(options, folder).await?;
        stack.start_services().await?;
        Ok(stack)
    }

    async fn prepare(options: StackOptions, folder: &Path) -> anyhow::Result<Self> {
        let tools = Tools::from_environment();
        let binaries = tools.binary_dir()?;
        let nats = match options.clustered {
            true => Bus::Three(Cluster::start().await?),
            false => Bus::One(Nats::try_start().await?),
        };
        let postgres = match options.own_database {
            true => Postgres::try_own(&folder.join("postgres")).await?,
            false => Postgres::try_shared().await?,
        };
        let database = postgres.try_create_database().await?;
        let addresses = Addresses {
            auth_http: match options.auth_port {
                0 => free_port()?,
                port => port,
            },
            console_http: free_port()?,
            admin: SERVICES
                .iter()
                .map(|_| free_port())
                .collect::<Result<_, _>>()?,
        };
        let callback = plan::callback_url(addresses.auth_http);
        let (simulator, org) = match options.org.clone() {
            Some(org) => (None, org),
            None => {
                let simulator = Simulator::start(&binaries, folder, &callback).await?;
                let org = simulator.target();
                (Some(simulator), org)
            }
        };
        let (mut nats_proxy, mut database_proxy) = (None, None);
        if options.breakable {
            let (host, port) = database.server();
            let Bus::One(one) = &nats else {
                anyhow::bail!("a stack is either breakable or clustered");
            };
            nats_proxy = Some(Proxy::to("127.0.0.1", one.port()).await);
            database_proxy = Some(Proxy::to(&host, port).await);
        }
        let mut stack = Self {
            services: Vec::new(),
            simulator,
            org,
            nats,
            nats_proxy,
            database_proxy,
            database,
            addresses,
            secrets: secrets::Secrets::make(folder)?,
            folder: folder.to_owned(),
            _folder: None,
        };
        let wanted: Vec<ServiceName> = SERVICES
            .into_iter()
            .filter(|service| !options.without.contains(service))
            .collect();
        stack.migrate(&binaries, &wanted)?;
        roles::create(&stack.database.url(), &wanted).await?;
        let shared = plan::Shared::of(&stack, &options);
        for (index, &service) in SERVICES
            .iter()
            .enumerate()
            .filter(|(_, service)| wanted.contains(service))
        {
            let process = Process::new(
                service.as_str(),
                &binaries.join(service.binary()),
                &["serve"],
                folder,
            )
            .environment(plan::environment(service, &shared))
            .admin_port(stack.addresses.admin[index]);
            stack.services.push((service, process));
        }
        Ok(stack)
    }

    /// Schemas, streams and consumers, with the admin's rights, which no running service has.
    fn migrate(&self, binaries: &Path, wanted: &[ServiceName]) -> anyhow::Result<()> {
        for &service in wanted {
            let name = format!("{}-migrate", service.as_str());
            let environment = [
                ("DATABASE_URL".to_owned(), self.database.url()),
                ("NATS_URL".to_owned(), self.nats.url()),
                ("NATS_STREAM_REPLICAS".to_owned(), self.nats.replicas()),
                ("LOG_FORMAT".to_owned(), "json".to_owned()),
                // Small enough for a laptop's disk.
                ("NATS_STREAM_BYTES_MAX".to_owned(), (256 << 20).to_string()),
            ];
            Process::new(
                &name,
                &binaries.join(service.binary()),
                &["migrate"],
                &self.folder,
            )
            .environment(environment)
            .run()
            .with_context(|| format!("migrate {}", service.as_str()))?;
        }
        Ok(())
    }

    async fn start_services(&mut self) -> anyhow::Result<()> {
        for (_, process) in &mut self.services {
            process.start()?;
        }
        for (_, process) in &mut self.services {
            process.ready().await?;
        }
        Ok(())
    }

    /// Kills a service without warning.
    pub fn kill(&mut self, service: ServiceName) {
        self.service_mut(service).kill();
    }

    /// Starts a killed or stopped service again and waits until it is ready; answers how long that took.
    ///
    /// # Errors
    /// When it does not become ready; with the end of its log.
    pub async fn start_again(&mut self, service: ServiceName) -> anyhow::Result<Duration> {
        self.service_mut(service).start_ready().await
    }

    /// Stops all services politely, so that the last spans and log lines are written.
    pub async fn stop(&mut self) {
        for (_, process) in &mut self.services {
            process.stop().await;
        }
    }

    /// Loses the broker with everything it stored while no service runs, does `meanwhile`, and starts again: an empty
    /// broker, the migration, the services.
    ///
    /// # Errors
    /// When `meanwhile` fails, or something does not become ready; with the end of its log.
    pub async fn lose_streams(
        &mut self,
        meanwhile: impl AsyncFnOnce(&Database) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for (_, process) in &mut self.services {
            process.kill();
        }
        let Bus::One(nats) = &mut self.nats else {
            anyhow::bail!("only a single server is lost whole");
        };
        nats.restart_empty().await?;
        meanwhile(&self.database).await?;
        let binaries = Tools::from_environment().binary_dir()?;
        let services: Vec<ServiceName> = self.services.iter().map(|(name, _)| *name).collect();
        self.migrate(&binaries, &services)?;
        self.start_services().await
    }

    /// Waits until every service is ready.
    ///
    /// # Errors
    /// When one is not in time; with the end of its log.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        for (_, process) in &mut self.services {
            process.ready().await?;
        }
        Ok(())
    }

    /// One service's process.
    ///
    /// # Panics
    /// When the stack was started without it.
    #[must_use]
    pub fn service(&self, service: ServiceName) -> &Process {
        let found = self.services.iter().find(|(name, _)| *name == service);
        &found.expect("the service was started").1
    }

    fn service_mut(&mut self, service: ServiceName) -> &mut Process {
        let found = self.services.iter_mut().find(|(name, _)| *name == service);
        &mut found.expect("the service was started").1
    }

    /// The org the services talk to.
    #[must_use]
    pub fn org(&self) -> &Target {
        &self.org
    }

    /// The simulator, unless the org existed already.
    #[must_use]
    pub fn simulator(&self) -> Option<&Simulator> {
        self.simulator.as_ref()
    }

    /// The database of all services.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// NATS; the first server when there are three.
    #[must_use]
    pub fn nats(&self) -> &Nats {
        match &self.nats {
            Bus::One(one) => one,
            Bus::Three(cluster) => cluster.server(0),
        }
    }

    /// NATS, to stop and restart it, when there is one.
    #[must_use]
    pub fn nats_mut(&mut self) -> Option<&mut Nats> {
        match &mut self.nats {
            Bus::One(one) => Some(one),
            Bus::Three(_) => None,
        }
    }

    /// The three NATS servers, when there are three.
    #[must_use]
    pub fn cluster(&mut self) -> Option<&mut Cluster> {
        match &mut self.nats {
            Bus::One(_) => None,
            Bus::Three(cluster) => Some(cluster),
        }
    }

    /// A client that knows every server and comes back by itself.
    ///
    /// # Errors
    /// When none answers.
    pub async fn client(&self) -> anyhow::Result<async_nats::Client> {
        let servers: Vec<async_nats::ServerAddr> = self
            .nats
            .url()
            .split(',')
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        async_nats::connect(servers)
            .await
            .context("no nats-server answers")
    }

    /// Stops a service politely and starts it again; waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready; with the end of its log.
    pub async fn roll(&mut self, service: ServiceName) -> anyhow::Result<Duration> {
        let process = self.service_mut(service);
        process.stop().await;
        process.start_ready().await
    }

    /// What stands between the services and NATS, when breakable.
    #[must_use]
    pub fn nats_proxy(&self) -> Option<&Proxy> {
        self.nats_proxy.as_ref()
    }

    /// What stands between the services and Postgres, when breakable.
    #[must_use]
    pub fn database_proxy(&self) -> Option<&Proxy> {
        self.database_proxy.as_ref()
    }

    /// Where the browser finds the console.
    #[must_use]
    pub fn console_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.addresses.console_http)
    }

    /// How a person logs in to the console: user and password.
    #[must_use]
    pub fn console_login(&self) -> (&'static str, &str) {
        (secrets::CONSOLE_EMAIL, &self.secrets.password)
    }

    /// Token that may do everything over the console's API.
    #[must_use]
    pub fn api_token(&self) -> &str {
        &self.secrets.api_token
    }

    /// Where the services' logs are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A way to ask services; not through the proxy.
    ///
    /// # Panics
    /// When NATS is away.
    pub async fn rpc(&self) -> NatsTransport {
        NatsTransport(self.client().await.expect("nats-server answers"))
    }
}

/// Ports given out by [`free_port`], bound but not listened on, until this process ends.
static RESERVED: Mutex<Vec<TcpSocket>> = Mutex::new(Vec::new());

/// A port of the system's choice that nobody else gets while this process runs, also between a kill and a restart of
/// the service on it.
///
/// The port stays bound here with SO_REUSEADDR and nobody listens: the system then gives it to no other program and to
/// no outgoing connection, while a service (which sets SO_REUSEADDR as every server does) may listen on it.
///
/// # Errors
/// When no loopback port is free.
pub fn free_port() -> anyhow::Result<u16> {
    let socket = TcpSocket::new_v4().context("open a socket")?;
    socket
        .set_reuseaddr(true)
        .context("share the address with the service")?;
    socket
        .bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .context("bind a loopback port")?;
    let port = socket.local_addr()?.port();
    RESERVED
        .lock()
        .expect("nobody panicked while holding it")
        .push(socket);
    Ok(port)
}
